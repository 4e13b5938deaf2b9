//! Where this server is, as clients and browsers know it, and the URLs made from that.
//! RFC 8414 section 3, RFC 9728 section 3, RFC 8707.

use std::fmt;
use std::sync::Arc;

use gitlab_mcp_core::auth::ReachedAt;
use http::Extensions;
use url::Url;

/// The public base URL: the issuer, and what every endpoint starts with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Base {
    /// Without a trailing slash.
    text: Arc<str>,
    url: Arc<Url>,
}

/// A text is no base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute http(s) URL without query and fragment")]
pub struct NoBase;

impl Base {
    /// Reads an absolute http(s) URL.
    ///
    /// # Errors
    /// [`NoBase`].
    pub fn parse(text: &str) -> Result<Self, NoBase> {
        let url = Url::parse(text).map_err(|_| NoBase)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(NoBase);
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').into(),
            url: Arc::new(url),
        })
    }

    /// The issuer identifier. RFC 8414 section 2.
    pub fn issuer(&self) -> &str {
        &self.text
    }

    /// The protected resource, which is also the only audience of our access tokens.
    pub fn resource(&self) -> String {
        self.at("/mcp")
    }

    /// A URL below the base; `path` starts with a slash.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The path of the base, empty or without a trailing slash.
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The protected-resource metadata of `/mcp`, or of the bare base when `root`. RFC 9728 section 3.1.
    pub fn resource_metadata(&self, root: bool) -> String {
        let suffix = if root { "" } else { "/mcp" };
        format!(
            "{}/.well-known/oauth-protected-resource{}{suffix}",
            self.origin(),
            self.path()
        )
    }

    /// Whether cookies can be marked `Secure`.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether only this machine can mean it.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Whether a `resource` parameter means this server: the base or its `/mcp`, scheme and host in
    /// any case, one trailing slash tolerated. RFC 8707 section 2.
    pub fn is_resource(&self, resource: &str) -> bool {
        if resource.contains(['#', '?', '@', '\\']) {
            return false;
        }
        let Ok(url) = Url::parse(resource) else {
            return false;
        };
        let text = url.as_str();
        let text = text.strip_suffix('/').unwrap_or(text);
        text == &*self.text || text == self.resource()
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What decides the base.
#[derive(Debug, Clone)]
pub enum Site {
    /// The operator.
    Fixed(Base),
    /// Each request, by the name it was sent to; the HTTP guard lets in only allowed names.
    PerRequest,
}

impl Site {
    /// The base for one request; `None` only when the guard left none behind.
    pub fn of(&self, request: &Extensions) -> Option<Base> {
        match self {
            Self::Fixed(base) => Some(base.clone()),
            Self::PerRequest => Base::parse(&request.get::<ReachedAt>()?.0).ok(),
        }
    }

    /// Whether documents are the same for everybody, so that caches may keep them.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_made_from_the_base_with_and_without_a_path() {
        let bare = Base::parse("https://mcp.example/").unwrap();
        assert_eq!(bare.issuer(), "https://mcp.example");
        assert_eq!(bare.resource(), "https://mcp.example/mcp");
        let below = Base::parse("https://mcp.example/gitlab/").unwrap();
        assert_eq!(below.issuer(), "https://mcp.example/gitlab");
        assert_eq!(
            below.resource_metadata(false),
            "https://mcp.example/.well-known/oauth-protected-resource/gitlab/mcp"
        );
        assert_eq!(
            below.resource_metadata(true),
            "https://mcp.example/.well-known/oauth-protected-resource/gitlab"
        );
    }

    #[test]
    fn a_resource_is_ours_or_not() {
        let base = Base::parse("https://mcp.example/gitlab").unwrap();
        for ours in [
            "https://mcp.example/gitlab",
            "https://mcp.example/gitlab/",
            "https://mcp.example/gitlab/mcp",
            "HTTPS://MCP.example/gitlab/mcp/",
            "https://mcp.example:443/gitlab",
        ] {
            assert!(base.is_resource(ours), "{ours}");
        }
        for foreign in [
            "https://mcp.example",
            "https://mcp.example/gitlab/mcp#x",
            "https://mcp.example/gitlab/mcp?x",
            "https://mcp.example/GITLAB",
            "http://mcp.example/gitlab",
            "https://other.example/gitlab",
            "https://mcp.example@evil/gitlab",
            "https://mcp.example/gitlab//",
            "https://mcp.example/gitlab/mcp/x",
            "mcp.example/gitlab",
            "",
        ] {
            assert!(!base.is_resource(foreign), "{foreign}");
        }
    }
}
