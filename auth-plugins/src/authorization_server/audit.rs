//! What the authorization server writes into the audit stream: one entry per decision about a person,
//! a client or a login.

pub use gitlab_mcp_core::audit::{Entry, Event, From};
