//! The built-in ways to sign in to GitLab.
//!
//! | mode | when to use it |
//! |---|---|
//! | [`pat`] | one token speaks for everybody: personal use and CI |
//! | [`job_token`] | inside a CI job, with the job's own token |
//! | [`remote_authorization`] | every caller brings an own GitLab token in each HTTP request |
//! | [`cookie`] | GitLab behind a sign-on proxy, or the session of a browser, from a cookie file |
//! | [`local_oauth`] | the person at this machine signs in with a browser |
//! | [`mcp_oauth`] | MCP clients sign their users in through one GitLab application |
//! | [`oauth_session`] | people sign in with GitLab and get a session of this server |
//! | [`none`] | public data only, without any credential |
//!
//! The modes have no privileges: a crate of somebody else registers its own in the same way.

pub mod authorization_server;
pub mod cookie;
pub mod gitlab_oauth;
pub mod job_token;
pub mod local_oauth;
pub mod mcp_oauth;
pub mod none;
pub mod oauth_session;
pub mod pat;
pub mod remote_authorization;
mod single_flight;

#[cfg(test)]
mod selection;

gitlab_mcp_core::plugin!();
