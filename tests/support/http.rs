//! Raw HTTP/1.1 over a socket: what no client library would send can be sent.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request with the headers every MCP client sends.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1"),
            headers: Vec::new(),
            body: Vec::new(),
        }
        .header("Host", "localhost")
        .header("Connection", "close")
    }

    /// A POST to the MCP endpoint.
    pub fn mcp(body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new("POST", "/mcp")
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", "application/json");
        request.body = body.into();
        request
    }

    /// Sets a header; a second value replaces the first.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// When the answer takes longer than twenty seconds.
    pub async fn send(&self, address: SocketAddr) -> Reply {
        let exchange = async {
            let mut socket = TcpStream::connect(address).await.expect("a connection");
            // The server may answer and close before it has read everything.
            socket.write_all(&self.bytes()).await.ok();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.ok();
            answer
        };
        let answer = tokio::time::timeout(Duration::from_secs(20), exchange).await;
        Reply::parse(&answer.expect("an answer within 20 s"))
    }

    /// Sends it to a server that may go away meanwhile, and reads the whole answer.
    ///
    /// # Errors
    /// What kept the answer from coming; [`ErrorKind::UnexpectedEof`] for one that broke off.
    pub async fn attempt(&self, address: SocketAddr, patience: Duration) -> io::Result<Reply> {
        let exchange = async {
            let mut socket = TcpStream::connect(address).await?;
            socket.write_all(&self.bytes()).await?;
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await?;
            Ok::<_, io::Error>(answer)
        };
        let answer = tokio::time::timeout(patience, exchange).await;
        let answer = answer.map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
        let reply = Reply::parse(&answer);
        if reply.is_whole(&answer) {
            Ok(reply)
        } else {
            Err(ErrorKind::UnexpectedEof.into())
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = vec![self.line.clone()];
        head.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        head.push(format!("Content-Length: {}", self.body.len()));
        let head = format!("{}\r\n\r\n", head.join("\r\n"));
        [head.as_bytes(), &self.body].concat()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status; 0 when nothing came.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, without chunk marks.
    pub body: String,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).unwrap_or_default();
        let reply = Self {
            status: status.parse().unwrap_or_default(),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        if reply.header("transfer-encoding") == Some("chunked") {
            let body = joined(body.as_bytes());
            return Self { body, ..reply };
        }
        reply
    }

    /// Whether all of `bytes` came. RFC 9112 section 8.
    fn is_whole(&self, bytes: &[u8]) -> bool {
        if self.header("transfer-encoding") == Some("chunked") {
            return bytes.ends_with(b"0\r\n\r\n");
        }
        if self.status == 204 {
            return self.body.is_empty();
        }
        let length = self.header("content-length").map(str::parse);
        self.status > 0 && length == Some(Ok(self.body.len()))
    }

    /// A header by name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The JSON-RPC message: the body, or the last event of a stream.
    pub fn message(&self) -> Value {
        let events = self
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data:"));
        let mut read = events.filter_map(|text| serde_json::from_str(text).ok());
        let last = read.next_back();
        last.unwrap_or_else(|| serde_json::from_str(&self.body).unwrap_or_default())
    }

    /// The JSON-RPC error code, or 0.
    pub fn code(&self) -> i64 {
        self.message()["error"]["code"].as_i64().unwrap_or_default()
    }
}

/// The chunks of a body, put together.
fn joined(mut rest: &[u8]) -> String {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let (size, after) = rest.split_at(end);
        let size = std::str::from_utf8(size).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).unwrap_or_default();
        let Some(chunk) = after.get(2..2 + size).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        body.extend_from_slice(chunk);
        rest = after.get(size + 4..).unwrap_or_default();
    }
    String::from_utf8_lossy(&body).into_owned()
}
