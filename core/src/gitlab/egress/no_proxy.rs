//! Which targets are reached without a proxy: the value of `NO_PROXY`.
//!
//! There is no standard; this is what curl, Go and Node's proxy agents agree on, and what each of
//! them adds without contradicting another.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::gate::normal;

/// The targets that are reached directly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NoProxy {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    what: What,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Every target.
    Any,
    /// This name and all below it.
    Name(String),
    /// All names below this one, not itself.
    Below(String),
    /// All addresses with these first bits.
    Network(IpNet),
}

impl NoProxy {
    /// Entries are separated by commas or blanks: `host`, `.suffix`, `*.suffix`, `*`, an address, a
    /// network such as `10.0.0.0/8`; each may end in `:port`. Entries that are none of these match
    /// nothing.
    pub(super) fn parse(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Self {
            entries: entries.filter_map(entry).collect(),
        }
    }

    /// Whether `url` is reached directly. This machine always is.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let (name, address) = match url.host() {
            Some(Host::Domain(name)) => (normal(name), None),
            Some(Host::Ipv4(address)) => (String::new(), Some(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => (String::new(), Some(IpAddr::V6(address).to_canonical())),
            None => return false,
        };
        let local = name == "localhost"
            || name.ends_with(".localhost")
            || address.is_some_and(|address| address.is_loopback());
        let port = url.port_or_known_default();
        local
            || self.entries.iter().any(|entry| {
                entry.port.is_none_or(|own| Some(own) == port) && entry.what.covers(&name, address)
            })
    }
}

impl What {
    fn covers(&self, name: &str, address: Option<IpAddr>) -> bool {
        match self {
            Self::Any => true,
            Self::Name(own) => address.is_none() && (name == own || is_below(name, own)),
            Self::Below(own) => address.is_none() && is_below(name, own),
            Self::Network(network) => address.is_some_and(|address| network.contains(&address)),
        }
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

fn entry(text: &str) -> Option<Entry> {
    if let Some(what) = address(text) {
        return Some(Entry { what, port: None });
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let what = if host == "*" || host.is_empty() && port.is_some() {
        What::Any
    } else if let Some(what) = address(host) {
        what
    } else {
        name(host)?
    };
    Some(Entry { what, port })
}

/// An address, in brackets or not, or a network.
fn address(text: &str) -> Option<What> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| bare.parse()).ok().map(What::Network)
}

fn name(text: &str) -> Option<What> {
    let below = text.strip_prefix('*').unwrap_or(text);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let (below, name) = match below.strip_prefix('.') {
        Some(name) => (true, normal(name)),
        // A star stands only before a dot.
        None if below.len() < text.len() => return None,
        None => (false, normal(text)),
    };
    if name.is_empty() || !name.chars().all(plain) {
        return None;
    }
    Some(if below {
        What::Below(name)
    } else {
        What::Name(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list, the target, and whether it is reached directly.
    const ROWS: &[(&str, &str, bool)] = &[
        // this machine
        ("", "https://localhost/", true),
        ("", "https://gitlab.localhost/", true),
        ("", "http://127.0.0.1:8929/", true),
        ("", "http://127.8.8.8/", true),
        ("", "http://[::1]/", true),
        ("", "http://[::ffff:127.0.0.1]/", true),
        ("", "https://localhost.example/", false),
        ("", "https://gitlab.example/", false),
        // everything
        ("*", "https://gitlab.example/", true),
        ("*", "https://10.0.0.5/", true),
        (" , *", "https://gitlab.example/", true),
        ("*:443", "https://gitlab.example/", true),
        ("*:443", "http://gitlab.example/", false),
        (":8443", "https://gitlab.example:8443/", true),
        (":8443", "https://gitlab.example/", false),
        // a host and what is below it
        ("gitlab.example", "https://gitlab.example/", true),
        ("GitLab.Example.", "https://gitlab.example/", true),
        ("gitlab.example", "https://gitlab.example./", true),
        ("example", "https://gitlab.example/", true),
        ("gitlab.example", "https://ci.gitlab.example/", true),
        ("gitlab.example", "https://mygitlab.example/", false),
        ("gitlab.example", "https://gitlab.example.evil/", false),
        // only what is below it
        (".example", "https://gitlab.example/", true),
        ("*.example", "https://gitlab.example/", true),
        (".gitlab.example", "https://a.b.gitlab.example/", true),
        (".gitlab.example", "https://gitlab.example/", false),
        ("*.gitlab.example", "https://gitlab.example/", false),
        (".gitlab.example", "https://mygitlab.example/", false),
        // with a port
        ("gitlab.example:8443", "https://gitlab.example:8443/", true),
        ("gitlab.example:8443", "https://gitlab.example/", false),
        ("gitlab.example:443", "https://gitlab.example/", true),
        ("gitlab.example:80", "https://gitlab.example/", false),
        (".example:443", "https://gitlab.example/", true),
        // addresses
        ("10.0.0.5", "https://10.0.0.5/", true),
        ("10.0.0.5", "https://10.0.0.50/", false),
        ("10.0.0.5:8080", "http://10.0.0.5:8080/", true),
        ("10.0.0.5:8080", "http://10.0.0.5/", false),
        ("10.0.0.0/8", "https://10.255.0.1/", true),
        ("10.0.0.0/8", "https://11.0.0.1/", false),
        ("10.0.0.0/8:443", "https://10.1.1.1/", true),
        ("192.168.4.0/22", "https://192.168.7.255/", true),
        ("192.168.4.0/22", "https://192.168.8.0/", false),
        ("0.0.0.0/0", "https://8.8.8.8/", true),
        ("0.0.0.0/0", "https://gitlab.example/", false),
        ("10.0.0.0/33", "https://10.0.0.1/", false),
        ("fd00::/8", "https://[fd12::1]/", true),
        ("fd00::/8", "https://[fe80::1]/", false),
        ("fd00::1", "https://[fd00::1]/", true),
        ("[fd00::1]", "https://[fd00::1]/", true),
        ("[fd00::1]:8443", "https://[fd00::1]:8443/", true),
        ("[fd00::1]:8443", "https://[fd00::1]/", false),
        ("10.0.0.0/8", "https://[::ffff:10.0.0.5]/", true),
        ("::/0", "https://10.0.0.5/", false),
        // lists
        ("a.example,gitlab.example", "https://gitlab.example/", true),
        ("a.example gitlab.example", "https://gitlab.example/", true),
        ("a.example , .b.example", "https://gitlab.example/", false),
        // what means nothing
        ("ex*mple", "https://exmple/", false),
        ("*gitlab.example", "https://gitlab.example/", false),
        ("gitlab.example:port", "https://gitlab.example/", false),
        ("https://gitlab.example", "https://gitlab.example/", false),
        (".", "https://gitlab.example/", false),
    ];

    #[test]
    fn targets_that_are_reached_directly() {
        for &(list, url, direct) in ROWS {
            let found = NoProxy::parse(list).covers(&Url::parse(url).unwrap());
            assert_eq!(found, direct, "NO_PROXY={list:?} {url}");
        }
    }
}
