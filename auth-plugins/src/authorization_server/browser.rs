//! What a request says about the browser that sent it, and the cookies that tell browsers apart.
//!
//! Fetch metadata: <https://www.w3.org/TR/fetch-metadata/>; `Origin`: RFC 6454 section 7.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::random::{self, Random};
use http::header::{ACCEPT, CACHE_CONTROL, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::page::flow_cookie;
use super::site::Base;

pub(crate) mod back;
pub(crate) mod refusal;

/// The cookie half of the double submit. It holds one random word and nothing else, so that having
/// it proves nothing but being the browser the form was made for.
const FORM: &str = "gitlab-mcp-form";
/// Begins the names of the cookies that bind logins, one for each login on its way.
const LOGIN: &str = "gitlab-mcp-login-";
/// Random bytes of a cookie; 43 characters.
const WORD: usize = 32;

/// Whether a person is looking: everything else gets JSON.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).iter();
    let mut ranges = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    ranges.any(|range| {
        let essence = range.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("text/html")
    })
}

/// The answer to a request that must change nothing, if this is one: HEAD, and what a browser
/// fetches before anybody has asked for it. A prefetched page that failed is fetched again when the
/// person goes there.
pub(crate) fn idle_answer(request: &Parts) -> Option<Response<Body>> {
    let status = if request.method == Method::HEAD {
        StatusCode::OK
    } else if is_prefetch(&request.headers) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        return None;
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    Some(response)
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(*name).map(HeaderValue::as_bytes);
        value.is_some_and(|value| value.to_ascii_lowercase().starts_with(b"prefetch"))
    })
}

/// Whether a form was sent from a page of ours, as far as the browser says.
pub(crate) fn is_own_form(headers: &HeaderMap, base: &Base) -> bool {
    let own = base.origin();
    all_are(headers, ORIGIN.as_str(), &[&own])
        && all_are(headers, "sec-fetch-site", &["same-origin"])
}

/// Whether no other site sent the browser here: the person did, by hand or from a program, or a
/// page of ours. A browser that does not say so does not count.
pub(crate) fn came_by_itself(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site")
        && all_are(headers, "sec-fetch-site", &["none", "same-origin"])
}

/// Whether every value of a header is one of these; true for no value.
fn all_are(headers: &HeaderMap, name: &str, allowed: &[&str]) -> bool {
    let is_allowed = |value: &HeaderValue| allowed.iter().any(|one| value == one);
    headers.get_all(name).iter().all(is_allowed)
}

/// The word for the forms of this browser: the one it has, so that several pages may be open, or
/// another.
pub(crate) fn form_word(headers: &HeaderMap, base: &Base, random: &dyn Random) -> String {
    let kept = read_form_word(headers, base);
    kept.unwrap_or_else(|| random::token(random, WORD))
}

/// The word that this browser sends.
pub(crate) fn read_form_word(headers: &HeaderMap, base: &Base) -> Option<String> {
    let word = flow_cookie::read(headers, FORM, base.is_secure())?;
    let bytes = URL_SAFE_NO_PAD.decode(&word).ok()?;
    (bytes.len() == WORD).then_some(word)
}

/// Lets the browser keep its word.
pub(crate) fn keep_form_word(word: &str, base: &Base, seconds: u32) -> HeaderValue {
    flow_cookie::set(FORM, word, seconds, base.is_secure())
}

/// What binds one login to one browser.
pub(crate) struct Binding {
    word: String,
}

impl Binding {
    /// Another one.
    pub(crate) fn draw(random: &dyn Random) -> Self {
        Self {
            word: random::token(random, WORD),
        }
    }

    /// For the record of the login.
    pub(crate) fn digest(&self) -> String {
        digest(&self.word)
    }

    /// For the browser: the login with this state is its own.
    pub(crate) fn cookie(&self, state: &str, base: &Base, seconds: u32) -> HeaderValue {
        flow_cookie::set(&login_cookie(state), &self.word, seconds, base.is_secure())
    }
}

/// Whether this is the browser that the login with this state was bound to.
pub(crate) fn is_bound(headers: &HeaderMap, state: &str, base: &Base, expected: &str) -> bool {
    let word = flow_cookie::read(headers, &login_cookie(state), base.is_secure());
    word.is_some_and(|word| digest(&word).as_bytes().ct_eq(expected.as_bytes()).into())
}

/// Removes the cookie of a login.
pub(crate) fn unbind(state: &str, base: &Base) -> HeaderValue {
    flow_cookie::clear(&login_cookie(state), base.is_secure())
}

fn login_cookie(state: &str) -> String {
    let digest = digest(state);
    let short: String = digest.chars().take(11).collect();
    format!("{LOGIN}{short}")
}

/// SHA-256 in base64url.
pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests;
