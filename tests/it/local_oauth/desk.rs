//! A person's desk: a GitLab with an application, and a token file that servers share.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_core::clock::{Clock as _, SystemClock};
use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_tests::{Era, McpClient, Talk, TestServer, plant_all};
use mock_gitlab::{MockGitlab, OAuthApplication, OAuthTokens as Pair};
use serde_json::{Value, json};

/// The life GitLab gives an access token, in seconds.
pub(super) const LIFE: u64 = 7200;

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");

pub(super) const RENEWALS: &str = "POST /oauth/token";

pub(super) struct Desk {
    pub(super) gitlab: MockGitlab,
    application: OAuthApplication,
    folder: PathBuf,
}

impl Desk {
    pub(super) async fn new() -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let application = gitlab
            .oauth_app("this machine")
            .redirect("http://127.0.0.1/callback")
            .scopes(&["api"])
            .confidential(false)
            .create();
        let folder = std::env::temp_dir().join(format!("gitlab-mcp-desk-{}", token(&OsRandom, 12)));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        Self {
            gitlab,
            application,
            folder,
        }
    }

    /// A desk whose file holds a living pair with `left` seconds of life.
    pub(super) async fn with_life(left: u64) -> (Self, Pair) {
        let desk = Self::new().await;
        let pair = desk.grant();
        desk.write(&pair, left);
        (desk, pair)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.at("token.json")
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    /// What selects the mode and points it at this desk.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        self.variables_at(&self.path())
    }

    pub(super) fn variables_at(&self, path: &Path) -> Vec<(String, String)> {
        [
            ("GITLAB_USE_OAUTH", "true"),
            ("GITLAB_API_URL", self.gitlab.url()),
            ("GITLAB_OAUTH_CLIENT_ID", &self.application.client_id),
            ("GITLAB_OAUTH_TOKEN_PATH", path.to_str().unwrap()),
            ("GITLAB_OAUTH_REDIRECT_URI", "http://127.0.0.1:0/callback"),
            ("GITLAB_OAUTH_LOGIN_WAIT_SECONDS", "0"),
            ("GITLAB_OAUTH_OPEN_BROWSER", "false"),
            ("GITLAB_TOOLSETS", "all"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// A server in this process.
    pub(super) async fn server(&self) -> TestServer {
        self.server_at(&self.path()).await
    }

    pub(super) async fn server_at(&self, path: &Path) -> TestServer {
        let variables = self.variables_at(path);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        TestServer::with(&variables).await
    }

    /// A pair GitLab knows.
    pub(super) fn grant(&self) -> Pair {
        self.gitlab.grant(&self.application, "alice")
    }

    /// Writes the file as another server for MCP does.
    pub(super) fn write(&self, pair: &Pair, left: u64) {
        let created = SystemClock::new().now() - Duration::from_secs(LIFE - left);
        let created = created.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let members = json!({
            "access_token": pair.access, "refresh_token": pair.refresh, "expires_in": LIFE,
            "created_at": u64::try_from(created).unwrap(), "token_type": "Bearer",
        });
        fs::write(self.path(), members.to_string()).unwrap();
    }

    pub(super) fn members(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap()
    }

    pub(super) fn written(&self) -> Pair {
        let members = self.members();
        let text = |name: &str| members[name].as_str().unwrap_or_default().to_owned();
        Pair {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub(super) fn renewals(&self) -> usize {
        self.gitlab.log().of(RENEWALS).count()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        plant_all(&self.gitlab);
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A server as a process of its own, with these variables and no others, after the handshake.
pub(super) async fn process(variables: &[(String, String)]) -> Talk {
    let mut talk = Talk::start(PROGRAM, variables);
    talk.initialize(json!({})).await;
    talk
}

/// Asks for the first project, which alice may see.
pub(super) fn get_project() -> Value {
    json!({ "project_id": 1 })
}

pub(super) async fn client(server: &TestServer) -> McpClient {
    server.client(Era::Modern).await
}
