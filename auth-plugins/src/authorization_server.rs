//! The OAuth authorization server in front of GitLab, shared by the modes in which MCP clients
//! sign their users in. RFC 6749, RFC 7591, RFC 8414, RFC 8628, RFC 9728.

pub mod keys;
pub mod page;
pub mod redirect_uri;
