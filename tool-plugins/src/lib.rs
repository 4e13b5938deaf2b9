//! The built-in tools, one file per GitLab resource. Everything registers itself; the only public
//! item is the marker that links the crate.

mod branches;
mod commits;
mod diff;
mod model;
mod prelude;
mod repositories;
mod users;

gitlab_mcp_core::plugin!();
