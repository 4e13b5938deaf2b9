//! From an answer to bytes: the headers every answer has, and the shapes in which
//! faults let a body go out.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};

use super::body::Payload;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, Place};
use crate::world::World;

/// What a latency per chunk calls a chunk.
const CHUNK: usize = 1024;

pub(super) type Outgoing = hyper::Response<Payload>;

/// The headers that stand on every answer.
pub(super) fn finish(world: &mut World, mut answer: Answer, now: Timestamp) -> Answer {
    let id = world
        .ids
        .text("request", 26, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    let cached = answer
        .headers
        .iter()
        .any(|(name, _)| *name == "Cache-Control");
    answer.headers.reserve(7);
    let meta = format!("{{\"correlation_id\":\"{id}\",\"version\":\"1\"}}");
    let answer = answer
        .header("Date", now.http_date())
        .header("Vary", "Origin")
        .header("X-Content-Type-Options", "nosniff")
        .header("X-Gitlab-Meta", meta)
        .header("X-Request-Id", id)
        .header("X-Runtime", "0.021000");
    if cached {
        answer
    } else {
        answer.header("Cache-Control", "no-cache")
    }
}

pub(super) fn send(answer: Answer, action: Option<&Action>) -> Outgoing {
    let mut response = hyper::Response::new(Payload::Whole(None));
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.reserve(answer.headers.len() + 2);
    if !answer.content_type.is_empty() {
        headers.insert(
            "content-type",
            HeaderValue::from_static(answer.content_type),
        );
    }
    for (name, value) in answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        // A value a header cannot carry (a line break in a file name) is left out.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    let (payload, promised) = shape(answer.body, action);
    if let Some(length) = promised {
        headers.insert("content-length", HeaderValue::from(length));
    }
    *response.body_mut() = payload;
    response
}

/// How the body goes out, and the length promised when it is not the real one.
fn shape(body: Bytes, action: Option<&Action>) -> (Payload, Option<usize>) {
    let length = body.len();
    let half = |body: Bytes| body.slice(..length / 2);
    let drip = |body: Bytes, bytes: usize, milliseconds: u64| Payload::Drip {
        rest: body,
        bytes: bytes.max(1),
        every: Duration::from_millis(milliseconds),
        sleep: None,
    };
    match action {
        Some(Action::TruncatedBody) => (Payload::broken(body), Some(length + 512)),
        Some(Action::CutChunk) => (Payload::broken(half(body)), None),
        Some(Action::ResetAfterHeaders) => (Payload::broken(Bytes::new()), Some(length.max(1))),
        Some(Action::ResetMidBody) => (Payload::broken(half(body)), Some(length.max(1))),
        Some(Action::ResetBeforeEnd) => {
            let most = body.slice(..length.saturating_sub(1));
            (Payload::broken(most), Some(length.max(1)))
        }
        Some(Action::SilenceAfterHeaders) => {
            (Payload::Stall(Some(half(body))), Some(length.max(1)))
        }
        Some(Action::SlowDrip {
            bytes,
            milliseconds,
        }) => (drip(body, *bytes, *milliseconds), None),
        Some(Action::Latency {
            milliseconds,
            place: Place::PerChunk,
            ..
        }) => (drip(body, CHUNK, *milliseconds), None),
        _ => (
            Payload::Whole(Some(body).filter(|body: &Bytes| !body.is_empty())),
            None,
        ),
    }
}
