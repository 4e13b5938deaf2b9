//! Rate limits, when they are on.

use std::time::Duration;

use mock_gitlab::{MockGitlab, Quirks, World};
use serde_json::json;

use crate::client::Client;
use crate::company;

async fn limited(divisor: u64) -> MockGitlab {
    let quirks = Quirks {
        rate_limits: true,
        rate_limit_divisor: divisor,
        ..Quirks::default()
    };
    let builder = MockGitlab::builder().world(World::company()).quirks(quirks);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn they_are_off_by_default() {
    let gl = company().await;
    let reply = Client::of(&gl, "bob").get("/user").await;
    assert_eq!(reply.header("ratelimit-limit"), None);
}

#[tokio::test]
async fn the_edge_counts_everything_and_says_so() {
    let gl = limited(500).await;
    let bob = Client::of(&gl, "bob");
    for left in [3, 2, 1, 0] {
        let reply = bob.get("/user").await.expect(200);
        assert_eq!(
            reply.header("ratelimit-remaining"),
            Some(left.to_string().as_str())
        );
    }
    let refused = bob.get("/user").await.expect(429);
    assert_eq!(refused.text(), "Retry later\n");
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(
        refused.header("ratelimit-name"),
        Some("throttle_authenticated_api")
    );
    Client::of(&gl, "alice").get("/user").await.expect(200);
    gl.clock().advance(Duration::from_mins(1));
    bob.get("/user").await.expect(200);
}

#[tokio::test]
async fn an_endpoint_has_a_limit_of_its_own() {
    let gl = limited(30).await;
    let bob = Client::of(&gl, "bob");
    let note = || bob.post("/projects/1/issues/3/notes", json!({ "body": "Tick" }));
    note().await.expect(201);
    note().await.expect(201);
    let refused = note().await.expect(429);
    assert!(
        refused.json()["message"]["error"]
            .as_str()
            .unwrap()
            .contains("too many times")
    );
    assert_eq!(refused.header("retry-after"), Some("60"));
    assert_eq!(refused.header("ratelimit-remaining"), None);
    // Other routes go on, and the sixty seconds pass.
    bob.get("/projects/1").await.expect(200);
    gl.clock().advance(Duration::from_mins(1));
    note().await.expect(201);
}
