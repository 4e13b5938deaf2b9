//! What the audit stream says about requests and calls. Sign-ins are recorded where they are decided.

use std::time::Duration;

use gitlab_mcp_core::audit::{Entry, Event, From, Sampler};
use gitlab_mcp_core::auth::{AuthError, Caller, Principal};
use gitlab_mcp_core::tool;
use http::HeaderMap;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::app::App;

/// Headers that hold a credential in the built-in modes. Who sends none of them is not rejected, but
/// asked to sign in.
const CREDENTIALS: [&str; 3] = ["authorization", "private-token", "job-token"];
/// Least time between two entries about rejected credentials: anybody can cause them.
const REJECTED: Duration = Duration::from_secs(1);

/// The entries of one process.
#[derive(Debug)]
pub(crate) struct Audit {
    mode: &'static str,
    rejected: Sampler,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended<'a> {
    /// With a result.
    Done,
    /// With a question to the client.
    Waits,
    /// Before it could do anything: why.
    Refused(&'a str),
    /// After it may have done something: why.
    Failed(&'a str),
}

/// A call of a tool that changes something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) entry: &'a tool::Entry,
    pub(crate) arguments: &'a Map<String, Value>,
    pub(crate) caller: &'a Caller,
    /// The HTTP request; `None` on stdio.
    pub(crate) parts: Option<&'a Parts>,
    /// The id of the message, as JSON text.
    pub(crate) id: &'a str,
}

impl Audit {
    /// Entries that name the auth mode.
    pub(crate) fn new(mode: &'static str) -> Self {
        Self {
            mode,
            rejected: Sampler::each(REJECTED),
        }
    }

    /// `principal` opened a session.
    pub(crate) fn session_bound(&self, principal: &Principal, from: &From) {
        let entry = Entry::new(Event::SessionBound).principal(principal);
        entry.mode(self.mode).from(from).write();
    }

    /// `principal` named a session of somebody else.
    pub(crate) fn session_foreign(&self, principal: &Principal, parts: &Parts) {
        Entry::new(Event::SessionForeign)
            .refused("foreign_session")
            .principal(principal)
            .mode(self.mode)
            .from(&From::of(parts))
            .write();
    }

    /// The credential of a request was not accepted.
    pub(crate) fn bearer_rejected(&self, error: &AuthError, parts: &Parts, now: Duration) {
        let reason = match error {
            AuthError::Unauthorized(_) if presents(&parts.headers) => "unauthorized",
            AuthError::Malformed { reason, .. } => reason,
            _ => return,
        };
        let Some(suppressed) = self.rejected.take(now) else {
            return;
        };
        Entry::new(Event::BearerRejected)
            .refused(reason)
            .mode(self.mode)
            .from(&From::of(parts))
            .suppressed(suppressed)
            .write();
    }

    /// A tool that changes something was called.
    pub(crate) fn write_tool_called(&self, app: &App, call: Write<'_>, ended: Ended<'_>) {
        let principal = call.caller.principal();
        let project =
            call.entry
                .rules
                .project(call.arguments, principal.instance(), &app.tool_settings);
        let entry = Entry::new(Event::WriteToolCalled);
        let entry = match ended {
            Ended::Done => entry,
            Ended::Waits => entry.waits(),
            Ended::Refused(reason) => entry.refused(reason),
            Ended::Failed(reason) => entry.failed(reason),
        };
        entry
            .tool(call.entry.name(), project.as_deref())
            .principal(principal)
            .mode(self.mode)
            .from(&call.parts.map(From::of).unwrap_or_default())
            .request(call.id)
            .write();
    }
}

fn presents(headers: &HeaderMap) -> bool {
    CREDENTIALS.iter().any(|name| headers.contains_key(*name))
}
