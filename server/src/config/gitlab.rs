//! The GitLab instances and the network towards them.

use std::collections::BTreeSet;
use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::{EgressConfig, Instance, Retries, Timeouts};
use gitlab_mcp_core::secret::ConnectionString;

const MILLIS: Kind = Kind::Integer {
    min: 100,
    max: 2_147_483_647,
};

static API_URL: Setting = Setting::new(
    "GITLAB_API_URL",
    Kind::Urls,
    "base or API URL of GitLab; /api/v4 and trailing slashes do not matter",
)
.aliases(&["GITLAB_URL"])
.flag("--api-url")
.default("https://gitlab.com");
static ALLOWED_HOSTS: Setting = Setting::new(
    "GITLAB_ALLOWED_HOSTS",
    Kind::Hosts,
    "GitLab hosts that callers may choose besides those of GITLAB_API_URL; without a scheme, https",
)
.modes(&["remote-authorization"]);
static INTERNAL_HOSTS: Setting = Setting::new(
    "GITLAB_INTERNAL_HOSTS",
    Kind::Hosts,
    "allowed GitLab hosts that may have private addresses; those of GITLAB_API_URL when unset",
);
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
    "idle connections kept per origin",
)
.default("25");
static CA: Setting = Setting::new(
    "GITLAB_CA_CERT_PATH",
    Kind::Path,
    "PEM certificates added to the system's roots",
)
.aliases(&["NODE_EXTRA_CA_CERTS"])
.flag("--ca-cert-path");
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
    "proxy for http targets",
)
.aliases(&["http_proxy"])
.flag("--http-proxy");
static HTTPS_PROXY: Setting = Setting::new(
    "HTTPS_PROXY",
    Kind::Secret { min: 1 },
    "proxy for https targets",
)
.aliases(&["https_proxy"])
.flag("--https-proxy");
static NO_PROXY: Setting = Setting::new(
    "NO_PROXY",
    Kind::Text { max: 4_096 },
    "hosts reached without a proxy",
)
.aliases(&["no_proxy"])
.flag("--no-proxy");

/// The GitLab instances and the network towards them.
#[derive(Debug)]
pub struct GitLabConfig {
    /// The default instance; `None` when its URL was not usable.
    pub instance: Option<Instance>,
    /// Every instance that is allowed, the default one first.
    pub instances: Vec<Instance>,
    /// Names of the hosts among them that may have private addresses.
    pub internal_hosts: BTreeSet<String>,
    /// How connections are made.
    pub egress: EgressConfig,
    /// Deadlines of one request.
    pub timeouts: Timeouts,
    /// Further tries.
    pub retries: Retries,
}

impl Section for GitLabConfig {
    const SETTINGS: &'static [&'static Setting] = &[
        &API_URL,
        &ALLOWED_HOSTS,
        &INTERNAL_HOSTS,
        &CONNECT,
        &HEADERS,
        &BODY,
        &RETRY,
        &RETRY_ATTEMPTS,
        &RETRY_BASE,
        &RETRY_LONGEST,
        &CONNECTIONS,
        &CA,
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
        let own = own_instances(reader);
        let mut instances = own.clone();
        for further in further_instances(reader) {
            if !instances.contains(&further) {
                instances.push(further);
            }
        }
        Self {
            internal_hosts: internal_hosts(reader, &own, &instances),
            instance: own.into_iter().next(),
            instances,
            egress: egress(reader),
            timeouts,
            retries,
        }
    }
}

/// The instances of `GITLAB_API_URL`, the default one first.
fn own_instances(reader: &mut Reader) -> Vec<Instance> {
    let urls = reader.urls(&API_URL);
    let read: Vec<Instance> = urls
        .iter()
        .filter_map(|url| Instance::parse(url.as_str()).ok())
        .collect();
    if read.is_empty() || read.len() < urls.len() {
        reader.problem(&API_URL, "not a usable http(s) URL");
    }
    warn_about_cleartext(reader, &API_URL, &read);
    read
}

/// The instances of `GITLAB_ALLOWED_HOSTS`; a host without a scheme means https.
fn further_instances(reader: &mut Reader) -> Vec<Instance> {
    // Reading them as hosts reports every item that is none.
    let usable = reader.hosts(&ALLOWED_HOSTS).len();
    let items = reader.list(&ALLOWED_HOSTS);
    if usable < items.len() {
        return Vec::new();
    }
    let with_scheme = |item: &String| {
        let full = item.contains("://");
        Instance::parse(&if full {
            item.clone()
        } else {
            format!("https://{item}")
        })
    };
    let read: Vec<Instance> = items
        .iter()
        .filter_map(|item| with_scheme(item).ok())
        .collect();
    if read.len() < items.len() {
        reader.problem(&ALLOWED_HOSTS, "not a host or URL");
    }
    warn_about_cleartext(reader, &ALLOWED_HOSTS, &read);
    read
}

fn warn_about_cleartext(reader: &mut Reader, setting: &Setting, instances: &[Instance]) {
    if instances.iter().any(Instance::is_cleartext) {
        reader.warn_about(setting, "sends credentials in clear text: use https");
    }
}

/// The names of the hosts that may have private addresses: each must be one of `allowed`.
fn internal_hosts(reader: &mut Reader, own: &[Instance], allowed: &[Instance]) -> BTreeSet<String> {
    if !reader.is_set(&INTERNAL_HOSTS) {
        return own.iter().map(host_name).collect();
    }
    let names: BTreeSet<String> = allowed.iter().map(host_name).collect();
    let mut internal = BTreeSet::new();
    for host in reader.hosts(&INTERNAL_HOSTS) {
        let instance = Instance::parse(&format!("https://{host}"));
        let name = instance.as_ref().map(host_name).unwrap_or_default();
        if names.contains(&name) {
            internal.insert(name);
        } else {
            let text = format!(
                "{host} is allowed by neither {} nor {}",
                API_URL.variable(),
                ALLOWED_HOSTS.variable()
            );
            reader.problem(&INTERNAL_HOSTS, text);
        }
    }
    internal
}

/// The host without a final dot, as it is looked up.
fn host_name(instance: &Instance) -> String {
    let host = instance.host();
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

fn egress(reader: &mut Reader) -> EgressConfig {
    let accept_any_certificate = !reader.flag(&REJECT) || reader.flag(&SKIP_TLS);
    if accept_any_certificate {
        reader.warn("certificates of GitLab are not checked: anyone in between can read the token");
    }
    let connections = usize::try_from(reader.integer(&CONNECTIONS)).unwrap_or(1);
    EgressConfig {
        connect_timeout: Duration::from_millis(reader.integer(&CONNECT)),
        connections,
        added_roots: added_roots(reader),
        accept_any_certificate,
        http_proxy: reader.secret::<ConnectionString>(&HTTP_PROXY),
        https_proxy: reader.secret::<ConnectionString>(&HTTPS_PROXY),
        no_proxy: reader.text(&NO_PROXY),
    }
}

fn added_roots(reader: &mut Reader) -> Option<Vec<u8>> {
    let path = reader.path(&CA)?;
    match std::fs::read(&path) {
        Ok(pem) => Some(pem),
        Err(error) => {
            reader.problem(&CA, format!("the file cannot be read: {error}"));
            None
        }
    }
}
