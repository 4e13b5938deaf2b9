//! Users: what administrators do to them, what they do themselves, and what remains of them.

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

fn dora() -> Value {
    json!({"email": "dora@larkspur.example", "name": "Dora", "username": "dora",
           "password": "dora-sweeps-the-shop"})
}

#[tokio::test]
async fn what_a_new_user_lacks_is_named() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    for (change, status, said) in [
        (
            json!({"email": null}),
            400,
            json!({"error": "email is missing"}),
        ),
        (
            json!({"password": null}),
            400,
            json!({"error": "password, reset_password, force_random_password are missing, at least one parameter must be provided"}),
        ),
        (
            json!({"password": "short"}),
            400,
            json!({"message": {"password": ["is too short (minimum is 8 characters)"]}}),
        ),
        (
            json!({"email": "nowhere"}),
            400,
            json!({"message": {"email": ["is invalid"]}}),
        ),
        (
            json!({"username": "ALICE"}),
            409,
            json!({"message": "Username has already been taken"}),
        ),
        (
            json!({"username": "larkspur"}),
            409,
            json!({"message": "Username has already been taken"}),
        ),
        (
            json!({"email": "Alice@larkspur.example"}),
            409,
            json!({"message": "Email has already been taken"}),
        ),
    ] {
        let mut body = dora();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = root.post("/users", body).await.expect(status);
        assert_eq!(reply.json(), said);
    }
    root.post("/users", dora()).await.expect(201);
}

#[tokio::test]
async fn a_profile_is_changed_by_administrators_and_shown_to_all() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let change = json!({"bio": "Oils springs", "website_url": "http://dora.example",
                        "provider": "github", "extern_uid": "77", "note": "came by sea"});
    bob.put("/users/4", change.clone()).await.expect(403);
    let seen = root.put("/users/4", change).await.expect(200).json();
    assert_eq!(seen["identities"][0]["extern_uid"], "77");
    assert_eq!(seen["note"], "came by sea");
    let found = root
        .get("/users?extern_uid=77&provider=github")
        .await
        .json();
    assert_eq!(found[0]["id"], 4);
    let seen = bob.get("/users/4").await.expect(200).json();
    assert_eq!(seen["bio"], "Oils springs");
    assert_eq!((seen.get("note"), seen.get("identities")), (None, None));
    root.delete("/users/4/identities/github").await.expect(204);
    root.delete("/users/4/identities/github").await.expect(404);
}

#[tokio::test]
async fn states_follow_one_another_only_in_some_orders() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    for (action, status, said) in [
        ("unblock", 201, "false"),
        ("block", 201, "true"),
        ("block", 201, "null"),
        ("activate", 403, ""),
        ("ban", 403, ""),
        ("unblock", 201, "true"),
        ("ban", 201, "true"),
        ("unban", 201, "true"),
        ("deactivate", 201, "true"),
        ("unblock", 403, ""),
        ("activate", 201, "true"),
        ("approve", 409, ""),
    ] {
        let reply = root.post(&format!("/users/4/{action}"), json!({})).await;
        assert_eq!(reply.status, status, "{action}");
        assert!(said.is_empty() || reply.text() == said, "{action}");
        bob.post(&format!("/users/4/{action}"), json!({}))
            .await
            .expect(403);
    }
    root.post("/users/1/block", json!({})).await.expect(403);
}

#[tokio::test]
async fn what_a_removed_user_wrote_goes_to_the_ghost() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let path = "/projects/larkspur%2Fmusic-box/issues";
    let carol = Client::of(&gl, "carol");
    let issue = carol
        .post(path, json!({"title": "It hums"}))
        .await
        .expect(201)
        .json();
    root.delete("/users/4").await.expect(204);
    root.get("/users/4").await.expect(404);
    carol.get("/user").await.expect(401);
    let seen = root
        .get(&format!("{path}/{}", issue["iid"]))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["author"]["username"], "ghost");
}

#[tokio::test]
async fn a_hard_deletion_takes_everything_along() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let path = "/projects/larkspur%2Fmusic-box/issues";
    let bob = Client::of(&gl, "bob");
    let issue = bob
        .post(path, json!({"title": "It hums"}))
        .await
        .expect(201)
        .json();
    bob.post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(201);
    let refused = root.delete("/users/3").await.expect(409).json();
    assert!(refused["message"].as_str().unwrap().contains("sole-owner"));
    root.delete("/users/3?hard_delete=true").await.expect(204);
    root.get("/groups/choir").await.expect(404);
    root.get(&format!("{path}/{}", issue["iid"]))
        .await
        .expect(404);
}

#[tokio::test]
async fn memberships_are_for_administrators() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let all = root.get("/users/3/memberships").await.expect(200).json();
    let kinds: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["source_type"].as_str())
        .collect();
    assert!(
        kinds.contains(&"Namespace") && kinds.contains(&"Project"),
        "{kinds:?}"
    );
    let groups = root.get("/users/3/memberships?type=Namespace").await.json();
    assert!(
        groups
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["source_type"] == "Namespace")
    );
    let wrong = root
        .get("/users/3/memberships?type=Club")
        .await
        .expect(400)
        .json();
    assert_eq!(wrong["error"], "type does not have a valid value");
    bob.get("/users/3/memberships").await.expect(403);
    bob.get("/users/3/associations_count").await.expect(200);
    bob.get("/users/4/associations_count").await.expect(403);
}

#[tokio::test]
async fn people_follow_and_star_once() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    bob.post("/users/2/follow", json!({})).await.expect(201);
    bob.post("/users/2/follow", json!({})).await.expect(304);
    bob.post("/users/3/follow", json!({})).await.expect(304);
    let alice = bob.get("/users/2").await.json();
    assert_eq!(
        (alice["followers"].clone(), alice["is_followed"].clone()),
        (json!(1), json!(true))
    );
    assert_eq!(
        bob.get("/users/3/following").await.json()[0]["username"],
        "alice"
    );
    bob.post("/users/2/unfollow", json!({})).await.expect(201);
    bob.post("/users/2/unfollow", json!({})).await.expect(304);
    let path = "/projects/larkspur%2Fmusic-box";
    bob.post(&format!("{path}/star"), json!({}))
        .await
        .expect(201);
    bob.post(&format!("{path}/star"), json!({}))
        .await
        .expect(304);
    let stars = bob
        .get("/users/bob/starred_projects")
        .await
        .expect(200)
        .json();
    assert_eq!(stars.as_array().unwrap().len(), 1);
    bob.post(&format!("{path}/unstar"), json!({}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_status_runs_out() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let set = json!({"message": "Lunch", "clear_status_after": "30_minutes"});
    let set = bob.put("/user/status", set).await.expect(200).json();
    assert_eq!(
        (set["emoji"].clone(), set["message"].clone()),
        (json!("speech_balloon"), json!("Lunch"))
    );
    assert_eq!(
        bob.get("/users/bob/status").await.json()["message"],
        "Lunch"
    );
    gl.clock().advance(std::time::Duration::from_mins(31));
    assert_eq!(bob.get("/user/status").await.json()["message"], Value::Null);
    bob.put("/user/status", json!({"message": "x".repeat(101)}))
        .await
        .expect(400);
}

#[tokio::test]
async fn preferences_and_counts_are_ones_own() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    bob.put("/user/preferences", json!({})).await.expect(400);
    let set = json!({"view_diffs_file_by_file": true});
    bob.put("/user/preferences", set).await.expect(200);
    let seen = bob.get("/user/preferences").await.expect(200).json();
    assert_eq!(seen["view_diffs_file_by_file"], true);
    let other = Client::of(&gl, "carol")
        .get("/user/preferences")
        .await
        .json();
    assert_eq!(other["view_diffs_file_by_file"], false);
    assert!(bob.get("/user_counts").await.expect(200).json()["todos"].is_number());
    Client::anonymous(&gl)
        .get("/user/preferences")
        .await
        .expect(401);
}

#[tokio::test]
async fn an_impersonation_token_speaks_for_the_user() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let path = "/users/4/impersonation_tokens";
    let new = json!({"name": "audit", "scopes": ["api"]});
    bob.post(path, new.clone()).await.expect(403);
    root.post(path, json!({"name": "audit"})).await.expect(400);
    let made = root.post(path, new).await.expect(201).json();
    assert_eq!(made["impersonation"], true);
    let carol = Client::anonymous(&gl).with("PRIVATE-TOKEN", made["token"].as_str().unwrap());
    assert_eq!(
        carol.get("/user").await.expect(200).json()["username"],
        "carol"
    );
    let one = format!("{path}/{}", made["id"]);
    assert_eq!(root.get(&one).await.expect(200).json().get("token"), None);
    root.delete(&one).await.expect(204);
    carol.get("/user").await.expect(401);
    let active = root.get(&format!("{path}?state=active")).await.json();
    assert_eq!(active, json!([]));
}

#[tokio::test]
async fn custom_attributes_are_seen_by_administrators_alone() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    for place in [
        "/users/4",
        "/groups/larkspur",
        "/projects/larkspur%2Fmusic-box",
    ] {
        let path = format!("{place}/custom_attributes/shelf");
        bob.put(&path, json!({"value": "3"})).await.expect(403);
        root.get(&path).await.expect(404);
        root.put(&path, json!({})).await.expect(400);
        root.put(&path, json!({"value": "3"})).await.expect(200);
        let seen = root.get(&path).await.expect(200).json();
        assert_eq!(seen, json!({"key": "shelf", "value": "3"}));
    }
    let found = root.get("/users?custom_attributes[shelf]=3").await.json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        root.get("/groups?custom_attributes[shelf]=4").await.json(),
        json!([])
    );
    root.delete("/users/4/custom_attributes/shelf")
        .await
        .expect(204);
    root.delete("/users/4/custom_attributes/shelf")
        .await
        .expect(404);
}
