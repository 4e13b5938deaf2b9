//! The `Host` of a request: exactly one, well formed, and one we are known by. RFC 9112 section 3.2;
//! RFC 9112 section 3.2; against DNS rebinding.

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;

use super::Refusal;

/// The hosts that are served.
#[derive(Debug)]
pub(crate) struct Hosts {
    loopback: bool,
    allowed: BTreeSet<String>,
}

/// True for the names a machine calls itself by.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl Hosts {
    /// Serves the loopback names if the listener is bound to loopback, and `allowed`.
    pub(crate) fn new(loopback: bool, allowed: &BTreeSet<String>) -> Self {
        let allowed = allowed.iter().map(|host| host.to_ascii_lowercase());
        Self {
            loopback,
            allowed: allowed.collect(),
        }
    }

    /// The host of `parts`, judged.
    ///
    /// # Errors
    /// 400 for a missing, doubled or malformed value, 403 for one we are not known by.
    pub(crate) fn check(&self, parts: &Parts) -> Result<Authority, Refusal> {
        let authority = authority(parts)?;
        if self.allows(&authority) {
            return Ok(authority);
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "host",
            "Host header is not allowed; the operator of this server names allowed ones in \
             MCP_SERVER_URL and MCP_ALLOWED_HOSTS",
        ))
    }

    /// `text` as an authority, if it is one we are known by.
    pub(super) fn known(&self, text: &str) -> Option<Authority> {
        parse(text).filter(|authority| self.allows(authority))
    }

    fn allows(&self, authority: &Authority) -> bool {
        let host = authority.host().to_ascii_lowercase();
        if self.loopback && is_loopback_name(&host) {
            return true;
        }
        let whole = match authority.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        self.allowed.contains(&host) || self.allowed.contains(&whole)
    }
}

fn authority(parts: &Parts) -> Result<Authority, Refusal> {
    let bad = |text: &str| Refusal::bad("host", text);
    let mut values = parts.headers.get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (Some(value), None) => value,
        (None, _) => return Err(bad("the Host header is missing")),
        (Some(_), Some(_)) => return Err(bad("the Host header stands twice in the request")),
    };
    let named = header
        .to_str()
        .ok()
        .and_then(parse)
        .ok_or_else(|| bad("the Host header is not a host with an optional port"))?;
    match parts.uri.authority() {
        // RFC 9112 section 3.2.2: the target counts, but nobody honest sends two names.
        Some(target) => match parse(target.as_str()) {
            Some(target) if same(&target, &named) => Ok(target),
            _ => Err(bad("the request target and the Host header name two hosts")),
        },
        None => Ok(named),
    }
}

fn same(one: &Authority, other: &Authority) -> bool {
    one.host().eq_ignore_ascii_case(other.host()) && one.port_u16() == other.port_u16()
}

fn parse(text: &str) -> Option<Authority> {
    let plain = !text.is_empty() && !text.contains(['@', '/', '?', '#', '\\', ' ', '%']);
    let authority: Authority = plain.then(|| text.parse().ok())??;
    let host = authority.host();
    let rest = text.get(host.len()..)?;
    // A colon must be followed by a port that fits.
    let ported = rest.is_empty() || authority.port_u16().is_some();
    (ported && !host.is_empty()).then_some(authority)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(hosts: &Hosts, target: &str, values: &[&str]) -> u16 {
        let mut builder = Request::builder().uri(target);
        for value in values {
            builder = builder.header(HOST, *value);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        hosts
            .check(&parts)
            .map_or_else(|refusal| refusal.status().as_u16(), |_| 200)
    }

    #[test]
    fn hosts_are_judged() {
        let allowed = BTreeSet::from(["MCP.example".to_owned(), "other.example:8443".to_owned()]);
        let hosts = Hosts::new(true, &allowed);
        for (values, expected) in [
            (&["localhost:3000"] as &[&str], 200),
            (&["127.0.0.1"], 200),
            (&["127.9.9.9:1"], 200),
            (&["[::1]:3000"], 200),
            (&["LOCALHOST"], 200),
            (&["mcp.example"], 200),
            (&["Mcp.Example:444"], 200),
            (&["other.example:8443"], 200),
            (&["other.example"], 403),
            (&["evil.example"], 403),
            (&["localhost.evil"], 403),
            (&["127.0.0.1.evil"], 403),
            (&["0.0.0.0"], 403),
            (&[], 400),
            (&[""], 400),
            (&["[::1"], 400),
            (&["user@localhost"], 400),
            (&["localhost:"], 400),
            (&["localhost:99999"], 400),
            (&["local host"], 400),
            (&["localhost/x"], 400),
            (&["localhost", "evil.example"], 400),
            (&["localhost", "localhost"], 400),
        ] {
            assert_eq!(check(&hosts, "/mcp", values), expected, "{values:?}");
        }
    }

    #[test]
    fn the_target_counts_when_it_names_a_host() {
        let hosts = Hosts::new(true, &BTreeSet::new());
        assert_eq!(check(&hosts, "http://localhost/mcp", &["localhost"]), 200);
        assert_eq!(check(&hosts, "http://evil.example/", &["localhost"]), 400);
        assert_eq!(
            check(&hosts, "http://evil.example/", &["evil.example"]),
            403
        );
    }

    #[test]
    fn loopback_names_count_only_on_loopback() {
        let hosts = Hosts::new(false, &BTreeSet::new());
        assert_eq!(check(&hosts, "/mcp", &["localhost"]), 403);
    }
}
