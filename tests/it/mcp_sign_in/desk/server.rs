//! The GitLab and the server of a desk, in each setting.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use gitlab_mcp::Outside;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::random::OsRandom;
use gitlab_mcp_tests::{Listening, TestServer, plant_all};
use mock_gitlab::MockGitlab;

use super::{BASE, REDIRECT, SECRET};

/// How the server is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// `mcp-oauth`, GitLab returns to the server.
    CallbackProxy,
    /// `mcp-oauth`, GitLab returns to the program.
    Passthrough,
    /// `oauth-session`.
    Session,
}

impl Setting {
    pub(crate) const ALL: [Self; 3] = [Self::CallbackProxy, Self::Passthrough, Self::Session];
}

/// A GitLab; whatever it has handed out in the end is a secret.
pub(crate) struct Watched(pub(super) MockGitlab);

impl Deref for Watched {
    type Target = MockGitlab;

    fn deref(&self) -> &MockGitlab {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        plant_all(&self.0);
    }
}

/// Where the server runs.
pub(super) enum Server {
    /// In this process, with the clock of the desk.
    Here(TestServer),
    /// In one of its own, in real time.
    Apart(Listening),
}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Here(server) => server.address,
            Self::Apart(process) => process.address,
        }
    }
}

/// The environment of the server, and the application for it at GitLab.
pub(super) fn variables(
    gitlab: &MockGitlab,
    setting: Setting,
    further: &[(&str, &str)],
) -> Vec<(String, String)> {
    let application = gitlab
        .oauth_app("team")
        .redirect("https://mcp.example/callback")
        .redirect("https://mcp.example/oauth/callback")
        .redirect(REDIRECT)
        .scopes(&["api", "read_api", "read_user"])
        .confidential(false)
        .create();
    let own: &[(&str, &str)] = match setting {
        Setting::CallbackProxy => &[
            ("GITLAB_MCP_OAUTH", "true"),
            ("GITLAB_OAUTH_CALLBACK_PROXY", "true"),
        ],
        Setting::Passthrough => &[("GITLAB_MCP_OAUTH", "true")],
        Setting::Session => &[("OAUTH_ENABLED", "true"), ("OAUTH_SESSION_SECRET", SECRET)],
    };
    [
        ("GITLAB_API_URL", gitlab.url()),
        ("MCP_SERVER_URL", BASE),
        ("GITLAB_OAUTH_APP_ID", application.client_id.as_str()),
        ("MAX_REQUESTS_PER_MINUTE", "100000"),
        ("RATE_LIMIT_IP_ENABLED", "false"),
    ]
    .into_iter()
    .chain(own.iter().copied())
    .chain(further.iter().copied())
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

pub(super) async fn serving(clock: &Arc<ManualClock>, variables: &[(String, String)]) -> Server {
    let outside = Outside {
        clock: Arc::clone(clock) as _,
        random: Arc::new(OsRandom),
        ..Outside::real()
    };
    Server::Here(TestServer::in_outside(outside, &borrowed(variables)).await)
}

pub(super) async fn serving_apart(variables: &[(String, String)]) -> Server {
    let program = env!("CARGO_BIN_EXE_under-test");
    Server::Apart(Listening::start(program, &borrowed(variables)).await)
}

fn borrowed(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = variables.iter();
    pairs.map(|(name, value)| (&**name, &**value)).collect()
}
