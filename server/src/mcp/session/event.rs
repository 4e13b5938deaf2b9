//! One event of a stream, and the id by which a client resumes behind it. WHATWG HTML section 9.2;
//! MCP 2025-11-25, basic/transports, "Resumability and Redelivery".

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::ServerJsonRpcMessage;

/// Where an event stands: `3/7` is the fourth of the seventh request's stream, `3` the third of the
/// stream that belongs to no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mcp) struct EventId {
    pub(super) stream: Option<u64>,
    pub(super) index: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stream {
            Some(stream) => write!(f, "{}/{stream}", self.index),
            None => self.index.fmt(f),
        }
    }
}

impl FromStr for EventId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (index, stream) = match text.split_once('/') {
            Some((index, stream)) => (index, Some(stream.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            stream,
            index: index.parse()?,
        })
    }
}

/// An event. Without a message it only tells its id, so that the client can resume behind it.
#[derive(Debug, Clone)]
pub(in crate::mcp) struct Event {
    pub(in crate::mcp) id: EventId,
    pub(in crate::mcp) retry: Option<Duration>,
    pub(in crate::mcp) message: Option<Arc<ServerJsonRpcMessage>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for text in ["0", "17", "0/0", "3/7"] {
            let id: EventId = text.parse().expect("an id");
            assert_eq!(id.to_string(), text);
        }
        for text in [
            "",
            "/",
            "1/",
            "/1",
            "-1",
            "1/2/3",
            "a",
            "99999999999999999999",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
    }
}
