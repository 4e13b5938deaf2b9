//! An approval that a browser keeps, so that the same request is not asked about again.
//!
//! It proves that somebody approved in this browser, not who: GitLab still decides who signs in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::browser::{came_by_itself, digest};
use crate::authorization_server::client::{Client, Origin};
use crate::authorization_server::grant::Request;
use crate::authorization_server::keys::Purpose;
use crate::authorization_server::page::flow_cookie;
use crate::authorization_server::site::Base;

const DAY: u32 = 24 * 60 * 60;

impl AuthorizationServer {
    /// Whether an approval of this request may be remembered at all. A client that is a metadata
    /// document can be anybody's by tomorrow; the device page must never open by itself.
    pub(super) fn may_remember(&self, client: &Client, request: &Request) -> bool {
        self.rules.remember_days > 0
            && request.redirect_uri.is_some()
            && !matches!(client.origin, Origin::Document { .. })
    }

    /// Whether this browser remembers an approval of just this request, and no other site uses that.
    pub(crate) fn remembers(
        &self,
        base: &Base,
        client: &Client,
        request: &Request,
        headers: &HeaderMap,
    ) -> bool {
        self.may_remember(client, request)
            && came_by_itself(headers)
            && self.has_approval(base, request, headers).unwrap_or(false)
    }

    fn has_approval(&self, base: &Base, request: &Request, headers: &HeaderMap) -> Option<bool> {
        let value = flow_cookie::read(headers, &name(request), base.is_secure())?;
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (ends, signature) = bytes.split_first_chunk::<8>()?;
        let made = self.with_parts(base, request, *ends, |parts| {
            self.keys.verify(Purpose::Cookie, parts, signature)
        });
        Some(made && u64::from_be_bytes(*ends) > self.tokens.now())
    }

    /// The cookie that remembers an approval of `request`.
    pub(in crate::authorization_server) fn remember(
        &self,
        base: &Base,
        request: &Request,
    ) -> Option<HeaderValue> {
        request.redirect_uri.as_ref()?;
        let life = DAY.saturating_mul(u32::from(self.rules.remember_days));
        let ends = self.tokens.now().saturating_add(u64::from(life));
        let ends = ends.to_be_bytes();
        let signature = self.with_parts(base, request, ends, |parts| {
            self.keys.sign(Purpose::Cookie, parts)
        });
        let value = URL_SAFE_NO_PAD.encode([&ends[..], &signature].concat());
        let secure = base.is_secure();
        Some(flow_cookie::set(&name(request), &value, life, secure))
    }

    /// Everything the approval was about; when any of it changes, nothing is remembered.
    fn with_parts<R>(
        &self,
        base: &Base,
        request: &Request,
        ends: [u8; 8],
        then: impl FnOnce(&[&[u8]]) -> R,
    ) -> R {
        let scopes = self.rules.scopes.join(" ");
        then(&[
            b"remembered approval",
            base.issuer().as_bytes(),
            request.client.as_bytes(),
            request
                .redirect_uri
                .as_deref()
                .unwrap_or_default()
                .as_bytes(),
            scopes.as_bytes(),
            self.instance.base().as_bytes(),
            &ends,
        ])
    }
}

/// One cookie for each client.
fn name(request: &Request) -> String {
    let digest = digest(&request.client);
    let short: String = digest.chars().take(11).collect();
    format!("gitlab-mcp-approved-{short}")
}
