//! Contracts of gitlab-mcp: what a plugin sees of the server, and nothing else.
//!
//! | module | what it is for |
//! |---|---|
//! | [`auth`] | ways to sign in: [`auth::AuthProvider`], [`auth::AuthPlugin`] and their registry |
//! | [`tool`] | what a model may call: [`tool::ToolSet`], [`tool::Tool`], [`tool::Endpoint`] and the catalogue |
//! | [`prompt`], [`resource`] | the other two things an MCP server offers |
//! | [`conversation`] | what a running tool may say to, or ask of, the client |
//! | [`gitlab`] | the one HTTP client towards GitLab |
//! | [`command`] | sub-commands that plugins add to the command line |
//! | [`config`] | layered configuration with every mistake named |
//! | [`tls`] | certificates and private keys, checked when they are read |
//! | [`mod@plugin`] | which crates are linked in, checked at start |
//!
//! No type of the MCP wire and no HTTP handler lives here, and no plugin is named here.

pub mod audit;
pub mod auth;
pub mod clock;
pub mod command;
pub mod config;
pub mod conversation;
pub mod gitlab;
pub mod plugin;
pub mod prompt;
pub mod random;
pub mod resource;
pub mod secret;
pub mod tls;
pub mod tool;

#[doc(hidden)]
pub use inventory as __inventory;
