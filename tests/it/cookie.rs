//! The session of a browser as the server's credential: which cookies go out, the CSRF token of
//! writes, and the cookie file over time.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use gitlab_mcp_tests::{Canary, Era, McpClient, Process, Request, TestServer, eventually};
use mock_gitlab::{Fault, MockGitlab};
use serde_json::{Value, json};

/// A cookie file that is removed in the end.
pub(crate) struct CookieFile(PathBuf);

impl CookieFile {
    pub(crate) fn holding(content: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gitlab-mcp-it-{}-{number}.cookies", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.write(content);
        file
    }

    pub(crate) fn write(&self, content: &str) {
        fs::write(&self.0, content).unwrap();
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn remove(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}

impl Drop for CookieFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// A session cookie of `host` for everything there, as curl writes it.
pub(crate) fn line(host: &str, name: &str, value: &str) -> String {
    format!("#HttpOnly_{host}\tFALSE\t/\tFALSE\t0\t{name}\t{value}\n")
}

/// The cookie of alice's browser.
pub(crate) async fn session_of(gitlab: &MockGitlab) -> String {
    let mut browser = gitlab.browser("alice");
    let (cookie, _) = browser.session().await.unwrap();
    gitlab.log().clear();
    cookie
}

pub(crate) fn session_line(value: &str) -> String {
    line("127.0.0.1", "_gitlab_session", value)
}

/// A server whose GitLab is at `url`, with this cookie file and these variables besides.
pub(crate) async fn server(url: &str, file: &CookieFile, besides: &[(&str, &str)]) -> TestServer {
    let own = [
        ("GITLAB_API_URL", url),
        ("GITLAB_AUTH_COOKIE_PATH", file.path()),
    ];
    // Waiting for a look at the file means asking often.
    let often = ("MAX_REQUESTS_PER_MINUTE", "100000");
    let own = own.into_iter().chain([often]);
    let all: Vec<(&str, &str)> = own.chain(besides.iter().copied()).collect();
    TestServer::with(&all).await
}

/// A GitLab, alice's cookie in a file, and a server with it.
struct Scene {
    gitlab: MockGitlab,
    server: TestServer,
    file: CookieFile,
    canary: Canary,
}

impl Scene {
    async fn new() -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let canary = Canary::watch(&session_of(&gitlab).await);
        let file = CookieFile::holding(&session_line(canary.secret()));
        let server = server(gitlab.url(), &file, &[]).await;
        Self {
            gitlab,
            server,
            file,
            canary,
        }
    }

    async fn client(&self) -> McpClient {
        self.server.client(Era::Modern).await
    }

    /// As whom GitLab sees a call of the server.
    async fn seen_as(&self) -> Option<String> {
        let mut client = self.client().await;
        client.call("get_project", project()).await.item();
        let last = self
            .gitlab
            .log()
            .of("GET /api/v4/projects/*")
            .last()
            .cloned();
        last.unwrap().who.user
    }

    fn count(&self, glob: &str) -> usize {
        self.gitlab.log().of(glob).count()
    }

    /// Changes the CSRF token of every session: pages show the new one from then on.
    fn change_csrf(&self, token: &str) {
        self.gitlab.edit(|world| {
            for session in world.sessions.values_mut() {
                token.clone_into(&mut session.csrf_token);
            }
        });
    }
}

pub(crate) fn project() -> Value {
    json!({ "project_id": 1 })
}

pub(crate) fn branch(name: &str) -> Value {
    json!({ "project_id": 1, "branch": name, "ref": "main" })
}

const WRITES: &str = "POST /api/v4/**";
const HOME: &str = "GET /";

#[tokio::test]
async fn only_the_cookies_that_belong_there_are_sent() {
    let gitlab = MockGitlab::builder()
        .base_path("gitlab")
        .start()
        .await
        .unwrap();
    let session = session_of(&gitlab).await;
    let canary = Canary::watch("canary-of-somebody-else");
    let other = canary.secret();
    let lines = [
        "# Netscape HTTP Cookie File".to_owned(),
        String::new(),
        format!("#HttpOnly_127.0.0.1\tFALSE\t/gitlab\tFALSE\t0\t_gitlab_session\t{session}"),
        "127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tproxy\tyes".to_owned(),
        "127.0.0.1\tFALSE\t/\tFALSE\t0".to_owned(),
        format!("127.0.0.1\tFALSE\t/\tFALSE\t1600000000\texpired\t{other}"),
        format!("gitlab.example\tTRUE\t/\tFALSE\t0\tforeign\t{other}"),
        format!(".0.0.1\tTRUE\t/\tFALSE\t0\tsuffix\t{other}"),
        format!("127.0.0.1\tFALSE\t/git\tFALSE\t0\tpath\t{other}"),
        format!("127.0.0.1\tFALSE\t/gitlab/-/\tFALSE\t0\tbelow\t{other}"),
        format!("127.0.0.1\tFALSE\t/\tTRUE\t0\t__Host-secure\t{other}"),
        format!("127.0.0.1\tFALSE\t/\tFALSE\t0\tinjected\t{other}\rX-Evil: 1"),
        format!("127.0.0.1\tFALSE\t/\tFALSE\t0\tbroken\tfirst\nX-Evil: {other}"),
        String::new(),
    ];
    let file = CookieFile::holding(&lines.join("\r\n"));
    let server = server(gitlab.url(), &file, &[]).await;
    let mut client = server.client(Era::Modern).await;
    let result = client.call("get_project", project()).await;
    assert_eq!(result.item()["id"], 1);

    let all = gitlab.log().all();
    assert!(all.count() >= 2, "the warm-up and the call");
    for record in &all {
        let expected = format!("_gitlab_session={session}; proxy=yes; broken=first");
        assert_eq!(
            record.header("cookie"),
            Some(expected.as_str()),
            "{record:?}"
        );
        assert_eq!(record.header("x-evil"), None);
        assert_eq!(record.who.user.as_deref(), Some("alice"));
    }
    canary.assert_silent(&result.text());
    assert!(canary.is_listening());
}

#[tokio::test]
async fn a_process_tells_bad_lines_by_their_numbers_alone() {
    let lines = [
        line("gitlab.example", "name-of-a-product", "canary-0123456789"),
        "gitlab.example\tFALSE\tcanary-0123456789\n".to_owned(),
        "\n".to_owned(),
        line("gitlab.example", "injected", "canary-0123456789\rX-Evil: 1"),
    ];
    let file = CookieFile::holding(&lines.concat());
    let finished = Process::new(env!("CARGO_BIN_EXE_under-test"), &[])
        .env(&[
            ("GITLAB_API_URL", "http://127.0.0.1:9"),
            ("GITLAB_AUTH_COOKIE_PATH", file.path()),
            ("LOG_LEVEL", "trace"),
        ])
        .run()
        .await;
    let told = finished.everything();
    assert!(
        told.contains("the lines 2, 4 hold no usable cookie"),
        "{told}"
    );
    for secret in ["canary", "injected", "name-of-a-product"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn the_proxy_is_warmed_up_once_for_each_load_of_the_file() {
    let scene = Scene::new().await;
    let mut clients = Vec::new();
    for era in [Era::Modern, Era::Modern, Era::Legacy, Era::Legacy] {
        clients.push(scene.server.client(era).await);
    }
    let calls = clients.into_iter().map(|mut client| {
        tokio::spawn(
            async move { client.call("get_project", project()).await.item()["id"].clone() },
        )
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 1);
    }
    assert_eq!(scene.count("GET /api/v4/user"), 1);
    assert_eq!(scene.count("GET /api/v4/projects/*"), 4);
    assert_eq!(scene.count(HOME), 0, "reads need no CSRF token");
    scene
        .gitlab
        .log()
        .assert_none(|record| record.header("x-csrf-token").is_some());
}

#[tokio::test]
async fn a_write_carries_the_csrf_token_which_is_fetched_once() {
    let scene = Scene::new().await;
    for era in Era::ALL {
        let mut client = scene.server.client(era).await;
        for round in ["a", "b"] {
            let name = format!("{round}-{era:?}");
            let result = client.call("create_branch", branch(&name)).await;
            assert_eq!(result.item()["name"], name.as_str());
        }
    }
    let csrf = scene.gitlab.world().sessions[scene.canary.secret()]
        .csrf_token
        .clone();
    let log = scene.gitlab.log();
    assert_eq!(log.of(WRITES).by_user("alice").count(), 4);
    for record in &log.of(WRITES) {
        assert_eq!(record.header("x-csrf-token"), Some(csrf.as_str()));
    }
    assert_eq!(log.of(HOME).count(), 1);
}

#[tokio::test]
async fn a_csrf_token_that_went_stale_is_fetched_again_once() {
    let scene = Scene::new().await;
    let mut client = scene.client().await;
    client.call("create_branch", branch("first")).await.item();
    scene.change_csrf("another-csrf-token");
    client.call("create_branch", branch("second")).await.item();
    assert_eq!(scene.count(WRITES), 3, "refused once, then sent again");
    assert_eq!(scene.count(HOME), 2);
    let last = scene.gitlab.log().of(WRITES).last().cloned().unwrap();
    assert_eq!(last.header("x-csrf-token"), Some("another-csrf-token"));
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_csrf_token_is_told_as_it_is() {
    let scene = Scene::new().await;
    let mut client = scene.client().await;
    for (status, code) in [
        (422, "VALIDATION"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
    ] {
        client
            .call("create_branch", branch(&format!("fine-{status}")))
            .await
            .item();
        scene.gitlab.faults().add(Fault::status(status).on(WRITES));
        scene.gitlab.log().clear();
        let result = client.call("create_branch", branch("never")).await;
        assert_eq!(result.code(), code, "{result:?}");
        assert_eq!(
            scene.count(WRITES),
            1,
            "the page holds the same token: nothing to send again"
        );
        scene.gitlab.faults().clear();
    }
}

#[tokio::test]
async fn without_a_csrf_token_a_write_is_refused_here_and_says_why() {
    let page = |fault: Fault| fault.on(HOME);
    let cases = [
        (Fault::status(503), "503"),
        (Fault::html_page(), "nobody is signed in"),
        (Fault::redirect(302, "/users/sign_in"), "has ended"),
        (Fault::reset_before_headers(), "could not be had"),
        (Fault::redirect(302, "/"), "302"),
    ];
    let scene = Scene::new().await;
    let mut client = scene.client().await;
    for (fault, says) in cases {
        scene.gitlab.faults().add(page(fault));
        scene.gitlab.log().clear();
        let result = client.call("create_branch", branch("never")).await;
        let text = result.structured().to_string();
        assert_eq!(result.code(), "UNAUTHORIZED", "{text}");
        assert!(
            text.contains("CSRF token") && text.contains("not sent"),
            "{text}"
        );
        assert!(text.contains(says), "{says}: {text}");
        assert_eq!(scene.count(WRITES), 0, "{says}");
        let read = client.call("get_project", project()).await;
        assert_eq!(read.item()["id"], 1, "reading goes on");
        scene.gitlab.faults().clear();
    }
    client.call("create_branch", branch("honest")).await.item();
}

#[tokio::test]
async fn a_session_that_ended_is_told_as_a_sign_in() {
    let scene = Scene::new().await;
    let mut client = scene.client().await;
    client.call("get_project", project()).await.item();
    client.call("create_branch", branch("first")).await.item();
    scene.gitlab.edit(|world| world.sessions.clear());
    scene.gitlab.log().clear();
    let write = client.call("create_branch", branch("never")).await;
    assert_eq!(write.code(), "UNAUTHORIZED", "{write:?}");
    assert!(write.text().contains("cookie file"), "{write:?}");
    assert_eq!(scene.count(WRITES), 1);
    let pages = scene.count(HOME);
    let read = client.call("list_events", json!({})).await;
    assert_eq!(read.code(), "UNAUTHORIZED", "{read:?}");
    assert_eq!(
        scene.count(HOME),
        pages,
        "a read is not about the CSRF token"
    );
    scene.canary.assert_silent(&format!("{write:?} {read:?}"));

    let session = session_of(&scene.gitlab).await;
    scene.file.write(&session_line(&session));
    eventually("the new session", || async {
        let mut client = scene.client().await;
        let result = client.call("create_branch", branch("second")).await;
        (!result.is_error()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_file_rewritten_in_two_steps_is_taken_when_it_is_whole() {
    let scene = Scene::new().await;
    assert_eq!(scene.seen_as().await.as_deref(), Some("alice"));
    let mut browser = scene.gitlab.browser("bob");
    let (bob, _) = browser.session().await.unwrap();
    let whole = format!("# Netscape HTTP Cookie File\n{}", session_line(&bob));
    let (half, _) = whole.split_at(whole.len() - 10);
    scene.file.write(half);
    // Two looks at the half file, however long they take.
    let started = std::time::Duration::from_millis(2300);
    let waited = tokio::time::timeout(started, async {
        loop {
            assert_eq!(scene.seen_as().await.as_deref(), Some("alice"));
        }
    });
    waited.await.unwrap_err();
    scene.file.write(&whole);
    eventually("bob's session", || async {
        (scene.seen_as().await? == "bob").then_some(())
    })
    .await;
    scene.gitlab.log().assert_none(|record| {
        let cookies = record.header("cookie").unwrap_or_default();
        cookies.contains(bob.get(..20).unwrap()) && !cookies.contains(&bob)
    });
}

#[tokio::test]
async fn a_removed_file_ends_the_session() {
    let scene = Scene::new().await;
    assert_eq!(scene.seen_as().await.as_deref(), Some("alice"));
    scene.file.remove();
    eventually("the end", || async {
        scene.seen_as().await.is_none().then_some(())
    })
    .await;
    let mut client = scene.client().await;
    let events = client.call("list_events", json!({})).await;
    assert_eq!(events.code(), "UNAUTHORIZED");
    let last = scene.gitlab.log().all().last().cloned().unwrap();
    assert_eq!(last.header("cookie"), None);
}

#[tokio::test]
async fn over_http_callers_present_the_bearer_and_gitlab_never_sees_it() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let file = CookieFile::holding(&session_line(&session_of(&gitlab).await));
    let bearer = Canary::watch("canary-bearer-0123456789abcdef01");
    let guard = [("STREAMABLE_HTTP_AUTH_TOKEN", bearer.secret())];
    let server = server(gitlab.url(), &file, &guard).await;
    for header in [None, Some("Bearer wrong"), Some("Basic x")] {
        let mut request = Request::mcp("{}");
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        let reply = request.send(server.address).await;
        assert_eq!(reply.status, 401, "{header:?}");
        assert!(
            reply
                .body
                .contains("Streamable HTTP authentication required")
        );
    }
    assert_eq!(gitlab.log().count(), 0);
    let mut client = server.client(Era::Modern).await;
    client.call("create_branch", branch("guarded")).await.item();
    gitlab.log().assert_none(|record| {
        let values = record.headers.iter().map(|(_, value)| value);
        values
            .into_iter()
            .any(|value| value.contains(bearer.secret()))
    });
}
