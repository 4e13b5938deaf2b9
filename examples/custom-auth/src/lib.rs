//! An auth mode that is not part of the server, in a crate of its own: see [`gateway`].

pub mod gateway;

gitlab_mcp_core::plugin!();
