//! The HTML pages that people meet: consent, device, return to the client, problem.
//!
//! Functions from a view to a [`Page`]: no state, no store, no network, no clock. A page is one
//! document without external assets; its style and script carry the nonce of its content security
//! policy. <https://www.w3.org/TR/CSP3/>
//!
//! Text of others (client names, addresses, words of GitLab) is escaped, isolated against
//! direction changes, and rid of characters that cannot be seen. An address becomes a link only
//! with a scheme that runs nothing.

mod consent;
mod device;
pub mod flow_cookie;
mod layout;
mod notice;
mod onward;
mod policy;
mod problem;
mod shown;

use std::fmt;

use axum::body::Body;
use axum::response::IntoResponse;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

pub use consent::{Consent, Redirect, RedirectKind, Voucher, consent, field};
pub use device::{
    Device, DeviceCode, DeviceEnd, DeviceFailed, device_complete, device_failed, device_waiting,
};
pub(crate) use notice::short_login;
pub use onward::{ClientReturn, Outcome, client_return, continue_to_gitlab};
pub use policy::{FormTarget, Nonce};
pub use problem::{Problem, problem};

/// One document with its status and headers.
pub struct Page {
    status: StatusCode,
    policy: HeaderValue,
    referrer: &'static str,
    retry_after: Option<u32>,
    html: String,
}

impl fmt::Debug for Page {
    // The document may hold a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl IntoResponse for Page {
    /// The answer: never stored, framed, sniffed or named as a referrer to other sites.
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.html));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let fixed: [(HeaderName, &'static str); 6] = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, self.referrer),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Views hold codes and sealed forms: their `Debug` shows the type alone.
macro_rules! unprintable {
    ($($view:ident),+) => {$(
        impl std::fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($view)).finish_non_exhaustive()
            }
        }
    )+};
}
use unprintable;

#[cfg(test)]
mod tests;
