//! One GitLab, by its base URL. Documentation: <https://docs.gitlab.com/api/rest/#current-status>

use std::fmt;
use std::sync::Arc;

use url::{Host, Origin, Url};

/// One GitLab instance: scheme, host, port and an optional path prefix, in one normal form.
///
/// `https://gitlab.example/`, `https://gitlab.example/api/v4` and `https://GitLab.example` are the
/// same instance. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    base: Arc<Url>,
}

/// Why a text is not the URL of a GitLab instance.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a usable http(s) URL")]
pub struct InstanceError;

impl Instance {
    /// Reads a base or API URL; blanks, trailing slashes and a final `/api/v4` are removed, a path
    /// prefix is kept. Userinfo, query, fragment and dot segments are refused.
    ///
    /// # Errors
    /// [`InstanceError`] when the text is anything but an absolute http(s) URL.
    pub fn parse(text: &str) -> Result<Self, InstanceError> {
        let text = text.trim();
        if text
            .bytes()
            .any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\')
        {
            return Err(InstanceError);
        }
        let path = text.splitn(4, '/').nth(3).unwrap_or_default();
        let dotted = |segment: &str| {
            let plain = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            plain == "." || plain == ".."
        };
        if path.split('/').any(dotted) {
            return Err(InstanceError);
        }
        let mut url = Url::parse(text).map_err(|_| InstanceError)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(InstanceError);
        }
        let path = url.path().trim_end_matches('/');
        let path = path
            .strip_suffix("/api/v4")
            .unwrap_or(path)
            .trim_end_matches('/')
            .to_owned();
        url.set_path(&path);
        Ok(Self {
            base: Arc::new(url),
        })
    }

    /// The base URL without a trailing slash, for example `https://gitlab.example/prefix`.
    pub fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The root of the REST API, without a trailing slash.
    pub fn api_url(&self) -> String {
        format!("{}/api/v4", self.base())
    }

    /// The GraphQL endpoint.
    pub fn graphql_url(&self) -> String {
        format!("{}/api/graphql", self.base())
    }

    /// Scheme, host and port: what a credential is bound to.
    pub fn origin(&self) -> Origin {
        self.base.origin()
    }

    /// The host as it stands in logs: never a path, never userinfo.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// True for `localhost` and literal loopback addresses.
    pub fn is_loopback(&self) -> bool {
        match self.base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// True when credentials would cross a network in clear text.
    pub fn is_cleartext(&self) -> bool {
        self.base.scheme() == "http" && !self.is_loopback()
    }

    /// The path below the base of a URL of this instance, or `None` for a foreign one.
    pub fn path_of<'a>(&self, url: &'a str) -> Option<&'a str> {
        let rest = url.strip_prefix(self.base())?;
        rest.strip_prefix('/')
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({})", self.base())
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_instance_is_equal() {
        for (text, base) in [
            ("https://gitlab.com", "https://gitlab.com"),
            (" https://gitlab.com/ ", "https://gitlab.com"),
            ("https://GitLab.com/api/v4", "https://gitlab.com"),
            ("https://gitlab.com/api/v4/", "https://gitlab.com"),
            (
                "http://127.0.0.1:8929/git/api/v4//",
                "http://127.0.0.1:8929/git",
            ),
        ] {
            assert_eq!(Instance::parse(text).unwrap().base(), base, "{text}");
        }
    }

    #[test]
    fn a_url_that_is_not_an_instance_is_refused() {
        for text in [
            "",
            "gitlab.com",
            "ftp://gitlab.com",
            "https://user:pass@gitlab.com",
            "https://gitlab.com/../admin",
            "https://gitlab.com/%2e%2e/admin",
            "https://gitlab.com?x=1",
            "https://gitlab.com/#top",
            "https://git\tlab.com",
            "https://gitlab.com\\@evil.example",
        ] {
            assert_eq!(Instance::parse(text), Err(InstanceError), "{text}");
        }
    }
}
