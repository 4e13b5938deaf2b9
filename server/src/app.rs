//! What every request may use, built once at start. Cheap to clone.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::AuthProvider;
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::GitLab;
use gitlab_mcp_core::prompt::Prompt;
use gitlab_mcp_core::random::Random;
use gitlab_mcp_core::resource::{Capability, Resource};
use gitlab_mcp_core::secret::{Secret, StaticBearer};
use gitlab_mcp_core::tool::{Catalog, Policy, ToolSettings};

use crate::http::{CountedBy, Limit, Silence, TrustedProxies};

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
    /// The registered name of the auth mode.
    pub mode: &'static str,
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
    /// The path of the public base URL, without its last slash: a proxy may leave it in place.
    pub public_path: String,
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
    /// Longest time without progress in a plain answer; zero waits for ever.
    pub write_timeout: Duration,
    /// Requests of one principal on the MCP routes; `None` switches the limit off.
    pub accepted: Option<Limit>,
    /// Requests of one address without an accepted credential; `None` switches the limit off.
    pub unaccepted: Option<Limit>,
    /// Whose accepted requests share a budget.
    pub counted_by: CountedBy,
    /// Whose word about the caller's address counts.
    pub trusted_proxies: TrustedProxies,
    /// Requests that are not logged.
    pub silences: Vec<Silence>,
    /// How to speak TLS; `None` speaks plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Serve `/metrics`.
    pub metrics: bool,
    /// What a reader of `/metrics` must present.
    pub metrics_token: Option<Arc<Secret<StaticBearer>>>,
}

impl Default for HttpSettings {
    /// Loopback, any free port, and the limits of an unconfigured server.
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            allowed_hosts: BTreeSet::new(),
            allowed_origins: BTreeSet::new(),
            root_endpoint: false,
            public_path: String::new(),
            body_limit: 4 * 1024 * 1024,
            legacy_sessions: true,
            max_sessions: 1000,
            session_timeout: Duration::from_hours(1),
            sse_heartbeat: Duration::from_secs(30),
            keep_alive: Duration::from_secs(620),
            write_timeout: Duration::from_secs(10),
            accepted: Some(Limit::per_minute(300)),
            unaccepted: Some(Limit::per_minute(100)),
            counted_by: CountedBy::Principal,
            trusted_proxies: TrustedProxies::None,
            silences: Silence::of_probes(),
            tls: None,
            metrics: true,
            metrics_token: None,
        }
    }
}
