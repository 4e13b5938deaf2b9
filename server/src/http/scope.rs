//! Calls of tools that need more than was granted to the token of their caller: refused with what to
//! ask for, before anything runs. RFC 6750 section 3.1; MCP 2025-11-25, basic/authorization.

use gitlab_mcp_core::auth::{Caller, Granted};
use gitlab_mcp_core::tool::{Effect, Entry};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;
use super::guard::Guard;
use super::message::{Kind, Seen};
use crate::audit::{Ended, Write};

/// The arguments of a `tools/call`.
#[derive(Deserialize)]
struct Message {
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    arguments: Map<String, Value>,
}

impl Guard {
    /// Refuses `messages`, each with its text, when one of them calls a tool beyond the caller's
    /// token. Tools that do not exist here or that the operator forbids are left to their own
    /// answer: no sign-in could help.
    ///
    /// # Errors
    /// 403 with one challenge for all of `messages`.
    pub(super) fn check_scope<'a>(
        &self,
        parts: &Parts,
        messages: impl IntoIterator<Item = (&'a [u8], &'a Seen<'a>)>,
    ) -> Result<(), Refusal> {
        let Some(caller) = parts.extensions.get::<Caller>() else {
            return Ok(());
        };
        let Some(granted) = caller.grant() else {
            return Ok(());
        };
        let mut most: Option<&Entry> = None;
        for (text, seen) in messages {
            let Some(entry) = self.beyond(granted, seen) else {
                continue;
            };
            if entry.tool.facts.effect != Effect::Read {
                let call = Write {
                    entry,
                    arguments: &arguments(text),
                    caller,
                    parts: Some(parts),
                    id: seen.id().unwrap_or_default(),
                };
                let refused = Ended::Refused("insufficient_scope");
                self.shared
                    .audit
                    .write_tool_called(&self.app, call, refused);
            }
            let needed = |entry: &Entry| entry.tool.facts.effect.scope();
            if most.is_none_or(|other| needed(other) < needed(entry)) {
                most = Some(entry);
            }
        }
        let Some(entry) = most else {
            return Ok(());
        };
        let challenge = granted.challenge(entry.name(), entry.tool.facts.effect.scope());
        Err(Refusal::challenging(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            challenge,
        ))
    }

    /// The tool that the message calls, when that needs more than was granted.
    fn beyond(&self, granted: &Granted, seen: &Seen<'_>) -> Option<&Entry> {
        if seen.kind() != Kind::Request || seen.method() != "tools/call" {
            return None;
        }
        let entry = self.app.catalog.find(seen.name.as_deref()?)?;
        let beyond = !granted.suffices_for(entry.tool.facts.effect.scope());
        (beyond && self.app.policy.decide(entry).is_ok()).then_some(entry)
    }
}

/// The arguments of a call, for the audit stream.
fn arguments(text: &[u8]) -> Map<String, Value> {
    let message = serde_json::from_slice::<Message>(text);
    message.map_or_else(|_| Map::new(), |message| message.params.arguments)
}
