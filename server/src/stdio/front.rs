//! What becomes of each line, decided without any input or output.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::http::{Kind, Refusal, Seen, is_batch, read_batch};
use crate::mcp::LEGACY;

/// The id of the `initialize` we send ourselves; no client would choose it.
const OWN_ID: &str = r#""gitlab-mcp-internal-initialize""#;

/// What to do next, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Print this line.
    Answer(String),
    /// Hand this message to the server; a request is in flight under `id`.
    Forward { text: Vec<u8>, id: Option<String> },
    /// The request with this id will not be answered.
    Forget(String),
}

/// What has been agreed with the client.
#[derive(Debug, Default, PartialEq, Eq)]
enum Opener {
    /// Nothing yet.
    #[default]
    None,
    /// `initialize` was sent; its revision is known once it is answered.
    Legacy { version: Option<String> },
    /// The first request carried its own metadata.
    Modern,
}

/// The state between the lines.
#[derive(Debug, Default)]
pub(super) struct Front {
    opener: Opener,
    initializing: Option<String>,
    swallow: bool,
    listens: HashSet<String>,
}

impl Front {
    /// Decides about one line.
    pub(super) fn take(&mut self, line: &[u8], in_flight: &HashSet<String>) -> Vec<Step> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        if is_batch(line) {
            return self.batch(line, in_flight);
        }
        match Seen::read(line) {
            Ok(seen) => self.message(line, &seen, in_flight),
            Err(refusal) => self.unreadable(&refusal),
        }
    }

    /// Decides about a line that was too long to keep.
    pub(super) fn too_long(&mut self) -> Vec<Step> {
        let text = "the line is longer than 16 MiB and was skipped";
        self.unreadable(&Refusal::bad("too_large", text))
    }

    /// True when the answer to `id` is not for the client.
    pub(super) fn swallows(&mut self, id: &str) -> bool {
        self.swallow && id == OWN_ID && std::mem::take(&mut self.swallow)
    }

    /// Looks at what goes out, for the revision that was agreed.
    pub(super) fn sent(&mut self, text: &str) {
        let Some(id) = &self.initializing else { return };
        let Ok(answer) = serde_json::from_str::<Value>(text) else {
            return;
        };
        if answer.get("id").map(Value::to_string).as_ref() == Some(id) {
            let version = answer.pointer("/result/protocolVersion");
            let version = version.and_then(Value::as_str).map(str::to_owned);
            self.opener = Opener::Legacy { version };
            self.initializing = None;
        }
    }

    fn unreadable(&self, refusal: &Refusal) -> Vec<Step> {
        // Some clients print a banner first; before the opener nobody waits for an answer.
        if self.opener == Opener::None {
            return Vec::new();
        }
        vec![Step::Answer(refusal.to_line())]
    }

    fn message(&mut self, line: &[u8], seen: &Seen<'_>, in_flight: &HashSet<String>) -> Vec<Step> {
        if seen.kind() != Kind::Request {
            if self.opener == Opener::None {
                return Vec::new();
            }
            let forgotten = cancelled(seen, line).map(Step::Forget);
            return std::iter::once(forward(line, None))
                .chain(forgotten)
                .collect();
        }
        let id = seen.id().unwrap_or_default().to_owned();
        if in_flight.contains(&id) {
            let text = "a request with this id is still running; use another id";
            let refusal = Refusal::bad("duplicate_id", text);
            return vec![Step::Answer(refusal.answers(Some(&id)).to_line())];
        }
        let mut steps = Vec::new();
        if self.opener == Opener::None {
            match seen.method() {
                "initialize" => {
                    self.initializing = Some(id.clone());
                    self.opener = Opener::Legacy { version: None };
                }
                "ping" | "server/discover" => {}
                _ if seen.version.is_some() => self.opener = Opener::Modern,
                _ => steps.push(self.own_initialize()),
            }
        }
        if seen.method() == "subscriptions/listen" {
            self.listens.insert(id.clone());
        }
        steps.push(forward(line, Some(id)));
        steps
    }

    /// True for a subscription: it stays open until somebody ends it, so nobody waits for it.
    pub(super) fn is_standing(&self, id: &str) -> bool {
        self.listens.contains(id)
    }

    /// A client that skips `initialize` is served as one of the newest revision that has it.
    fn own_initialize(&mut self) -> Step {
        let version = LEGACY.last().copied().unwrap_or_default();
        let text = json!({
            "jsonrpc": "2.0",
            "id": serde_json::from_str::<Value>(OWN_ID).unwrap_or_default(),
            "method": "initialize",
            "params": {
                "protocolVersion": version,
                "capabilities": {},
                "clientInfo": { "name": "unknown", "version": "0" },
            },
        });
        self.swallow = true;
        self.opener = Opener::Legacy {
            version: Some(version.to_owned()),
        };
        forward(text.to_string().as_bytes(), Some(OWN_ID.to_owned()))
    }

    fn batch(&mut self, line: &[u8], in_flight: &HashSet<String>) -> Vec<Step> {
        let agreed = match &self.opener {
            Opener::Legacy { version } => version.as_deref() == LEGACY.first().copied(),
            Opener::None | Opener::Modern => false,
        };
        if !agreed {
            let text = "this revision has no batches; send one message at a time";
            return self.unreadable(&Refusal::bad("batch", text));
        }
        match read_batch(line) {
            Ok(items) => items
                .iter()
                .flat_map(|(text, seen)| self.message(text, seen, in_flight))
                .collect(),
            Err(refusal) => self.unreadable(&refusal),
        }
    }
}

/// The request a notification cancels, as JSON text of its id.
fn cancelled(seen: &Seen<'_>, line: &[u8]) -> Option<String> {
    if seen.method() != "notifications/cancelled" {
        return None;
    }
    let notice: Value = serde_json::from_slice(line).ok()?;
    notice.pointer("/params/requestId").map(Value::to_string)
}

fn forward(text: &[u8], id: Option<String>) -> Step {
    Step::Forward {
        text: text.to_vec(),
        id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: u32, method: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#)
    }

    fn kinds(steps: &[Step]) -> Vec<String> {
        let kind = |step: &Step| match step {
            Step::Answer(text) => format!("answer {text}"),
            Step::Forward { id, .. } => format!("forward {}", id.clone().unwrap_or_default()),
            Step::Forget(id) => format!("forget {id}"),
        };
        steps.iter().map(kind).collect()
    }

    fn agreed(version: &str) -> Front {
        let mut front = Front::default();
        front.take(request(1, "initialize").as_bytes(), &HashSet::new());
        front.sent(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":"{version}"}}}}"#
        ));
        front
    }

    #[test]
    fn before_the_opener_only_requests_get_through() {
        let mut front = Front::default();
        let none = HashSet::new();
        for line in [
            "",
            "Starting up...",
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
            "[]",
        ] {
            assert_eq!(front.take(line.as_bytes(), &none), [], "{line}");
        }
        assert_eq!(front.too_long(), []);
        for method in ["ping", "server/discover"] {
            let steps = front.take(request(1, method).as_bytes(), &none);
            assert_eq!(kinds(&steps), ["forward 1"], "{method}");
        }
    }

    #[test]
    fn a_call_before_initialize_is_preceded_by_our_own() {
        let mut front = Front::default();
        let none = HashSet::new();
        let steps = front.take(request(1, "tools/list").as_bytes(), &none);
        assert_eq!(
            kinds(&steps),
            [format!("forward {OWN_ID}"), "forward 1".into()]
        );
        assert!(front.swallows(OWN_ID));
        assert!(!front.swallows(OWN_ID));
        let steps = front.take(request(2, "tools/list").as_bytes(), &none);
        assert_eq!(kinds(&steps), ["forward 2"]);
    }

    #[test]
    fn a_modern_opener_needs_no_initialize() {
        let mut front = Front::default();
        let line = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let steps = front.take(line.as_bytes(), &HashSet::new());
        assert_eq!(kinds(&steps), ["forward 1"]);
        assert_eq!(front.opener, Opener::Modern);
    }

    #[test]
    fn afterwards_unreadable_lines_are_answered() {
        let mut front = agreed("2025-11-25");
        let steps = front.take(b"{", &HashSet::new());
        assert!(kinds(&steps)[0].contains("-32700"), "{steps:?}");
        let steps = front.take(
            format!("[{}]", request(2, "ping")).as_bytes(),
            &HashSet::new(),
        );
        assert!(kinds(&steps)[0].contains("-32600"), "{steps:?}");
        let cancel =
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#;
        let steps = front.take(cancel.as_bytes(), &HashSet::new());
        assert_eq!(kinds(&steps), ["forward ", "forget 3"]);
        let running = HashSet::from(["3".to_owned()]);
        let steps = front.take(request(3, "ping").as_bytes(), &running);
        assert!(kinds(&steps)[0].contains("duplicate_id"), "{steps:?}");
    }

    #[test]
    fn batches_belong_to_one_revision() {
        let mut front = agreed("2025-03-26");
        let line = format!("[{},{}]", request(2, "ping"), request(3, "ping"));
        let steps = front.take(line.as_bytes(), &HashSet::new());
        assert_eq!(kinds(&steps), ["forward 2", "forward 3"]);
    }
}
