//! Keep-alive connections that send one call after another and read the whole answer.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Server;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}"#;

/// One kind of call: extra headers and a body.
pub(crate) struct Call {
    headers: String,
    body: String,
}

impl Call {
    fn modern(method: &str, name: Option<&str>, params: &str) -> Self {
        let mut headers = format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n");
        if let Some(name) = name {
            write!(headers, "Mcp-Name: {name}\r\n").unwrap();
        }
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}{META}}}}}"#
        );
        Self { headers, body }
    }

    /// Anything, for the bare handler.
    pub(crate) fn bare() -> Self {
        Self {
            headers: String::new(),
            body: r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_owned(),
        }
    }

    /// A tool call that asks GitLab once.
    pub(crate) fn get_project() -> Self {
        let params = r#""name":"get_project","arguments":{"project_id":"shop/web"},"#;
        Self::modern("tools/call", Some("get_project"), params)
    }

    /// The same in a legacy session.
    pub(crate) fn get_project_in(session: &str) -> Self {
        let params = r#""name":"get_project","arguments":{"project_id":"shop/web"}"#;
        Self {
            headers: format!("MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n"),
            body: format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params}}}}}"#
            ),
        }
    }

    /// The list of tools.
    pub(crate) fn tools_list() -> Self {
        Self::modern("tools/list", None, "")
    }

    /// The cheapest modern call.
    pub(crate) fn discover() -> Self {
        Self::modern("server/discover", None, "")
    }

    /// The request of connection `id`; ids in flight in one session must differ.
    fn bytes(&self, host: &str, id: u32) -> Vec<u8> {
        let body = self.body.replacen(r#""id":1"#, &format!(r#""id":{id}"#), 1);
        format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{}Content-Length: {}\r\n\r\n{}",
            self.headers,
            body.len(),
            body
        )
        .into_bytes()
    }
}

/// How much is sent.
pub(crate) struct Load {
    pub(crate) calls: u32,
    pub(crate) connections: u32,
}

impl Load {
    /// Microseconds of CPU the server spends on one call.
    pub(crate) async fn cpu_per_call(&self, server: &Server, call: &Call) -> f64 {
        self.send(server, call, self.calls / 10).await;
        let before = server.cpu_seconds();
        self.send(server, call, self.calls).await;
        (server.cpu_seconds() - before) * 1e6 / f64::from(self.calls)
    }

    async fn send(&self, server: &Server, call: &Call, calls: u32) {
        let each = calls / self.connections;
        let tasks: Vec<_> = (0..self.connections)
            .map(|id| {
                let bytes = call.bytes(&server.address.to_string(), id + 1);
                let address = server.address;
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    for _ in 0..each {
                        stream.write_all(&bytes).await.unwrap();
                        let answer = read_answer(&mut stream).await;
                        assert!(answer.0.starts_with("HTTP/1.1 200"), "{answer:?}");
                        assert!(!answer.1.contains("\"isError\":true"), "{answer:?}");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    /// Opens a legacy session and returns its id.
    pub(crate) async fn open_session(&self, server: &Server) -> String {
        let initialize = Call {
            headers: String::new(),
            body: r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#.to_owned(),
        };
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(&initialize.bytes(&server.address.to_string(), 1))
            .await
            .unwrap();
        let (head, _) = read_answer(&mut stream).await;
        let line = head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("mcp-session-id:"));
        line.expect("a session id")
            .split_once(':')
            .unwrap()
            .1
            .trim()
            .to_owned()
    }
}

/// Head and body of one answer, by length or by chunks.
async fn read_answer(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::with_capacity(4096);
    loop {
        assert!(
            stream.read_buf(&mut bytes).await.unwrap() > 0,
            "the connection ended early"
        );
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let lower = text.to_ascii_lowercase();
        let body = &bytes[head + 4..];
        let complete = match lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
        {
            Some(length) => body.len() >= length.trim().parse::<usize>().unwrap(),
            None => body.ends_with(b"0\r\n\r\n"),
        };
        if complete {
            return (text, String::from_utf8_lossy(body).into_owned());
        }
    }
}
