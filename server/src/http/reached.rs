//! Under which base URL a request reached this server: its judged `Host`, or what a trusted proxy
//! says it was, if that is a name we are known by as well.

use std::net::IpAddr;

use gitlab_mcp_core::auth::ReachedAt;
use http::HeaderMap;
use http::request::Parts;
use http::uri::Authority;

use super::forwarded::TrustedProxies;
use super::host::{Hosts, is_loopback_name};

const HOST: &str = "x-forwarded-host";
const PROTO: &str = "x-forwarded-proto";
const PREFIX: &str = "x-forwarded-prefix";

/// What decides about the words of a request.
pub(super) struct Reach<'a> {
    /// TLS ends here.
    pub(super) encrypted: bool,
    /// Whose word counts.
    pub(super) proxies: &'a TrustedProxies,
    /// The names we are known by.
    pub(super) hosts: &'a Hosts,
}

impl Reach<'_> {
    /// The base URL of a request whose judged host is `authority`, from `peer`.
    pub(super) fn base(&self, parts: &Parts, authority: &Authority, peer: IpAddr) -> ReachedAt {
        let headers = &parts.headers;
        let trusted = self.proxies.trusts(peer);
        let told = |name: &str| single(headers, name).filter(|_| trusted);
        let host = told(HOST).and_then(|text| self.hosts.known(text));
        let host = host.as_ref().unwrap_or(authority);
        let scheme = match told(PROTO) {
            Some(proto @ ("http" | "https")) => proto,
            _ if is_loopback_name(&host.host().to_ascii_lowercase()) && !self.encrypted => "http",
            _ => "https",
        };
        let prefix = told(PREFIX).filter(|prefix| is_plain_path(prefix));
        let prefix = prefix.unwrap_or_default().trim_end_matches('/');
        let host = host.as_str().to_ascii_lowercase();
        ReachedAt(format!("{scheme}://{host}{prefix}").into())
    }
}

/// A header that stands once, with one value.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().filter(|text| !text.contains(',')),
        _ => None,
    }
}

fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 256
        && !path.contains("//")
        && path
            .split('/')
            .all(|segment| segment != "." && segment != "..")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    use http::Request;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn reached(proxies: &TrustedProxies, host: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri("/").header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let hosts = Hosts::new(true, &BTreeSet::from(["mcp.example".to_owned()]));
        let authority = hosts.check(&parts).unwrap();
        let reach = Reach {
            encrypted: false,
            proxies,
            hosts: &hosts,
        };
        reach.base(&parts, &authority, PEER).0.to_string()
    }

    #[test]
    fn a_name_of_this_machine_is_http_and_any_other_https() {
        let none = TrustedProxies::None;
        assert_eq!(
            reached(&none, "127.0.0.1:3002", &[]),
            "http://127.0.0.1:3002"
        );
        assert_eq!(reached(&none, "MCP.example", &[]), "https://mcp.example");
    }

    #[test]
    fn only_a_trusted_proxy_may_say_otherwise_and_only_a_known_name() {
        let told = [
            ("x-forwarded-host", "mcp.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/gitlab/"),
        ];
        let trusting = TrustedProxies::Hops(1);
        assert_eq!(
            reached(&trusting, "localhost", &told),
            "https://mcp.example/gitlab"
        );
        assert_eq!(
            reached(&TrustedProxies::None, "localhost", &told),
            "http://localhost"
        );
        for evil in ["evil.example", "a@mcp.example", "mcp.example, evil", ""] {
            let told = [("x-forwarded-host", evil)];
            assert_eq!(reached(&trusting, "localhost", &told), "http://localhost");
        }
        for evil in ["/..", "//evil", "x", "/a?b", "/a%2e"] {
            let told = [("x-forwarded-prefix", evil)];
            assert_eq!(reached(&trusting, "localhost", &told), "http://localhost");
        }
    }
}
