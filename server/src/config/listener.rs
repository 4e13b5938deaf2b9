//! Transport, address and HTTP guard.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::time::Duration;

use gitlab_mcp_core::auth::Listening;
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};

use crate::app::HttpSettings;

static TRANSPORT: Setting = Setting::new(
    "MCP_TRANSPORT",
    Kind::OneOf(&["stdio", "http"]),
    "stdio or http (Streamable HTTP); inferred when unset",
);
static STREAMABLE_HTTP: Setting =
    Setting::new("STREAMABLE_HTTP", Kind::Bool, "serve Streamable HTTP").default("false");
static HOST: Setting =
    Setting::new("HOST", Kind::Text { max: 255 }, "address to bind").default("127.0.0.1");
static PORT: Setting = Setting::new(
    "PORT",
    Kind::Integer {
        min: 0,
        max: 65_535,
    },
    "port to bind; 0 picks a free one",
)
.default("3002");
static SERVER_URL: Setting = Setting::new(
    "MCP_SERVER_URL",
    Kind::Url,
    "public base URL of this server",
);
static ALLOWED_HOSTS: Setting = Setting::new(
    "MCP_ALLOWED_HOSTS",
    Kind::Hosts,
    "further Host values that are served",
);
static ALLOWED_ORIGINS: Setting = Setting::new(
    "MCP_ALLOWED_ORIGINS",
    Kind::Origins,
    "further Origin values that are served",
);
static ROOT_ENDPOINT: Setting = Setting::new(
    "MCP_ROOT_ENDPOINT",
    Kind::Bool,
    "serve MCP on / as well as /mcp",
)
.default("false");
static LEGACY_SESSIONS: Setting = Setting::new(
    "MCP_LEGACY_SESSIONS",
    Kind::Bool,
    "sessions for clients up to 2025-11-25; false answers each request by itself",
)
.default("true");
/// Has a meaning of its own in each mode that reads it.
static STATELESS: Setting = Setting::new(
    "OAUTH_STATELESS_MODE",
    Kind::Bool,
    "no session on the server: any replica answers any request",
)
.default("false")
.modes(&["remote-authorization"]);
static MAX_SESSIONS: Setting = Setting::new(
    "MAX_SESSIONS",
    Kind::Integer {
        min: 1,
        max: 10_000,
    },
    "live legacy sessions",
)
.default("1000");
static SESSION_TIMEOUT: Setting = Setting::new(
    "SESSION_TIMEOUT_SECONDS",
    Kind::Integer {
        min: 1,
        max: 86_400,
    },
    "idle life of a legacy session",
)
.flag("--session-timeout")
.default("3600");
static REQUESTS_PER_MINUTE: Setting = Setting::new(
    "MAX_REQUESTS_PER_MINUTE",
    Kind::Integer {
        min: 1,
        max: 100_000,
    },
    "requests per minute of one principal on the MCP routes",
)
.default("300");
static IP_LIMIT_ENABLED: Setting = Setting::new(
    "RATE_LIMIT_IP_ENABLED",
    Kind::Bool,
    "limit requests without an accepted credential per address",
)
.default("true");
static IP_LIMIT: Setting = Setting::new(
    "RATE_LIMIT_IP_MAX_REQUESTS",
    Kind::Integer {
        min: 1,
        max: 100_000,
    },
    "requests without an accepted credential per minute and address",
)
.default("100");
static BODY_LIMIT: Setting = Setting::new(
    "MCP_BODY_LIMIT_BYTES",
    Kind::Integer {
        min: 65_536,
        max: 67_108_864,
    },
    "longest body of an MCP request",
)
.default("4194304");
static HEARTBEAT: Setting = Setting::new(
    "GITLAB_SSE_HEARTBEAT_MS",
    Kind::Integer {
        min: 1_000,
        max: 600_000,
    },
    "comment line on open streams",
)
.default("30000");
static KEEP_ALIVE: Setting = Setting::new(
    "GITLAB_HTTP_KEEPALIVE_TIMEOUT_MS",
    Kind::Integer {
        min: 1_000,
        max: 3_600_000,
    },
    "idle keep-alive of inbound connections",
)
.default("620000");
static METRICS: Setting =
    Setting::new("MCP_METRICS_ENABLED", Kind::Bool, "serve /metrics").default("true");
static SERVER_NAME: Setting = Setting::new(
    "MCP_SERVER_NAME",
    Kind::Text { max: 128 },
    "name in serverInfo",
)
.default("zereight-gitlab-mcp-server");

/// How clients reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One process, one caller.
    Stdio,
    /// Streamable HTTP.
    Http,
}

/// Transport, address and HTTP guard.
#[derive(Debug)]
pub struct ListenerConfig {
    /// How clients reach the server.
    pub transport: Transport,
    /// The setting that chose the transport.
    pub chosen_by: &'static str,
    /// The listener.
    pub http: HttpSettings,
    /// The name in `serverInfo`.
    pub server_name: String,
}

impl ListenerConfig {
    /// What the selection of the auth mode has to know.
    pub fn listening(&self) -> Listening {
        Listening {
            http: self.transport == Transport::Http,
            loopback: self.http.host.is_loopback(),
            transport: self.chosen_by,
        }
    }

    /// [`STATELESS`] in a mode that reads it: no session id is issued, and none is looked at.
    pub(crate) fn keep_no_sessions_if_asked(&mut self, reader: &mut Reader, mode: &str) {
        if !reader.flag(&STATELESS) {
            return;
        }
        if STATELESS.is_read_by(mode) {
            self.http.legacy_sessions = false;
        } else {
            let text = format!("has no effect with the auth mode {mode}");
            reader.warn_about(&STATELESS, text);
        }
    }
}

impl Section for ListenerConfig {
    const SETTINGS: &'static [&'static Setting] = &[
        &TRANSPORT,
        &STREAMABLE_HTTP,
        &HOST,
        &PORT,
        &SERVER_URL,
        &ALLOWED_HOSTS,
        &ALLOWED_ORIGINS,
        &ROOT_ENDPOINT,
        &LEGACY_SESSIONS,
        &STATELESS,
        &MAX_SESSIONS,
        &SESSION_TIMEOUT,
        &REQUESTS_PER_MINUTE,
        &IP_LIMIT_ENABLED,
        &IP_LIMIT,
        &BODY_LIMIT,
        &HEARTBEAT,
        &KEEP_ALIVE,
        &METRICS,
        &SERVER_NAME,
    ];

    fn read(reader: &mut Reader) -> Self {
        let (transport, chosen_by) = transport(reader);
        let public = reader.url(&SERVER_URL);
        let mut allowed_hosts: BTreeSet<String> =
            reader.hosts(&ALLOWED_HOSTS).into_iter().collect();
        let mut allowed_origins: BTreeSet<String> =
            reader.origins(&ALLOWED_ORIGINS).into_iter().collect();
        if let Some(url) = public {
            let port = url
                .port()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            allowed_hosts.insert(format!("{}{port}", url.host_str().unwrap_or_default()));
            allowed_origins.insert(url.origin().ascii_serialization());
        }
        let millis = |value| Duration::from_millis(value);
        let http = HttpSettings {
            host: host(reader),
            port: small(reader.integer(&PORT)),
            allowed_hosts,
            allowed_origins,
            root_endpoint: reader.flag(&ROOT_ENDPOINT),
            body_limit: small(reader.integer(&BODY_LIMIT)),
            legacy_sessions: reader.flag(&LEGACY_SESSIONS),
            max_sessions: small(reader.integer(&MAX_SESSIONS)),
            session_timeout: Duration::from_secs(reader.integer(&SESSION_TIMEOUT)),
            sse_heartbeat: millis(reader.integer(&HEARTBEAT)),
            keep_alive: millis(reader.integer(&KEEP_ALIVE)),
            requests_per_minute: small(reader.integer(&REQUESTS_PER_MINUTE)),
            unaccepted_per_minute: reader
                .flag(&IP_LIMIT_ENABLED)
                .then(|| small(reader.integer(&IP_LIMIT))),
            metrics: reader.flag(&METRICS),
        };
        let server_name = reader
            .text(&SERVER_NAME)
            .unwrap_or_default()
            .trim()
            .to_owned();
        Self {
            transport,
            chosen_by,
            http,
            server_name,
        }
    }
}

/// A value the declaration has bounded already.
fn small<T: TryFrom<u64> + Default>(value: u64) -> T {
    T::try_from(value).unwrap_or_default()
}

/// First match: the setting, the sub-command word, the switch of old; else stdio. A port alone
/// does not select HTTP, because platforms preset it.
fn transport(reader: &mut Reader) -> (Transport, &'static str) {
    let http = reader.flag(&STREAMABLE_HTTP);
    let word = reader.words().first().cloned();
    if let Some(named) = reader.one_of_if_set(&TRANSPORT) {
        if http && named == "stdio" {
            reader.conflict(
                &[&TRANSPORT, &STREAMABLE_HTTP],
                "these two contradict each other",
            );
        }
        let transport = if named == "http" {
            Transport::Http
        } else {
            Transport::Stdio
        };
        return (transport, TRANSPORT.variable());
    }
    if word.as_deref() == Some("stdio") {
        return (Transport::Stdio, "the sub-command stdio");
    }
    if http {
        return (Transport::Http, STREAMABLE_HTTP.variable());
    }
    if reader.is_set(&PORT) {
        reader.inform(
            &PORT,
            "does not select HTTP by itself; set STREAMABLE_HTTP=true to serve it",
        );
    }
    (Transport::Stdio, "the default transport")
}

fn host(reader: &mut Reader) -> IpAddr {
    let text = reader.text(&HOST).unwrap_or_default();
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        return address;
    }
    // Loopback first: `localhost` may resolve to both families.
    let resolved = (bare, 0)
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next());
    resolved.map_or_else(
        || {
            reader.problem(&HOST, "not an IP address or a host name that resolves");
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        },
        |address| address.ip(),
    )
}
