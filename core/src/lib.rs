//! Contracts of gitlab-mcp.
