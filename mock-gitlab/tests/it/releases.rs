//! Releases, their tags and links.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_release_makes_its_tag_and_leaves_it_behind() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"tag_name": "v9.0.0", "ref": "main", "description": "Nine turns"});
    Client::of(&gl, "carol")
        .post("/projects/1/releases", new.clone())
        .await
        .expect(403);
    let made = bob
        .post("/projects/1/releases", new.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(made["name"], "v9.0.0");
    assert_eq!(made["assets"]["count"], 4);
    bob.post("/projects/1/releases", new).await.expect(409);
    bob.get("/projects/1/repository/tags/v9.0.0")
        .await
        .expect(200);
    bob.delete("/projects/1/releases/v9.0.0").await.expect(200);
    bob.get("/projects/1/releases/v9.0.0").await.expect(404);
    bob.get("/projects/1/repository/tags/v9.0.0")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_release_without_a_tag_needs_a_place() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for new in [
        json!({"tag_name": "v9.1.0"}),
        json!({"tag_name": "v9.1.0", "ref": "no-such-branch"}),
        json!({"ref": "main"}),
    ] {
        bob.post("/projects/1/releases", new).await.expect(400);
    }
}

#[tokio::test]
async fn links_are_distinct_and_lead_somewhere() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"tag_name": "v9.2.0", "ref": "main"});
    bob.post("/projects/1/releases", new).await.expect(201);
    let links = "/projects/1/releases/v9.2.0/assets/links";
    let link = json!({"name": "score", "url": "https://scores.example/a.pdf",
                      "direct_asset_path": "/score.pdf", "link_type": "runbook"});
    bob.post(links, link.clone()).await.expect(201);
    bob.post(links, link).await.expect(400);
    let bad = json!({"name": "x", "url": "javascript:alert(1)"});
    bob.post(links, bad).await.expect(400);
    let there = bob
        .get("/projects/1/releases/v9.2.0/downloads/score.pdf")
        .await;
    assert_eq!(
        there.expect(302).header("location"),
        Some("https://scores.example/a.pdf")
    );
    let release = bob.get("/projects/1/releases/v9.2.0").await.json();
    assert_eq!(release["assets"]["links"][0]["link_type"], "runbook");
    let latest = bob
        .get("/projects/1/releases/permalink/latest")
        .await
        .expect(302);
    assert!(latest.header("location").unwrap().contains("/releases/v"));
}
