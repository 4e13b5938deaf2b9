//! One scripted reply: the bytes, and what becomes of the connection after them.

use std::time::Duration;

/// What follows the bytes of a reply.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// An orderly close.
    Close,
    /// RST.
    Reset,
    /// Nothing at all, for as long as the client stays.
    Silence,
}

/// A reply as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
    /// The pause after each byte of the body.
    pub(crate) drip: Option<Duration>,
    length: Option<usize>,
}

impl Reply {
    /// A reply with a status and no body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            head: format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n"),
            body: Vec::new(),
            end: End::Close,
            drip: None,
            length: None,
        }
    }

    /// JSON, or what pretends to be.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::status(status)
            .header("content-type", "application/json")
            .body(body)
    }

    /// Plain text.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::status(status)
            .header("content-type", "text/plain")
            .body(body)
    }

    /// A page.
    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self::status(status)
            .header("content-type", "text/html; charset=utf-8")
            .body(body)
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Nothing: the connection ends before a single byte.
    pub(crate) fn nothing() -> Self {
        Self {
            head: String::new(),
            ..Self::status(0)
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.head.push_str(part);
        }
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Promises another length than the body has.
    pub(crate) fn promising(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }

    pub(crate) fn then(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub(crate) fn dripping(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Status line and headers, closed by an empty line; empty for [`Reply::nothing`].
    pub(crate) fn head(&self) -> String {
        if self.head.is_empty() {
            return String::new();
        }
        let length = self.length.unwrap_or(self.body.len());
        format!("{}content-length: {length}\r\n\r\n", self.head)
    }
}
