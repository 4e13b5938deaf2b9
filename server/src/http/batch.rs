//! Several messages in one POST, which only 2025-03-26 knows. MCP 2025-03-26, basic/transports.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::Refusal;
use super::era::Named;
use super::guard::{Guard, no_session};
use super::message::{Kind, Seen, read_batch};
use super::post::{accepted, refused};
use crate::mcp::{LEGACY, Session, event_stream};

/// The only revision with batches.
const WITH_BATCHES: &str = LEGACY[0];

impl Guard {
    /// Runs every item; the answers come as events in the order they are ready.
    pub(super) async fn batch(
        &self,
        parts: Parts,
        body: &[u8],
        session: Option<Arc<Session>>,
    ) -> Result<Response<Body>, Refusal> {
        let items = read_batch(body)?;
        let named = Named::read(&parts.headers)?;
        let version = match &session {
            Some(session) => session.version(),
            None if self.app.http.legacy_sessions && !named.is_modern() => {
                return Err(no_session());
            }
            None => named.version.unwrap_or(WITH_BATCHES),
        };
        if version != WITH_BATCHES {
            return Err(Refusal::bad(
                "batch",
                "this revision has no batches; send one message at a time",
            ));
        }
        let mut ids = HashSet::new();
        let doubled = items
            .iter()
            .filter(|(_, seen)| seen.kind() == Kind::Request)
            .any(|(_, seen)| !ids.insert(seen.id().unwrap_or_default()));
        if doubled {
            return Err(Refusal::bad("duplicate_id", "two requests have one id"));
        }
        self.check_scope(&parts, items.iter().map(|(text, seen)| (*text, seen)))?;
        let mut answers: Vec<BoxStream<'static, Bytes>> = Vec::new();
        for (text, seen) in &items {
            let answer = match &session {
                Some(session) => in_session(session, text, seen, &parts).await?,
                None => self.alone(text, seen, &parts).await,
            };
            answers.extend(answer);
        }
        if answers.is_empty() {
            return Ok(accepted());
        }
        Ok(event_stream(stream::select_all(answers)))
    }

    async fn alone(
        &self,
        text: &[u8],
        seen: &Seen<'_>,
        parts: &Parts,
    ) -> Option<BoxStream<'static, Bytes>> {
        if seen.kind() != Kind::Request {
            return None;
        }
        let body = Bytes::copy_from_slice(text);
        let response = self.endpoint.forward(parts.clone(), body).await;
        let events = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let body = to_bytes(response.into_body(), usize::MAX).await.ok()?;
        let frame = if events {
            body
        } else {
            Bytes::from([b"data: ", body.as_ref(), b"\n\n"].concat())
        };
        Some(stream::once(async move { frame }).boxed())
    }
}

async fn in_session(
    session: &Arc<Session>,
    text: &[u8],
    seen: &Seen<'_>,
    parts: &Parts,
) -> Result<Option<BoxStream<'static, Bytes>>, Refusal> {
    let Some(id) = seen.id().filter(|_| seen.kind() == Kind::Request) else {
        session.accept(text, parts.clone()).await.map_err(refused)?;
        return Ok(None);
    };
    let item = session.item(id, text, parts.clone()).await;
    Ok(Some(item.map_err(refused)?.boxed()))
}
