//! What leaves the server: refusals of rmcp as JSON, and the headers every answer has.

use axum::body::{Body, to_bytes};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

use super::Refusal;
use super::refusal::code;

/// Longest plain text that is looked at.
const TEXT: usize = 4096;

/// Turns a plain-text refusal into a JSON-RPC error object; status and wording stay.
pub(crate) async fn as_json(response: Response<Body>, id: Option<&str>) -> Response<Body> {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    let kind = response.headers().get(CONTENT_TYPE);
    let json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !refused || json {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let internal = parts.status == StatusCode::INTERNAL_SERVER_ERROR;
    let refusal = if internal {
        // The text of an internal error may quote what it should not.
        Refusal::new(parts.status, "internal", "internal error").code(code::INTERNAL)
    } else {
        Refusal::new(parts.status, "refused", text)
    };
    let mut answer = refusal.answers(id).on_mcp();
    if let Some(allow) = parts.headers.get(http::header::ALLOW) {
        answer
            .headers_mut()
            .insert(http::header::ALLOW, allow.clone());
    }
    answer
}

/// The headers of every answer.
pub(crate) fn harden(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
