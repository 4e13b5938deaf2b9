//! A GitLab, a server with an authorization server in front of it, a program that signs its user in,
//! and the user's browser.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_tests::{Canary, Era, McpClient, Reply, Request};
use mock_gitlab::MockGitlab;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

mod browser;
mod server;

pub(crate) use browser::{Browser, onward};
pub(crate) use server::Setting;
use server::{Server, Watched, serving, serving_apart, variables};

/// The public URL of the server.
pub(crate) const BASE: &str = "https://mcp.example";
const HOST: &str = "mcp.example";
/// Where the program waits for its code.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:54321/callback";
const SECRET: &str = "k3Jx-2vQ9_tR7mZp4Wb8Ly1Hn6Cd0Sf5Ga";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The scene of every test here.
pub(crate) struct Desk {
    pub(crate) gitlab: Watched,
    pub(crate) clock: Arc<ManualClock>,
    server: Server,
    variables: Vec<(String, String)>,
    watched: Mutex<Vec<Canary>>,
    /// Every answer of the server, head and body.
    told: Mutex<Vec<String>>,
}

impl Desk {
    pub(crate) async fn with(setting: Setting, further: &[(&str, &str)]) -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let variables = variables(&gitlab, setting, further);
        let clock = Arc::new(ManualClock::default());
        let server = serving(&clock, &variables).await;
        Self::new(gitlab, clock, server, variables)
    }

    /// With the server as a process, which logs as it does in earnest.
    pub(crate) async fn apart(setting: Setting, further: &[(&str, &str)]) -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let variables = variables(&gitlab, setting, further);
        let server = serving_apart(&variables).await;
        Self::new(gitlab, Arc::default(), server, variables)
    }

    fn new(
        gitlab: MockGitlab,
        clock: Arc<ManualClock>,
        server: Server,
        variables: Vec<(String, String)>,
    ) -> Self {
        let desk = Self {
            gitlab: Watched(gitlab),
            clock,
            server,
            variables,
            watched: Mutex::default(),
            told: Mutex::default(),
        };
        desk.watch(SECRET);
        desk.watch(VERIFIER);
        desk
    }

    /// The server ends and another one starts in its place.
    pub(crate) async fn restarted(self) -> Self {
        let server = match self.server {
            Server::Here(server) => {
                server.stop().await;
                serving(&self.clock, &self.variables).await
            }
            Server::Apart(process) => {
                drop(process);
                serving_apart(&self.variables).await
            }
        };
        Self { server, ..self }
    }

    /// What the next server is started with.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A secret of this scene.
    pub(crate) fn watch(&self, secret: &str) {
        self.watched.lock().unwrap().push(Canary::watch(secret));
    }

    /// The secrets that a URL carries under these names.
    fn watch_query(&self, url: &str, names: &[&str]) {
        let url = Url::parse(url).unwrap();
        for (name, value) in url.query_pairs() {
            if names.contains(&&*name) {
                self.watch(&value);
            }
        }
    }

    /// Fails when a secret of this scene stands in `text` or in the log of this process.
    pub(crate) fn assert_silent(&self, text: &str) {
        for canary in &*self.watched.lock().unwrap() {
            canary.assert_silent(text);
        }
    }

    /// Whether this is one of the secrets.
    pub(crate) fn watches(&self, secret: &str) -> bool {
        let watched = self.watched.lock().unwrap();
        watched.iter().any(|canary| canary.secret() == secret)
    }

    /// What the server said, when it is a process.
    pub(crate) fn stderr(&self) -> String {
        match &self.server {
            Server::Here(_) => String::new(),
            Server::Apart(process) => process.stderr(),
        }
    }

    /// A request from outside, with the public host name.
    pub(crate) fn request(method: &str, path: &str) -> Request {
        Request::new(method, path).header("Host", HOST)
    }

    /// Sends it as it is.
    pub(crate) async fn send(&self, request: &Request) -> Reply {
        let reply = request.send(self.address()).await;
        let told = format!("{}\n{}", reply.head, reply.body);
        self.told.lock().unwrap().push(told);
        reply
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Everything that was told so far.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(&Self::request("GET", path)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Reply {
        let request = Self::request("POST", path)
            .header("Content-Type", "application/json")
            .body(body.to_string());
        self.send(&request).await
    }

    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = Self::request("POST", path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form(fields));
        self.send(&request).await
    }

    /// A program registers itself.
    pub(crate) async fn register(&self) -> String {
        let body = json!({ "client_name": "Editor", "redirect_uris": [REDIRECT] });
        let reply = self.post_json("/register", &body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        text(&reply.message(), "client_id")
    }

    /// `user` follows the program's link in a browser, approves here and at GitLab, and comes back
    /// to the program with what this returns.
    pub(crate) async fn sign_in(&self, user: &str, client: &str) -> BTreeMap<String, String> {
        let mut browser = Browser::default();
        let query = form(&authorization(client));
        let page = browser.open(self, &format!("/authorize?{query}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let approved = browser.approve(self, &page.body).await;
        let way = onward(&approved);
        self.come_back(user, &mut browser, &way).await
    }

    /// `user` approves at GitLab behind the link `way`, and the browser comes back to the program.
    pub(crate) async fn come_back(
        &self,
        user: &str,
        browser: &mut Browser,
        way: &str,
    ) -> BTreeMap<String, String> {
        let mut at_gitlab = self.gitlab.browser(user);
        let back = at_gitlab.approve(way).await.unwrap();
        self.watch_query(&back, &["code", "state"]);
        let back = match back.strip_prefix(BASE) {
            Some(path) => {
                let done = browser.open(self, path).await;
                onward(&done)
            }
            None => back,
        };
        let back = Url::parse(&back).unwrap();
        assert!(back.as_str().starts_with(REDIRECT), "{back}");
        self.watch_query(back.as_str(), &["code"]);
        back.query_pairs().into_owned().collect()
    }

    /// [`Desk::sign_in`] with another server for each step: one shows the page, one is told of the
    /// approval, one meets the browser that comes back, and one is left for what follows.
    pub(crate) async fn sign_in_over_restarts(
        self,
        user: &str,
        client: &str,
    ) -> (Self, BTreeMap<String, String>) {
        let mut browser = Browser::default();
        let query = form(&authorization(client));
        let page = browser.open(&self, &format!("/authorize?{query}")).await;
        let desk = self.restarted().await;
        let approved = browser.approve(&desk, &page.body).await;
        let desk = desk.restarted().await;
        let way = onward(&approved);
        let back = desk.come_back(user, &mut browser, &way).await;
        assert_eq!(back["state"], "state of the program");
        (desk.restarted().await, back)
    }

    /// The program redeems its code.
    pub(crate) async fn redeem(&self, client: &str, code: &str) -> Reply {
        self.tokens(&redemption(client, code)).await
    }

    /// The program renews its tokens.
    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Reply {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", client),
        ];
        self.tokens(&fields).await
    }

    async fn tokens(&self, fields: &[(&str, &str)]) -> Reply {
        let reply = self.post_form("/token", fields).await;
        let answer = reply.message();
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.watch(token);
            }
        }
        reply
    }

    /// All of it: a program whose user has signed in.
    pub(crate) async fn signed_in(&self, user: &str) -> Tokens {
        let client = self.register().await;
        let back = self.sign_in(user, &client).await;
        let reply = self.redeem(&client, &back["code"]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let answer = reply.message();
        Tokens {
            access: text(&answer, "access_token"),
            refresh: text(&answer, "refresh_token"),
            client,
        }
    }

    /// An MCP client with this token.
    pub(crate) async fn mcp(&self, access: &str, era: Era) -> McpClient {
        McpClient::connect(self.server.address(), era, Some(access)).await
    }

    /// Who a token is, in the words of GitLab.
    pub(crate) async fn whoami(&self, access: &str) -> String {
        let mut client = self.mcp(access, Era::Modern).await;
        let result = client.call("whoami", json!({})).await;
        text(&result.item()["user"], "username")
    }

    /// One MCP request with this bearer, or none.
    pub(crate) async fn ping(&self, bearer: Option<&str>) -> Reply {
        let request = Self::listing();
        let request = match bearer {
            Some(token) => request.header("Authorization", &format!("Bearer {token}")),
            None => request,
        };
        self.send(&request).await
    }

    /// A request for the list of tools, of nobody.
    pub(crate) fn listing() -> Request {
        Self::listing_at("/mcp")
    }

    /// The same at another path.
    pub(crate) fn listing_at(path: &str) -> Request {
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/list",
            "params": { "_meta": {
                "io.modelcontextprotocol/protocolVersion": Era::Modern.version(),
                "io.modelcontextprotocol/clientCapabilities": {},
            } },
        });
        Self::request("POST", path)
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", "application/json")
            .header("MCP-Protocol-Version", Era::Modern.version())
            .header("Mcp-Method", "tools/list")
            .body(body.to_string())
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// What a program holds.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) client: String,
}

/// The authorization request of the program.
pub(crate) fn authorization(client: &str) -> Vec<(&str, &str)> {
    static CHALLENGE: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)));
    vec![
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("state", "state of the program"),
        ("code_challenge", CHALLENGE.as_str()),
        ("code_challenge_method", "S256"),
        ("scope", "claudeai"),
        ("resource", "https://mcp.example/mcp"),
    ]
}

/// The token request of the program.
pub(crate) fn redemption<'a>(client: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", VERIFIER),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
    ]
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_else(|| unreachable!("no {name} in {value}"))
        .to_owned()
}
