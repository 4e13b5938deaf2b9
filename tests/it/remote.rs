//! Every caller brings an own GitLab token in each HTTP request.

use std::net::SocketAddr;
use std::sync::Arc;

use gitlab_mcp::Outside;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::random::OsRandom;
use gitlab_mcp_tests::{Era, McpClient, Reply, Request, TestServer};
use mock_gitlab::MockGitlab;
use serde_json::{Value, json};

use names::Names;

mod credentials;
mod crowd;
mod discovery;
mod instances;
mod names;
mod sessions;
mod start;
mod validation;

/// What every server here has: no limits that a standing clock would never lift.
const USUAL: [(&str, &str); 3] = [
    ("REMOTE_AUTHORIZATION", "true"),
    ("MAX_REQUESTS_PER_MINUTE", "100000"),
    ("RATE_LIMIT_IP_ENABLED", "false"),
];

/// A GitLab and a server without a credential of its own.
struct Scene {
    gitlab: MockGitlab,
    server: TestServer,
    clock: Arc<ManualClock>,
    names: Arc<Names>,
}

impl Scene {
    async fn usual() -> Self {
        Self::with(&[]).await
    }

    async fn with(variables: &[(&str, &str)]) -> Self {
        Self::on(MockGitlab::builder().start().await.unwrap(), variables).await
    }

    async fn on(gitlab: MockGitlab, variables: &[(&str, &str)]) -> Self {
        let (clock, names) = (Arc::new(ManualClock::default()), Arc::new(Names::default()));
        let outside = Outside {
            clock: Arc::clone(&clock) as _,
            random: Arc::new(OsRandom),
            resolver: Arc::clone(&names) as _,
        };
        let own = [("GITLAB_API_URL", gitlab.url())];
        let all: Vec<(&str, &str)> = USUAL
            .into_iter()
            .chain(own)
            .chain(variables.iter().copied())
            .collect();
        let server = TestServer::in_outside(outside, &all).await;
        Self {
            gitlab,
            server,
            clock,
            names,
        }
    }

    /// A caller with these headers and no session.
    fn caller(&self, headers: &[(&str, &str)]) -> Person {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Person {
            address: self.server.address,
            headers: headers.iter().map(owned).collect(),
            session: None,
        }
    }

    /// Somebody with a token of their own.
    fn person(&self, name: &str) -> (Person, String) {
        let token = self.gitlab.user(name).pat(&["api"]);
        (self.caller(&[("Private-Token", &token)]), token)
    }

    /// How many requests GitLab has seen.
    fn asked(&self) -> usize {
        self.gitlab.log().count()
    }

    /// Live sessions, as the server counts them.
    async fn sessions(&self) -> String {
        let reply = Request::new("GET", "/metrics")
            .send(self.server.address)
            .await;
        let line = reply
            .body
            .lines()
            .find(|line| line.starts_with("gitlab_mcp_sessions "));
        line.unwrap().to_owned()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        gitlab_mcp_tests::plant_all(&self.gitlab);
    }
}

/// Somebody who sends the same headers with every request.
#[derive(Debug, Clone)]
struct Person {
    address: SocketAddr,
    headers: Vec<(String, String)>,
    session: Option<String>,
}

impl Person {
    /// The same session under other headers.
    fn with_headers_of(&self, other: &Self) -> Self {
        Self {
            headers: other.headers.clone(),
            ..self.clone()
        }
    }

    fn dressed(&self, request: Request) -> Request {
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        match &self.session {
            None => request,
            Some(id) => request
                .header("Mcp-Session-Id", id)
                .header("MCP-Protocol-Version", "2025-11-25"),
        }
    }

    /// Sends any body as it is.
    async fn post(&self, body: &Value) -> Reply {
        let request = self.dressed(Request::mcp(body.to_string()));
        request.send(self.address).await
    }

    /// A request without a body.
    async fn bare(&self, method: &str) -> Reply {
        let request = Request::new(method, "/mcp").header("Accept", "text/event-stream");
        self.dressed(request).send(self.address).await
    }

    /// Asks in the present session.
    async fn ask(&self, method: &str, params: Value) -> Reply {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(&body).await
    }

    /// Opens a session, if the server has any.
    async fn initialize(&mut self, version: &str) -> Reply {
        self.session = None;
        let params = json!({
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": { "name": "it", "version": "1" },
        });
        let reply = self.ask("initialize", params).await;
        self.session = reply.header("mcp-session-id").map(str::to_owned);
        reply
    }

    /// The same, successfully.
    async fn opened(mut self) -> Self {
        let reply = self.initialize("2025-11-25").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(self.session.is_some(), "{reply:?}");
        self
    }

    /// A call in the present session.
    async fn call(&self, tool: &str, arguments: Value) -> Reply {
        let params = json!({ "name": tool, "arguments": arguments });
        self.ask("tools/call", params).await
    }

    /// A request that stands alone.
    async fn alone(&self, method: &str, params: Value) -> Reply {
        let mut client = McpClient::connect(self.address, Era::Modern, None).await;
        let request = client.request(method, params);
        self.dressed(request).send(self.address).await
    }

    /// A call that stands alone.
    async fn call_alone(&self, tool: &str, arguments: Value) -> Reply {
        let params = json!({ "name": tool, "arguments": arguments });
        self.alone("tools/call", params).await
    }

    /// The user GitLab takes the caller for; asked in the session, if there is one.
    async fn whoami(&self) -> String {
        let reply = match self.session {
            Some(_) => self.call("whoami", json!({})).await,
            None => self.call_alone("whoami", json!({})).await,
        };
        let name = &reply.message()["result"]["structuredContent"]["item"]["user"]["username"];
        name.as_str()
            .unwrap_or_else(|| unreachable!("{reply:?}"))
            .to_owned()
    }
}

/// The members of an OAuth-style error body.
fn error_of(reply: &Reply) -> (String, String) {
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (text("error"), text("error_description"))
}

/// The word for machines in a JSON-RPC error.
fn reason(reply: &Reply) -> String {
    let message = reply.message();
    let reason = message["error"]["data"]["reason"].as_str();
    reason.unwrap_or_default().to_owned()
}

/// Fails unless the reply says that there is no usable credential.
fn assert_missing(reply: &Reply, what: &str) {
    let expected = "Missing Private-Token, JOB-TOKEN, or Authorization header";
    assert_challenge(reply, expected, what);
}

/// Fails unless the reply says that the credential is of no use.
fn assert_invalid(reply: &Reply, what: &str) {
    assert_challenge(reply, "Invalid GitLab authentication header", what);
}

fn assert_challenge(reply: &Reply, error: &str, what: &str) {
    assert_eq!(reply.status, 401, "{what}: {reply:?}");
    let challenge = reply.header("www-authenticate");
    assert_eq!(challenge, Some(r#"Bearer realm="gitlab-mcp""#), "{what}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(
        reply.header("x-content-type-options"),
        Some("nosniff"),
        "{what}"
    );
    assert!(!reply.head.contains("resource_metadata"), "{what}");
    let (found, description) = error_of(reply);
    assert_eq!(found, error, "{what}");
    assert!(description.len() > 20, "{what}: {description}");
}

/// Fails unless the reply is that of a session nobody has heard of.
fn assert_no_session(reply: &Reply, what: &str) {
    assert_eq!(reply.status, 404, "{what}: {reply:?}");
    let message = reply.message();
    assert_eq!(message["error"]["message"], "Session not found", "{what}");
    assert_eq!(reason(reply), "session_not_found", "{what}");
}
