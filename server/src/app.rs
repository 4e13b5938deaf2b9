//! What every request may use, built once at start. Cheap to clone.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::AuthProvider;
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::GitLab;
use gitlab_mcp_core::prompt::Prompt;
use gitlab_mcp_core::random::Random;
use gitlab_mcp_core::resource::{Capability, Resource};
use gitlab_mcp_core::tool::{Catalog, Policy, ToolSettings};

/// The collaborators of the MCP layer and the HTTP guard.
#[derive(Debug, Clone)]
pub struct App {
    /// Every linked tool.
    pub catalog: Arc<Catalog>,
    /// Which of them the operator exposes.
    pub policy: Arc<Policy>,
    /// Linked prompts, by name.
    pub prompts: Arc<Vec<Box<dyn Prompt>>>,
    /// Linked resources and templates.
    pub resources: Arc<Vec<Box<dyn Resource>>>,
    /// What linked plugins need declared besides.
    pub capabilities: Arc<Vec<Capability>>,
    /// Who is calling.
    pub auth: Arc<dyn AuthProvider>,
    /// The way to GitLab.
    pub gitlab: Arc<GitLab>,
    /// Settings of the tool layer.
    pub tool_settings: Arc<ToolSettings>,
    /// Longest run of one tool call.
    pub tool_timeout: Duration,
    /// The name in `serverInfo`.
    pub server_name: Arc<str>,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub random: Arc<dyn Random>,
    /// Settings of the HTTP listener.
    pub http: Arc<HttpSettings>,
}

/// Settings of the HTTP listener and its guard.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address to bind.
    pub host: IpAddr,
    /// The port to bind; 0 lets the kernel choose.
    pub port: u16,
    /// Host values that are served besides the loopback names: `host` or `host:port`.
    pub allowed_hosts: BTreeSet<String>,
    /// Origins that are served besides our own: `scheme://host[:port]`.
    pub allowed_origins: BTreeSet<String>,
    /// Serve MCP on `/` as well.
    pub root_endpoint: bool,
    /// Longest body of an MCP request in bytes.
    pub body_limit: usize,
    /// Sessions for clients up to 2025-11-25; otherwise every request stands alone.
    pub legacy_sessions: bool,
    /// Live legacy sessions.
    pub max_sessions: usize,
    /// Idle life of a legacy session.
    pub session_timeout: Duration,
    /// Comment line on open streams.
    pub sse_heartbeat: Duration,
    /// Idle keep-alive of inbound connections.
    pub keep_alive: Duration,
    /// Requests per minute and principal on the MCP routes.
    pub requests_per_minute: u32,
    /// Requests per minute and address without an accepted credential; `None` switches it off.
    pub unaccepted_per_minute: Option<u32>,
    /// Serve `/metrics`.
    pub metrics: bool,
}
