//! Transport, address and HTTP guard.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::{Listening, SERVER_URL, STATELESS_MODE};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;

use super::{encryption, limits};
use crate::app::HttpSettings;
use crate::http::TrustedProxies;

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
static INSECURE_URL: Setting = Setting::new(
    "MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL",
    Kind::Bool,
    "let MCP_SERVER_URL be http beyond this machine",
)
.default("false");
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
static WRITE_TIMEOUT: Setting = Setting::new(
    "GITLAB_RESPONSE_WRITE_TIMEOUT_MS",
    Kind::Integer {
        min: 0,
        max: 600_000,
    },
    "longest time without progress in a plain answer; 0 waits for ever",
)
.default("10000");
static METRICS: Setting =
    Setting::new("MCP_METRICS_ENABLED", Kind::Bool, "serve /metrics").default("true");
static METRICS_TOKEN: Setting = Setting::new(
    "MCP_METRICS_TOKEN",
    Kind::Secret { min: 8 },
    "bearer that readers of /metrics must present",
)
.without_flag();
static SERVER_NAME: Setting = Setting::new(
    "MCP_SERVER_NAME",
    Kind::Text { max: 128 },
    "name in serverInfo",
)
.default("zereight-gitlab-mcp-server");

/// What chose stdio when nothing else chose.
const DEFAULT_TRANSPORT: &str = "the default transport";

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

    /// Serves HTTP because the setting `implied_by` asks for it, unless a transport is chosen.
    pub(crate) fn imply_http(&mut self, reader: &mut Reader, implied_by: &'static str) {
        if self.chosen_by == DEFAULT_TRANSPORT {
            self.transport = Transport::Http;
            self.chosen_by = implied_by;
            warn_about_clear_text(reader, &self.http);
        }
    }

    /// Serves MCP on `/` too, unless the operator decided about that.
    pub(crate) fn serve_root(&mut self, reader: &Reader) {
        if !reader.is_set(&ROOT_ENDPOINT) {
            self.http.root_endpoint = true;
        }
    }

    /// Says that [`STATELESS_MODE`] does nothing in a mode that does not read it. Whether there are
    /// sessions is for the provider to say.
    pub(crate) fn warn_if_not_stateless(reader: &mut Reader, mode: &str) {
        if reader.flag(&STATELESS_MODE) && !STATELESS_MODE.is_read_by(mode) {
            let text = format!("has no effect with the auth mode {mode}");
            reader.warn_about(&STATELESS_MODE, text);
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
        &INSECURE_URL,
        &ALLOWED_HOSTS,
        &ALLOWED_ORIGINS,
        &ROOT_ENDPOINT,
        &LEGACY_SESSIONS,
        &STATELESS_MODE,
        &MAX_SESSIONS,
        &SESSION_TIMEOUT,
        &BODY_LIMIT,
        &HEARTBEAT,
        &KEEP_ALIVE,
        &WRITE_TIMEOUT,
        &METRICS,
        &METRICS_TOKEN,
        &SERVER_NAME,
    ];

    fn read(reader: &mut Reader) -> Self {
        let (transport, chosen_by) = transport(reader);
        let Names {
            hosts: allowed_hosts,
            origins: allowed_origins,
            public_path,
        } = names(reader);
        let millis = |value| Duration::from_millis(value);
        let session_timeout = reader.integer(&SESSION_TIMEOUT);
        if session_timeout < 60 {
            reader.warn_about(&SESSION_TIMEOUT, "sessions end within a minute of silence");
        }
        let metrics_token = reader.secret(&METRICS_TOKEN).map(Arc::new);
        let http = HttpSettings {
            host: host(reader),
            port: small(reader.integer(&PORT)),
            allowed_hosts,
            allowed_origins,
            public_path,
            root_endpoint: reader.flag(&ROOT_ENDPOINT),
            body_limit: small(reader.integer(&BODY_LIMIT)),
            legacy_sessions: reader.flag(&LEGACY_SESSIONS),
            max_sessions: small(reader.integer(&MAX_SESSIONS)),
            session_timeout: Duration::from_secs(session_timeout),
            sse_heartbeat: millis(reader.integer(&HEARTBEAT)),
            keep_alive: millis(reader.integer(&KEEP_ALIVE)),
            write_timeout: millis(reader.integer(&WRITE_TIMEOUT)),
            accepted: limits::accepted(reader),
            unaccepted: limits::unaccepted(reader),
            trusted_proxies: limits::trusted_proxies(reader),
            tls: encryption::server(reader),
            metrics: reader.flag(&METRICS),
            metrics_token,
            ..HttpSettings::default()
        };
        if transport == Transport::Http {
            warn_about_clear_text(reader, &http);
        }
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

/// What this server is called.
struct Names {
    hosts: BTreeSet<String>,
    origins: BTreeSet<String>,
    public_path: String,
}

/// The names this server is known by, and the origins of its own and of allowed pages.
fn names(reader: &mut Reader) -> Names {
    let mut hosts: BTreeSet<String> = reader.hosts(&ALLOWED_HOSTS).into_iter().collect();
    let mut origins: BTreeSet<String> = reader.origins(&ALLOWED_ORIGINS).into_iter().collect();
    let insecure = reader.flag(&INSECURE_URL);
    let Some(url) = reader.url(&SERVER_URL) else {
        return Names {
            hosts,
            origins,
            public_path: String::new(),
        };
    };
    let is_local = Instance::parse(url.as_str()).is_ok_and(|url| url.is_loopback());
    if url.scheme() == "http" && !is_local && !insecure {
        reader.problem(
            &SERVER_URL,
            "is http beyond this machine: use https, or set \
             MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL=true",
        );
    }
    let host = url.host_str().unwrap_or_default();
    hosts.insert(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    origins.insert(url.origin().ascii_serialization());
    let public_path = url.path().trim_end_matches('/').to_owned();
    Names {
        hosts,
        origins,
        public_path,
    }
}

/// Credentials of callers cross a network unless something encrypts them.
fn warn_about_clear_text(reader: &mut Reader, http: &HttpSettings) {
    let encrypted = http.tls.is_some() || http.trusted_proxies != TrustedProxies::None;
    if !http.host.is_loopback() && !encrypted {
        reader.warn_about(
            &HOST,
            "is reachable from the network in clear text: set SSL_CERT_PATH and SSL_KEY_PATH, or \
             put a proxy in front and name it in MCP_TRUST_PROXY",
        );
    }
}

/// A value the declaration has bounded already.
pub(super) fn small<T: TryFrom<u64> + Default>(value: u64) -> T {
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
    (Transport::Stdio, DEFAULT_TRANSPORT)
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
