//! GitLab behind a sign-on proxy: the warm-up that opens it, what goes to whom, and sign-in pages
//! where data is due.

use gitlab_mcp_tests::{Canary, Era, TestServer};
use mock_gitlab::{MockGitlab, PROVIDER_COOKIE, PROXY_COOKIE, SignOnProxy};
use serde_json::json;

use crate::cookie::{CookieFile, branch, line, project, server, session_of};

/// A proxy that knows the browser, with GitLab behind it.
struct Scene {
    gitlab: MockGitlab,
    proxy: SignOnProxy,
    file: CookieFile,
    canaries: Vec<Canary>,
}

impl Scene {
    /// The provider's cookie belongs to `provider`, alice's session to GitLab's address.
    async fn with_provider_at(provider: &str) -> Self {
        let builder = MockGitlab::builder();
        let (gitlab, proxy) = builder.start_behind_sign_on_proxy().await.unwrap();
        proxy.provider_host(provider);
        let canaries = [session_of(&gitlab).await, proxy.sign_in()];
        let canaries: Vec<Canary> = canaries.iter().map(|value| Canary::watch(value)).collect();
        let lines = [
            line("127.0.0.1", "_gitlab_session", canaries[0].secret()),
            line(provider, PROVIDER_COOKIE, canaries[1].secret()),
        ];
        Self {
            gitlab,
            proxy,
            file: CookieFile::holding(&lines.concat()),
            canaries,
        }
    }

    async fn new() -> Self {
        Self::with_provider_at("127.0.0.1").await
    }

    async fn server(&self, besides: &[(&str, &str)]) -> TestServer {
        server(self.proxy.url(), &self.file, besides).await
    }

    fn assert_silent(&self, text: &str) {
        for canary in &self.canaries {
            canary.assert_silent(text);
        }
    }
}

#[tokio::test]
async fn the_warm_up_opens_the_proxy_and_reads_and_writes_go_through() {
    let scene = Scene::new().await;
    let server = scene.server(&[]).await;
    for era in Era::ALL {
        let mut client = server.client(era).await;
        let user = client.call("list_events", json!({})).await;
        assert!(!user.is_error(), "{user:?}");
        let name = format!("through-{era:?}");
        let result = client.call("create_branch", branch(&name)).await;
        assert_eq!(result.item()["name"], name.as_str());
        scene.assert_silent(&format!("{user:?} {result:?}"));
    }
    let paths: Vec<(String, Option<u16>)> = scene
        .proxy
        .log()
        .all()
        .iter()
        .take(4)
        .map(|record| (record.path.clone(), record.status))
        .collect();
    let expected = [
        ("/api/v4/user", Some(302)),
        ("/sso/authorize", Some(302)),
        ("/sso/callback", Some(302)),
        ("/api/v4/user", None),
    ];
    assert_eq!(
        paths,
        expected.map(|(path, status)| (path.to_owned(), status))
    );
    assert_eq!(scene.proxy.log().of("GET /sso/**").count(), 2, "once");
    let log = scene.gitlab.log();
    log.assert_none(|record| {
        !record
            .header("cookie")
            .unwrap_or_default()
            .contains(PROXY_COOKIE)
    });
}

#[tokio::test]
async fn with_a_token_both_go_along_and_no_csrf_token() {
    let scene = Scene::new().await;
    let job = scene.gitlab.user("alice").pat(&["api"]);
    for (variable, header) in [
        ("GITLAB_TOKEN", "private-token"),
        ("GITLAB_JOB_TOKEN", "job-token"),
    ] {
        scene.gitlab.log().clear();
        scene.proxy.log().clear();
        let server = scene.server(&[(variable, &job)]).await;
        let mut client = server.client(Era::Modern).await;
        client.call("get_project", project()).await;
        let write = client.call("create_branch", branch("with-token")).await;
        assert_eq!(write.is_error(), header == "job-token", "{write:?}");

        let log = scene.gitlab.log();
        for record in &log.of("POST /api/v4/**") {
            assert_eq!(record.header(header), Some(job.as_str()));
            let cookies = record.header("cookie").unwrap();
            assert!(cookies.contains("_gitlab_session="), "{cookies}");
            assert!(cookies.contains(PROXY_COOKIE), "{cookies}");
        }
        assert!(log.of("POST /api/v4/**").count() > 0);
        assert_eq!(
            log.of("GET /").count(),
            0,
            "no page is asked for a CSRF token"
        );
        log.assert_none(|record| record.header("x-csrf-token").is_some());
        // The warm-up and its redirects carry no token, whoever answers them.
        for record in &scene.proxy.log().of("GET /sso/**") {
            assert_eq!(record.header(header), None, "{record:?}");
        }
        let warm_up = scene.proxy.log().of("GET /api/v4/user");
        assert_eq!(warm_up.count(), 2);
        assert!(warm_up.iter().all(|record| record.header(header).is_none()));
        Canary::watch(&job).assert_silent(&write.text());
    }
}

#[tokio::test]
async fn each_host_of_the_sign_in_gets_its_own_cookies_alone() {
    let scene = Scene::with_provider_at("localhost").await;
    let unnamed = scene.server(&[]).await;
    let mut client = unnamed.client(Era::Modern).await;
    let refused = client.call("get_project", project()).await;
    assert_eq!(refused.code(), "UNAUTHORIZED");
    assert_eq!(scene.proxy.log().of("GET /sso/authorize").count(), 0);
    scene.proxy.log().clear();

    let named = [
        ("GITLAB_ALLOWED_HOSTS", "http://localhost"),
        ("GITLAB_INTERNAL_HOSTS", "127.0.0.1,localhost"),
    ];
    let server = scene.server(&named).await;
    let mut client = server.client(Era::Modern).await;
    client.call("get_project", project()).await.item();
    let log = scene.proxy.log();
    let (mut at_provider, mut at_instance) = (0, 0);
    for record in &log.all() {
        let cookies = record.header("cookie").unwrap_or_default();
        if record.header("host").unwrap().starts_with("localhost") {
            at_provider += 1;
            let own = format!("{PROVIDER_COOKIE}={}", scene.canaries[1].secret());
            assert_eq!(cookies, own, "{}", record.path);
        } else {
            at_instance += 1;
            assert!(!cookies.contains(PROVIDER_COOKIE), "{}", record.path);
            assert!(cookies.contains("_gitlab_session="), "{}", record.path);
        }
    }
    assert_eq!(at_provider, 1);
    assert!(at_instance >= 4, "{at_instance}");
}

#[tokio::test]
async fn five_redirects_are_followed_and_not_six() {
    for (detours, opened) in [(2, true), (4, false)] {
        let scene = Scene::new().await;
        scene.proxy.detours(detours);
        let server = scene.server(&[]).await;
        let mut client = server.client(Era::Modern).await;
        let result = client.call("get_project", project()).await;
        assert_eq!(!result.is_error(), opened, "{result:?}");
        if !opened {
            assert_eq!(result.code(), "UNAUTHORIZED");
        }
        let again = client.call("get_project", project()).await;
        assert_eq!(!again.is_error(), opened);
        let log = scene.proxy.log();
        let stations = if opened { (3, 1) } else { (5, 0) };
        let (provider, back) = ("GET /sso/authorize", "GET /sso/callback");
        assert_eq!((log.of(provider).count(), log.of(back).count()), stations);
    }
}

#[tokio::test]
async fn a_page_or_a_redirect_of_the_proxy_counts_as_a_refusal_and_is_never_shown() {
    let scene = Scene::new().await;
    let server = scene.server(&[]).await;
    let raw = json!({ "project_id": 1, "file_path": "README.md", "ref": "main" });
    let calls = [
        ("get_project", project()),
        ("list_issues", project()),
        ("get_file_contents", raw),
        ("create_branch", branch("never")),
    ];
    let mut client = server.client(Era::Modern).await;
    for (tool, arguments) in &calls[..3] {
        let honest = client.call(tool, arguments.clone()).await;
        assert!(!honest.is_error(), "{tool}: {honest:?}");
    }
    scene.proxy.end_sessions();
    scene.proxy.sign_everybody_out();
    for page in [true, false] {
        scene.proxy.answer_with_page(page);
        for (tool, arguments) in &calls {
            scene.gitlab.log().clear();
            let result = client.call(tool, arguments.clone()).await;
            assert_eq!(result.code(), "UNAUTHORIZED", "{tool} {page} {result:?}");
            let text = format!("{result:?}");
            assert!(
                !text.contains("Company account") && !text.contains("<html"),
                "{text}"
            );
            assert!(text.contains("cookie"), "{text}");
            scene.assert_silent(&text);
            assert_eq!(scene.gitlab.log().count(), 0, "{tool}");
        }
    }
}
