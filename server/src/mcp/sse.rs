//! Server-sent events: frames, heartbeats and how a stream ends. MCP 2025-11-25, basic/transports;
//! WHATWG HTML section 9.2.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// A comment line; keeps proxies from closing a quiet stream.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// One event.
pub(super) fn frame(message: &ServerSseMessage) -> Bytes {
    let mut text = String::new();
    if let Some(id) = &message.event_id {
        text.push_str("id: ");
        text.push_str(id);
        text.push('\n');
    }
    if let Some(retry) = message.retry {
        text.push_str("retry: ");
        text.push_str(&retry.as_millis().to_string());
        text.push('\n');
    }
    text.push_str("data: ");
    if let Some(message) = &message.message {
        // JSON of serde_json has no line breaks, so one data line holds it.
        text.push_str(&serde_json::to_string(message.as_ref()).unwrap_or_default());
    }
    text.push_str("\n\n");
    Bytes::from(text)
}

/// Frames of `first`, then of what `receiver` brings, with a comment whenever it is quiet.
/// `held` is dropped when the stream ends.
pub(super) fn frames<H: Send + 'static>(
    first: Vec<ServerSseMessage>,
    receiver: Receiver<ServerSseMessage>,
    heartbeat: Duration,
    stop: CancellationToken,
    held: H,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let mut first = first;
    first.reverse();
    let state = (first, receiver, stop, held);
    futures_util::stream::unfold(
        state,
        move |(mut first, mut receiver, stop, held)| async move {
            if let Some(message) = first.pop() {
                return Some((frame(&message), (first, receiver, stop, held)));
            }
            let next = tokio::select! {
                biased;
                next = receiver.recv() => frame(&next?),
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(heartbeat) => HEARTBEAT,
            };
            Some((next, (first, receiver, stop, held)))
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
        let event = ServerSseMessage::priming("0/1", Duration::from_secs(3));
        assert_eq!(frame(&event), "id: 0/1\nretry: 3000\ndata: \n\n");
    }
}
