//! Server-sent events: frames, heartbeats and how a stream ends. MCP 2025-11-25, basic/transports;
//! WHATWG HTML section 9.2.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use tokio_util::sync::CancellationToken;

use super::session::{Event, Reader};

/// A comment line; keeps proxies from closing a quiet stream.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// One event.
pub(super) fn frame(event: &Event) -> Bytes {
    let mut text = format!("id: {}\n", event.id);
    if let Some(retry) = event.retry {
        text.push_str("retry: ");
        text.push_str(&retry.as_millis().to_string());
        text.push('\n');
    }
    text.push_str("data: ");
    if let Some(message) = &event.message {
        // JSON of serde_json has no line breaks, so one data line holds it.
        text.push_str(&serde_json::to_string(message.as_ref()).unwrap_or_default());
    }
    text.push_str("\n\n");
    Bytes::from(text)
}

/// Frames of `first`, then of what `reader` brings, with a comment whenever it is quiet.
/// `held` is dropped when the stream ends.
pub(super) fn frames<H: Send + 'static>(
    first: Vec<Event>,
    reader: Reader,
    heartbeat: Duration,
    stop: CancellationToken,
    held: H,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let mut first = first;
    first.reverse();
    let state = (first, reader, stop, held);
    futures_util::stream::unfold(
        state,
        move |(mut first, mut reader, stop, held)| async move {
            if let Some(event) = first.pop() {
                return Some((frame(&event), (first, reader, stop, held)));
            }
            let next = tokio::select! {
                biased;
                next = reader.next() => frame(&next?),
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(heartbeat) => HEARTBEAT,
            };
            Some((next, (first, reader, stop, held)))
        },
    )
}

/// The response that carries `stream`.
pub(crate) fn response(stream: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    use futures_util::StreamExt as _;
    let body = Body::from_stream(stream.map(Ok::<_, Infallible>));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priming_event_has_an_id_a_retry_and_empty_data() {
        let event = Event {
            id: "0/1".parse().expect("an id"),
            retry: Some(Duration::from_secs(3)),
            message: None,
        };
        assert_eq!(frame(&event), "id: 0/1\nretry: 3000\ndata: \n\n");
    }
}
