//! GitLab is asked who a token belongs to: seldom, once at a time, and never in vain.

use std::time::Duration;

use gitlab_mcp_tests::Reply;
use mock_gitlab::Fault;
use serde_json::json;

use super::{Person, Scene, assert_invalid, error_of, reason};

const USER: &str = "GET /api/v4/user";

fn asked(scene: &Scene) -> usize {
    scene.gitlab.log().of(USER).count()
}

async fn list(person: &Person) -> Reply {
    person.alone("tools/list", json!({})).await
}

#[tokio::test]
async fn a_good_token_is_asked_about_once_in_its_time() {
    for (variables, each) in [
        (&[][..], [1, 1, 2]),
        (&[("GITLAB_AUTH_CACHE_SECONDS", "60")], [1, 1, 1]),
        (&[("GITLAB_AUTH_CACHE_SECONDS", "0")], [1, 2, 3]),
    ] {
        let scene = Scene::with(variables).await;
        let (alice, _) = scene.person("alice");
        let mut counts = Vec::new();
        for pass in [0, 29, 1] {
            scene.clock.advance(Duration::from_secs(pass));
            assert_eq!(list(&alice).await.status, 200);
            counts.push(asked(&scene));
        }
        assert_eq!(counts, each, "{variables:?}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_when_its_time_is_over() {
    let scene = Scene::usual().await;
    let (alice, token) = scene.person("alice");
    assert_eq!(list(&alice).await.status, 200);
    scene.gitlab.token(&token).revoke();
    assert_eq!(list(&alice).await.status, 200);
    scene.clock.advance(Duration::from_secs(30));
    assert_invalid(&list(&alice).await, "revoked");
    assert_eq!(list(&scene.person("alice").0).await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_after_gitlab_said_so() {
    let scene = Scene::usual().await;
    let (alice, token) = scene.person("alice");
    let alice = alice.opened().await;
    scene.gitlab.token(&token).revoke();
    let reply = alice.call("get_project", json!({ "project_id": 1 })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let error = &reply.message()["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "UNAUTHORIZED", "{reply:?}");
    assert!(error.to_string().contains("revoked"), "{reply:?}");
    assert_eq!(scene.gitlab.log().of("GET /api/v4/projects/*").count(), 1);
    assert_invalid(&alice.ask("ping", json!({})).await, "revoked");
}

#[tokio::test]
async fn a_bad_token_is_asked_about_every_ten_seconds_and_gets_nothing() {
    let scene = Scene::usual().await;
    let mut stranger = scene.caller(&[("Private-Token", "glpat-nobody-at-all-0001")]);
    for _ in 0..10 {
        assert_invalid(&stranger.initialize("2025-11-25").await, "stranger");
    }
    assert_eq!(asked(&scene), 1);
    scene.clock.advance(Duration::from_secs(10));
    assert_invalid(&list(&stranger).await, "stranger");
    assert_eq!(asked(&scene), 2);
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 0");
}

#[tokio::test]
async fn a_flood_of_garbage_opens_no_session() {
    let scene = Scene::with(&[("MAX_SESSIONS", "2")]).await;
    let alice = scene.person("alice").0.opened().await;
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..1000 {
        // Ten senders of each token.
        let token = format!("glpat-garbage-{:08}", number / 10);
        let mut stranger = scene.caller(&[("Private-Token", &token)]);
        flood.spawn(async move { stranger.initialize("2025-11-25").await });
    }
    while let Some(reply) = flood.join_next().await {
        assert_invalid(&reply.unwrap(), "garbage");
    }
    assert!(asked(&scene) <= 101, "{}", asked(&scene));
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 1");
    assert_eq!(alice.whoami().await, "alice");
}

/// Nobody is told that a token is bad when nobody knows.
async fn check_outage(fault: Fault, wait: &str) {
    let scene = Scene::usual().await;
    let (known, unknown) = (scene.person("alice").0, scene.person("bob").0);
    assert_eq!(list(&known).await.status, 200);
    scene.clock.advance(Duration::from_secs(31));
    let what = format!("{fault:?}");
    scene.gitlab.faults().add(fault.on(USER));

    assert_undecided(&list(&unknown).await, wait, &what);
    let reply = list(&known).await;
    assert_eq!(
        (reply.status, &*reason(&reply)),
        (503, "unavailable"),
        "{what}"
    );
    assert_eq!(reply.header("retry-after"), Some(wait), "{what}");
    scene.clock.advance(Duration::from_mins(15));
    assert_undecided(&list(&known).await, wait, &what);

    scene.gitlab.faults().clear();
    assert_eq!(known.whoami().await, "alice");
    assert_eq!(unknown.whoami().await, "bob");
}

fn assert_undecided(reply: &Reply, wait: &str, what: &str) {
    assert_invalid(reply, what);
    assert_eq!(reply.header("retry-after"), Some(wait), "{what}");
    let (_, description) = error_of(reply);
    assert!(
        description.contains("cannot be asked"),
        "{what}: {description}"
    );
    assert!(!description.contains("revoked"), "{what}: {description}");
}

#[tokio::test]
async fn an_outage_says_nothing_about_tokens() {
    check_outage(Fault::status(503), "5").await;
    check_outage(Fault::status(500).retry_after("9"), "9").await;
    check_outage(Fault::rate_limit_edge(20), "20").await;
    check_outage(Fault::reset_before_headers(), "5").await;
    check_outage(Fault::html_page(), "5").await;
}

#[tokio::test]
async fn a_gitlab_that_says_nothing_is_waited_for_five_seconds() {
    let scene = Scene::usual().await;
    let (known, unknown) = (scene.person("alice").0, scene.person("bob").0);
    assert_eq!(list(&known).await.status, 200);
    scene.clock.advance(Duration::from_secs(31));
    scene.gitlab.faults().add(Fault::silence().on(USER));
    let (first, second) = tokio::join!(list(&known), list(&unknown));
    assert_eq!(first.status, 503, "{first:?}");
    assert_invalid(&second, "silence");
    scene.gitlab.faults().clear();
    assert_eq!(list(&known).await.status, 200);
    assert_eq!(list(&unknown).await.status, 200);
}

#[tokio::test]
async fn a_redirect_of_the_question_is_not_followed() {
    let elsewhere = mock_gitlab::MockGitlab::builder().start().await.unwrap();
    let scene = Scene::usual().await;
    let (alice, _) = scene.person("alice");
    for status in [301, 302, 307, 308] {
        let target = format!("{}/user", elsewhere.api_url());
        let fault = Fault::redirect(status, &target).on(USER).times(1);
        scene.gitlab.faults().add(fault);
        let reply = list(&alice).await;
        assert_invalid(&reply, &status.to_string());
        assert!(!reply.body.contains(elsewhere.url()), "{reply:?}");
    }
    assert_eq!(elsewhere.log().count(), 0);
    assert_eq!(list(&alice).await.status, 200);
}
