//! Contracts of gitlab-mcp.

pub mod clock;
pub mod config;
pub mod random;
pub mod secret;
