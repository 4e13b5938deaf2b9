//! The event streams of one session: which message goes out on which, and who reads it.
//! MCP 2025-11-25, basic/transports, "Multiple Connections" and "Resumability and Redelivery".

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_mcp_core::clock::Clock;
use rmcp::model::{
    ClientRequest, GetExtensions as _, GetMeta as _, JsonRpcRequest, ProgressToken, RequestId,
    ServerJsonRpcMessage, ServerNotification,
};
use rmcp::service::OriginatingRequestId;
use tokio::sync::Notify;
use tracing::debug;

use super::event::{Event, EventId};
use super::log::{Log, Next};

/// How long a client waits before it resumes an interrupted stream.
pub(in crate::mcp) const RETRY: Duration = Duration::from_secs(1);
/// How long an answer waits for a client that resumes.
const KEPT: Duration = Duration::from_mins(1);
/// Most answers that wait for one.
const MOST_KEPT: usize = 8;

/// All streams of a session.
pub(in crate::mcp) struct Streams {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

struct State {
    /// Numbers streams and readers.
    number: u64,
    requests: Vec<Request>,
    /// For what belongs to no request.
    common: Log,
    closed: bool,
}

/// The stream of one request.
struct Request {
    number: u64,
    id: RequestId,
    progress: Option<ProgressToken>,
    log: Log,
    /// The client knows an event id of it.
    can_be_resumed: bool,
    /// Nobody reads it and nobody can.
    abandoned: bool,
    answered: Option<Duration>,
}

impl State {
    fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn log(&mut self, stream: Option<u64>) -> Option<&mut Log> {
        match stream {
            Some(number) => self.request(number).map(|request| &mut request.log),
            None => Some(&mut self.common),
        }
    }

    fn request(&mut self, number: u64) -> Option<&mut Request> {
        let mut requests = self.requests.iter_mut();
        requests.find(|request| request.number == number)
    }

    fn running(&mut self, is_meant: impl Fn(&Request) -> bool) -> Option<&mut Request> {
        let mut running = self.requests.iter_mut();
        running.find(|request| !request.log.is_over() && is_meant(request))
    }

    /// Forgets answers nobody came for.
    fn expire(&mut self, now: Duration) {
        self.requests
            .retain(|request| request.answered.is_none() || !request.abandoned);
        let answered = self.requests.iter().filter(|one| one.answered.is_some());
        let mut surplus = answered.count().saturating_sub(MOST_KEPT);
        self.requests.retain(|request| {
            let Some(since) = request.answered else {
                return true;
            };
            // The oldest come first.
            let is_surplus = surplus > 0;
            surplus = surplus.saturating_sub(1);
            !is_surplus && now.saturating_sub(since) < KEPT
        });
    }
}

impl Streams {
    /// The streams of a session that begins.
    pub(in crate::mcp) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let state = State {
            number: 0,
            requests: Vec::new(),
            common: Log::new(None),
            closed: false,
        };
        Arc::new(Self {
            clock,
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the stream on which `request` will be answered.
    pub(in crate::mcp) fn open(
        self: &Arc<Self>,
        request: &JsonRpcRequest<ClientRequest>,
    ) -> Reader {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.expire(now);
        let number = state.next();
        let mut log = Log::new(Some(number));
        log.prime(RETRY);
        log.take(number);
        let request = Request {
            number,
            id: request.id.clone(),
            progress: request.request.get_meta().get_progress_token(),
            log,
            can_be_resumed: false,
            abandoned: false,
            answered: None,
        };
        state.requests.push(request);
        self.reader(Some(number), number, 0)
    }

    /// Reads what belongs to no request and nobody has read. While somebody else does, it waits.
    pub(in crate::mcp) fn listen(self: &Arc<Self>) -> Reader {
        let mut state = self.state();
        let number = state.next();
        let from = state.common.read();
        self.reader(None, number, from)
    }

    /// Goes on behind `last`, in the place of whoever read the stream so far.
    pub(in crate::mcp) fn resume(self: &Arc<Self>, last: EventId) -> Option<Reader> {
        let mut state = self.state();
        let number = state.next();
        state.log(last.stream)?.take(number);
        drop(state);
        self.changed.notify_waiters();
        Some(self.reader(last.stream, number, last.index.saturating_add(1)))
    }

    fn reader(self: &Arc<Self>, stream: Option<u64>, number: u64, from: u64) -> Reader {
        Reader {
            streams: Arc::clone(self),
            stream,
            number,
            from,
        }
    }

    /// Lays a message of the server onto its stream.
    pub(super) fn deliver(&self, message: ServerJsonRpcMessage) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.expire(now);
        match &message {
            ServerJsonRpcMessage::Response(answer) => {
                let id = answer.id.clone();
                answer_to(&mut state, &id, message, now);
            }
            ServerJsonRpcMessage::Error(error) => match error.id.clone() {
                Some(id) => answer_to(&mut state, &id, message, now),
                None => state.common.push(message),
            },
            ServerJsonRpcMessage::Request(question) => {
                let asker = question
                    .request
                    .extensions()
                    .get::<OriginatingRequestId>()
                    .cloned();
                let of_asker =
                    |request: &Request| asker.as_ref().is_some_and(|one| one.0 == request.id);
                push(&mut state, of_asker, message);
            }
            ServerJsonRpcMessage::Notification(notice) => match &notice.notification {
                ServerNotification::ProgressNotification(progress) => {
                    let token = progress.params.progress_token.clone();
                    push(
                        &mut state,
                        |request| request.progress.as_ref() == Some(&token),
                        message,
                    );
                }
                ServerNotification::CancelledNotification(cancelled) => {
                    let question = cancelled.params.request_id.clone();
                    let has_asked = |request: &Request| {
                        question.as_ref().is_some_and(|id| request.log.asked(id))
                    };
                    push(&mut state, has_asked, message);
                }
                _ => state.common.push(message),
            },
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// The client wants no answer to `id`: its stream ends. MCP 2025-11-25, basic/utilities/cancellation.
    pub(in crate::mcp) fn cancel(&self, id: &RequestId) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        if let Some(request) = state.running(|request| request.id == *id) {
            request.log.end();
            request.answered = Some(now);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Forgets answers nobody came for.
    pub(in crate::mcp) fn expire(&self) {
        self.state().expire(self.clock.monotonic());
    }

    /// Ends every stream.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_waiters();
    }
}

/// Onto the stream of a running request that is meant, or the one of no request.
fn push(state: &mut State, is_meant: impl Fn(&Request) -> bool, message: ServerJsonRpcMessage) {
    match state.running(is_meant) {
        Some(request) => request.log.push(message),
        None => state.common.push(message),
    }
}

fn answer_to(state: &mut State, id: &RequestId, message: ServerJsonRpcMessage, now: Duration) {
    let Some(request) = state.running(|request| request.id == *id) else {
        debug!("an answer nobody waits for is dropped");
        return;
    };
    request.log.push(message);
    request.log.end();
    request.answered = Some(now);
}

/// Who reads a stream; the stream is free again when it is dropped.
#[derive(Debug)]
pub(in crate::mcp) struct Reader {
    streams: Arc<Streams>,
    stream: Option<u64>,
    number: u64,
    from: u64,
}

impl Reader {
    /// The next event; none when the stream has ended, or somebody else resumed it.
    pub(in crate::mcp) async fn next(&mut self) -> Option<Event> {
        let streams = Arc::clone(&self.streams);
        loop {
            let changed = streams.changed.notified();
            match self.look(&mut streams.state()) {
                Next::Event(event) => return Some(event),
                Next::End => return None,
                Next::Wait => {}
            }
            changed.await;
        }
    }

    fn look(&mut self, state: &mut State) -> Next {
        if state.closed {
            return Next::End;
        }
        let number = self.number;
        let Some(log) = state.log(self.stream) else {
            return Next::End;
        };
        if !log.is_free_for(number) {
            return if self.stream.is_some() {
                Next::End
            } else {
                Next::Wait
            };
        }
        if log.take(number) {
            // Its reader so far has gone.
            self.from = self.from.max(log.read());
        }
        let next = log.at(number, self.from);
        let is_done = log.is_done();
        if let Next::Event(event) = &next {
            self.from = event.id.index + 1;
        }
        if let (true, Some(stream)) = (is_done, self.stream) {
            state.requests.retain(|request| request.number != stream);
        }
        next
    }

    /// An event with which a stream begins that has no events of its own yet.
    pub(in crate::mcp) fn priming(&self) -> Event {
        Event {
            id: EventId {
                stream: self.stream,
                index: self.from.saturating_sub(1),
            },
            retry: Some(RETRY),
            message: None,
        }
    }

    /// The client gets to know event ids.
    pub(in crate::mcp) fn can_be_resumed(&self) {
        let mut state = self.streams.state();
        let request = self.stream.and_then(|stream| state.request(stream));
        if let Some(request) = request {
            request.can_be_resumed = true;
        }
    }

    /// What interrupts this stream.
    pub(in crate::mcp) fn handle(&self) -> OpenStream {
        OpenStream {
            streams: Arc::clone(&self.streams),
            number: self.number,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.streams.state();
        if let Some(log) = state.log(self.stream) {
            log.leave(self.number);
        }
        let request = self.stream.and_then(|stream| state.request(stream));
        if let Some(request) = request {
            request.abandoned = !request.can_be_resumed;
        }
        state.expire(self.streams.clock.monotonic());
        drop(state);
        self.streams.changed.notify_waiters();
    }
}

/// The stream a request is answered on, for its handler.
#[derive(Debug, Clone)]
pub(in crate::mcp) struct OpenStream {
    streams: Arc<Streams>,
    number: u64,
}

impl OpenStream {
    /// Ends the stream; the client resumes it with `Last-Event-ID`.
    pub(in crate::mcp) fn interrupt(&self) {
        let mut state = self.streams.state();
        if let Some(request) = state.request(self.number) {
            request.log.prime(RETRY);
            request.log.cut();
        }
        drop(state);
        self.streams.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
