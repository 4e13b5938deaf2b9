//! The cookies of a sign-in, built and read. RFC 6265bis section 4.1.3.2 (`__Host-`).
//!
//! Over https a cookie carries the prefix `__Host-`, with which a browser takes it only from this
//! very host; over plain http, which is served on loopback alone, prefix and `Secure` would make
//! browsers refuse it.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

/// A value for `Set-Cookie`. `secure` is true when the public address is https.
///
/// The cookie ends after `max_age_seconds`. Characters that no cookie may hold are
/// percent-encoded; [`read`] decodes them.
pub fn set(name: &str, value: &str, max_age_seconds: u32, secure: bool) -> HeaderValue {
    let cookie = Cookie::build((full_name(name, secure), value.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(Duration::seconds(i64::from(max_age_seconds)))
        .build();
    // Encoded text is always a legal header value; an empty one would set no cookie.
    HeaderValue::from_str(&cookie.encoded().to_string())
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A value for `Set-Cookie` that removes the cookie.
pub fn clear(name: &str, secure: bool) -> HeaderValue {
    set(name, "", 0, secure)
}

/// The value of the cookie in a request.
///
/// `None` when it is missing, and when it is there twice: one of the two was planted, and nothing
/// tells which.
pub fn read(headers: &HeaderMap, name: &str, secure: bool) -> Option<String> {
    let name = full_name(name, secure);
    let mut found = None;
    for header in headers.get_all(header::COOKIE) {
        // Other cookies of the host may hold any bytes.
        let text = String::from_utf8_lossy(header.as_bytes());
        for cookie in Cookie::split_parse_encoded(&*text).flatten() {
            if cookie.name() != name {
                continue;
            }
            if found.is_some() {
                return None;
            }
            found = Some(cookie.value().to_owned());
        }
    }
    found.filter(|value| !value.is_empty())
}

fn full_name(name: &str, secure: bool) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}{name}")
}

#[cfg(test)]
mod tests;
