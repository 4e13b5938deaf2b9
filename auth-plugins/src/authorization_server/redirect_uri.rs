//! Redirect URIs: which ones a client may register, and when a requested one is the registered one.
//! RFC 6749 section 3.1.2, RFC 8252 sections 7 and 8, RFC 9700 section 2.1.
//!
//! A URI is judged twice, on its bytes and on what a URL parser makes of them; it is accepted only
//! where both agree, and stored and compared as the bytes it came in.

use std::collections::BTreeSet;
use std::fmt;

use url::{Host, Url};

mod raw;

/// Longest redirect URI in bytes.
pub const LONGEST: usize = 2_048;

/// Schemes that run code or open local handlers; no configuration can allow them.
pub const FORBIDDEN_SCHEMES: [&str; 14] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "https",
    "intent",
    "javascript",
    "jar",
    "vbscript",
    "view-source",
];

/// What the operator allows besides loopback.
#[derive(Debug, Clone, Default)]
pub struct RedirectRules {
    /// `https` hosts; `None` means any. A leading dot means every subdomain.
    pub hosts: Option<BTreeSet<String>>,
    /// Private-use schemes besides reverse-DNS ones; `None` allows none at all.
    pub schemes: Option<BTreeSet<String>>,
}

/// Why a redirect URI is not accepted, in words for the developer of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    /// Empty, too long, or with bytes no URI has.
    #[error("is empty, longer than 2048 bytes, or has characters that no URI has")]
    Characters,
    /// No scheme, or not of an absolute URI.
    #[error("is not an absolute URI")]
    Relative,
    /// A scheme nobody may use.
    #[error("has a scheme that is never accepted")]
    ForbiddenScheme,
    /// A private-use scheme that is not allowed here.
    #[error(
        "has a private-use scheme that is not accepted: use reverse-DNS form, https or loopback"
    )]
    UnknownScheme,
    /// Cleartext to another machine.
    #[error("uses http for a host that is not loopback")]
    Cleartext,
    /// User name or password.
    #[error("has a user name or password")]
    Userinfo,
    /// A fragment.
    #[error("has a fragment")]
    Fragment,
    /// `.` or `..`, plain or encoded.
    #[error("has dot segments in its path")]
    DotSegments,
    /// A host that different programs read differently.
    #[error("has a host that is not in its plain form")]
    Host,
    /// A host that the operator does not allow.
    #[error("has a host that is not allowed here")]
    ForeignHost,
}

/// An accepted redirect URI, in the bytes it came in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedirectUri(String);

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({})", self.0)
    }
}

impl RedirectRules {
    /// Judges `text`.
    ///
    /// # Errors
    /// The first [`RedirectProblem`].
    pub fn accept(&self, text: &str) -> Result<RedirectUri, RedirectProblem> {
        let parts = raw::Parts::of(text)?;
        let url = Url::parse(text).map_err(|_| RedirectProblem::Relative)?;
        if url.scheme() != parts.scheme {
            return Err(RedirectProblem::Relative);
        }
        match parts.scheme.as_str() {
            "https" => {
                let host = plain_host(&url, &parts)?;
                self.check_host(&host)?;
            }
            "http" => {
                plain_host(&url, &parts)?;
                if !is_loopback(&url) {
                    return Err(RedirectProblem::Cleartext);
                }
            }
            scheme => self.check_scheme(scheme, &parts)?,
        }
        Ok(RedirectUri(text.to_owned()))
    }

    fn check_host(&self, host: &str) -> Result<(), RedirectProblem> {
        let Some(allowed) = &self.hosts else {
            return Ok(());
        };
        let fits = |entry: &String| match entry.strip_prefix('.') {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
            None => host == entry,
        };
        if allowed.iter().any(fits) {
            Ok(())
        } else {
            Err(RedirectProblem::ForeignHost)
        }
    }

    fn check_scheme(&self, scheme: &str, parts: &raw::Parts<'_>) -> Result<(), RedirectProblem> {
        if FORBIDDEN_SCHEMES.contains(&scheme) || scheme.starts_with("ms-") {
            return Err(RedirectProblem::ForbiddenScheme);
        }
        let Some(schemes) = &self.schemes else {
            return Err(RedirectProblem::UnknownScheme);
        };
        let reverse_dns = scheme.contains('.') && scheme.split('.').all(|part| !part.is_empty());
        if !reverse_dns && !schemes.contains(scheme) {
            return Err(RedirectProblem::UnknownScheme);
        }
        let has_authority = parts.authority.is_some_and(|one| !one.is_empty());
        if has_authority || parts.path.starts_with('/') {
            Ok(())
        } else {
            Err(RedirectProblem::Relative)
        }
    }
}

/// The host, when the parser reads the very bytes that stand there; case does not matter.
fn plain_host(url: &Url, parts: &raw::Parts<'_>) -> Result<String, RedirectProblem> {
    let (Some(read), Some(authority)) = (url.host_str(), parts.authority) else {
        return Err(RedirectProblem::Host);
    };
    let (host, port) = raw::host_and_port(authority).ok_or(RedirectProblem::Host)?;
    let same_port = match port {
        None => true,
        Some(text) => text.parse().is_ok_and(|port: u16| {
            port != 0 && url.port_or_known_default() == Some(port) && text == port.to_string()
        }),
    };
    if host.to_ascii_lowercase() == read && same_port && !read.ends_with('.') {
        Ok(read.to_owned())
    } else {
        Err(RedirectProblem::Host)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl RedirectUri {
    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when `requested` is this URI: byte for byte, but for the port of an http loopback URI,
    /// which the client's operating system chooses. RFC 8252 section 7.3.
    pub fn is(&self, requested: &str) -> bool {
        if self.0 == requested {
            return true;
        }
        match (raw::loopback(&self.0), raw::loopback(requested)) {
            (Some(own), Some(other)) => own == other,
            _ => false,
        }
    }

    /// The host in ASCII, for people to judge; for a private-use scheme, the scheme.
    pub fn shown_target(&self) -> String {
        shown_target(&self.0)
    }
}

/// [`RedirectUri::shown_target`] of one that was accepted.
pub(crate) fn shown_target(redirect_uri: &str) -> String {
    let Ok(url) = Url::parse(redirect_uri) else {
        return String::new();
    };
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.to_owned(),
        (scheme, _) => scheme.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
