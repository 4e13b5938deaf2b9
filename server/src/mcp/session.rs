//! One legacy session: whose it is, what runs in it, and how its requests are answered.
//! MCP 2025-11-25, basic/transports, "Session management".

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use gitlab_mcp_core::auth::Principal;
use gitlab_mcp_core::clock::Clock;
use http::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, GetExtensions as _, ServerJsonRpcMessage,
};
use tokio_util::sync::CancellationToken;

use super::{LEGACY, Shared, sse};

mod event;
mod log;
mod streams;
mod transport;

pub(super) use event::Event;
use event::EventId;
pub(super) use streams::{OpenStream, Reader, Streams};
pub(super) use transport::{Inbox, SessionTransport};

/// How long an answer may take before the stream is opened instead of waiting for plain JSON: an
/// open stream can be resumed and keeps proxies patient.
const PLAIN: Duration = Duration::from_secs(2);

/// A row of the session table.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) id: Arc<str>,
    pub(super) principal: Principal,
    pub(super) version: String,
    pub(super) inbox: Inbox,
    pub(super) streams: Arc<Streams>,
    pub(super) shared: Arc<Shared>,
    pub(super) end: CancellationToken,
    pub(super) last_used: AtomicU64,
    pub(super) calls: AtomicUsize,
    pub(super) streaming: AtomicUsize,
    pub(super) in_flight: Mutex<HashSet<String>>,
}

/// Why a message did not get into a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// A request with this id is running.
    DuplicateId,
    /// It is no message of MCP.
    Malformed,
    /// The session ended in the meantime.
    Ended,
}

/// A request that runs; ends when its handler has finished.
struct InFlight {
    session: Arc<Session>,
    id: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut running = self
            .session
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.id);
        drop(running);
        self.session.calls.fetch_sub(1, Ordering::Relaxed);
        self.session.touch();
    }
}

/// An open event stream.
struct Streaming(Arc<Session>);

impl Drop for Streaming {
    fn drop(&mut self) {
        self.0.streaming.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
    }
}

impl Session {
    /// The negotiated revision.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Restarts the idle clock.
    pub(crate) fn touch(&self) {
        let now = millis(self.shared.app.clock.as_ref());
        self.last_used.store(now, Ordering::Relaxed);
    }

    /// How long nothing has happened; zero while anything is open.
    pub(super) fn idle(&self, now: Duration) -> Duration {
        if self.is_calling() || self.streaming.load(Ordering::Relaxed) > 0 {
            return Duration::ZERO;
        }
        self.unused(now)
    }

    /// How long ago the last message was.
    pub(super) fn unused(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(
            self.last_used.load(Ordering::Relaxed),
        ))
    }

    /// True while a call runs.
    pub(super) fn is_calling(&self) -> bool {
        self.calls.load(Ordering::Relaxed) > 0
    }

    fn begin(self: &Arc<Self>, id: &str) -> Option<InFlight> {
        let mut running = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !running.insert(id.to_owned()) {
            return None;
        }
        drop(running);
        self.calls.fetch_add(1, Ordering::Relaxed);
        Some(InFlight {
            session: Arc::clone(self),
            id: id.to_owned(),
        })
    }

    fn streaming(self: &Arc<Self>) -> Streaming {
        self.streaming.fetch_add(1, Ordering::Relaxed);
        Streaming(Arc::clone(self))
    }

    async fn start(
        self: &Arc<Self>,
        id: &str,
        body: &[u8],
        parts: Parts,
    ) -> Result<Reader, Rejected> {
        let mut message = read(body)?;
        let ClientJsonRpcMessage::Request(request) = &mut message else {
            return Err(Rejected::Malformed);
        };
        let running = self.begin(id).ok_or(Rejected::DuplicateId)?;
        let reader = self.streams.open(request);
        let extensions = request.request.extensions_mut();
        extensions.insert(parts);
        extensions.insert(Arc::new(running));
        extensions.insert(reader.handle());
        self.push(message).await?;
        Ok(reader)
    }

    async fn push(&self, message: ClientJsonRpcMessage) -> Result<(), Rejected> {
        let pushed = self.inbox.send(Box::new(message)).await;
        pushed.map_err(|_| Rejected::Ended)
    }

    /// Runs one request. A quick plain answer is JSON; anything sent before it, or a long wait,
    /// opens an event stream.
    ///
    /// # Errors
    /// [`Rejected`].
    pub(crate) async fn request(
        self: &Arc<Self>,
        id: &str,
        body: &[u8],
        parts: Parts,
    ) -> Result<Response<Body>, Rejected> {
        let mut reader = self.start(id, body, parts).await?;
        let mut first = Vec::new();
        let waited = tokio::time::timeout(PLAIN, async {
            while let Some(event) = reader.next().await {
                let done = event.message.as_deref().map(is_answer);
                first.push(event);
                match done {
                    Some(true) => return true,
                    Some(false) => return false,
                    None => {}
                }
            }
            false
        });
        if waited.await == Ok(true)
            && let Some(answer) = first.last().and_then(|event| event.message.as_deref())
        {
            return Ok(json(answer));
        }
        Ok(sse::response(self.events(first, reader)))
    }

    /// Runs one item of a batch; its messages come as frames.
    ///
    /// # Errors
    /// [`Rejected`].
    pub(crate) async fn item(
        self: &Arc<Self>,
        id: &str,
        body: &[u8],
        parts: Parts,
    ) -> Result<impl Stream<Item = Bytes> + Send + use<>, Rejected> {
        let reader = self.start(id, body, parts).await?;
        Ok(self.events(Vec::new(), reader))
    }

    /// Hands on a notification or the answer to a question of ours.
    ///
    /// # Errors
    /// [`Rejected`].
    pub(crate) async fn accept(&self, body: &[u8], parts: Parts) -> Result<(), Rejected> {
        let mut message = read(body)?;
        if let ClientJsonRpcMessage::Notification(notification) = &mut message {
            if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                && let Some(id) = &cancelled.params.request_id
            {
                self.streams.cancel(id);
            }
            notification.notification.extensions_mut().insert(parts);
        }
        self.push(message).await
    }

    /// The stream of a GET: messages that belong to no request, or the rest of a broken stream.
    pub(crate) fn listen(self: &Arc<Self>, last_event: Option<&str>) -> Response<Body> {
        let reader = match last_event.map(str::parse::<EventId>) {
            None => Some(self.streams.listen()),
            Some(Ok(last)) => self.streams.resume(last),
            // An error would make the client repeat the same request for ever.
            Some(Err(_)) => None,
        };
        let Some(reader) = reader else {
            return sse::response(futures_util::stream::empty());
        };
        let first = match last_event {
            None => vec![reader.priming()],
            Some(_) => Vec::new(),
        };
        let stop = self.shared.stopping.child_token();
        let first = self.primed(first);
        sse::response(self.frames(first, reader, stop))
    }

    fn events(
        self: &Arc<Self>,
        first: Vec<Event>,
        reader: Reader,
    ) -> impl Stream<Item = Bytes> + Send + use<> {
        reader.can_be_resumed();
        let first = self.primed(first);
        self.frames(first, reader, self.end.clone())
    }

    fn frames(
        self: &Arc<Self>,
        first: Vec<Event>,
        reader: Reader,
        stop: CancellationToken,
    ) -> impl Stream<Item = Bytes> + Send + use<> {
        let heartbeat = self.shared.app.http.sse_heartbeat;
        sse::frames(first, reader, heartbeat, stop, self.streaming())
    }

    /// Events with empty data are new in 2025-11-25; older clients fail on them.
    fn primed(&self, mut events: Vec<Event>) -> Vec<Event> {
        if LEGACY.last().is_none_or(|newest| *newest != self.version) {
            events.retain(|event| event.message.is_some());
        }
        events
    }
}

/// Milliseconds of the monotonic clock.
pub(super) fn millis(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.monotonic().as_millis()).unwrap_or(u64::MAX)
}

/// Reads a message of MCP.
pub(super) fn read(body: &[u8]) -> Result<ClientJsonRpcMessage, Rejected> {
    serde_json::from_slice(body).map_err(|_| Rejected::Malformed)
}

fn is_answer(message: &ServerJsonRpcMessage) -> bool {
    matches!(
        message,
        ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_)
    )
}

/// One message as the whole body.
pub(super) fn json(message: &ServerJsonRpcMessage) -> Response<Body> {
    let body = serde_json::to_vec(message).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
