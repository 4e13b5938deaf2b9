//! Tokens that die in the middle of things.

use std::time::Duration;

use mock_gitlab::Fault;
use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_token_dies_after_so_many_uses() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::expire_token().skip(2).times(1));
    bob.get("/user").await.expect(200);
    bob.get("/user").await.expect(200);
    let dead = bob.get("/user").await.expect(401);
    assert_eq!(
        dead.json()["error_description"]
            .as_str()
            .unwrap()
            .split('.')
            .next(),
        Some("Token is expired")
    );
    bob.get("/user").await.expect(401);
    Client::of(&gl, "bob").get("/user").await.expect(200);
}

#[tokio::test]
async fn a_token_is_taken_back_while_its_answer_is_on_the_way() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::revoke_token().after_commit().times(1));
    bob.get("/user").await.expect(200);
    bob.get("/user").await.expect(401);
}

#[tokio::test]
async fn scopes_shrink_and_users_are_blocked() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::reduce_scopes(&["read_api"]).times(1));
    bob.get("/user").await.expect(200);
    bob.post("/projects/1/issues", json!({ "title": "x" }))
        .await
        .expect(403);
    gl.faults().add(Fault::block_user().times(1));
    bob.get("/user").await.expect(403);
}

#[tokio::test]
async fn a_token_is_handed_out_and_forgotten() {
    let gl = company().await;
    let app = gl.oauth_app("clock").scopes(&["api"]).create();
    let form = format!(
        "grant_type=password&username=bob&password=bob-tunes-the-comb&client_id={}&client_secret={}",
        app.client_id, app.client_secret
    );
    let kind = "application/x-www-form-urlencoded";
    let nobody = Client::anonymous(&gl);
    gl.faults().add(Fault::lose_token().times(1));
    let mut alive = Vec::new();
    for _ in 0..2 {
        let reply = nobody
            .raw("POST", "/oauth/token", kind, &form)
            .await
            .unwrap();
        let token = reply.expect(200).json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let bearer = Client::anonymous(&gl).with("Authorization", &format!("Bearer {token}"));
        alive.push(bearer.get("/user").await.status);
    }
    assert_eq!(alive, [401, 200]);
}

#[tokio::test]
async fn work_waits_behind_a_lock() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::hold(Duration::from_mins(10)).on("POST **").times(1));
    let body = json!({ "title": "Locked row" });
    let held = bob.post("/projects/1/issues", body);
    let made = tokio::time::timeout(Duration::from_millis(100), held).await;
    made.expect_err("still waiting");
    let before = bob
        .get("/projects/1/issues?search=Locked%20row")
        .await
        .json();
    assert_eq!(before, json!([]));
}
