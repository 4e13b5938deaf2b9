//! A server, the mock GitLab behind it in this process, and how much memory the server has.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_tests::{Reply, Request};
use mock_gitlab::{Clock, MockGitlab};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::report::Outcome;
use crate::server::Server;
use crate::workbench::{Workbench, listening};

/// Never asked under this address: whoever signs in without consent must be on the same machine.
const BASE: &str = "http://localhost:3002";
pub(super) const HOST: &str = "localhost:3002";
const SECRET: &str = "Zt5-kW9q_Xv3Rn7Lb1Mc8Yd4Hs6Pf2JgQa";
/// Requests that are under way at once.
const AT_ONCE: usize = 8;
/// Addresses behind the trusted proxy.
const ADDRESSES: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub(super) struct Subject {
    server: Server,
    pub(super) wire: Wire,
    pub(super) gitlab: Arc<MockGitlab>,
    // Last: the others work on it while they end.
    pub(super) runtime: Runtime,
}

/// How the server is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    address: SocketAddr,
}

/// Whether sizes can be read here.
pub(super) fn can_be_measured() -> bool {
    std::path::Path::new("/proc/self/status").exists()
}

impl Subject {
    /// A server that is an authorization server, with these settings besides.
    pub(super) fn start(workbench: &Workbench, settings: &[(&str, &str)]) -> Result<Self, Outcome> {
        let broken = |error: std::io::Error| Outcome::Failed(error.to_string());
        let runtime = Runtime::new().map_err(broken)?;
        let gitlab = MockGitlab::builder().clock(Clock::real());
        let gitlab = runtime.block_on(gitlab.start()).map_err(broken)?;
        let application = gitlab
            .oauth_app("team")
            .redirect(&format!("{BASE}/callback"))
            .scopes(&["api", "read_api", "read_user"])
            .confidential(false)
            .create();
        let mut command = workbench.clean(&program(workbench)?);
        listening(&mut command);
        command
            .env("GITLAB_API_URL", gitlab.url())
            .env("GITLAB_OAUTH_APP_ID", application.client_id)
            .envs([
                ("GITLAB_MCP_OAUTH", "true"),
                ("GITLAB_OAUTH_CALLBACK_PROXY", "true"),
                ("MCP_SERVER_URL", BASE),
                ("OAUTH_SESSION_SECRET", SECRET),
                ("MCP_TRUST_PROXY", "true"),
                ("RATE_LIMIT_IP_ENABLED", "false"),
                ("RATE_LIMIT_SESSION_ENABLED", "false"),
                ("LOG_AUDIT", "false"),
            ])
            .envs(settings.iter().copied());
        let server = Server::start(&mut command, workbench.guard())?;
        let address = server.base().trim_start_matches("http://");
        let address = address
            .parse()
            .map_err(|_| format!("the server listens on {address}"))?;
        Ok(Self {
            server,
            wire: Wire { address },
            gitlab: Arc::new(gitlab),
            runtime,
        })
    }

    /// KiB of memory that is the server's alone: without the pages of its program, which in a debug
    /// build are many.
    pub(super) fn memory(&self) -> Result<usize, Outcome> {
        let path = format!("/proc/{}/status", self.server.id());
        let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        Ok(number.ok_or_else(|| format!("{path} has no RssAnon"))?)
    }

    /// Does `each` for the numbers below `count`, a few at once.
    pub(super) fn many<T, F>(
        &self,
        count: usize,
        each: impl Fn(usize) -> F,
    ) -> Result<Vec<T>, Outcome>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, String>> + Send + 'static,
    {
        self.runtime.block_on(async {
            let (mut under_way, mut done) = (JoinSet::new(), Vec::with_capacity(count));
            for number in 0..count {
                if under_way.len() >= AT_ONCE {
                    done.push(joined(under_way.join_next().await)?);
                }
                under_way.spawn(each(number));
            }
            while let Some(one) = under_way.join_next().await {
                done.push(joined(Some(one))?);
            }
            Ok(done)
        })
    }

    /// Registers a client.
    pub(super) fn client(&self) -> Result<String, Outcome> {
        let body = json!({ "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/back"] });
        let request = posted("/register", "application/json", &body.to_string());
        let reply = self.runtime.block_on(self.wire.ask(&request))?;
        Ok(text(&reply.message(), "client_id")?)
    }

    /// Ends it.
    pub(super) fn stop(self) -> Result<(), Outcome> {
        Ok(self.server.stop()?)
    }
}

fn joined<T>(one: Option<Result<Result<T, String>, tokio::task::JoinError>>) -> Result<T, Outcome> {
    let one = one.ok_or_else(|| Outcome::Failed("nothing is under way".to_owned()))?;
    Ok(one.map_err(|error| error.to_string())??)
}

/// The program to measure: `GITLAB_MCP_TEST_PROGRAM`, or the workspace's own build.
fn program(workbench: &Workbench) -> Result<PathBuf, Outcome> {
    if let Some(told) = std::env::var_os("GITLAB_MCP_TEST_PROGRAM") {
        return Ok(told.into());
    }
    Ok(workbench.binaries()?.get("gitlab-mcp")?.to_owned())
}

impl Wire {
    /// Asks the server.
    pub(super) async fn ask(self, request: &Request) -> Result<Reply, String> {
        let answer = request.attempt(self.address, PATIENCE).await;
        answer.map_err(|error| format!("no answer: {error}"))
    }
}

/// The request of somebody whose address a proxy of ours tells.
pub(super) fn from(request: Request, number: usize) -> Request {
    let number = u32::try_from(number % ADDRESSES).unwrap_or_default();
    let [_, b, c, d] = number.to_be_bytes();
    request.header("X-Forwarded-For", &format!("198.{b}.{c}.{d}"))
}

/// A request from outside.
pub(super) fn got(path: &str) -> Request {
    Request::new("GET", path)
        .header("Host", HOST)
        .header("Accept", "text/html")
}

/// A POST from outside.
pub(super) fn posted(path: &str, media: &str, body: &str) -> Request {
    Request::new("POST", path)
        .header("Host", HOST)
        .header("Content-Type", media)
        .body(body)
}

/// A form from outside.
pub(super) fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    posted(path, "application/x-www-form-urlencoded", &body.finish())
}

/// A message of a legacy client.
pub(super) fn message(access: &str, body: &Value) -> Request {
    Request::mcp(body.to_string())
        .header("Host", HOST)
        .header("Authorization", &format!("Bearer {access}"))
}

/// A member that must be there.
pub(super) fn text(message: &Value, name: &str) -> Result<String, String> {
    let found = message.get(name).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("no {name}: {message}"))
}
