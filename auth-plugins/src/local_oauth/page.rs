//! The pages the browser ends on. They repeat nothing of what they were asked with.

use bytes::Bytes;
use http::{HeaderName, Response, StatusCode, header};
use http_body_util::Full;

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The tokens are here.
    SignedIn,
    /// The person said no at GitLab, or GitLab did.
    Refused,
    /// There was a code, but no tokens for it, or no place to keep them.
    Failed,
    /// No sign-in waits for this callback.
    Unknown,
    /// Not the callback.
    NotFound,
    /// Not a GET.
    Method,
    /// A name that is not this machine's.
    Host,
}

impl Page {
    const fn status(self) -> StatusCode {
        match self {
            Self::SignedIn => StatusCode::OK,
            Self::Refused | Self::Host => StatusCode::FORBIDDEN,
            Self::Failed => StatusCode::BAD_GATEWAY,
            Self::Unknown => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SignedIn => (
                "You are signed in",
                "You can close this window and go back to your editor.",
            ),
            Self::Refused => (
                "You are not signed in",
                "GitLab says that access was denied. You can close this window; the next call of \
                 a tool starts another sign-in.",
            ),
            Self::Failed => (
                "The sign-in did not work",
                "The reason stands in the log of gitlab-mcp. You can close this window; the next \
                 call of a tool starts another sign-in.",
            ),
            Self::Unknown => (
                "This is not the sign-in that is open",
                "It may be finished, or have expired. Use the newest link.",
            ),
            Self::NotFound | Self::Method => {
                ("Nothing is here", "This address only ends a sign-in.")
            }
            Self::Host => (
                "Not under this name",
                "This address only serves this machine.",
            ),
        }
    }

    /// The page as an answer.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (title, text) = self.words();
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\
             <body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
        );
        let mut response = Response::new(Full::new(Bytes::from(html)));
        *response.status_mut() = self.status();
        let headers: [(HeaderName, &'static str); 6] = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONNECTION, "close"),
        ];
        for (name, value) in headers {
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }
}
