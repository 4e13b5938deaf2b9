//! Labels, milestones, to-dos, events.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn labels_are_found_by_name_and_inherited_from_groups() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let all = bob.get("/projects/1/labels").await.expect(200);
    assert_eq!(all.header("x-total"), Some("7"));
    let own = bob
        .get("/projects/1/labels?include_ancestor_groups=false")
        .await;
    assert_eq!(own.header("x-total"), Some("6"));
    let label = bob
        .get("/projects/1/labels/good%20first%20turn")
        .await
        .expect(200)
        .json();
    assert_eq!(label["is_project_label"], true);
    let new = json!({"name": "cat", "color": "orange"});
    let made = bob
        .post("/projects/1/labels", new.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(made["color"], "#FFA500");
    bob.post("/projects/1/labels", new).await.expect(409);
    bob.put("/projects/1/labels/cat", json!({"new_name": "cats"}))
        .await
        .expect(200);
    bob.delete("/projects/1/labels/cats").await.expect(204);
    let bad = bob
        .post("/projects/1/labels", json!({"name": "x", "color": "loud"}))
        .await;
    assert_eq!(
        bad.expect(400).json(),
        json!({"message": {"color": ["must be a valid color code"]}})
    );
    Client::of(&gl, "carol")
        .post("/projects/1/labels", json!({"name": "x", "color": "#fff"}))
        .await
        .expect(403);
}

#[tokio::test]
async fn milestones_take_their_global_id() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let active = bob
        .get("/projects/1/milestones?state=active")
        .await
        .expect(200)
        .json();
    assert_eq!(active.as_array().unwrap().len(), 2);
    let new = json!({"title": "Rainy days", "due_date": "2026-12-24"});
    let made = bob
        .post("/projects/1/milestones", new)
        .await
        .expect(201)
        .json();
    let path = format!("/projects/1/milestones/{}", made["id"]);
    let closed = bob
        .put(&path, json!({"state_event": "close"}))
        .await
        .expect(200)
        .json();
    assert_eq!(closed["state"], "closed");
    assert_eq!(
        bob.get(&format!("{path}/issues")).await.expect(200).json(),
        json!([])
    );
    bob.delete(&path).await.expect(204);
    bob.get(&path).await.expect(404);
}

#[tokio::test]
async fn todos_and_events_answer_with_lists() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for path in ["/todos", "/events", "/projects/1/events"] {
        assert!(bob.get(path).await.expect(200).json().is_array(), "{path}");
    }
    bob.post("/todos/mark_as_done", json!({})).await.expect(204);
    bob.post("/todos/1000000/mark_as_done", json!({}))
        .await
        .expect(404);
}
