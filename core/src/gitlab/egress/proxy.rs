//! The operator's proxies, and which connection takes one.

use std::collections::BTreeSet;

use url::Url;

use super::EgressConfig;
use super::gate::normal;
use super::no_proxy::NoProxy;
use crate::secret::{ConnectionString, Secret};

/// Schemes of proxies: `socks5` resolves names here, `socks5h` at the proxy.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// The text is not the URL of a proxy. It may hold a password and is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an http, https, socks5 or socks5h URL, such as http://proxy.example:3128")]
pub struct ProxyUrlError;

/// Whether `text` is the URL of a proxy.
///
/// # Errors
/// [`ProxyUrlError`] unless it is a URL with a scheme of a proxy and a host.
pub fn check_proxy_url(text: &Secret<ConnectionString>) -> Result<(), ProxyUrlError> {
    parse(text).map(drop)
}

fn parse(text: &Secret<ConnectionString>) -> Result<Url, ProxyUrlError> {
    let url = Url::parse(text.expose().trim()).map_err(|_| ProxyUrlError)?;
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    let plain = url.query().is_none() && url.fragment().is_none() && url.path().len() <= 1;
    if has_host && plain && SCHEMES.contains(&url.scheme()) {
        Ok(url)
    } else {
        Err(ProxyUrlError)
    }
}

/// Which proxy a target is reached through.
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    direct: NoProxy,
}

impl Proxies {
    /// The proxies of `config`.
    ///
    /// # Errors
    /// The name of the setting that cannot be used.
    pub(super) fn of(config: &EgressConfig) -> Result<Self, &'static str> {
        let read = |text: &Option<Secret<ConnectionString>>, name| {
            text.as_ref()
                .map(|text| parse(text).map_err(|_| name))
                .transpose()
        };
        Ok(Self {
            http: read(&config.http_proxy, "HTTP_PROXY")?,
            https: read(&config.https_proxy, "HTTPS_PROXY")?,
            direct: NoProxy::parse(config.no_proxy.as_deref().unwrap_or_default()),
        })
    }

    /// Whether no target goes through a proxy.
    pub(super) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The hosts of the proxies, as the gate compares them.
    pub(super) fn hosts(&self) -> BTreeSet<String> {
        let urls = self.http.iter().chain(&self.https);
        urls.filter_map(Url::host_str).map(normal).collect()
    }

    /// The proxy for `target`, or `None` when it is reached directly.
    pub(super) fn choose(&self, target: &Url) -> Option<Url> {
        let proxy = match target.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        proxy.filter(|_| !self.direct.covers(target)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<ConnectionString> {
        Secret::parse(text.to_owned(), 1).unwrap()
    }

    #[test]
    fn a_proxy_is_a_url_with_a_known_scheme() {
        for (text, usable) in [
            ("http://proxy:3128", true),
            ("https://proxy.example", true),
            ("http://user:canary@proxy.example:3128/", true),
            ("socks5://proxy:1080", true),
            ("socks5h://[fd00::1]:1080", true),
            ("proxy:3128", false),
            ("proxy", false),
            ("socks4://proxy", false),
            ("ftp://proxy", false),
            ("http://", false),
            ("socks5:///x", false),
            ("http://proxy/path", false),
            ("http://proxy?x=1", false),
        ] {
            let verdict = check_proxy_url(&secret(text));
            assert_eq!(verdict.is_ok(), usable, "{text}");
            let told = format!("{verdict:?} {ProxyUrlError}");
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn the_scheme_of_the_target_chooses_the_proxy() {
        let config = EgressConfig {
            http_proxy: Some(secret("http://plain:3128")),
            https_proxy: Some(secret("http://tunnel:3128")),
            no_proxy: Some("direct.example".to_owned()),
            ..EgressConfig::default()
        };
        let proxies = Proxies::of(&config).unwrap();
        for (target, expected) in [
            ("http://gitlab.example/", Some("plain")),
            ("https://gitlab.example/", Some("tunnel")),
            ("https://direct.example/", None),
            ("https://localhost/", None),
        ] {
            let chosen = proxies.choose(&Url::parse(target).unwrap());
            let host = chosen.as_ref().and_then(Url::host_str);
            assert_eq!(host, expected, "{target}");
        }
        let hosts: Vec<_> = proxies.hosts().into_iter().collect();
        assert_eq!(hosts, ["plain", "tunnel"]);
    }
}
