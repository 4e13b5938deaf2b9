//! Which client ids may be the URL of a metadata document. Decided on the text alone: before a name
//! is looked up, and long before anything is connected to.

use url::{Host, Url};

use super::super::rules::Rules;

/// Longest such id in bytes.
const LONGEST: usize = 2_048;

/// Names that mean something in one network only. RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`.
const PRIVATE: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "onion"];

/// An id that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// The id as it came, which is also the URL.
    pub(super) id: &'a str,
    /// Its host, in ASCII.
    pub(super) host: String,
}

impl<'a> Address<'a> {
    /// The address that `id` is, if it is one and the operator allows its host.
    pub(super) fn of(id: &'a str, rules: &Rules) -> Option<Self> {
        if !rules.documents || id.len() > LONGEST || id.contains(['?', '#', '@', '\\']) {
            return None;
        }
        let url = Url::parse(id).ok()?;
        // One spelling: what the parser would change (case, default port, dot segments, blanks) can
        // be read in two ways.
        if url.scheme() != "https" || url.as_str() != id || url.path() == "/" {
            return None;
        }
        let Some(Host::Domain(host)) = url.host() else {
            return None;
        };
        let is_allowed = match &rules.document_hosts {
            Some(allowed) => allowed.contains(host),
            // Another port may be another person's.
            None => url.port().is_none() && is_public_name(host),
        };
        is_allowed.then(|| Self {
            id,
            host: host.to_owned(),
        })
    }
}

/// Whether the whole Internet means the same by this name.
fn is_public_name(host: &str) -> bool {
    let is_private = PRIVATE.iter().any(|suffix| {
        let rest = host.strip_suffix(suffix);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    host.contains('.') && !host.ends_with('.') && !is_private
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_https_url_with_a_path_is_an_address() {
        let rules = Rules::default();
        for (id, host) in [
            ("https://app.example/client.json", "app.example"),
            ("https://app.example/a/b..c/", "app.example"),
            ("https://xn--bcher-kva.example/c", "xn--bcher-kva.example"),
            ("https://app.example/client%20one", "app.example"),
            ("https://notlocal.example/c", "notlocal.example"),
        ] {
            let address = Address::of(id, &rules).unwrap();
            assert_eq!((address.id, address.host.as_str()), (id, host));
        }
        let off = Rules {
            documents: false,
            ..rules
        };
        assert_eq!(Address::of("https://app.example/client.json", &off), None);
    }

    #[test]
    fn anything_else_is_none() {
        let rules = Rules::default();
        let long = format!("https://app.example/{}", "a".repeat(LONGEST));
        for id in [
            "http://app.example/c",
            "HTTPS://app.example/c",
            "https:app.example/c",
            "https:///c",
            "https://",
            "https://app.example",
            "https://app.example/",
            "https://app.example/c#x",
            "https://app.example/c?x=1",
            "https://app.example/c?",
            "https://user@app.example/c",
            "https://user:password@app.example/c",
            "https://app.example@evil.example/c",
            "https://app.example:443/c",
            "https://app.example:22/c",
            "https://app.example:8443/c",
            "https://App.example/c",
            "https://app.example/a/../c",
            "https://app.example/./c",
            "https://app.example/%2e%2e/c",
            "https://app.example\\c",
            "https://app.example/c d",
            "https://app.example/\tc",
            "https://bücher.example/c",
            "https://127.0.0.1/c",
            "https://2130706433/c",
            "https://0x7f.1/c",
            "https://8.8.8.8/c",
            "https://[::1]/c",
            "https://[2606:4700::1]/c",
            "https://169.254.169.254/c",
            "https://localhost/c",
            "https://app.localhost/c",
            "https://router/c",
            "https://host.docker.internal/c",
            "https://metadata.google.internal/c",
            "https://printer.local/c",
            "https://nas.home.arpa/c",
            "https://app.example./c",
            &long,
        ] {
            assert_eq!(Address::of(id, &rules), None, "{id}");
        }
    }

    #[test]
    fn the_operator_names_the_hosts() {
        let rules = Rules {
            document_hosts: Some(["app.example".to_owned(), "tools".to_owned()].into()),
            ..Rules::default()
        };
        for id in [
            "https://app.example/c",
            "https://app.example:8443/c",
            "https://tools/c",
        ] {
            assert!(Address::of(id, &rules).is_some(), "{id}");
        }
        for id in [
            "https://other.example/c",
            "https://a.app.example/c",
            "https://app.example.evil.example/c",
            "https://evilapp.example/c",
            "https://127.0.0.1/c",
            "https://app.example/c?x",
        ] {
            assert_eq!(Address::of(id, &rules), None, "{id}");
        }
    }
}
