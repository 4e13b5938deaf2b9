//! What a POST carries, and where it goes: a session, a request that stands alone, or an answer we
//! have ready. MCP 2025-11-25 and 2026-07-28, basic/transports.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use gitlab_mcp_core::audit::From;
use gitlab_mcp_core::auth::Caller;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::era::{Era, Named, SESSION_HEADER, VERSION_HEADER, classify};
use super::guard::{Guard, no_session, session_not_found};
use super::message::{Kind, Seen, is_batch};
use super::refusal::code;
use super::{Refusal, rewrite};
use crate::mcp::{Form, MODERN, Opened, Rejected, Session, spliced};

impl Guard {
    /// Serves the message in `body`.
    pub(super) async fn post(
        &self,
        parts: Parts,
        body: Bytes,
        session: Option<Arc<Session>>,
    ) -> Result<Response<Body>, Refusal> {
        if is_batch(&body) {
            return self.batch(parts, &body, session).await;
        }
        let seen = Seen::read(&body)?;
        let era = classify(&seen, Named::read(&parts.headers)?);
        let served = match era {
            Era::Modern => self.modern(parts, &body, &seen).await,
            Era::Legacy if seen.method() == "initialize" && seen.kind() == Kind::Request => {
                self.initialize(parts, &body).await
            }
            Era::Legacy => self.legacy(parts, &body, &seen, session).await,
        };
        match served {
            Ok(response) => Ok(rewrite::as_json(response, seen.id()).await),
            Err(refusal) => Err(refusal.answers(seen.id())),
        }
    }

    async fn modern(
        &self,
        mut parts: Parts,
        body: &Bytes,
        seen: &Seen<'_>,
    ) -> Result<Response<Body>, Refusal> {
        parts.headers.remove(SESSION_HEADER);
        if seen.kind() == Kind::Response {
            return Err(Refusal::bad(
                "invalid_request",
                "this revision has no requests of the server, so there is nothing to answer",
            ));
        }
        let known = self.shared.declared.knows_modern(seen.method());
        if seen.kind() == Kind::Request && !known {
            return Err(unknown_method(seen, StatusCode::NOT_FOUND));
        }
        self.check_scope(&parts, [(&**body, seen)])?;
        if let Some(id) = seen.id().filter(|_| matches_headers(&parts, seen)) {
            match seen.method() {
                "tools/list" if !seen.cursor => {
                    return Ok(spliced(id, self.shared.tool_list(Form::Modern)));
                }
                "tools/call" => return Ok(self.endpoint.call(id, parts, body).await),
                _ => {}
            }
        }
        Ok(self.endpoint.forward(parts, body.clone()).await)
    }

    async fn initialize(&self, mut parts: Parts, body: &Bytes) -> Result<Response<Body>, Refusal> {
        parts.headers.remove(SESSION_HEADER);
        if !self.app.http.legacy_sessions {
            return Ok(self.endpoint.forward(parts, body.clone()).await);
        }
        let Some(caller) = parts.extensions.get::<Caller>() else {
            return Err(no_session());
        };
        let principal = caller.principal().clone();
        let from = From::of(&parts);
        match self.sessions.open(&principal, body, parts).await {
            Ok(Opened::Answer(response)) => Ok(response),
            Ok(Opened::Session(id, mut response)) => {
                self.shared.audit.session_bound(&principal, &from);
                if let Ok(id) = HeaderValue::from_str(&id) {
                    response.headers_mut().insert(SESSION_HEADER, id);
                }
                Ok(response)
            }
            Ok(Opened::Busy) => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "every session of this server is busy; try again later",
            )
            .retry_after(std::time::Duration::from_secs(5))),
            Err(Rejected::Ended) => Err(Refusal::new(
                StatusCode::OK,
                "internal",
                "the session ended before it was open; send initialize again",
            )
            .code(code::INTERNAL)),
            Err(Rejected::Malformed | Rejected::DuplicateId) => Err(Refusal::new(
                StatusCode::OK,
                "invalid_params",
                "the parameters of initialize have the wrong form",
            )
            .code(code::PARAMS)),
        }
    }

    async fn legacy(
        &self,
        parts: Parts,
        body: &Bytes,
        seen: &Seen<'_>,
        session: Option<Arc<Session>>,
    ) -> Result<Response<Body>, Refusal> {
        Named::read(&parts.headers)?.legacy_version()?;
        if session.is_none() && self.app.http.legacy_sessions {
            return Err(no_session());
        }
        let Some(id) = seen.id().filter(|_| seen.kind() == Kind::Request) else {
            return match session {
                Some(session) => match session.accept(body, parts).await {
                    Ok(()) => Ok(accepted()),
                    Err(rejected) => Err(refused(rejected)),
                },
                None if seen.kind() == Kind::Notification => Ok(accepted()),
                None => Err(Refusal::bad(
                    "invalid_request",
                    "nothing was asked, so there is nothing to answer",
                )),
            };
        };
        if !self.shared.declared.knows_legacy(seen.method()) {
            return Err(unknown_method(seen, StatusCode::OK));
        }
        self.check_scope(&parts, [(&**body, seen)])?;
        if seen.method() == "tools/list" && !seen.cursor {
            return Ok(spliced(id, self.shared.tool_list(Form::Legacy)));
        }
        match session {
            Some(session) => session.request(id, body, parts).await.map_err(refused),
            None => Ok(self.endpoint.forward(parts, body.clone()).await),
        }
    }
}

/// True when version, method and `_meta` of a modern request are as rmcp wants them.
fn matches_headers(parts: &Parts, seen: &Seen<'_>) -> bool {
    let only = |name: &str, wanted: &str| {
        let mut values = parts.headers.get_all(name).iter();
        values.next().is_some_and(|value| value == wanted) && values.next().is_none()
    };
    seen.kind() == Kind::Request
        && seen.capabilities
        && seen.version.as_deref() == Some(MODERN)
        && only(VERSION_HEADER, MODERN)
        && only("mcp-method", seen.method())
}

fn unknown_method(seen: &Seen<'_>, status: StatusCode) -> Refusal {
    let shown: String = seen.method().chars().take(64).collect();
    Refusal::new(
        status,
        "unknown_method",
        format!("this server has no method `{shown}` in this revision"),
    )
    .code(code::METHOD)
}

/// The answer to what wants none.
pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// Why a session did not take a message.
pub(super) fn refused(rejected: Rejected) -> Refusal {
    match rejected {
        Rejected::DuplicateId => Refusal::bad(
            "duplicate_id",
            "a request with this id is still running in the session; use another id",
        ),
        Rejected::Malformed => {
            Refusal::bad("invalid_request", "the body is JSON, but no message of MCP")
        }
        Rejected::Ended => session_not_found(),
    }
}
