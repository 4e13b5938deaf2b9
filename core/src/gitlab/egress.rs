//! The only place that makes outbound connections. No redirect is ever followed here: a redirect
//! would carry `PRIVATE-TOKEN` to wherever it points.

use std::fmt;
use std::time::Duration;

use crate::secret::{ConnectionString, Secret};

/// How outbound connections are made.
#[derive(Debug)]
pub struct EgressConfig {
    /// Longest time to a connection.
    pub connect_timeout: Duration,
    /// Idle connections kept for each origin.
    pub connections: usize,
    /// PEM certificates added to the system's roots.
    pub added_roots: Option<Vec<u8>>,
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
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            connections: 25,
            added_roots: None,
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
    /// The CA file holds no usable certificate.
    #[error("GITLAB_CA_CERT_PATH: the file holds no usable PEM certificate")]
    Roots,
    /// A proxy URL is not usable; its value may hold a password and is not shown.
    #[error("{0}: not a usable proxy URL")]
    Proxy(&'static str),
    /// The TLS stack did not start.
    #[error("outbound connections cannot be set up: {0}")]
    Client(String),
}

/// The way out. Cloning shares the connection pool.
#[derive(Clone)]
pub struct Egress {
    client: reqwest::Client,
}

impl Egress {
    /// Sets up the pool.
    ///
    /// # Errors
    /// [`EgressError`] naming the setting that cannot be used.
    pub fn new(config: &EgressConfig) -> Result<Self, EgressError> {
        // A second call finds the provider installed already, which is just as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(config.connect_timeout)
            .pool_max_idle_per_host(config.connections)
            .user_agent(concat!("gitlab-mcp/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &config.added_roots {
            let roots =
                reqwest::Certificate::from_pem_bundle(pem).map_err(|_| EgressError::Roots)?;
            if roots.is_empty() {
                return Err(EgressError::Roots);
            }
            builder = builder.tls_certs_merge(roots);
        }
        if config.accept_any_certificate {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let direct = config.no_proxy.as_deref().unwrap_or_default();
        let direct = reqwest::NoProxy::from_string(&format!("localhost,127.0.0.0/8,::1,{direct}"));
        if let Some(url) = &config.http_proxy {
            let proxy =
                reqwest::Proxy::http(url.expose()).map_err(|_| EgressError::Proxy("HTTP_PROXY"))?;
            builder = builder.proxy(proxy.no_proxy(direct.clone()));
        }
        if let Some(url) = &config.https_proxy {
            let proxy = reqwest::Proxy::https(url.expose())
                .map_err(|_| EgressError::Proxy("HTTPS_PROXY"))?;
            builder = builder.proxy(proxy.no_proxy(direct));
        }
        let client = builder
            .build()
            .map_err(|error| EgressError::Client(error.to_string()))?;
        Ok(Self { client })
    }

    pub(crate) fn request(&self, method: http::Method, url: url::Url) -> reqwest::RequestBuilder {
        self.client.request(method, url)
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Egress")
    }
}
