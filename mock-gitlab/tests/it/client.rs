//! An HTTP client that does nothing by itself: what a test writes is what is sent.

use mock_gitlab::MockGitlab;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// As sent, status line included.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// Fails with the body in the message when the status is another one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Speaks to one instance with one token.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    gitlab: &'a MockGitlab,
    headers: Vec<(String, String)>,
}

impl<'a> Client<'a> {
    /// Without a credential.
    pub(crate) fn anonymous(gitlab: &'a MockGitlab) -> Self {
        Self {
            gitlab,
            headers: Vec::new(),
        }
    }

    /// With a fresh `api` token of a user.
    pub(crate) fn of(gitlab: &'a MockGitlab, user: &str) -> Self {
        let token = gitlab.user(user).pat(&["api"]);
        Self::anonymous(gitlab).with("PRIVATE-TOKEN", &token)
    }

    /// Adds a header to every request.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    /// Sends one request below `/api/v4` over a connection of its own.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let body = body.map_or_else(String::new, |body| body.to_string());
        let kind = if body.is_empty() {
            ""
        } else {
            "application/json"
        };
        self.raw(method, &format!("/api/v4{path}"), kind, &body)
            .await
            .expect("an answer")
    }

    /// Sends one request to any path. The error is what the network said.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(self.gitlab.address()).await?;
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nHost: gitlab.test\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        if !content_type.is_empty() {
            text.extend(["Content-Type: ", content_type, "\r\n"]);
        }
        let length = body.len().to_string();
        text.extend([
            "Content-Length: ",
            &length,
            "

",
            body,
        ]);
        stream.write_all(text.as_bytes()).await?;
        answer(stream).await
    }

    /// Sends a whole request as it is.
    pub(crate) async fn bytes(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.gitlab.address()).await.unwrap();
        stream.write_all(request).await.unwrap();
        answer(stream).await.expect("an answer")
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<Reply> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    parse(&answer).ok_or_else(|| std::io::Error::other("the connection ended without an answer"))
}

fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(answer.get(..end)?).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut body = answer.get(end + 4..)?.to_vec();
    if head.to_lowercase().contains("transfer-encoding: chunked") {
        body = unchunk(&body);
    }
    Some(Reply { status, head, body })
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|s| usize::from_str_radix(s, 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else {
            break;
        };
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else {
            break;
        };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
    body
}
