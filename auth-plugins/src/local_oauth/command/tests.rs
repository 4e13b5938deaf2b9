//! `gitlab-mcp auth` against the mock GitLab, on a clock that moves only when the command waits.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use gitlab_mcp_core::clock::{Clock, ManualClock};
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_core::tool::BoxFuture;
use mock_gitlab::{Fault, MockGitlab, OAuthApplication};
use serde_json::{Value, json};

use super::*;

/// A GitLab, a token file, and everything a command said.
struct Scene {
    gitlab: Arc<MockGitlab>,
    application: OAuthApplication,
    clock: Arc<ManualClock>,
    directory: PathBuf,
    waits: Arc<Mutex<Vec<u64>>>,
    /// After so many waits alice types the code.
    approve_after: Option<usize>,
}

/// How a command ended and what it wrote.
#[derive(Debug)]
struct Said {
    exit: Exit,
    out: String,
    err: String,
}

impl Said {
    fn events(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).ok();
    }
}

impl Scene {
    async fn new() -> Self {
        let gitlab =
            MockGitlab::builder().clock(mock_gitlab::Clock::manual("2026-01-01T00:00:00Z"));
        let gitlab = gitlab.start().await.unwrap();
        let application = gitlab.oauth_app("editor").confidential(false).create();
        Self {
            gitlab: Arc::new(gitlab),
            application,
            clock: Arc::new(ManualClock::default()),
            directory: std::env::temp_dir().join(format!("auth-{}", token(&OsRandom, 12))),
            waits: Arc::default(),
            approve_after: Some(1),
        }
    }

    fn file(&self) -> PathBuf {
        self.directory.join("token.json")
    }

    fn desk(&self, variables: &[(&str, &str)]) -> Desk {
        let path = self.file();
        let own = [
            (
                "GITLAB_OAUTH_CLIENT_ID",
                self.application.client_id.as_str(),
            ),
            ("GITLAB_OAUTH_TOKEN_PATH", path.to_str().unwrap()),
        ];
        let sources = Sources::new()
            .variables(own)
            .variables(variables.iter().copied());
        let (config, _) = load::<Config>(&sources, &[]).unwrap();
        let context = BuildContext {
            instance: Instance::parse(self.gitlab.url()).unwrap(),
            instances: Vec::new(),
            egress: Egress::new(&EgressConfig::default()).unwrap(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
        };
        Desk::new(config, context).unwrap()
    }

    async fn login(&self, json: bool) -> Said {
        self.login_with(&[], json).await
    }

    /// Signs in; time passes only in the waits, on the clocks of both sides.
    async fn login_with(&self, variables: &[(&str, &str)], json: bool) -> Said {
        let (gitlab, clock) = (Arc::clone(&self.gitlab), Arc::clone(&self.clock));
        let (waits, approve_after) = (Arc::clone(&self.waits), self.approve_after);
        let wait = move |time: Duration| -> BoxFuture<'static, ()> {
            let (gitlab, clock) = (Arc::clone(&gitlab), Arc::clone(&clock));
            let count = {
                let mut waits = waits.lock().unwrap();
                waits.push(time.as_secs());
                waits.len()
            };
            Box::pin(async move {
                clock.advance(time);
                gitlab.clock().advance(time);
                if approve_after == Some(count) {
                    let code = gitlab.edit(|world| {
                        let grants = world.oauth.devices.values();
                        grants.map(|one| one.user_code.clone()).next().unwrap()
                    });
                    gitlab.browser("alice").device(&code).await.unwrap();
                }
            })
        };
        let manner = device::Manner {
            json,
            open_browser: false,
            wait: &wait,
        };
        let desk = self.desk(variables);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
        };
        let exit = device::run(&desk, &manner, &mut console).await;
        said(exit, out, err)
    }

    async fn status(&self, json: bool) -> Said {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
        };
        let exit = status::run(&self.desk(&[]), json, &mut console).await;
        said(exit, out, err)
    }

    async fn logout(&self) -> Said {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
        };
        let exit = logout::run(&self.desk(&[]), false, &mut console).await;
        said(exit, out, err)
    }

    fn waits(&self) -> Vec<u64> {
        self.waits.lock().unwrap().clone()
    }

    fn stored(&self) -> Option<Value> {
        let text = std::fs::read(self.file()).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

fn said(exit: Exit, out: Vec<u8>, err: Vec<u8>) -> Said {
    Said {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

mod login;
mod standing;
