//! Who is really calling when a proxy stands in front: `Forwarded` (RFC 7239) and
//! `X-Forwarded-For`, believed only as far as the operator trusts the proxies.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Most entries that are looked at, from the right.
const MOST_ENTRIES: usize = 32;

/// Whose word about the caller's address counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TrustedProxies {
    /// Nobody's: the caller is who holds the connection.
    #[default]
    None,
    /// That of this many proxies in a row, whoever they are.
    Hops(usize),
    /// That of proxies in these networks.
    Networks(Vec<IpNet>),
}

impl TrustedProxies {
    /// The address a request came from, given who holds the connection. What cannot be read, or is
    /// told in two ways that differ, leaves `peer`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let told = |name, read: fn(&str) -> Option<IpAddr>| {
            let chain = chain(headers, name, read)?;
            Some(self.walk(&chain).unwrap_or(peer))
        };
        let standard = told(&FORWARDED, forwarded_for);
        let common = told(&X_FORWARDED_FOR, node);
        match (standard, common) {
            // A proxy that writes one of them may let the other through as it came.
            (Some(one), Some(other)) if one != other => peer,
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => peer,
        }
    }

    /// Whether the word of `peer` counts at all.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        match self {
            Self::None | Self::Hops(0) => false,
            Self::Hops(_) => true,
            Self::Networks(networks) => within(networks, peer.to_canonical()),
        }
    }

    /// The first address from the right that no trusted proxy has; the last one when all have.
    fn walk(&self, from_right: &[Option<IpAddr>]) -> Option<IpAddr> {
        match self {
            Self::None => None,
            Self::Hops(hops) => *from_right.get(hops.min(&from_right.len()).checked_sub(1)?)?,
            Self::Networks(networks) => {
                let mut last = None;
                for entry in from_right {
                    let address = (*entry)?;
                    last = Some(address);
                    if !within(networks, address) {
                        break;
                    }
                }
                last
            }
        }
    }
}

fn within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// The entries of a header, nearest first; `None` for one that cannot be read.
fn chain(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Option<Vec<Option<IpAddr>>> {
    if !headers.contains_key(name) {
        return None;
    }
    let values = headers.get_all(name).iter().rev();
    let entries = values.flat_map(|value| {
        let text = value.to_str().unwrap_or("?");
        text.rsplit(',').map(|entry| read(entry.trim()))
    });
    Some(entries.take(MOST_ENTRIES).collect())
}

/// The `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    let unquoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    node(unquoted.unwrap_or(value))
}

/// An address with or without a port; IPv6 with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(forwarded: &[&'static str], common: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, HeaderValue::from_static(value));
        }
        for value in common {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        headers
    }

    /// Nobody, a number, or networks.
    fn trusting(text: &str) -> TrustedProxies {
        match (text, text.parse()) {
            ("", _) => TrustedProxies::None,
            (_, Ok(hops)) => TrustedProxies::Hops(hops),
            (networks, Err(_)) => {
                let networks = networks.split(',').map(|one| one.parse().unwrap());
                TrustedProxies::Networks(networks.collect())
            }
        }
    }

    type Row = (
        &'static str,
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        &'static str,
    );

    /// Who is trusted, who holds the connection, both headers, and who is calling.
    const ROWS: &[Row] = &[
        // nobody is trusted
        ("", "10.0.0.1", &[], &["1.1.1.1"], "10.0.0.1"),
        ("0", "10.0.0.1", &[], &["1.1.1.1"], "10.0.0.1"),
        (
            "10.0.0.0/8,fd00::/8",
            "192.0.2.9",
            &["for=1.1.1.1"],
            &["1.1.1.1"],
            "192.0.2.9",
        ),
        // by number
        ("1", "10.0.0.1", &[], &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        (
            "2",
            "10.0.0.1",
            &[],
            &["6.6.6.6, 1.1.1.1, 10.0.0.2"],
            "1.1.1.1",
        ),
        (
            "2",
            "10.0.0.1",
            &[],
            &["6.6.6.6, 1.1.1.1", "10.0.0.2"],
            "1.1.1.1",
        ),
        ("8", "10.0.0.1", &[], &["1.1.1.1"], "1.1.1.1"),
        ("1", "10.0.0.1", &[], &[], "10.0.0.1"),
        // by network
        (
            "10.0.0.0/8,fd00::/8",
            "10.0.0.1",
            &[],
            &["6.6.6.6, 1.1.1.1, 10.0.0.2"],
            "1.1.1.1",
        ),
        (
            "10.0.0.0/8,fd00::/8",
            "10.0.0.1",
            &[],
            &["10.0.0.3, 10.0.0.2"],
            "10.0.0.3",
        ),
        (
            "10.0.0.0/8,fd00::/8",
            "::ffff:10.0.0.1",
            &[],
            &["1.1.1.1"],
            "1.1.1.1",
        ),
        (
            "10.0.0.0/8,fd00::/8",
            "fd00::1",
            &[],
            &["2001:db8::7"],
            "2001:db8::7",
        ),
        // ports and brackets
        ("1", "10.0.0.1", &[], &["1.1.1.1:4711"], "1.1.1.1"),
        ("1", "10.0.0.1", &[], &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("1", "10.0.0.1", &[], &["[2001:db8::7]"], "2001:db8::7"),
        ("1", "10.0.0.1", &[], &["::ffff:1.1.1.1"], "1.1.1.1"),
        // the standard header
        (
            "1",
            "10.0.0.1",
            &["for=1.1.1.1;proto=https"],
            &[],
            "1.1.1.1",
        ),
        (
            "1",
            "10.0.0.1",
            &["proto=https; For=\"[2001:db8::7]:80\""],
            &[],
            "2001:db8::7",
        ),
        (
            "10.0.0.0/8,fd00::/8",
            "10.0.0.1",
            &["for=6.6.6.6, for=1.1.1.1, for=10.0.0.2"],
            &[],
            "1.1.1.1",
        ),
        // both, alike and not
        ("1", "10.0.0.1", &["for=1.1.1.1"], &["1.1.1.1"], "1.1.1.1"),
        ("1", "10.0.0.1", &["for=6.6.6.6"], &["1.1.1.1"], "10.0.0.1"),
        // what cannot be read
        ("1", "10.0.0.1", &["for=unknown"], &[], "10.0.0.1"),
        ("1", "10.0.0.1", &["for=_hidden"], &[], "10.0.0.1"),
        ("1", "10.0.0.1", &["proto=https"], &[], "10.0.0.1"),
        ("1", "10.0.0.1", &[], &["1.1.1.1, "], "10.0.0.1"),
        ("1", "10.0.0.1", &[], &["evil"], "10.0.0.1"),
        (
            "10.0.0.0/8,fd00::/8",
            "10.0.0.1",
            &[],
            &["1.1.1.1, junk, 10.0.0.2"],
            "10.0.0.1",
        ),
    ];

    #[test]
    fn the_first_hop_that_is_not_trusted_is_the_caller() {
        for &(trusted, peer, forwarded, common, expected) in ROWS {
            let headers = headers(forwarded, common);
            let found = trusting(trusted).client(peer.parse().unwrap(), &headers);
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(
                found, expected,
                "{trusted:?} {peer} {forwarded:?} {common:?}"
            );
        }
    }

    #[test]
    fn an_endless_chain_is_read_from_the_right_and_not_to_its_end() {
        let mut headers = HeaderMap::new();
        let long = format!("6.6.6.6{}", ", 10.0.0.2".repeat(5_000));
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_str(&long).unwrap());
        let found = trusting("10.0.0.0/8").client("10.0.0.1".parse().unwrap(), &headers);
        assert_eq!(found.to_string(), "10.0.0.2");
    }
}
