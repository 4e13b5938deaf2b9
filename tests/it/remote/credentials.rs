//! The header that decides, and those that are refused.

use gitlab_mcp_tests::{Canary, Request};
use serde_json::json;

use super::{Scene, assert_invalid, assert_missing, error_of, reason};

#[tokio::test]
async fn private_token_decides_and_the_others_are_never_looked_at() {
    let scene = Scene::usual().await;
    let token = |name| scene.gitlab.user(name).pat(&["api"]);
    let (alice, bob, carol) = (token("alice"), token("bob"), token("carol"));
    let bearer = format!("Bearer {carol}");
    let all = [
        ("Authorization", bearer.as_str()),
        ("JOB-TOKEN", &bob),
        ("Private-Token", &alice),
    ];
    assert_eq!(scene.caller(&all).whoami().await, "alice");
    scene.gitlab.log().assert_none(|record| {
        let text = format!("{:?}", record.headers);
        text.contains(&bob) || text.contains(&carol)
    });
    // A job token that is none decides all the same.
    assert_invalid(
        &scene.caller(&all[..2]).alone("tools/list", json!({})).await,
        "job token",
    );
    assert_eq!(scene.caller(&all[..1]).whoami().await, "carol");
    let seen = scene.gitlab.log().all();
    assert_eq!(
        seen.by(&carol).last().unwrap().header("authorization"),
        Some(&*bearer)
    );
}

#[tokio::test]
async fn a_job_token_is_who_its_job_is() {
    let scene = Scene::usual().await;
    let token = "glcbt-64_0123456789abcdef";
    let job = scene.gitlab.edit(|world| {
        let (id, user) = world
            .jobs
            .values()
            .map(|job| (job.id, job.user))
            .next()
            .unwrap();
        let mut made = world.tokens.values().next().unwrap().clone();
        made.kind = mock_gitlab::world::TokenKind::Job;
        made.user = user;
        made.job = Some(id);
        made.revoked = false;
        made.expires_at = None;
        world.tokens.insert(token.to_owned(), made);
        id
    });
    let caller = scene.caller(&[("JOB-TOKEN", token)]).opened().await;
    let reply = caller.call("whoami", json!({})).await;
    let item = &reply.message()["result"]["structuredContent"]["item"];
    assert_eq!(item["user"]["job"]["id"], job, "{reply:?}");
    let asked = scene.gitlab.log().of("GET /api/v4/job");
    assert!(asked.count() >= 1);
    asked.iter().for_each(|record| {
        assert_eq!(record.header("job-token"), Some(token));
        assert_eq!(record.header("private-token"), None);
    });
    let other = scene.caller(&[("JOB-TOKEN", "glcbt-64_another-one-0000")]);
    assert_invalid(
        &other.alone("tools/list", json!({})).await,
        "unknown job token",
    );
}

#[tokio::test]
async fn a_token_gitlab_will_not_name_is_a_caller_of_its_own() {
    let scene = Scene::usual().await;
    let narrow = |name| scene.gitlab.user(name).pat(&["read_repository"]);
    let (one, other) = (narrow("alice"), narrow("alice"));
    let first = scene.caller(&[("Private-Token", &one)]).opened().await;
    assert_eq!(first.ask("ping", json!({})).await.status, 200);
    let second = scene.caller(&[("Private-Token", &other)]);
    let foreign = first.with_headers_of(&second).ask("ping", json!({})).await;
    assert_eq!(foreign.status, 404, "{foreign:?}");
}

#[tokio::test]
async fn what_is_no_token_is_missing_and_gitlab_hears_nothing() {
    let scene = Scene::usual().await;
    let long = "x".repeat(4097);
    for (name, value) in [
        ("Private-Token", "glpat-0123456789012"),
        ("Private-Token", "glpat-0123456789 0123456789"),
        ("Private-Token", ""),
        ("Private-Token", "glpat-über-0123456789"),
        ("Private-Token", long.as_str()),
        ("JOB-TOKEN", "short"),
        ("Authorization", "glpat-01234567890123456789"),
        ("Authorization", "Basic YWxpY2U6Z2xwYXQtMDEyMzQ1Njc4OQ"),
        ("Authorization", "Bearer "),
    ] {
        let mut caller = scene.caller(&[(name, value)]);
        assert_missing(&caller.initialize("2025-11-25").await, value);
        assert_missing(&caller.alone("tools/list", json!({})).await, value);
        assert_missing(&caller.bare("GET").await, value);
        assert_missing(&caller.bare("DELETE").await, value);
    }
    assert_eq!(scene.asked(), 0);
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 0");
    assert_eq!(scene.person("alice").0.whoami().await, "alice");
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_is_a_bad_request() {
    let scene = Scene::usual().await;
    let (_, token) = scene.person("alice");
    let bearer = format!("Bearer {token}");
    // The test client writes what it is given, so that a value can bring a header of its own.
    let again = |value: &str, name: &str| format!("{value}\r\n{name}: {value}");
    for (name, value, expected) in [
        (
            "Private-Token",
            again(&token, "Private-Token"),
            "duplicate_credential",
        ),
        (
            "Private-Token",
            again(&token, "private-token"),
            "duplicate_credential",
        ),
        (
            "JOB-TOKEN",
            again(&token, "JOB-TOKEN"),
            "duplicate_credential",
        ),
        (
            "Authorization",
            again(&bearer, "Authorization"),
            "duplicate_credential",
        ),
        (
            "Private-Token",
            format!("{token}\t{token}"),
            "malformed_credential",
        ),
        (
            "Authorization",
            format!("{bearer}, Basic eA"),
            "malformed_credential",
        ),
    ] {
        let caller = scene.caller(&[(name, &value)]);
        let reply = caller.alone("tools/list", json!({})).await;
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        assert_eq!(reason(&reply), expected, "{name}");
        assert!(!reply.body.contains(&token), "{reply:?}");
    }
    for control in ["\0", "\u{1}", "\u{7f}", "\rX", "\nX"] {
        let value = format!("{token}{control}{token}");
        let caller = scene.caller(&[("Private-Token", &value)]);
        let reply = caller.alone("tools/list", json!({})).await;
        assert_eq!(reply.status, 400, "{control:?}: {reply:?}");
    }
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_header_of_100_kilobytes_is_too_large() {
    let scene = Scene::usual().await;
    let large = "x".repeat(100 * 1024);
    for name in ["Private-Token", "X-Other"] {
        let caller = scene.caller(&[(name, &large)]);
        let reply = caller.alone("tools/list", json!({})).await;
        assert_eq!(reply.status, 431, "{name}: {}", reply.head);
    }
    assert_eq!(scene.asked(), 0);
    let (alice, token) = scene.person("alice");
    assert_eq!(alice.whoami().await, "alice");
    let padding = "x".repeat(8 * 1024);
    let padded = scene.caller(&[("X-Other", &padding), ("Private-Token", &token)]);
    assert_eq!(padded.whoami().await, "alice");
}

#[tokio::test]
async fn no_discovery_document_starts_a_sign_in_that_cannot_end() {
    let scene = Scene::usual().await;
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/register",
        "/authorize",
        "/token",
    ] {
        let reply = Request::new("GET", path).send(scene.server.address).await;
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(error_of(&reply).0, "not_found", "{path}");
    }
}

#[tokio::test]
async fn tokens_are_in_no_answer_and_no_log() {
    let scene = Scene::usual().await;
    let alice = Canary::watch(&scene.gitlab.user("alice").pat(&["api"]));
    let garbage = Canary::watch("glpat-tangerine-tangerine-1");
    for canary in [&alice, &garbage] {
        let bearer = format!("Bearer {}", canary.secret());
        let doubled = format!("{0}\r\nPrivate-Token: {0}", canary.secret());
        for (name, value) in [
            ("Private-Token", canary.secret()),
            ("JOB-TOKEN", canary.secret()),
            ("Authorization", &bearer),
            ("Authorization", canary.secret()),
            ("Private-Token", &doubled),
            ("X-GitLab-API-URL", canary.secret()),
        ] {
            let mut caller = scene.caller(&[(name, value)]);
            for reply in [
                caller.initialize("2025-11-25").await,
                caller.call("whoami", json!({})).await,
                caller.call_alone("whoami", json!({})).await,
                caller
                    .call_alone("get_project", json!({ "project_id": "no/such" }))
                    .await,
                caller.bare("DELETE").await,
            ] {
                canary.assert_silent(&format!("{} {}", reply.head, reply.body));
            }
        }
    }
    assert!(alice.is_listening());
    assert!(scene.gitlab.log().all().by(alice.secret()).count() > 0);
}
