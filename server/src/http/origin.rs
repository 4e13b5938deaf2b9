//! The `Origin` of a request, if it has one: our own, or one the operator listed. RFC 6454;
//! MCP 2026-07-28, basic/transports, "Security".

use std::collections::BTreeSet;

use http::header::ORIGIN;
use http::{HeaderMap, HeaderValue, StatusCode};
use url::{Origin, Url};

use super::Refusal;
use super::host::is_loopback_name;

/// Longest value that is looked at.
const LONGEST: usize = 2048;

/// The origins that are served.
#[derive(Debug)]
pub(crate) struct Origins {
    /// On loopback: our own pages, under any of the machine's names.
    loopback_port: Option<u16>,
    scheme: &'static str,
    allowed: Vec<Origin>,
}

impl Origins {
    /// Our own origins and `allowed` (`scheme://host[:port]`). `hosts` are the hosts we are known
    /// by; a page of theirs is our own when it came over https.
    pub(crate) fn new(
        loopback_port: Option<u16>,
        tls: bool,
        hosts: &BTreeSet<String>,
        allowed: &BTreeSet<String>,
    ) -> Self {
        let own = hosts.iter().map(|host| format!("https://{host}"));
        let allowed = own
            .chain(allowed.iter().cloned())
            .filter_map(|text| parse(&text))
            .map(|url| url.origin())
            .collect();
        Self {
            loopback_port,
            scheme: if tls { "https" } else { "http" },
            allowed,
        }
    }

    /// The origin to echo, or `None` when the request names none.
    ///
    /// # Errors
    /// 403 for `null`, two values, anything malformed, and every foreign origin.
    pub(crate) fn check<'a>(
        &self,
        headers: &'a HeaderMap,
    ) -> Result<Option<&'a HeaderValue>, Refusal> {
        let mut values = headers.get_all(ORIGIN).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let known = values.next().is_none()
            && value.len() <= LONGEST
            && value
                .to_str()
                .ok()
                .and_then(parse)
                .is_some_and(|url| self.allows(&url));
        if known {
            return Ok(Some(value));
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "origin",
            "Origin header is not allowed; the operator of this server names allowed ones in \
             MCP_SERVER_URL and MCP_ALLOWED_ORIGINS",
        ))
    }

    fn allows(&self, url: &Url) -> bool {
        let own = self.loopback_port.is_some()
            && url.scheme() == self.scheme
            && url.port_or_known_default() == self.loopback_port
            && url.host_str().is_some_and(is_loopback_name);
        own || self.allowed.contains(&url.origin())
    }
}

/// A serialised origin and nothing more.
fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.ends_with('/')
        && !text.contains(['\\', '@', '*'])
        && text.bytes().all(|byte| byte > b' ' && byte < 0x7f);
    plain.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        let hosts = BTreeSet::from(["mcp.example".to_owned()]);
        let allowed = BTreeSet::from(["https://allowed.example".to_owned()]);
        Origins::new(Some(3000), false, &hosts, &allowed)
    }

    fn served(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ORIGIN, HeaderValue::from_str(value).unwrap());
        }
        origins().check(&headers).is_ok()
    }

    #[test]
    fn origins_are_judged() {
        for (values, expected) in [
            (&[] as &[&str], true),
            (&["http://localhost:3000"], true),
            (&["http://127.0.0.1:3000"], true),
            (&["http://[::1]:3000"], true),
            (&["https://allowed.example"], true),
            (&["https://allowed.example:443"], true),
            (&["https://mcp.example"], true),
            (&["http://localhost:3001"], false),
            (&["https://localhost:3000"], false),
            (&["https://evil"], false),
            (&["null"], false),
            (&[""], false),
            (&["http://localhost.evil"], false),
            (&["http://localhost.evil:3000"], false),
            (&["https://allowed.evil"], false),
            (&["https://allowed.example:444"], false),
            (&["http://allowed.example"], false),
            (&["https://allowed.example/"], false),
            (&["https://allowed.example/path"], false),
            (&["https://x@allowed.example"], false),
            (
                &["https://allowed.example", "https://allowed.example"],
                false,
            ),
            (&["https://allowed.example https://evil"], false),
        ] {
            assert_eq!(served(values), expected, "{values:?}");
        }
        let long = format!("https://{}", "a".repeat(8192));
        assert!(!served(&[&long]));
    }
}
