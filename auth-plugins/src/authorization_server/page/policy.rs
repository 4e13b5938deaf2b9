//! The content security policy of a page. <https://www.w3.org/TR/CSP3/>

use gitlab_mcp_core::random::{Random, token};
use http::HeaderValue;
use url::{Host, Url};

use crate::authorization_server::redirect_uri::FORBIDDEN_SCHEMES;

/// The one-time word that a page's own style and script carry: 128 random bits in base64url.
#[derive(Debug)]
pub struct Nonce(String);

impl Nonce {
    /// A fresh one; every page needs its own.
    pub fn draw(random: &dyn Random) -> Self {
        Self(token(random, 16))
    }

    /// As it stands in the policy and in the `nonce` attributes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place besides this server to which redirects after a form may lead: browsers apply
/// `form-action` to each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormTarget(String);

impl FormTarget {
    /// The place of an absolute address: its origin, or its scheme where a policy cannot name the
    /// origin. IP addresses other than `127.0.0.1` match no host source (CSP section 6.7.2.8), and
    /// URL hosts may hold characters that mean something else in a policy.
    ///
    /// `None` for what is no address, and for schemes that run code or open local files.
    pub fn of(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let scheme = url.scheme();
        match url.host() {
            Some(host) if matches!(scheme, "http" | "https") => {
                Some(Self(if can_be_named(&host) {
                    url.origin().ascii_serialization()
                } else {
                    format!("{scheme}:")
                }))
            }
            _ if FORBIDDEN_SCHEMES.contains(&scheme) => None,
            _ => Some(Self(format!("{scheme}:"))),
        }
    }
}

fn can_be_named(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')),
        Host::Ipv4(address) => *address == std::net::Ipv4Addr::LOCALHOST,
        Host::Ipv6(_) => false,
    }
}

/// Where the forms of a page may lead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Forms<'a> {
    /// It has none.
    None,
    /// Here.
    Own,
    /// Here, and from here to these places.
    Beyond(&'a [FormTarget]),
}

/// What the script of a page may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// There is none.
    None,
    /// Run.
    Runs,
    /// Run, and ask this server.
    Polls,
}

/// The header value.
pub(super) fn policy(nonce: &Nonce, forms: Forms<'_>, script: Script) -> HeaderValue {
    let nonce = nonce.as_str();
    let mut text = format!("default-src 'none'; style-src 'nonce-{nonce}'");
    if script != Script::None {
        text.push_str("; script-src 'nonce-");
        text.push_str(nonce);
        text.push('\'');
    }
    if script == Script::Polls {
        text.push_str("; connect-src 'self'");
    }
    match forms {
        Forms::None => text.push_str("; form-action 'none'"),
        Forms::Own => text.push_str("; form-action 'self'"),
        Forms::Beyond(targets) => {
            text.push_str("; form-action 'self'");
            for target in targets {
                text.push(' ');
                text.push_str(&target.0);
            }
        }
    }
    text.push_str("; base-uri 'none'; frame-ancestors 'none'");
    // Every part is plain ASCII; a browser that got less would show the page without its style.
    HeaderValue::from_str(&text)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}
