//! Behaviour through the front door, and what must be true of the workspace as a whole.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say so loudly"
)]

mod arguments;
mod audit;
mod bad_input;
mod catalog;
mod command;
mod config;
mod cookie;
mod cookie_proxy;
mod docs;
mod local_oauth;
mod mcp_sign_in;
mod reachable;
mod remote;
mod sign_in;
mod start;
mod stdio;
mod text;
mod tools;
mod upstream;
mod workspace;
