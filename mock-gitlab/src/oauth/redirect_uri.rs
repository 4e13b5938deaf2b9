//! Redirect URIs: which may be registered, and which fits which.
//! <https://docs.gitlab.com/integration/oauth_provider/>, RFC 8252 section 7.3.

use std::net::{Ipv4Addr, Ipv6Addr};

/// For programs without a browser of their own: the code is shown on a page.
pub(super) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// A URI taken apart, nothing decoded.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    scheme: String,
    user: &'a str,
    host: String,
    port: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

/// Whether an application may register the URI.
pub(crate) fn may_be_registered(uri: &str) -> bool {
    let forbidden = |scheme: &str| matches!(scheme, "javascript" | "data" | "vbscript");
    uri == OUT_OF_BAND || parse(uri).is_some_and(|parts| !forbidden(&parts.scheme))
}

/// Whether a requested URI fits one of those registered.
pub(super) fn is_allowed(requested: &str, registered: &[String]) -> bool {
    registered
        .iter()
        .any(|registered| fits(requested, registered))
}

/// Whether one URI fits another: equal but for the order of the query, and but for
/// the port of a loopback address.
pub(super) fn fits(requested: &str, registered: &str) -> bool {
    if requested == OUT_OF_BAND || registered == OUT_OF_BAND {
        return requested == registered;
    }
    let (Some(asked), Some(known)) = (parse(requested), parse(registered)) else {
        return false;
    };
    if matches!(asked.scheme.as_str(), "javascript" | "data" | "vbscript") {
        return false;
    }
    let any_port = is_loopback(&asked.host) && is_loopback(&known.host);
    let same_port = any_port || port(&asked) == port(&known);
    let same_query = known
        .query
        .is_none_or(|query| same_parts(asked.query, query));
    (asked.scheme == known.scheme && asked.user == known.user && asked.host == known.host)
        && (same_port && asked.path == known.path && same_query)
}

/// Takes a URI apart; none when it cannot be a redirect URI.
fn parse(uri: &str) -> Option<Parts<'_>> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`');
    if uri.contains('#') || !uri.chars().all(plain) || !escapes_are_whole(uri) {
        return None;
    }
    let (scheme, rest) = uri.split_once(':')?;
    let mut letters = scheme.chars();
    let scheme_is_fine = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let scheme = scheme.to_ascii_lowercase();
    // `localhost:3000` reads as scheme `localhost`; `mailto:x` is opaque.
    if !scheme_is_fine || scheme == "localhost" || !rest.starts_with('/') {
        return None;
    }
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = host_and_port(place)?;
    if matches!(scheme.as_str(), "http" | "https") && host.is_empty() {
        return None;
    }
    Some(Parts {
        scheme,
        user,
        host: host.to_ascii_lowercase(),
        port,
        path,
        query,
    })
}

fn host_and_port(place: &str) -> Option<(&str, &str)> {
    let (host, port) = match place.rfind(']') {
        Some(end) => {
            let (host, after) = place.split_at(end + 1);
            (
                host,
                after
                    .strip_prefix(':')
                    .or_else(|| after.is_empty().then_some(""))?,
            )
        }
        None => place.rsplit_once(':').unwrap_or((place, "")),
    };
    let bracketed = host.starts_with('[');
    let strange = |c: char| matches!(c, '[' | ']' | ':' | '@') && !bracketed;
    if host.contains(strange) || !port.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    (port.is_empty() || port.parse::<u16>().is_ok()).then_some((host, port))
}

fn escapes_are_whole(uri: &str) -> bool {
    uri.split('%').skip(1).all(|after| {
        let mut digits = after.chars().take(2).filter(char::is_ascii_hexdigit);
        digits.next().is_some() && digits.next().is_some()
    })
}

fn port<'a>(parts: &Parts<'a>) -> &'a str {
    match (parts.scheme.as_str(), parts.port) {
        ("http", "") => "80",
        ("https", "") => "443",
        (_, port) => port,
    }
}

/// An address that is this machine in digits; the name `localhost` is not.
fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let v6 = v6.and_then(|text| text.parse::<Ipv6Addr>().ok());
    v6.is_some_and(|address| address.is_loopback())
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

fn same_parts(asked: Option<&str>, known: &str) -> bool {
    let sorted = |query: &str| {
        let mut parts: Vec<String> = query.split('&').map(str::to_owned).collect();
        parts.sort();
        parts
    };
    sorted(asked.unwrap_or_default()) == sorted(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requested_uri_fits_or_not() {
        for (requested, registered, expected) in [
            (
                "http://127.0.0.1:51234/callback",
                "http://127.0.0.1/callback",
                true,
            ),
            ("http://[::1]:7/cb", "http://[::1]:9/cb", true),
            ("http://127.0.0.2/cb", "http://127.0.0.1/cb", false),
            ("http://localhost:1/cb", "http://localhost:1/cb", true),
            ("http://localhost:2/cb", "http://localhost:1/cb", false),
            ("http://127.0.0.1:2/cb", "http://localhost:2/cb", false),
            ("https://127.0.0.1/cb", "http://127.0.0.1/cb", false),
            ("https://a.test:443/cb", "https://a.test/cb", true),
            ("https://a.test:444/cb", "https://a.test/cb", false),
            ("https://A.TEST/cb", "https://a.test/cb", true),
            ("https://a.test/CB", "https://a.test/cb", false),
            ("https://a.test/cb/", "https://a.test/cb", false),
            ("https://a.test/cb?x=1", "https://a.test/cb", true),
            (
                "https://a.test/cb?b=2&a=1",
                "https://a.test/cb?a=1&b=2",
                true,
            ),
            ("https://a.test/cb?a=1", "https://a.test/cb?a=1&b=2", false),
            ("app.example:/cb", "app.example:/cb", true),
            (OUT_OF_BAND, OUT_OF_BAND, true),
            (OUT_OF_BAND, "https://a.test/cb", false),
        ] {
            assert_eq!(
                fits(requested, registered),
                expected,
                "{requested} {registered}"
            );
        }
    }

    #[test]
    fn nothing_that_runs_or_leads_nowhere_is_registered() {
        for uri in [
            "javascript:alert(1)",
            "javascript://a.test/%0aalert(1)",
            "data:text/html,x",
            "data://x/y",
            "vbscript://x",
            "localhost:3000/cb",
            "mailto:a@b.test",
            "http:///cb",
            "http://",
            "/cb",
            "a.test/cb",
            "http://a.test/cb#x",
            "http://a test/cb",
            "http://a.test/%zz",
            "http://a.test:99999/",
            "",
        ] {
            assert!(!may_be_registered(uri), "{uri}");
        }
        for uri in ["http://a.test", "custom-scheme://cb", OUT_OF_BAND] {
            assert!(may_be_registered(uri), "{uri}");
        }
    }
}
