//! GitLab misbehaves; the model is told in words, and the next honest request works.

use gitlab_mcp_tests::{Era, Scene, TestServer};
use mock_gitlab::{Fault, MockGitlab, Page};
use serde_json::json;

const PROJECT: &str = "GET /api/v4/projects/*";

/// Patience for tests in which time runs out.
const IMPATIENT: [(&str, &str); 2] = [
    ("GITLAB_API_HEADERS_TIMEOUT_MS", "1500"),
    ("GITLAB_API_BODY_TIMEOUT_MS", "1500"),
];

async fn check(fault: Fault, variables: &[(&str, &str)], (code, requests): (&str, usize)) {
    let scene = Scene::with(variables).await;
    for era in Era::ALL {
        scene.gitlab.log().clear();
        let mut client = scene.client(era).await;
        scene.gitlab.faults().add(fault.clone().on(PROJECT));

        let result = client.call("get_project", json!({ "project_id": 1 })).await;

        let what = format!("{fault:?} {era:?} {result:?}");
        assert_eq!(result.code(), code, "{what}");
        let next_step = result.structured()["error"]["next_step"].as_str();
        assert!(next_step.is_some_and(|text| text.len() > 10), "{what}");
        assert_eq!(scene.asked(), requests, "{what}");
        assert!(!result.text().contains(&scene.token), "{what}");

        scene.gitlab.faults().clear();
        let honest = client.call("get_project", json!({ "project_id": 1 })).await;
        assert_eq!(honest.item()["id"], 1, "{what}");
    }
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    for (status, code, requests) in [
        (401, "UNAUTHORIZED", 1),
        (403, "FORBIDDEN", 1),
        (404, "NOT_FOUND", 1),
        (409, "CONFLICT", 1),
        (422, "VALIDATION", 1),
        (500, "UPSTREAM_UNAVAILABLE", 1),
        (502, "UPSTREAM_UNAVAILABLE", 3),
        (503, "UPSTREAM_UNAVAILABLE", 3),
        (504, "UPSTREAM_UNAVAILABLE", 3),
    ] {
        check(Fault::status(status), &[], (code, requests)).await;
    }
}

#[tokio::test]
async fn both_rate_limits_say_how_long_to_wait() {
    for fault in [Fault::rate_limit_edge(900), Fault::rate_limit_endpoint(900)] {
        check(fault, &[], ("RATE_LIMITED", 1)).await;
    }
}

#[tokio::test]
async fn pages_and_broken_answers_are_never_taken_for_data() {
    check(Fault::html_page(), &[], ("UNAUTHORIZED", 1)).await;
    let notice = Fault::page_with_status(Page::Maintenance, 200);
    check(notice, &[], ("UPSTREAM_INVALID", 1)).await;
    check(Fault::truncated_body(), &[], ("UPSTREAM_UNAVAILABLE", 3)).await;
    check(
        Fault::reset_before_headers(),
        &[],
        ("UPSTREAM_UNAVAILABLE", 3),
    )
    .await;
    check(
        Fault::reset_after_headers(),
        &[],
        ("UPSTREAM_UNAVAILABLE", 3),
    )
    .await;
}

#[tokio::test]
async fn a_gitlab_that_says_nothing_ends_in_time() {
    let once = [
        IMPATIENT[0],
        IMPATIENT[1],
        ("GITLAB_API_RETRY_ENABLED", "false"),
    ];
    check(Fault::silence(), &once, ("TIMEOUT", 1)).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockGitlab::builder().start().await.unwrap();
    for status in [301, 302, 307, 308] {
        let target = format!("{}/projects/1", elsewhere.api_url());
        check(
            Fault::redirect(status, &target),
            &[],
            ("UPSTREAM_INVALID", 1),
        )
        .await;
    }
    assert_eq!(elsewhere.log().count(), 0);
}

#[tokio::test]
async fn two_bad_answers_are_no_failure_for_a_read() {
    let scene = Scene::usual().await;
    scene
        .gitlab
        .faults()
        .add(Fault::status(503).on(PROJECT).times(2));
    let mut client = scene.client(Era::Modern).await;
    let result = client.call("get_project", json!({ "project_id": 1 })).await;
    assert_eq!(result.item()["id"], 1);
    assert_eq!(scene.asked(), 3);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_repeated_and_did_happen() {
    let scene = Scene::usual().await;
    let lost = Fault::reset_before_headers()
        .on("POST /api/v4/**")
        .after_commit();
    scene.gitlab.faults().add(lost);
    let mut client = scene.client(Era::Modern).await;
    let arguments = json!({ "project_id": 1, "branch": "lost", "ref": "main" });
    let result = client.call("create_branch", arguments).await;
    assert_eq!(result.code(), "OUTCOME_UNKNOWN");
    assert!(result.text().contains("do not repeat"), "{result:?}");
    assert_eq!(scene.gitlab.log().of("POST /**").count(), 1);

    scene.gitlab.faults().clear();
    let arguments = json!({ "project_id": 1, "branch": "lost" });
    let found = client.call("get_branch", arguments).await;
    assert_eq!(found.item()["name"], "lost");
}

#[tokio::test]
async fn a_write_that_is_answered_with_a_page_says_that_it_may_have_happened() {
    let scene = Scene::usual().await;
    let page = Fault::page_with_status(Page::Maintenance, 200);
    let page = page.on("POST /api/v4/**").after_commit();
    scene.gitlab.faults().add(page);
    let mut client = scene.client(Era::Modern).await;
    let arguments = json!({ "project_id": 1, "branch": "paged", "ref": "main" });
    let result = client.call("create_branch", arguments).await;
    assert_eq!(result.code(), "UPSTREAM_INVALID");
    assert!(
        result
            .text()
            .contains("whether the change happened is not known"),
        "{result:?}"
    );
    assert_eq!(scene.gitlab.log().of("POST /**").count(), 1);
}

#[tokio::test]
async fn a_gitlab_that_is_down_takes_the_server_with_it_in_nothing() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let token = gitlab.user("alice").pat(&["api"]);
    let server =
        TestServer::with(&[("GITLAB_API_URL", gitlab.url()), ("GITLAB_TOKEN", &token)]).await;
    let address = gitlab.address();
    gitlab.shutdown().await;

    let mut client = server.client(Era::Modern).await;
    let down = client.call("get_project", json!({ "project_id": 1 })).await;
    assert_eq!(down.code(), "UPSTREAM_UNAVAILABLE");
    assert!(client.tools().await.len() > 30);

    // The new instance draws its tokens from the same seed: alice's is the same again.
    let gitlab = MockGitlab::builder().bind(address).start().await.unwrap();
    gitlab.user("alice").pat(&["api"]);
    let up = client.call("get_project", json!({ "project_id": 1 })).await;
    assert_eq!(up.item()["id"], 1);
}

#[tokio::test]
async fn a_token_that_is_revoked_says_what_the_operator_has_to_do() {
    let scene = Scene::usual().await;
    scene.gitlab.token(&scene.token).revoke();
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        let result = client.call("get_project", json!({ "project_id": 1 })).await;
        assert_eq!(result.code(), "UNAUTHORIZED");
        assert!(result.text().contains("revoked"), "{result:?}");
    }
}
