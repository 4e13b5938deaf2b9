//! Derive macros of gitlab-mcp.
