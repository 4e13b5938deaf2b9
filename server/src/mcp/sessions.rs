//! The legacy sessions of this process: made, found, ended and swept. A session belongs to the
//! principal that opened it; to everybody else it does not exist.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use dashmap::DashMap;
use gitlab_mcp_core::auth::Principal;
use gitlab_mcp_core::random::token;
use http::Response;
use http::request::Parts;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetExtensions as _, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::serve_server_with_ct;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Shared;
use super::handler::Handler;
use super::session::{Reader, Rejected, Session, SessionTransport, Streams, json, millis, read};
use super::standing::Standing;

/// Random bytes of an id.
const ID_BYTES: usize = 24;

/// The table.
#[derive(Debug)]
pub(crate) struct Sessions {
    shared: Arc<Shared>,
    rows: DashMap<Arc<str>, Arc<Session>>,
    reserved: AtomicUsize,
    hard_stop: CancellationToken,
}

/// What an `initialize` led to.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A session, its id, and the answer.
    Session(Arc<str>, Response<Body>),
    /// Only an answer: the handshake failed.
    Answer(Response<Body>),
    /// Every session has a call in flight.
    Busy,
}

/// Why a session is not there for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It has ended, or never was.
    Ended,
    /// It is somebody else's.
    Foreign,
}

impl Sessions {
    /// An empty table; `hard_stop` ends every session at once.
    pub(crate) fn new(shared: Arc<Shared>, hard_stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            shared,
            rows: DashMap::new(),
            reserved: AtomicUsize::new(0),
            hard_stop,
        })
    }

    /// Number of sessions.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The session `id`, if it lives and belongs to `principal`.
    ///
    /// # Errors
    /// [`Missing`], of which the caller learns nothing.
    pub(crate) fn find(&self, id: &str, principal: &Principal) -> Result<Arc<Session>, Missing> {
        let session = self.rows.get(id).map(|row| Arc::clone(row.value()));
        let session = session.ok_or(Missing::Ended)?;
        if session.principal != *principal {
            return Err(Missing::Foreign);
        }
        let now = self.shared.app.clock.monotonic();
        if session.idle(now) >= self.shared.app.http.session_timeout {
            self.end(&session);
            return Err(Missing::Ended);
        }
        session.touch();
        Ok(session)
    }

    /// Ends `session`.
    pub(crate) fn end(&self, session: &Session) {
        self.remove(&session.id);
        session.end.cancel();
    }

    fn remove(&self, id: &str) {
        if self.rows.remove(id).is_some() {
            self.reserved.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Ends what has been idle for too long.
    pub(crate) fn sweep(&self) {
        let now = self.shared.app.clock.monotonic();
        let limit = self.shared.app.http.session_timeout;
        let old: Vec<Arc<Session>> = self
            .rows
            .iter()
            .filter(|row| row.value().idle(now) >= limit)
            .map(|row| Arc::clone(row.value()))
            .collect();
        for session in old {
            self.end(&session);
        }
        for row in &self.rows {
            row.value().streams.expire();
        }
    }

    /// Runs the handshake and keeps the session.
    ///
    /// # Errors
    /// [`Rejected::Malformed`] when the body is no `initialize`.
    pub(crate) async fn open(
        self: &Arc<Self>,
        principal: &Principal,
        body: &[u8],
        parts: Parts,
    ) -> Result<Opened, Rejected> {
        let mut message = read(body)?;
        let ClientJsonRpcMessage::Request(request) = &mut message else {
            return Err(Rejected::Malformed);
        };
        if !matches!(request.request, ClientRequest::InitializeRequest(_)) {
            return Err(Rejected::Malformed);
        }
        request.request.extensions_mut().insert(parts);
        let streams = Streams::new(Arc::clone(&self.shared.app.clock));
        let reader = streams.open(request);
        if !self.reserve() {
            return Ok(Opened::Busy);
        }
        let opened = self
            .handshake(principal.clone(), message, streams, reader)
            .await;
        if !matches!(opened, Ok(Opened::Session(..))) {
            self.reserved.fetch_sub(1, Ordering::AcqRel);
        }
        opened
    }

    async fn handshake(
        self: &Arc<Self>,
        principal: Principal,
        message: ClientJsonRpcMessage,
        streams: Arc<Streams>,
        mut reader: Reader,
    ) -> Result<Opened, Rejected> {
        let id: Arc<str> = token(self.shared.app.random.as_ref(), ID_BYTES).into();
        let (inbox, transport) = SessionTransport::new(Arc::clone(&streams));
        let end = self.hard_stop.child_token();
        self.serve(&id, transport, end.clone());
        let sent = inbox.send(Box::new(message)).await;
        sent.map_err(|_| Rejected::Ended)?;
        let answer = loop {
            let event = reader.next().await.ok_or(Rejected::Ended)?;
            if let Some(answer) = event.message {
                break answer;
            }
        };
        let Some(version) = negotiated(&answer) else {
            end.cancel();
            return Ok(Opened::Answer(json(&answer)));
        };
        let session = Session {
            id: Arc::clone(&id),
            principal,
            version: version.to_owned(),
            inbox,
            streams,
            shared: Arc::clone(&self.shared),
            end,
            last_used: AtomicU64::new(millis(self.shared.app.clock.as_ref())),
            calls: AtomicUsize::new(0),
            streaming: AtomicUsize::new(0),
            in_flight: Mutex::new(HashSet::new()),
        };
        self.rows.insert(Arc::clone(&id), Arc::new(session));
        Ok(Opened::Session(id, json(&answer)))
    }

    /// Serves the session until it ends, then takes it out of the table.
    fn serve(self: &Arc<Self>, id: &Arc<str>, transport: SessionTransport, end: CancellationToken) {
        let handler = Handler {
            shared: Arc::clone(&self.shared),
            standing: Some(Arc::new(Standing::default())),
            local: None,
        };
        let (table, id) = (Arc::downgrade(self), Arc::clone(id));
        tokio::spawn(async move {
            // Boxed: the handshake takes far more room than the wait for the end.
            match Box::pin(serve_server_with_ct(handler, transport, end)).await {
                Ok(running) => drop(running.waiting().await),
                Err(error) => debug!(%error, "a session did not start"),
            }
            if let Some(table) = table.upgrade() {
                table.remove(&id);
            }
        });
    }

    /// Takes a place, ending the longest-idle session of the principal that holds most. False when
    /// every session has a call in flight.
    fn reserve(&self) -> bool {
        let limit = self.shared.app.http.max_sessions;
        let one_more = |taken| (taken < limit).then_some(taken + 1);
        // Others may take the place that an ended session leaves.
        while self
            .reserved
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .is_err()
        {
            let Some(victim) = self.victim() else {
                return false;
            };
            debug!("the session table is full; the longest-idle session of its largest owner ends");
            self.end(&victim);
        }
        true
    }

    fn victim(&self) -> Option<Arc<Session>> {
        let now = self.shared.app.clock.monotonic();
        let rows: Vec<Arc<Session>> = self
            .rows
            .iter()
            .map(|row| Arc::clone(row.value()))
            .collect();
        let mut held: HashMap<&Principal, usize> = HashMap::new();
        for row in &rows {
            *held.entry(&row.principal).or_default() += 1;
        }
        rows.iter()
            .filter(|row| !row.is_calling())
            .max_by_key(|row| (held.get(&row.principal).copied(), row.unused(now)))
            .cloned()
    }
}

/// The revision an answer to `initialize` names.
fn negotiated(answer: &ServerJsonRpcMessage) -> Option<&str> {
    let ServerJsonRpcMessage::Response(response) = answer else {
        return None;
    };
    match &response.result {
        ServerResult::InitializeResult(result) => Some(result.protocol_version.as_str()),
        _ => None,
    }
}
