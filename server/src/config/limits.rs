//! How often callers may ask, and whose word about their address counts.

use std::net::IpAddr;
use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Setting};
use ipnet::IpNet;

use super::listener::small;
use crate::http::{Limit, TrustedProxies};

const REQUESTS: Kind = Kind::Integer {
    min: 1,
    max: 100_000,
};
const WINDOW: Kind = Kind::Integer {
    min: 1_000,
    max: 3_600_000,
};

static PER_MINUTE: Setting = Setting::new(
    "MAX_REQUESTS_PER_MINUTE",
    REQUESTS,
    "requests per minute of one principal on the MCP routes; of one address where the server's own \
     credential speaks for everybody",
)
.default("300");
static ACCEPTED_ENABLED: Setting = Setting::new(
    "RATE_LIMIT_SESSION_ENABLED",
    Kind::Bool,
    "limit the requests of a principal",
)
.default("true");
static ACCEPTED_WINDOW: Setting = Setting::new(
    "RATE_LIMIT_SESSION_WINDOW_MS",
    WINDOW,
    "time in which RATE_LIMIT_SESSION_MAX_REQUESTS are let through",
)
.default("60000");
static ACCEPTED: Setting = Setting::new(
    "RATE_LIMIT_SESSION_MAX_REQUESTS",
    REQUESTS,
    "requests of one principal in that time; MAX_REQUESTS_PER_MINUTE when unset",
);
static UNACCEPTED_ENABLED: Setting = Setting::new(
    "RATE_LIMIT_IP_ENABLED",
    Kind::Bool,
    "limit requests without an accepted credential per address",
)
.default("true");
static UNACCEPTED_WINDOW: Setting = Setting::new(
    "RATE_LIMIT_IP_WINDOW_MS",
    WINDOW,
    "time in which RATE_LIMIT_IP_MAX_REQUESTS are let through",
)
.default("60000");
static UNACCEPTED: Setting = Setting::new(
    "RATE_LIMIT_IP_MAX_REQUESTS",
    REQUESTS,
    "requests without an accepted credential from one address in that time",
)
.default("100");
static TRUST_PROXY: Setting = Setting::new(
    "MCP_TRUST_PROXY",
    Kind::Text { max: 4_096 },
    "whose Forwarded and X-Forwarded-For count: false, true (one proxy), a number of proxies, or \
     networks, loopback, linklocal, uniquelocal",
)
.aliases(&["TRUST_PROXY"])
.default("false");

pub(super) const SETTINGS: &[&Setting] = &[
    &PER_MINUTE,
    &ACCEPTED_ENABLED,
    &ACCEPTED_WINDOW,
    &ACCEPTED,
    &UNACCEPTED_ENABLED,
    &UNACCEPTED_WINDOW,
    &UNACCEPTED,
    &TRUST_PROXY,
];

/// The limit of each principal. The older setting counts a minute, whatever the window.
pub(super) fn accepted(reader: &mut Reader) -> Option<Limit> {
    let per_minute = small(reader.integer(&PER_MINUTE));
    let window = Duration::from_millis(reader.integer(&ACCEPTED_WINDOW));
    let limit = match reader.integer_if_set(&ACCEPTED) {
        Some(requests) => Limit {
            requests: small(requests),
            window,
        },
        None => Limit::per_minute(per_minute),
    };
    reader.flag(&ACCEPTED_ENABLED).then_some(limit)
}

/// The limit of each address without an accepted credential.
pub(super) fn unaccepted(reader: &mut Reader) -> Option<Limit> {
    let limit = Limit {
        requests: small(reader.integer(&UNACCEPTED)),
        window: Duration::from_millis(reader.integer(&UNACCEPTED_WINDOW)),
    };
    reader.flag(&UNACCEPTED_ENABLED).then_some(limit)
}

/// Whose word counts.
pub(super) fn trusted_proxies(reader: &mut Reader) -> TrustedProxies {
    let text = reader.text(&TRUST_PROXY).unwrap_or_default();
    let Some(trusted) = parse(&text) else {
        reader.problem(
            &TRUST_PROXY,
            "expected true, false, a number of proxies from 0 to 8, or a list of addresses, \
             networks such as 10.0.0.0/8, loopback, linklocal, uniquelocal",
        );
        return TrustedProxies::None;
    };
    if let TrustedProxies::Networks(networks) = &trusted
        && networks.iter().any(|network| network.prefix_len() == 0)
    {
        reader.warn_about(
            &TRUST_PROXY,
            "trusts every address: anybody can claim to be anybody else",
        );
    }
    trusted
}

fn parse(text: &str) -> Option<TrustedProxies> {
    match text.to_ascii_lowercase().as_str() {
        "" | "false" | "no" | "off" => return Some(TrustedProxies::None),
        "true" | "yes" | "on" => return Some(TrustedProxies::Hops(1)),
        _ => {}
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse().ok()? {
            0 => Some(TrustedProxies::None),
            hops @ 1..=8 => Some(TrustedProxies::Hops(hops)),
            _ => None,
        };
    }
    let mut networks = Vec::new();
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let item = item.to_ascii_lowercase();
        let expanded: &[&str] = match item.as_str() {
            "loopback" => &["127.0.0.0/8", "::1/128"],
            "linklocal" => &["169.254.0.0/16", "fe80::/10"],
            "uniquelocal" => &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
            other => &[other],
        };
        for text in expanded {
            networks.push(network(text)?);
        }
    }
    (!networks.is_empty()).then_some(TrustedProxies::Networks(networks))
}

/// A network, or one address.
fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_proxies_are_a_truth_value_a_number_or_networks() {
        for text in ["", "false", "NO", "0"] {
            assert_eq!(parse(text), Some(TrustedProxies::None), "{text}");
        }
        for (text, hops) in [("true", 1), ("1", 1), ("3", 3), ("8", 8)] {
            assert_eq!(parse(text), Some(TrustedProxies::Hops(hops)), "{text}");
        }
        for (text, count) in [
            ("10.0.0.0/8", 1),
            ("10.0.0.1, fd00::/8", 2),
            ("loopback", 2),
            ("LinkLocal,uniquelocal", 6),
            ("::/0", 1),
        ] {
            let Some(TrustedProxies::Networks(networks)) = parse(text) else {
                panic!("{text}");
            };
            assert_eq!(networks.len(), count, "{text}");
        }
        for text in [
            "9",
            "-1",
            "1.5",
            "10.0.0.0/33",
            "proxy.example",
            "10.0.0.0/8,x",
            ",",
            "*",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
