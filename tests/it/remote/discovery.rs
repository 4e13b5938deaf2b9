//! Clients without a credential may see which tools there are, where the operator allows it.

use std::time::Duration;

use serde_json::json;

use super::{Scene, assert_invalid, assert_missing, assert_no_session};

const SWITCH: (&str, &str) = ("GITLAB_ALLOW_UNAUTHENTICATED_TOOL_DISCOVERY", "true");

#[tokio::test]
async fn without_the_switch_nothing_is_discovered() {
    let scene = Scene::usual().await;
    let mut nobody = scene.caller(&[]);
    assert_missing(&nobody.initialize("2025-11-25").await, "initialize");
    for method in ["tools/list", "server/discover"] {
        assert_missing(&nobody.alone(method, json!({})).await, method);
    }
}

#[tokio::test]
async fn a_client_without_a_credential_lists_the_tools_and_nothing_else() {
    let scene = Scene::with(&[SWITCH]).await;
    let nobody = scene.caller(&[]).opened().await;
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(nobody.post(&initialized).await.status, 202);
    assert_eq!(nobody.ask("ping", json!({})).await.status, 200);
    let listed = nobody.ask("tools/list", json!({})).await;
    let alice = scene.person("alice").0.opened().await;
    assert_eq!(listed.body, alice.ask("tools/list", json!({})).await.body);
    assert!(listed.body.len() > 10_000, "{listed:?}");

    assert_missing(&nobody.call("whoami", json!({})).await, "tools/call");
    for method in [
        "resources/list",
        "prompts/list",
        "completion/complete",
        "no/such",
    ] {
        assert_missing(&nobody.ask(method, json!({})).await, method);
    }
    for body in [
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {} }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
        json!("tools/list"),
        json!([]),
    ] {
        assert_missing(&nobody.post(&body).await, &body.to_string());
    }
    assert_missing(&nobody.bare("GET").await, "GET");
    assert_missing(&nobody.bare("DELETE").await, "DELETE");
    assert_eq!(nobody.ask("ping", json!({})).await.status, 200);
    let asked = scene.gitlab.log();
    assert_eq!(asked.count(), 1, "only alice was asked about");
}

#[tokio::test]
async fn a_request_that_stands_alone_discovers_too() {
    let scene = Scene::with(&[SWITCH]).await;
    let nobody = scene.caller(&[]);
    for method in ["tools/list", "server/discover"] {
        let reply = nobody.alone(method, json!({})).await;
        assert_eq!(reply.status, 200, "{method}: {reply:?}");
        assert!(reply.message()["result"].is_object(), "{method}: {reply:?}");
    }
    assert_missing(&nobody.call_alone("whoami", json!({})).await, "tools/call");
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_batch_discovers_when_every_message_of_it_does() {
    let scene = Scene::with(&[SWITCH]).await;
    let mut nobody = scene.caller(&[]);
    assert_eq!(nobody.initialize("2025-03-26").await.status, 200);
    let id = nobody.session.take().unwrap();
    nobody.headers.push(("Mcp-Session-Id".to_owned(), id));
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
    let params = json!({ "name": "whoami", "arguments": {} });
    let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params });
    let honest = nobody.post(&json!([list, ping])).await;
    assert_eq!(honest.status, 200, "{honest:?}");
    assert_eq!(honest.body.matches("data: {").count(), 2, "{honest:?}");
    for batch in [
        json!([list, call]),
        json!([call]),
        json!([call, list, ping]),
    ] {
        assert_missing(&nobody.post(&batch).await, &batch.to_string());
    }
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_bad_header_is_not_taken_for_none() {
    let scene = Scene::with(&[SWITCH]).await;
    let mut stranger = scene.caller(&[("Private-Token", "glpat-nobody-at-all-0001")]);
    assert_invalid(&stranger.initialize("2025-11-25").await, "initialize");
    assert_invalid(&stranger.alone("tools/list", json!({})).await, "tools/list");
    let short = scene.caller(&[("Private-Token", "short")]);
    assert_missing(&short.alone("tools/list", json!({})).await, "shape");
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 0");
}

#[tokio::test]
async fn a_credential_does_not_lift_the_session_of_somebody_without_one() {
    let scene = Scene::with(&[SWITCH]).await;
    let nobody = scene.caller(&[]).opened().await;
    let alice = scene.person("alice").0;
    let lifted = nobody.with_headers_of(&alice);
    assert_no_session(&lifted.call("whoami", json!({})).await, "upgrade");
    let alice = alice.opened().await;
    assert_eq!(alice.whoami().await, "alice");
    let lowered = alice.with_headers_of(&nobody);
    assert_no_session(&lowered.ask("tools/list", json!({})).await, "downgrade");
}

#[tokio::test]
async fn sessions_without_a_credential_take_nobodys_place_and_expire() {
    let scene = Scene::with(&[SWITCH, ("MAX_SESSIONS", "5")]).await;
    let alice = scene.person("alice").0.opened().await;
    let mut newest = None;
    for _ in 0..20 {
        // The longest idle one has to go; a clock that stands makes them all equal.
        scene.clock.advance(Duration::from_secs(1));
        newest = Some(scene.caller(&[]).opened().await);
    }
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 5");
    assert_eq!(alice.whoami().await, "alice");
    let bob = scene.person("bob").0.opened().await;
    assert_eq!(bob.whoami().await, "bob");
    let newest = newest.unwrap();
    assert_eq!(newest.ask("ping", json!({})).await.status, 200);
    scene.clock.advance(Duration::from_hours(1));
    assert_no_session(&newest.ask("ping", json!({})).await, "expired");
    assert_eq!(scene.sessions().await, "gitlab_mcp_sessions 4");
}

#[tokio::test]
async fn callers_without_a_credential_are_limited_by_their_address() {
    let limit = [
        SWITCH,
        ("RATE_LIMIT_IP_ENABLED", "true"),
        ("RATE_LIMIT_IP_MAX_REQUESTS", "10"),
    ];
    let scene = Scene::with(&limit).await;
    let nobody = scene.caller(&[]);
    for _ in 0..10 {
        assert_eq!(nobody.alone("tools/list", json!({})).await.status, 200);
    }
    let reply = nobody.alone("tools/list", json!({})).await;
    assert_eq!(reply.status, 429, "{reply:?}");
    assert!(reply.header("retry-after").is_some());
    scene.clock.advance(Duration::from_mins(1));
    assert_eq!(nobody.alone("tools/list", json!({})).await.status, 200);
}
