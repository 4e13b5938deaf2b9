//! Groups, namespaces, users.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_subgroup_is_found_by_its_full_path() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let group = bob
        .get("/groups/larkspur%2Fworkshop")
        .await
        .expect(200)
        .json();
    assert_eq!(group["full_name"], "Larkspur / Workshop");
    assert_eq!(
        bob.get("/groups/larkspur/subgroups").await.json()[0]["path"],
        "workshop"
    );
    Client::anonymous(&gl)
        .get("/groups/larkspur%2Fworkshop")
        .await
        .expect(404);
    let direct = bob
        .get("/groups/larkspur/projects?simple=true")
        .await
        .expect(200);
    assert_eq!(direct.header("x-total"), Some("3"));
    let nested = bob
        .get("/groups/larkspur/projects?include_subgroups=true")
        .await
        .expect(200);
    assert_eq!(nested.header("x-total"), Some("5"));
}

#[tokio::test]
async fn groups_are_created_changed_marked_and_restored() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let made = bob
        .post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(201)
        .json();
    let id = made["id"].as_u64().unwrap();
    bob.post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(400);
    bob.post(
        "/groups",
        json!({"name": "Altos", "path": "altos", "parent_id": id}),
    )
    .await
    .expect(201);
    bob.put("/groups/choir", json!({"description": "We hum"}))
        .await
        .expect(200);
    bob.delete("/groups/choir").await.expect(202);
    assert_eq!(
        bob.get("/groups/choir").await.json()["marked_for_deletion_on"],
        "2026-11-01"
    );
    bob.post("/groups/choir/restore", json!({}))
        .await
        .expect(201);
    Client::of(&gl, "carol")
        .put("/groups/larkspur", json!({"name": "Mine"}))
        .await
        .expect(403);
}

#[tokio::test]
async fn namespaces_are_users_and_groups() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let all = bob.get("/namespaces").await.expect(200).json();
    let kinds: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["kind"].clone())
        .collect();
    assert_eq!(kinds, [json!("user"), json!("group"), json!("group")]);
    assert_eq!(
        bob.get("/namespaces/larkspur%2Fworkshop")
            .await
            .expect(200)
            .json()["kind"],
        "group"
    );
    let taken = bob
        .get("/namespaces/larkspur/exists")
        .await
        .expect(200)
        .json();
    assert_eq!(taken, json!({"exists": true, "suggests": ["larkspur1"]}));
    assert_eq!(
        bob.get("/namespaces/nobody/exists").await.json()["exists"],
        false
    );
}

#[tokio::test]
async fn users_are_searched_by_name_and_by_whole_address() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let found = |path: &'static str| {
        let bob = &bob;
        async move {
            bob.get(path)
                .await
                .expect(200)
                .json()
                .as_array()
                .unwrap()
                .len()
        }
    };
    assert_eq!(found("/users?username=ALICE").await, 1);
    assert_eq!(found("/users?search=okonjo").await, 1);
    assert_eq!(found("/users?search=alice%40larkspur.example").await, 1);
    assert_eq!(found("/users?search=larkspur.example").await, 0);
    assert_eq!(found("/users?blocked=true").await, 0);
    let alice = bob.get("/users/2").await.expect(200).json();
    assert_eq!(
        (alice["username"].clone(), alice.get("email")),
        (json!("alice"), None)
    );
    Client::anonymous(&gl).get("/users").await.expect(403);
    bob.get("/users/99").await.expect(404);
}

#[tokio::test]
async fn a_token_describes_itself() {
    let gl = company().await;
    let token = gl.user("bob").expiring_pat(&["read_user"], "2026-12-01");
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    let own = client
        .get("/personal_access_tokens/self")
        .await
        .expect(200)
        .json();
    assert_eq!(own["scopes"], json!(["read_user"]));
    assert_eq!(own["expires_at"], "2026-12-01");
    assert_eq!(own["active"], true);
    client.get("/projects").await.expect(403);
    client
        .delete("/personal_access_tokens/self")
        .await
        .expect(204);
    client.get("/user").await.expect(401);
}

#[tokio::test]
async fn a_rotated_token_dies_and_its_successor_lives() {
    let gl = company().await;
    let token = gl.user("bob").pat(&["api"]);
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    let id = client
        .get("/personal_access_tokens/self")
        .await
        .expect(200)
        .json()["id"]
        .clone();
    let path = format!("/personal_access_tokens/{id}");
    Client::of(&gl, "carol").get(&path).await.expect(401);
    Client::of(&gl, "root").get(&path).await.expect(200);
    let next = client
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(next["expires_at"], "2026-11-08");
    client.get("/user").await.expect(401);
    let next = next["token"].as_str().unwrap();
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", next);
    assert_eq!(
        client.get("/user").await.expect(200).json()["username"],
        "bob"
    );
}

#[tokio::test]
async fn administrators_make_block_and_delete_users() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let new = json!({"email": "dora@larkspur.example", "name": "Dora", "username": "dora",
                     "password": "dora-sweeps-the-shop"});
    bob.post("/users", new.clone()).await.expect(403);
    let id = root.post("/users", new.clone()).await.expect(201).json()["id"].clone();
    root.post("/users", new).await.expect(409);
    let dora = Client::of(&gl, "dora");
    dora.get("/user").await.expect(200);
    root.post(&format!("/users/{id}/block"), json!({}))
        .await
        .expect(201);
    dora.get("/user").await.expect(403);
    root.delete(&format!("/users/{id}")).await.expect(204);
    dora.get("/user").await.expect(401);
}
