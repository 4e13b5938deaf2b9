//! The only place that makes outbound connections. No redirect is ever followed here: a redirect
//! would carry `PRIVATE-TOKEN` to wherever it points.
//!
//! Each connection is judged on the addresses it would use: a host that is not internal is reached
//! only at public addresses (`address.rs`), and one answer that mixes both is refused as a whole
//! (`gate.rs`). A target that goes through a proxy which resolves names itself (all but `socks5`)
//! is resolved, and therefore judged, by that proxy; addresses in URLs are judged here in any case.

mod address;
mod gate;
mod no_proxy;
mod proxy;
mod resolver;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use gate::{NotAllowed, normal};
pub use proxy::{ProxyUrlError, check_proxy_url};
pub use resolver::{Resolver, SystemResolver};

use crate::secret::{ConnectionString, Secret};
use crate::tls::{KeyPair, Roots};
use gate::{Gate, GatedResolver};
use proxy::Proxies;

/// How outbound connections are made.
#[derive(Debug)]
pub struct EgressConfig {
    /// Longest time to a connection.
    pub connect_timeout: Duration,
    /// Idle connections kept for each origin.
    pub connections: usize,
    /// Hosts that may resolve to addresses that are not public: names and literals.
    pub internal_hosts: BTreeSet<String>,
    /// Certificates added to the system's roots.
    pub added_roots: Option<Roots>,
    /// What this process shows to a server that asks who is calling.
    pub identity: Option<KeyPair>,
    /// Accept any certificate. Loud wherever it is switched on.
    pub accept_any_certificate: bool,
    /// Proxy for `http` targets.
    pub http_proxy: Option<Secret<ConnectionString>>,
    /// Proxy for `https` targets.
    pub https_proxy: Option<Secret<ConnectionString>>,
    /// Hosts that are reached directly, in the form of `NO_PROXY`.
    pub no_proxy: Option<String>,
}

impl Default for EgressConfig {
    /// Public hosts and this machine, without a proxy: what examples and tests need. A server names
    /// its internal hosts instead.
    fn default() -> Self {
        let local = ["127.0.0.1", "::1", "localhost"];
        Self {
            connect_timeout: Duration::from_secs(5),
            connections: 25,
            internal_hosts: local.map(str::to_owned).into(),
            added_roots: None,
            identity: None,
            accept_any_certificate: false,
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
        }
    }
}

/// Why outbound connections cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// A proxy URL is not usable; its value may hold a password and is not shown.
    #[error("{0}: not a usable proxy URL")]
    Proxy(&'static str),
    /// A certificate or key that was read cannot be used.
    #[error("{0}: the file cannot be used")]
    Certificate(&'static str),
    /// The TLS stack did not start.
    #[error("outbound connections cannot be set up: {0}")]
    Client(String),
}

/// The way out. Cloning shares the connection pool.
#[derive(Clone)]
pub struct Egress {
    client: reqwest::Client,
    gate: Arc<Gate>,
    accepts_any_certificate: bool,
    connections: usize,
}

impl Egress {
    /// Sets up the pool, with the names this machine knows.
    ///
    /// # Errors
    /// [`EgressError`] naming the setting that cannot be used.
    pub fn new(config: &EgressConfig) -> Result<Self, EgressError> {
        Self::with_resolver(config, Arc::new(SystemResolver))
    }

    /// As [`Egress::new`], asking `resolver` for the addresses of every host and proxy.
    ///
    /// # Errors
    /// [`EgressError`] naming the setting that cannot be used.
    pub fn with_resolver(
        config: &EgressConfig,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, EgressError> {
        // A second call finds the provider installed already, which is just as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let proxies = Proxies::of(config).map_err(EgressError::Proxy)?;
        let gate = Arc::new(Gate {
            internal: config
                .internal_hosts
                .iter()
                .map(|host| normal(host))
                .collect(),
            proxies: proxies.hosts(),
            resolver,
        });
        let mut builder = builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(config.connect_timeout)
            .pool_max_idle_per_host(config.connections)
            .dns_resolver(GatedResolver(Arc::clone(&gate)))
            .user_agent(concat!("gitlab-mcp/", env!("CARGO_PKG_VERSION")));
        if !proxies.is_empty() {
            builder = builder.proxy(reqwest::Proxy::custom(move |url| proxies.choose(url)));
        }
        let client = with_certificates(builder, config)?
            .build()
            .map_err(|error| EgressError::Client(error.to_string()))?;
        Ok(Self {
            client,
            gate,
            accepts_any_certificate: config.accept_any_certificate,
            connections: config.connections,
        })
    }

    /// How many idle connections are kept for each origin.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Whether certificates are not checked.
    pub fn accepts_any_certificate(&self) -> bool {
        self.accepts_any_certificate
    }

    /// A request to `url`, unless its host is an address that may not be connected to. Names are
    /// judged when the connection is made.
    pub(crate) fn request(
        &self,
        method: http::Method,
        url: url::Url,
    ) -> Result<reqwest::RequestBuilder, NotAllowed> {
        self.gate.judge(&url)?;
        Ok(self.client.request(method, url))
    }

    /// Judges a URL that a stranger wrote, beyond what [`Egress::request`] judges.
    pub(super) async fn judge_strangers(&self, url: &url::Url) -> Result<(), NotAllowed> {
        self.gate.judge_strangers(url).await
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one client")]
fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
}

fn with_certificates(
    mut builder: reqwest::ClientBuilder,
    config: &EgressConfig,
) -> Result<reqwest::ClientBuilder, EgressError> {
    if let Some(roots) = &config.added_roots {
        let roots: Result<Vec<_>, _> = roots.der().map(reqwest::Certificate::from_der).collect();
        let roots = roots.map_err(|_| EgressError::Certificate("GITLAB_CA_CERT_PATH"))?;
        builder = builder.tls_certs_merge(roots);
    }
    if let Some(pair) = &config.identity {
        let identity = reqwest::Identity::from_pem(pair.pem())
            .map_err(|_| EgressError::Certificate("GITLAB_CLIENT_CERT_PATH"))?;
        builder = builder.identity(identity);
    }
    if config.accept_any_certificate {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

/// Whether `error` means that the gate refused the connection.
pub(crate) fn is_not_allowed(error: &reqwest::Error) -> bool {
    causes(error).any(<dyn Error>::is::<NotAllowed>)
}

/// Whether `error` means that the other side could not prove who it is.
pub(crate) fn is_untrusted(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

/// An error and everything that led to it.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| {
        // An I/O error hides what it wraps from `source`.
        match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
