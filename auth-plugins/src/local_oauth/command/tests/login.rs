//! The device grant.

use super::*;

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

type Arrange = fn(&mut Scene);

/// What is said, and what made it so.
const FAILURES: [(&str, Arrange); 8] = [
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

#[tokio::test]
async fn each_way_of_failing_has_its_own_words_and_exit_code_1() {
    for (words, arrange) in FAILURES {
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
