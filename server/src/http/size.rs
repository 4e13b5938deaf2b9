//! The body of a request, never more of it than allowed. RFC 9110 section 15.5.14.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;

use super::Refusal;

/// Longest time between two pieces of a body.
const STALL: std::time::Duration = std::time::Duration::from_secs(30);

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("the body is larger than {limit} bytes; send less at once"),
    )
    .with("limit", limit.into())
    .close()
}

/// Judges the declared length.
///
/// # Errors
/// 413.
pub(crate) fn check_declared(headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    match declared {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// Reads the whole body.
///
/// # Errors
/// 413 beyond `limit`, 408 when the client stalls, 400 when it breaks off.
pub(crate) async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let whole = Limited::new(body, limit).collect();
    match tokio::time::timeout(STALL, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Refusal::bad("body", "the body ended early").close()),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "body",
            "the body took longer than 30 s to arrive",
        )
        .close()),
    }
}
