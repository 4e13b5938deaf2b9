//! The built-in tools, one file per GitLab resource. Everything registers itself; the only public
//! item is the marker that links the crate.

mod branches;
mod commits;
mod diff;
mod issues;
mod labels;
mod merge_requests;
mod model;
mod pipelines;
mod prelude;
mod projects;
mod repositories;
mod search;
mod users;

gitlab_mcp_core::plugin!();
