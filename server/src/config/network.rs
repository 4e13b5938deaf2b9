//! The network between this server and GitLab.

use std::collections::BTreeSet;
use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::{EgressConfig, Retries, Timeouts, check_proxy_url};
use gitlab_mcp_core::secret::{ConnectionString, Secret};

use super::pem_file;

const MILLIS: Kind = Kind::Integer {
    min: 100,
    max: 2_147_483_647,
};

static CONNECT: Setting = Setting::new(
    "GITLAB_API_CONNECT_TIMEOUT_MS",
    MILLIS,
    "longest time to a connection",
)
.default("5000");
static HEADERS: Setting = Setting::new(
    "GITLAB_API_HEADERS_TIMEOUT_MS",
    MILLIS,
    "longest time to the first byte",
)
.default("30000");
static BODY: Setting = Setting::new(
    "GITLAB_API_BODY_TIMEOUT_MS",
    MILLIS,
    "longest time for a whole answer",
)
.default("60000");
static RETRY: Setting = Setting::new(
    "GITLAB_API_RETRY_ENABLED",
    Kind::Bool,
    "repeat reads that failed",
)
.default("true");
static RETRY_ATTEMPTS: Setting = Setting::new(
    "GITLAB_API_RETRY_MAX_ATTEMPTS",
    Kind::Integer { min: 0, max: 10 },
    "further tries after the first",
)
.default("2");
static RETRY_BASE: Setting = Setting::new(
    "GITLAB_API_RETRY_BASE_DELAY_MS",
    Kind::Integer {
        min: 10,
        max: 60_000,
    },
    "first wait before a further try",
)
.default("1000");
static RETRY_LONGEST: Setting = Setting::new(
    "GITLAB_API_RETRY_MAX_DELAY_MS",
    Kind::Integer {
        min: 10,
        max: 600_000,
    },
    "longest wait before a further try",
)
.default("4000");
static CONNECTIONS: Setting = Setting::new(
    "GITLAB_POOL_MAX_CONNECTIONS",
    Kind::Integer { min: 1, max: 1_000 },
    "idle connections kept per origin, and GitLab tokens renewed at a time",
)
.default("25");
static CA: Setting = Setting::new(
    "GITLAB_CA_CERT_PATH",
    Kind::Path,
    "PEM certificates added to the system's roots",
)
.aliases(&["NODE_EXTRA_CA_CERTS"])
.flag("--ca-cert-path");
static CLIENT_CERT: Setting = Setting::new(
    "GITLAB_CLIENT_CERT_PATH",
    Kind::Path,
    "PEM certificate shown to a GitLab that asks for one",
);
static CLIENT_KEY: Setting = Setting::new(
    "GITLAB_CLIENT_KEY_PATH",
    Kind::Path,
    "PEM private key of GITLAB_CLIENT_CERT_PATH",
);
static REJECT: Setting = Setting::new(
    "NODE_TLS_REJECT_UNAUTHORIZED",
    Kind::Bool,
    "0 accepts any certificate of GitLab",
)
.flag("--tls-reject-unauthorized")
.default("1");
static SKIP_TLS: Setting = Setting::new(
    "SKIP_TLS_VERIFY",
    Kind::Bool,
    "true accepts any certificate of GitLab",
)
.default("false");
static HTTP_PROXY: Setting = Setting::new(
    "HTTP_PROXY",
    Kind::Secret { min: 1 },
    "proxy for http targets: an http, https, socks5 or socks5h URL",
)
.aliases(&["http_proxy"])
.flag("--http-proxy");
static HTTPS_PROXY: Setting = Setting::new(
    "HTTPS_PROXY",
    Kind::Secret { min: 1 },
    "proxy for https targets: an http, https, socks5 or socks5h URL",
)
.aliases(&["https_proxy"])
.flag("--https-proxy");
static NO_PROXY: Setting = Setting::new(
    "NO_PROXY",
    Kind::Text { max: 4_096 },
    "targets reached without a proxy: hosts, .suffixes, networks, each with or without a :port, or *",
)
.aliases(&["no_proxy"])
.flag("--no-proxy");

/// The network between this server and GitLab.
#[derive(Debug)]
pub struct NetworkConfig {
    /// How connections are made. No host is internal yet: which ones are is known from the
    /// instances.
    pub egress: EgressConfig,
    /// Deadlines of one request.
    pub timeouts: Timeouts,
    /// Further tries.
    pub retries: Retries,
}

impl Section for NetworkConfig {
    const SETTINGS: &'static [&'static Setting] = &[
        &CONNECT,
        &HEADERS,
        &BODY,
        &RETRY,
        &RETRY_ATTEMPTS,
        &RETRY_BASE,
        &RETRY_LONGEST,
        &CONNECTIONS,
        &CA,
        &CLIENT_CERT,
        &CLIENT_KEY,
        &REJECT,
        &SKIP_TLS,
        &HTTP_PROXY,
        &HTTPS_PROXY,
        &NO_PROXY,
    ];

    fn read(reader: &mut Reader) -> Self {
        let millis = |value| Duration::from_millis(value);
        let timeouts = Timeouts {
            headers: millis(reader.integer(&HEADERS)),
            body: millis(reader.integer(&BODY)),
            ..Timeouts::default()
        };
        let attempts = u32::try_from(reader.integer(&RETRY_ATTEMPTS)).unwrap_or_default();
        let retries = Retries {
            attempts: if reader.flag(&RETRY) { attempts } else { 0 },
            base: millis(reader.integer(&RETRY_BASE)),
            longest: millis(reader.integer(&RETRY_LONGEST)),
        };
        Self {
            egress: egress(reader),
            timeouts,
            retries,
        }
    }
}

fn egress(reader: &mut Reader) -> EgressConfig {
    let connections = usize::try_from(reader.integer(&CONNECTIONS)).unwrap_or(1);
    EgressConfig {
        connect_timeout: Duration::from_millis(reader.integer(&CONNECT)),
        connections,
        internal_hosts: BTreeSet::new(),
        added_roots: pem_file::roots(reader, &CA),
        identity: pem_file::key_pair(reader, &CLIENT_CERT, &CLIENT_KEY),
        accept_any_certificate: accept_any_certificate(reader),
        http_proxy: proxy(reader, &HTTP_PROXY),
        https_proxy: proxy(reader, &HTTPS_PROXY),
        no_proxy: reader.text(&NO_PROXY),
    }
}

fn accept_any_certificate(reader: &mut Reader) -> bool {
    let text = "certificates of GitLab are NOT checked: anyone in between can read the token and \
                change what GitLab answers; add the authority with GITLAB_CA_CERT_PATH instead";
    let (rejects, skips) = (reader.flag(&REJECT), reader.flag(&SKIP_TLS));
    if skips {
        reader.warn_about(&SKIP_TLS, text);
    } else if !rejects {
        reader.warn_about(&REJECT, text);
    }
    skips || !rejects
}

fn proxy(reader: &mut Reader, setting: &Setting) -> Option<Secret<ConnectionString>> {
    let url = reader.secret::<ConnectionString>(setting)?;
    if let Err(error) = check_proxy_url(&url) {
        reader.problem(setting, error.to_string());
        return None;
    }
    Some(url)
}

#[cfg(test)]
mod tests;
