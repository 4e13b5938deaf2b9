//! Raw HTTP/1.1 over a socket, so that tests can send what no client library would.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON; of an event stream, the last event.
    pub(crate) fn json(&self) -> Value {
        let last = self.events().pop();
        last.unwrap_or_else(|| serde_json::from_str(&self.body).unwrap_or_default())
    }

    /// The events of a stream that hold a message.
    pub(crate) fn events(&self) -> Vec<Value> {
        let data = self
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data:"));
        data.filter_map(|text| serde_json::from_str(text.trim()).ok())
            .collect()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The JSON-RPC error code, or zero.
    pub(crate) fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_default()
    }

    /// `data.reason` of the error.
    pub(crate) fn reason(&self) -> String {
        let json = self.json();
        json["error"]["data"]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request with the usual headers, as ann.
    pub(crate) fn new(method: &'static str, path: &str) -> Self {
        let headers = [
            ("Host", "localhost"),
            ("Authorization", "Bearer ann"),
            ("Accept", "application/json, text/event-stream"),
            ("Content-Type", "application/json"),
            ("Connection", "close"),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            method,
            path: path.to_owned(),
            headers: headers.into_iter().map(own).collect(),
            body: Vec::new(),
        }
    }

    /// A POST to `/mcp`.
    pub(crate) fn post(body: impl ToString) -> Self {
        let mut ask = Self::new("POST", "/mcp");
        ask.body = body.to_string().into_bytes();
        ask
    }

    /// A modern request with all its headers.
    pub(crate) fn modern(method: &str, mut params: Value, name: Option<&str>) -> Self {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} },
        });
        let ask = Self::post(json!({
            "jsonrpc": "2.0", "id": 1, "method": method, "params": params,
        }))
        .with("MCP-Protocol-Version", "2026-07-28")
        .with("Mcp-Method", method);
        match name {
            Some(name) => ask.with("Mcp-Name", name),
            None => ask,
        }
    }

    /// Replaces a header.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds a header.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes a header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let declared = self
            .headers
            .iter()
            .any(|(name, _)| name == "Content-Length" || name == "Transfer-Encoding");
        if !declared {
            let length = self.body.len().to_string();
            text.extend(["Content-Length: ", &length, "\r\n"]);
        }
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }

    /// Sends it and leaves the connection to the caller.
    pub(crate) async fn open(&self, server: &Server) -> TcpStream {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(&self.bytes()).await.unwrap();
        socket
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, server: &Server) -> Answer {
        let mut socket = self.open(server).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(
            std::time::Duration::from_secs(10),
            socket.read_to_end(&mut bytes),
        );
        read.await.expect("an answer within 10 s").ok();
        parse(&bytes)
    }
}

/// Reads an answer.
pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    let status = status.split(' ').nth(1).unwrap_or_default();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked");
    Answer {
        status: status.parse().unwrap_or_default(),
        body: if chunked {
            joined(body)
        } else {
            body.to_owned()
        },
        headers,
    }
}

fn joined(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_default();
        let Some(piece) = after.get(..size) else {
            break;
        };
        body.push_str(piece);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    body
}

/// A legacy request.
pub(crate) fn request(id: u32, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Opens a legacy session as `token`; its id.
pub(crate) async fn session(server: &Server, version: &str, token: &str) -> String {
    let answer = Ask::post(request(
        0,
        "initialize",
        json!({
            "protocolVersion": version,
            "capabilities": { "elicitation": {} },
            "clientInfo": { "name": "test", "version": "1" },
        }),
    ))
    .with("Authorization", &format!("Bearer {token}"))
    .send(server)
    .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.header("mcp-session-id").to_owned();
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let answer = Ask::post(initialized)
        .with("Mcp-Session-Id", &id)
        .with("Authorization", &format!("Bearer {token}"))
        .send(server)
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (202, ""),
        "{answer:?}"
    );
    id
}
