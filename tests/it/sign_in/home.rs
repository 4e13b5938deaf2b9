//! The home of a person: a GitLab with an application, a folder for the token file, and a desktop
//! whose opener only writes down what it is given.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_tests::{Process, Talk, eventually};
use mock_gitlab::{MockGitlab, OAuthApplication};
use serde_json::Value;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");

pub(super) struct Home {
    pub(super) gitlab: MockGitlab,
    pub(super) application: OAuthApplication,
    folder: PathBuf,
}

impl Home {
    pub(super) async fn new() -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let application = gitlab
            .oauth_app("this machine")
            .redirect("http://127.0.0.1/callback")
            .confidential(false)
            .create();
        let folder = std::env::temp_dir().join(format!("gitlab-mcp-home-{}", token(&OsRandom, 12)));
        let bin = folder.join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let home = Self {
            gitlab,
            application,
            folder,
        };
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" >> '{}'\n",
            home.opened_at().display()
        );
        let opener = bin.join("xdg-open");
        fs::write(&opener, script).unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        home
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("token.json")
    }

    fn opened_at(&self) -> PathBuf {
        self.folder.join("opened.txt")
    }

    /// What the desktop was asked to open: the number of arguments, then each of them, per start.
    pub(super) fn opened(&self) -> Vec<String> {
        let text = fs::read_to_string(self.opened_at()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// As [`Home::opened`], once something was.
    pub(super) async fn was_opened(&self) -> Vec<String> {
        eventually("opening a browser", || async {
            Some(self.opened()).filter(|lines| lines.len() > 1)
        })
        .await
    }

    pub(super) fn stored(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.file()).ok()?).ok()
    }

    /// The environment of everything here.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        vec![
            ("HOME".to_owned(), text(self.folder.clone())),
            ("PATH".to_owned(), text(self.folder.join("bin"))),
        ]
    }

    /// A stdio server of this person, whose calls wait this long for a sign-in.
    pub(super) fn server(&self, wait_seconds: u32) -> Talk {
        let mut environment = self.environment();
        let own = [
            ("GITLAB_USE_OAUTH", "true".to_owned()),
            ("GITLAB_API_URL", self.gitlab.url().to_owned()),
            ("GITLAB_OAUTH_CLIENT_ID", self.application.client_id.clone()),
            (
                "GITLAB_OAUTH_TOKEN_PATH",
                self.file().to_str().unwrap().to_owned(),
            ),
            (
                "GITLAB_OAUTH_REDIRECT_URI",
                "http://127.0.0.1:0/callback".to_owned(),
            ),
            ("GITLAB_OAUTH_LOGIN_WAIT_SECONDS", wait_seconds.to_string()),
            ("LOG_LEVEL", "debug".to_owned()),
        ];
        environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Talk::start(PROGRAM, &environment)
    }

    /// `gitlab-mcp auth …` with the flags of the command itself.
    pub(super) fn auth(&self, words: &[&str]) -> Process {
        let file = self.file();
        let mut arguments = vec!["auth"];
        arguments.extend(words);
        arguments.extend([
            "--client-id",
            &self.application.client_id,
            "--api-url",
            self.gitlab.url(),
            "--token-path",
            file.to_str().unwrap(),
        ]);
        let environment = self.environment();
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        Process::new(PROGRAM, &arguments).env(&environment)
    }

    /// Where GitLab sends the browser of alice after she allowed the application in.
    pub(super) async fn approve(&self, link: &str) -> String {
        self.gitlab.browser("alice").approve(link).await.unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}
