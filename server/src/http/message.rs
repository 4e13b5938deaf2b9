//! One look at a JSON-RPC message: well formed, not too deep, no member twice, a usable id, and
//! the few members that decide where it goes. JSON-RPC 2.0; RFC 8259.

use std::borrow::Cow;
use std::cell::Cell;

use http::StatusCode;
use serde::de::DeserializeSeed as _;

use super::Refusal;
use super::refusal::code;

mod split;
mod strict;

pub(crate) use split::items;
use strict::{Fault, Message as Seed};

/// Deepest nesting.
pub(crate) const DEPTH: u8 = 64;
/// Most items of a batch.
const BATCH: usize = 50;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Wants an answer.
    Request,
    /// Wants none.
    Notification,
    /// Answers a question of ours.
    Response,
}

/// The members that decide where a message goes, borrowed from its text.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, set by name"
)]
pub(crate) struct Seen<'a> {
    pub(crate) method: Option<Cow<'a, str>>,
    /// The id as JSON text.
    pub(crate) id: Option<String>,
    /// `_meta["io.modelcontextprotocol/protocolVersion"]`.
    pub(crate) version: Option<Cow<'a, str>>,
    /// `_meta["io.modelcontextprotocol/clientCapabilities"]` is an object.
    pub(crate) capabilities: bool,
    /// `params.cursor` is there.
    pub(crate) cursor: bool,
    /// `params.name`: the tool of a `tools/call`.
    pub(crate) name: Option<Cow<'a, str>>,
    jsonrpc: bool,
    answer: bool,
}

impl<'a> Seen<'a> {
    /// Looks at one message.
    ///
    /// # Errors
    /// `-32700` for what is no JSON, `-32600` for what is no message.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Refusal> {
        let fault = Cell::new(None);
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let seen = Seed { fault: &fault }
            .deserialize(&mut deserializer)
            .and_then(|seen| deserializer.end().map(|()| seen))
            .map_err(|_| refused(fault.get()))?;
        if !seen.jsonrpc {
            return Err(invalid(r#"the member `jsonrpc` must be "2.0""#).answers(seen.id()));
        }
        let complete = match (&seen.method, seen.answer) {
            (Some(_), answer) => !answer,
            (None, answer) => answer,
        };
        if complete {
            return Ok(seen);
        }
        let text = "a message has either a `method`, or a `result` or `error`";
        Err(invalid(text).answers(seen.id()))
    }

    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        match (&self.method, &self.id) {
            (None, _) => Kind::Response,
            (Some(_), Some(_)) => Kind::Request,
            (Some(_), None) => Kind::Notification,
        }
    }

    /// The id as JSON text.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The method, or nothing.
    pub(crate) fn method(&self) -> &str {
        self.method.as_deref().unwrap_or_default()
    }
}

/// True when the text is an array, which is a batch.
pub(crate) fn is_batch(text: &[u8]) -> bool {
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// Looks at a batch: its items and their texts.
///
/// # Errors
/// As [`Seen::read`]; also for an empty, too long or nested batch, or one with an `initialize`.
pub(crate) fn read_batch(text: &[u8]) -> Result<Vec<(&[u8], Seen<'_>)>, Refusal> {
    let fault = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    strict::Skim::new(&fault)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|_| refused(fault.get()))?;
    let texts = items(text, BATCH)
        .ok_or_else(|| invalid("a batch has at most 50 messages; send the rest in another"))?;
    if texts.is_empty() {
        return Err(invalid("a batch has at least one message"));
    }
    let mut batch = Vec::with_capacity(texts.len());
    for text in texts {
        if is_batch(text) {
            return Err(invalid("a batch cannot stand in a batch"));
        }
        let seen = Seen::read(text)?;
        if seen.method() == "initialize" {
            return Err(invalid("`initialize` cannot stand in a batch"));
        }
        batch.push((text, seen));
    }
    Ok(batch)
}

fn invalid(text: &str) -> Refusal {
    Refusal::bad("invalid_request", text)
}

fn refused(fault: Option<Fault>) -> Refusal {
    match fault {
        None => Refusal::new(
            StatusCode::BAD_REQUEST,
            "parse_error",
            "Parse error: the body is not valid JSON in UTF-8",
        )
        .code(code::PARSE),
        Some(Fault::Depth) => invalid("the message is nested deeper than 64 levels"),
        Some(Fault::Duplicate) => invalid("an object of the message has a member twice"),
        Some(Fault::Id) => invalid("`id` must be a text or a whole number"),
        Some(Fault::NoObject) => invalid("a message is an object"),
        Some(Fault::Method) => invalid("`method` must be a text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> i64 {
        let Err(refusal) = Seen::read(text.as_bytes()) else {
            return 0;
        };
        let body = refusal.on_mcp().into_body();
        let bytes = futures_util::FutureExt::now_or_never(axum::body::to_bytes(body, 9999))
            .unwrap()
            .unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        value["error"]["code"].as_i64().unwrap()
    }

    #[test]
    fn a_request_is_seen() {
        let text = br#" {"jsonrpc":"2.0","id":"a\"b","method":"tools\/call","params":{"name":"x",
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{}}}} "#;
        let seen = Seen::read(text).unwrap();
        assert_eq!(seen.kind(), Kind::Request);
        assert_eq!(seen.method(), "tools/call");
        assert_eq!(seen.id(), Some(r#""a\"b""#));
        assert_eq!(seen.name.as_deref(), Some("x"));
        assert_eq!(seen.version.as_deref(), Some("2026-07-28"));
        assert!(seen.capabilities);
        assert!(!seen.cursor);
    }

    #[test]
    fn kinds_are_told_apart() {
        for (text, kind) in [
            (r#"{"jsonrpc":"2.0","method":"m"}"#, Kind::Notification),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, Kind::Request),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Kind::Response),
            (r#"{"jsonrpc":"2.0","error":{}}"#, Kind::Response),
        ] {
            assert_eq!(Seen::read(text.as_bytes()).unwrap().kind(), kind, "{text}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let deep = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{}1{}}}"#,
            "[".repeat(64),
            "]".repeat(64)
        );
        for (text, code) in [
            ("", -32700),
            ("{", -32700),
            ("{} x", -32700),
            ("nonsense", -32700),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1e999999}}"#,
                -32700,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"\ud800"}}"#,
                -32700,
            ),
            ("\"text\"", -32600),
            ("1", -32600),
            ("null", -32600),
            ("{}", -32600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, -32600),
            (
                r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"m"}"#,
                -32600,
            ),
            (r#"{"jsonrpc":"2.0","id":[],"method":"m"}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#,
                -32600,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#, -32600),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":{"b":1,"\u0062":2}}}"#,
                -32600,
            ),
            (&deep, -32600),
        ] {
            assert_eq!(code_of(text), code, "{text}");
        }
        assert!(Seen::read(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}").is_err());
    }

    #[test]
    fn batches_are_split_and_judged() {
        let item = r#"{"jsonrpc":"2.0","id":1,"method":"a[\"]b"}"#;
        let text = format!(" [ {item} , {item}] ");
        let batch = read_batch(text.as_bytes()).unwrap();
        assert_eq!(batch.len(), 2);
        assert_eq!(batch[1].0, item.as_bytes());
        assert!(read_batch(format!("[{}]", vec![item; 50].join(",")).as_bytes()).is_ok());
        for bad in [
            "[]".to_owned(),
            "[1]".to_owned(),
            "[".to_owned(),
            format!("[[{item}]]"),
            format!("[{}]", vec![item; 51].join(",")),
            r#"[{"jsonrpc":"2.0","id":1,"method":"initialize"}]"#.to_owned(),
        ] {
            assert!(read_batch(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
