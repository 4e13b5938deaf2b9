//! A GitLab, a token file, and processes that use it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};
use mock_gitlab::{MockGitlab, OAuthApplication, OAuthTokens as Pair};
use serde_json::{Value, json};

use super::super::super::token_file::Expected;
use super::super::*;
use super::{LIFE, RENEWALS};

/// A GitLab, a token file and one process that uses it.
pub(super) struct Bench {
    pub(super) gitlab: MockGitlab,
    pub(super) application: OAuthApplication,
    pub(super) clock: Arc<ManualClock>,
    pub(super) folder: PathBuf,
    pub(super) held: Arc<Held>,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let application = gitlab
            .oauth_app("this machine")
            .redirect("http://127.0.0.1/callback")
            .scopes(&["api"])
            .confidential(false)
            .create();
        let folder = std::env::temp_dir().join(format!("gitlab-mcp-held-{}", token(&OsRandom, 12)));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let clock = Arc::new(ManualClock::default());
        let held = process(gitlab.url(), &application, &clock, &folder);
        Self {
            gitlab,
            application,
            clock,
            folder,
            held,
        }
    }

    /// A bench whose file holds a living pair with `left` seconds of life.
    pub(super) async fn with_life(left: u64) -> (Self, Pair) {
        let bench = Self::new().await;
        let pair = bench.grant();
        bench.write(&pair, left);
        (bench, pair)
    }

    /// A second process with the same file.
    pub(super) fn other_process(&self) -> Arc<Held> {
        process(
            self.gitlab.url(),
            &self.application,
            &self.clock,
            &self.folder,
        )
    }

    /// A pair GitLab knows.
    pub(super) fn grant(&self) -> Pair {
        self.gitlab.grant(&self.application, "alice")
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("token.json")
    }

    /// Writes the file as a program without our lock does.
    pub(super) fn write(&self, pair: &Pair, left: u64) {
        let age = Duration::from_secs(LIFE - left);
        let created = self.clock.now() - age;
        let created = created.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let members = json!({
            "access_token": pair.access, "refresh_token": pair.refresh, "expires_in": LIFE,
            "created_at": u64::try_from(created).unwrap(), "token_type": "Bearer",
        });
        fs::write(self.path(), members.to_string()).unwrap();
    }

    pub(super) fn written(&self) -> Pair {
        let members: Value = serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap();
        let text = |name: &str| members[name].as_str().unwrap_or_default().to_owned();
        Pair {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub(super) fn renewals(&self) -> usize {
        self.gitlab.log().of(RENEWALS).count()
    }

    pub(super) fn is_alive(&self, access: &str) -> bool {
        let now = self.gitlab.clock().now();
        let token = self.gitlab.edit(|world| world.tokens.get(access).cloned());
        token.is_some_and(|token| token.is_active(now))
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

pub(super) fn process(
    url: &str,
    application: &OAuthApplication,
    clock: &Arc<ManualClock>,
    folder: &std::path::Path,
) -> Arc<Held> {
    let instance = Instance::parse(url).unwrap();
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let oauth = GitLabOAuth::new(&instance, None, &application.client_id, None, egress).unwrap();
    let expected = Expected {
        instance,
        client_id: application.client_id.clone(),
    };
    let file = TokenFile::open(&folder.join("token.json"), &expected);
    Arc::new(Held::new(file, oauth, Arc::clone(clock) as Arc<dyn Clock>))
}
