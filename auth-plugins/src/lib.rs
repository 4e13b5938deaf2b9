//! The built-in ways to sign in to GitLab.
//!
//! | mode | when to use it |
//! |---|---|
//! | [`pat`] | one token speaks for everybody: personal use and CI |
//! | [`job_token`] | inside a CI job, with the job's own token |
//! | [`none`] | public data only, without any credential |
//!
//! The modes have no privileges: a crate of somebody else registers its own in the same way.

pub mod authorization_server;
pub mod gitlab_oauth;
pub mod job_token;
pub mod none;
pub mod pat;

#[cfg(test)]
mod selection;

gitlab_mcp_core::plugin!();
