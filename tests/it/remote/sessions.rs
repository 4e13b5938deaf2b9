//! A session belongs to whoever opened it, and to nobody without a credential.

use std::time::Duration;

use serde_json::json;

use super::{Scene, assert_missing, assert_no_session};

const METHODS: [&str; 3] = ["POST", "GET", "DELETE"];

#[tokio::test]
async fn a_session_of_somebody_else_does_not_exist() {
    let scene = Scene::usual().await;
    let alice = scene.person("alice").0.opened().await;
    let intruder = alice.with_headers_of(&scene.person("bob").0);
    let mut unknown = intruder.clone();
    unknown.session = Some("no-such-session-0123456789".to_owned());
    for method in METHODS {
        let replies = if method == "POST" {
            let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
            [intruder.post(&ping).await, unknown.post(&ping).await]
        } else {
            [intruder.bare(method).await, unknown.bare(method).await]
        };
        assert_no_session(&replies[0], method);
        assert_eq!(replies[0].body, replies[1].body, "{method}");
    }
    assert_eq!(alice.whoami().await, "alice");
    let bob = scene.person("bob").0.opened().await;
    assert_eq!(
        (bob.whoami().await, alice.whoami().await),
        ("bob".into(), "alice".into())
    );
}

#[tokio::test]
async fn a_session_id_alone_is_no_credential() {
    let scene = Scene::usual().await;
    let alice = scene.person("alice").0.opened().await;
    let thief = alice.with_headers_of(&scene.caller(&[]));
    assert_missing(&thief.call("whoami", json!({})).await, "POST");
    assert_missing(&thief.bare("GET").await, "GET");
    assert_missing(&thief.bare("DELETE").await, "DELETE");
    assert_eq!(alice.whoami().await, "alice");
}

#[tokio::test]
async fn another_token_of_the_same_person_continues_the_session() {
    let scene = Scene::usual().await;
    let (alice, first) = scene.person("alice");
    let alice = alice.opened().await;
    let (renewed, second) = scene.person("alice");
    scene.gitlab.token(&first).revoke();
    let alice = alice.with_headers_of(&renewed);
    scene.gitlab.log().clear();
    assert_eq!(alice.whoami().await, "alice");
    assert_eq!(scene.gitlab.log().all().by(&first).count(), 0);
    assert!(scene.gitlab.log().all().by(&second).count() > 1);
    let bearer = format!("Bearer {second}");
    let bearer = scene.caller(&[("Authorization", &bearer)]);
    assert_eq!(alice.with_headers_of(&bearer).whoami().await, "alice");
}

#[tokio::test]
async fn an_ended_session_is_not_found_with_a_good_token() {
    let scene = Scene::usual().await;
    let alice = scene.person("alice").0.opened().await;
    assert_eq!(alice.bare("DELETE").await.status, 204);
    assert_no_session(&alice.call("whoami", json!({})).await, "ended");
    let alice = alice.opened().await;
    scene.clock.advance(Duration::from_hours(1));
    assert_no_session(&alice.call("whoami", json!({})).await, "expired");
    assert_eq!(alice.opened().await.whoami().await, "alice");
}

#[tokio::test]
async fn stateless_servers_share_their_callers() {
    let stateless = ("OAUTH_STATELESS_MODE", "true");
    let one = Scene::with(&[stateless]).await;
    let gitlab = [("GITLAB_API_URL", one.gitlab.url())];
    let other = Scene::with(&[stateless, gitlab[0]]).await;
    let (mut alice, _) = one.person("alice");
    let reply = alice.initialize("2025-11-25").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("mcp-session-id"), None);

    alice.address = other.server.address;
    let call = |person: &super::Person| {
        let person = person.clone();
        async move { person.call("whoami", json!({})).await }
    };
    for id in [None, Some("of-another-server-0123456789".to_owned())] {
        alice.session = id;
        let reply = call(&alice).await;
        let item = &reply.message()["result"]["structuredContent"]["item"];
        assert_eq!(item["user"]["username"], "alice", "{reply:?}");
        let nobody = alice.with_headers_of(&one.caller(&[]));
        assert_missing(&call(&nobody).await, "without a header");
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(alice.bare(method).await.status, 405, "{method}");
    }
}
