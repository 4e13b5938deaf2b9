//! `gitlab-mcp auth` against the mock GitLab, on a clock that moves only when the command waits.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use gitlab_mcp_core::clock::{Clock, ManualClock};
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};
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

#[tokio::test]
async fn a_person_signs_in_elsewhere_and_stdout_stays_empty() {
    let scene = Scene::new().await;
    let said = scene.login(false).await;
    assert_eq!((said.exit, said.out.as_str()), (Exit::Done, ""), "{said:?}");
    let page = format!("{}/oauth/device", scene.gitlab.url());
    for part in [
        format!("\n  {page}?user_code="),
        format!("or open {page} and enter the code "),
        "signed in as alice (api)".to_owned(),
    ] {
        assert!(said.err.contains(&part), "{part}: {said:?}");
    }
    let stored = scene.stored().unwrap();
    let access = stored["access_token"].as_str().unwrap();
    let refresh = stored["refresh_token"].as_str().unwrap();
    assert!(!said.err.contains(access) && !said.err.contains(refresh));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(scene.file())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn json_tells_programs_the_same_without_a_secret() {
    let scene = Scene::new().await;
    let said = scene.login(true).await;
    let events = said.events();
    assert_eq!(events.len(), 2, "{said:?}");
    assert_eq!(events[0]["event"], "waiting");
    assert_eq!(events[0]["expires_in"], 300);
    assert_eq!(
        events[1],
        json!({"event": "signed_in", "user": "alice", "scope": "api"})
    );
    let stored = scene.stored().unwrap();
    for secret in ["access_token", "refresh_token"] {
        assert!(!said.out.contains(stored[secret].as_str().unwrap()));
    }
}

#[tokio::test]
async fn the_interval_grows_with_slow_down_and_with_trouble_and_not_with_waiting() {
    let mut scene = Scene::new().await;
    scene.approve_after = Some(5);
    scene
        .gitlab
        .edit(|world| world.quirks.device_slow_downs = 1);
    let poll = || Fault::status(502).on("POST /oauth/token");
    // The first poll is slowed down, the second and third wait, the fourth meets a proxy.
    scene.gitlab.faults().add(poll().skip(3).times(1));
    let said = scene.login(false).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    assert_eq!(scene.waits(), [5, 10, 10, 10, 15]);
}

#[tokio::test]
async fn a_missing_interval_is_five_seconds_and_a_huge_one_sixty() {
    for (interval, expected) in [(json!(null), 5), (json!(-1), 5), (json!(1_000_000_000), 60)] {
        let scene = Scene::new().await;
        scene
            .gitlab
            .edit(|world| world.quirks.device_interval = Some(interval.clone()));
        assert_eq!(scene.login(false).await.exit, Exit::Done);
        assert_eq!(scene.waits(), [expected], "{interval}");
    }
}

#[tokio::test]
async fn each_way_of_failing_has_its_own_words_and_exit_code_1() {
    type Arrange = fn(&mut Scene);
    let cases: [(&str, Arrange); 8] = [
        (
            "this GitLab has no device grant (needs 17.1 with its flag, 17.9 without)",
            |scene| {
                let fault = Fault::status(404).on("POST /oauth/authorize_device");
                scene.gitlab.faults().add(fault);
            },
        ),
        (
            "the device grant is switched off for this application",
            |scene| {
                let off = scene
                    .gitlab
                    .oauth_app("off")
                    .confidential(false)
                    .device(false);
                scene.application = off.create();
            },
        ),
        (
            "GitLab refuses with invalid_client; check GITLAB_OAUTH_CLIENT_ID",
            |scene| {
                scene.application.client_id = "nobody".to_owned();
            },
        ),
        (
            "GitLab refuses with invalid_scope; the application must have every scope",
            |scene| {
                let small = scene.gitlab.oauth_app("small").confidential(false);
                scene.application = small.scopes(&["read_user"]).create();
            },
        ),
        ("GitLab cannot be asked at the moment", |scene| {
            let fault = Fault::html_page().on("POST /oauth/authorize_device");
            scene.gitlab.faults().add(fault);
        }),
        ("access was denied at GitLab", |scene| {
            scene.gitlab.edit(|world| world.quirks.device_denied = true);
        }),
        ("the code has expired", |scene| {
            scene
                .gitlab
                .edit(|world| world.quirks.device_expires_early = true);
        }),
        // Nobody comes: our own clock ends it.
        ("the code has expired", |scene| {
            scene.approve_after = None;
            let fault = Fault::status(503).on("POST /oauth/token");
            scene.gitlab.faults().add(fault);
        }),
    ];
    for (words, arrange) in cases {
        let mut scene = Scene::new().await;
        arrange(&mut scene);
        let said = scene.login(false).await;
        assert_eq!(
            (said.exit, said.out.as_str()),
            (Exit::Failed, ""),
            "{words}"
        );
        assert!(said.err.contains(words), "{words}: {said:?}");
        assert_eq!(scene.stored(), None, "{words}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_gitlabs_is_refused_and_not_printed() {
    for link in [
        "javascript:alert(1)",
        "-flag",
        "file:///etc/passwd",
        "$(touch owned)",
        "https://evil.example/oauth/device",
        "http://127.0.0.1.evil.example/oauth/device",
        "http://127.0.0.1@evil.example/oauth/device",
        "http://user:word@127.0.0.1/oauth/device",
    ] {
        let scene = Scene::new().await;
        scene
            .gitlab
            .edit(|world| world.quirks.verification_uri = Some(link.to_owned()));
        let said = scene.login(true).await;
        assert_eq!(said.exit, Exit::Failed, "{link}");
        assert!(!said.err.contains(link) && said.out.is_empty(), "{said:?}");
        assert!(scene.waits().is_empty() && scene.stored().is_none());
    }
}

#[tokio::test]
async fn a_page_of_the_gitlab_that_browsers_reach_is_shown() {
    let scene = Scene::new().await;
    let page = "https://gitlab.example/oauth/device";
    scene
        .gitlab
        .edit(|world| world.quirks.verification_uri = Some(page.to_owned()));
    let outside = [("GITLAB_OAUTH_BROWSER_URL", "https://gitlab.example")];
    let said = scene.login_with(&outside, false).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    assert!(said.err.contains(page), "{said:?}");
}

#[tokio::test]
async fn read_only_asks_for_less() {
    let mut scene = Scene::new().await;
    let both = scene.gitlab.oauth_app("both").confidential(false);
    scene.application = both.scopes(&["api", "read_api"]).create();
    let said = scene
        .login_with(&[("GITLAB_READ_ONLY_MODE", "true")], false)
        .await;
    assert!(
        said.err.contains("signed in as alice (read_api)"),
        "{said:?}"
    );
}

#[tokio::test]
async fn status_tells_who_is_signed_in_and_renews_like_a_tool_call() {
    let scene = Scene::new().await;
    let nobody = scene.status(false).await;
    assert_eq!(nobody.exit, Exit::Failed);
    assert!(nobody.err.contains("nobody is signed in"), "{nobody:?}");
    scene.login(false).await;

    let said = scene.status(false).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    for line in ["you      alice", "scopes   api", "renewed by itself"] {
        assert!(said.out.contains(line), "{line}: {said:?}");
    }
    let before = scene.stored().unwrap();
    let day = Duration::from_hours(24);
    scene.clock.advance(day);
    scene.gitlab.clock().advance(day);
    let said = scene.status(true).await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    let told = &said.events()[0];
    assert_eq!(told["signed_in"], true);
    assert_eq!(told["user"], "alice");
    assert_eq!(told["scopes"], json!(["api"]));
    assert_eq!(told["expires_in"], 7200);
    assert_ne!(
        scene.stored().unwrap()["access_token"],
        before["access_token"]
    );
}

#[tokio::test]
async fn status_of_revoked_tokens_is_a_failure() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let access = scene.stored().unwrap()["access_token"].clone();
    scene.gitlab.token(access.as_str().unwrap()).revoke();
    let said = scene.status(true).await;
    assert_eq!(said.exit, Exit::Failed, "{said:?}");
    assert_eq!(said.events()[0]["signed_in"], false);
}

#[tokio::test]
async fn logout_revokes_and_deletes() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let stored = scene.stored().unwrap();
    let said = scene.logout().await;
    assert_eq!(said.exit, Exit::Done, "{said:?}");
    assert_eq!(scene.stored(), None);
    let desk = scene.desk(&[]);
    let text = |name: &str| stored[name].as_str().unwrap().to_owned();
    use gitlab_mcp_core::secret::Secret;
    let access = Secret::parse(text("access_token"), 1).unwrap();
    assert!(desk.oauth.token_info(&access).await.is_err());
    let refresh = Secret::parse(text("refresh_token"), 1).unwrap();
    assert!(desk.oauth.refresh(&refresh).await.is_err());

    let again = scene.logout().await;
    assert_eq!(again.exit, Exit::Done);
    assert!(again.err.contains("nobody was signed in"), "{again:?}");
}

#[tokio::test]
async fn a_logout_that_gitlab_did_not_hear_says_where_to_revoke() {
    let scene = Scene::new().await;
    scene.login(false).await;
    let fault = Fault::status(503).on("POST /oauth/revoke");
    scene.gitlab.faults().add(fault);
    let said = scene.logout().await;
    assert_eq!(said.exit, Exit::Failed);
    assert!(
        said.err.contains("/-/user_settings/applications"),
        "{said:?}"
    );
    assert_eq!(scene.stored(), None);
}
