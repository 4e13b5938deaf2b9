//! Going back, starting again, and what was never tried.

use std::path::PathBuf;
use std::time::Duration;

use mock_gitlab::{MockGitlab, World};
use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_snapshot_is_gone_back_to_as_often_as_wanted() {
    let gl = company().await;
    let alice = Client::anonymous(&gl).with("PRIVATE-TOKEN", "glpat-alice-company-0001");
    let before = gl.snapshot();
    for _ in 0..2 {
        let made = alice
            .post("/projects/1/issues", json!({ "title": "Twice" }))
            .await;
        assert_eq!(made.expect(201).json()["iid"], 13);
        gl.restore(before);
        alice.get("/projects/1/issues/13").await.expect(404);
    }
    let control = Client::anonymous(&gl);
    let id = control
        .raw("POST", "/-/mock/snapshots", "", "")
        .await
        .unwrap()
        .expect(201)
        .json();
    alice
        .post("/projects/1/issues", json!({ "title": "Once" }))
        .await
        .expect(201);
    let path = format!("/-/mock/snapshots/{}/restore", id["id"]);
    control
        .raw("POST", &path, "", "")
        .await
        .unwrap()
        .expect(204);
    alice.get("/projects/1/issues/13").await.expect(404);
    control
        .raw("POST", "/-/mock/snapshots/99/restore", "", "")
        .await
        .unwrap()
        .expect(404);
}

#[tokio::test]
async fn coverage_names_the_routes_nobody_asked_for() {
    let gl = company().await;
    Client::of(&gl, "bob").get("/projects/1").await.expect(200);
    let coverage = gl.coverage();
    assert!(
        coverage
            .hit
            .contains(&("GET /api/v4/projects/:id".to_owned(), 1))
    );
    assert!(
        !coverage
            .never
            .contains(&"GET /api/v4/projects/:id".to_owned())
    );
    assert!(
        coverage
            .never
            .contains(&"DELETE /api/v4/projects/:id".to_owned())
    );
    let control = Client::anonymous(&gl);
    let seen = control
        .raw("GET", "/-/mock/coverage", "", "")
        .await
        .unwrap()
        .expect(200)
        .json();
    assert_eq!(seen["hit"]["GET /api/v4/projects/:id"], 1);
    gl.reset();
    assert!(gl.coverage().hit.is_empty());
}

#[tokio::test]
async fn the_world_is_edited_from_outside() {
    let gl = company().await;
    let control = Client::anonymous(&gl);
    let edit = async |body: serde_json::Value| {
        let body = body.to_string();
        control
            .raw("POST", "/-/mock/edit", "application/json", &body)
            .await
            .unwrap()
    };
    let minted = edit(json!({ "do": "mint_token", "user": "bob", "scopes": ["read_api"] })).await;
    let token = minted.expect(201).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let bob = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    bob.get("/user").await.expect(200);
    edit(json!({ "do": "revoke_token", "token": token }))
        .await
        .expect(204);
    bob.get("/user").await.expect(401);
    edit(json!({ "do": "conflict", "project": "larkspur/music-box", "iid": 1 }))
        .await
        .expect(204);
    edit(json!({ "do": "block_user", "user": "carol" }))
        .await
        .expect(204);
    Client::of(&gl, "carol").get("/user").await.expect(403);
    edit(json!({ "do": "dance" })).await.expect(400);
    edit(json!({})).await.expect(400);
    let quirks = json!({ "fine_grained_tokens": true }).to_string();
    control
        .raw("POST", "/-/mock/quirks", "application/json", &quirks)
        .await
        .unwrap()
        .expect(204);
    Client::of(&gl, "alice").get("/user").await.expect(403);
    let world = control
        .raw("GET", "/-/mock/world", "", "")
        .await
        .unwrap()
        .expect(200)
        .json();
    assert_eq!(world["users"][0], "root");
}

#[tokio::test]
async fn the_control_api_can_be_taken_away() {
    let gl = MockGitlab::builder()
        .without_control()
        .start()
        .await
        .unwrap();
    let nobody = Client::anonymous(&gl);
    nobody
        .raw("GET", "/-/mock/ledger", "", "")
        .await
        .unwrap()
        .expect(404);
}

fn alice(gl: &MockGitlab) -> Client<'_> {
    Client::anonymous(gl).with("PRIVATE-TOKEN", "glpat-alice-company-0001")
}

/// A file of its own, gone with the test.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[tokio::test]
async fn a_state_file_brings_the_world_back() {
    let name = format!("mock-gitlab-state-{}.jsonl", std::process::id());
    let file = Scratch(std::env::temp_dir().join(name));
    let start = async || {
        let builder = MockGitlab::builder().world(World::company()).state(&file.0);
        builder.start().await.unwrap()
    };
    let gl = start().await;
    gl.clock().advance(Duration::from_mins(5));
    alice(&gl).get("/user").await.expect(200);
    let made = alice(&gl)
        .post("/projects/1/issues", json!({ "title": "Remember me" }))
        .await;
    let made = made.expect(201).json();
    let token = alice(&gl)
        .post(
            "/projects/1/access_tokens",
            json!({ "name": "bot", "scopes": ["api"], "expires_at": "2026-12-01" }),
        )
        .await;
    let token = token.expect(201).json();
    gl.shutdown().await;
    let again = start().await;
    assert_eq!(again.log().count(), 0);
    let found = alice(&again)
        .get(&format!("/projects/1/issues/{}", made["iid"]))
        .await;
    let found = found.expect(200).json();
    assert_eq!(
        (&found["title"], &found["created_at"]),
        (&made["title"], &made["created_at"])
    );
    let bot = Client::anonymous(&again).with("PRIVATE-TOKEN", token["token"].as_str().unwrap());
    bot.get("/user").await.expect(200);
}
