//! Under which URL clients know this server. Documents that name it, and tokens that are good only
//! here, are made from the configured one; a request decides only where nothing is configured.

use std::sync::Arc;

use crate::config::{Kind, Setting};

/// The public base URL.
pub static SERVER_URL: Setting = Setting::new(
    "MCP_SERVER_URL",
    Kind::Url,
    "public base URL of this server",
);

/// Nothing about callers is kept in the process. Each mode that reads it says what that means there.
pub static STATELESS_MODE: Setting = Setting::new(
    "OAUTH_STATELESS_MODE",
    Kind::Bool,
    "no session on the server, and in mcp-oauth the sealed storage: any replica answers any request",
)
.default("false")
.modes(&["remote-authorization", "mcp-oauth"]);

/// The base URL one request came in under, without a trailing slash. The HTTP guard puts it into the
/// extensions of every request, made from names the operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedAt(pub Arc<str>);
