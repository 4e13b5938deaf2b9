//! Errors of the OAuth endpoints, as their clients read them. RFC 6749 section 5.2, RFC 7591
//! section 3.2.2, RFC 8628 section 3.5, RFC 8707 section 2.

use std::time::Duration;

use axum::body::Body;
use gitlab_mcp_store::StoreError;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// When to come back if nobody says.
pub const PAUSE: Duration = Duration::from_secs(5);

/// An answer `{"error": …, "error_description": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// The status.
    pub status: StatusCode,
    /// The code for programs.
    pub code: &'static str,
    /// The sentence for people: what is wrong and what to do. Never a secret, never what GitLab said.
    pub description: String,
    /// When trying again could help.
    pub retry_after: Option<Duration>,
    /// The client tried HTTP Basic and must be challenged with it.
    pub basic: bool,
}

impl OAuthError {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: description.into(),
            retry_after: None,
            basic: false,
        }
    }

    /// 400 with any code.
    pub fn bad(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    /// 400 `invalid_request`.
    pub fn invalid_request(description: impl Into<String>) -> Self {
        Self::bad("invalid_request", description)
    }

    /// 400 `invalid_grant`.
    pub fn invalid_grant(description: impl Into<String>) -> Self {
        Self::bad("invalid_grant", description)
    }

    /// 400 `invalid_target`.
    pub fn invalid_target() -> Self {
        Self::bad(
            "invalid_target",
            "the parameter resource does not name this server",
        )
    }

    /// 401 `invalid_client`.
    pub fn invalid_client() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "this client is not known here, or did not prove itself: register it again",
        )
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            "the body is longer than 64 KiB",
        )
    }

    /// 415.
    pub fn unsupported_media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request",
            format!("the body must be {expected}"),
        )
    }

    /// 429 `too_many_requests`.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "too many requests from this address; wait as long as Retry-After says",
            )
        }
    }

    /// 503 `temporarily_unavailable`: nothing was used up, the same request may be repeated.
    pub fn unavailable(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "GitLab or the state of this server cannot be reached at the moment; repeat the \
                 request after as long as Retry-After says",
            )
        }
    }

    /// The JSON answer.
    pub fn into_response(self) -> Response<Body> {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = answer(self.status, &body);
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs().max(1);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.basic && self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Basic realm="gitlab-mcp""#);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<StoreError> for OAuthError {
    fn from(_: StoreError) -> Self {
        Self::unavailable(PAUSE)
    }
}

/// A JSON answer that nobody may keep. RFC 6749 section 5.1.
pub fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}
