//! Keys and addresses of users, deploy keys and deploy tokens.

use serde_json::json;

use crate::client::Client;
use crate::company;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyAPmQz+p3hWdGdAPvkgUbrnFmpmYkQgCvA2l7S0rLZ bob@shop";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD";
const GPG: &str =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBFn5\n-----END PGP PUBLIC KEY BLOCK-----";
const PROJECT: &str = "/projects/larkspur%2Fmusic-box";

#[tokio::test]
async fn a_key_must_be_one_and_belongs_to_one_user() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    for (key, field) in [
        ("hello", "key"),
        ("ssh-ed25519 ???", "fingerprint_sha256"),
        ("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJyA", "fingerprint_sha256"),
    ] {
        let body = json!({"title": "shop", "key": key});
        let said = bob.post("/user/keys", body).await.expect(400).json();
        assert!(said["message"].get(field).is_some(), "{key}: {said}");
    }
    let new = json!({"title": "shop", "key": KEY});
    let made = bob.post("/user/keys", new.clone()).await.expect(201).json();
    carol.post("/user/keys", new).await.expect(400);
    let one = format!("/user/keys/{}", made["id"]);
    assert_eq!(
        bob.get(&one).await.expect(200).json()["usage_type"],
        "auth_and_signing"
    );
    carol.get(&one).await.expect(404);
    let seen = carol.get("/users/bob/keys").await.expect(200).json();
    assert_eq!(seen[0]["title"], "shop");
    carol
        .post("/users/3/keys", json!({"title": "t", "key": OTHER}))
        .await
        .expect(403);
    bob.delete(&one).await.expect(204);
    bob.get(&one).await.expect(404);
}

#[tokio::test]
async fn administrators_find_keys_by_fingerprint() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let new = json!({"title": "shop", "key": KEY});
    let made = bob.post("/user/keys", new).await.expect(201).json();
    let by_id = root
        .get(&format!("/keys/{}", made["id"]))
        .await
        .expect(200)
        .json();
    assert_eq!(by_id["user"]["username"], "bob");
    bob.get(&format!("/keys/{}", made["id"])).await.expect(403);
    root.get("/keys?fingerprint=nonsense").await.expect(400);
    let unknown = "SHA256%3A".to_owned() + &"A".repeat(43);
    root.get(&format!("/keys?fingerprint={unknown}"))
        .await
        .expect(404);
    let deploy = json!({"title": "robot", "key": OTHER});
    let made = root.post("/deploy_keys", deploy).await.expect(201).json();
    let print = made["fingerprint_sha256"]
        .as_str()
        .unwrap()
        .replace(':', "%3A");
    let print = print.replace('+', "%2B").replace('/', "%2F");
    let found = root
        .get(&format!("/keys?fingerprint={print}"))
        .await
        .expect(200)
        .json();
    assert_eq!(found["title"], "robot");
}

#[tokio::test]
async fn gpg_keys_and_addresses_come_and_go() {
    let gl = company().await;
    let (root, bob, carol) = (
        Client::of(&gl, "root"),
        Client::of(&gl, "bob"),
        Client::of(&gl, "carol"),
    );
    bob.post("/user/gpg_keys", json!({"key": "hello"}))
        .await
        .expect(400);
    let made = bob
        .post("/user/gpg_keys", json!({"key": GPG}))
        .await
        .expect(201)
        .json();
    let one = format!("/user/gpg_keys/{}", made["id"]);
    bob.get(&one).await.expect(200);
    carol.get(&one).await.expect(404);
    assert_eq!(
        carol
            .get("/users/3/gpg_keys")
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    carol
        .delete(&format!("/users/3/gpg_keys/{}", made["id"]))
        .await
        .expect(403);
    bob.delete(&one).await.expect(204);

    let taken = json!({"email": "alice@larkspur.example"});
    bob.post("/user/emails", taken).await.expect(400);
    let second = json!({"email": "bob@home.example"});
    let made = bob
        .post("/user/emails", second.clone())
        .await
        .expect(201)
        .json();
    assert!(made["confirmed_at"].is_null());
    carol.post("/user/emails", second).await.expect(400);
    let vouched = json!({"email": "carol@home.example", "skip_confirmation": true});
    let made = root
        .post("/users/4/emails", vouched)
        .await
        .expect(201)
        .json();
    assert!(made["confirmed_at"].is_string());
    bob.get("/users/4/emails").await.expect(403);
}

#[tokio::test]
async fn a_deploy_key_is_shared_between_projects_one_maintains() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let new = json!({"title": "robot", "key": KEY, "can_push": true});
    let path = format!("{PROJECT}/deploy_keys");
    bob.post(&path, new.clone()).await.expect(403);
    let made = alice.post(&path, new).await.expect(201).json();
    assert_eq!(made["can_push"], true);
    let id = &made["id"];
    alice
        .put(&format!("{path}/{id}"), json!({}))
        .await
        .expect(400);
    let changed = json!({"can_push": false, "title": "arm"});
    let changed = alice
        .put(&format!("{path}/{id}"), changed)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (changed["title"].clone(), changed["can_push"].clone()),
        (json!("arm"), json!(false))
    );
    let own = bob
        .post("/projects", json!({"name": "Attic"}))
        .await
        .expect(201)
        .json();
    let attic = format!("/projects/{}/deploy_keys", own["id"]);
    // Bob does not maintain the project that has the key.
    bob.post(&format!("{attic}/{id}/enable"), json!({}))
        .await
        .expect(404);
    let again = json!({"title": "mine", "key": KEY});
    bob.post(&attic, again).await.expect(400);
    alice.delete(&format!("{path}/{id}")).await.expect(204);
    alice.get(&format!("{path}/{id}")).await.expect(404);
    bob.post(&attic, json!({"title": "mine", "key": KEY}))
        .await
        .expect(201);
}

#[tokio::test]
async fn deploy_tokens_show_their_secret_once() {
    let gl = company().await;
    let (root, alice, bob) = (
        Client::of(&gl, "root"),
        Client::of(&gl, "alice"),
        Client::of(&gl, "bob"),
    );
    let path = format!("{PROJECT}/deploy_tokens");
    let new = json!({"name": "crane", "scopes": ["read_repository"], "expires_at": "2026-12-01"});
    bob.post(&path, new.clone()).await.expect(403);
    alice
        .post(&path, json!({"name": "crane"}))
        .await
        .expect(400);
    alice
        .post(&path, json!({"name": "crane", "scopes": ["everything"]}))
        .await
        .expect(400);
    let made = alice.post(&path, new).await.expect(201).json();
    assert!(made["token"].as_str().unwrap().starts_with("gldt-"));
    assert_eq!(
        made["username"],
        format!("gitlab+deploy-token-{}", made["id"])
    );
    let one = format!("{path}/{}", made["id"]);
    let seen = alice.get(&one).await.expect(200).json();
    assert_eq!(seen.get("token"), None);
    assert_eq!(seen["expires_at"], "2026-12-01T00:00:00.000Z");
    alice.get("/deploy_tokens").await.expect(403);
    assert_eq!(
        root.get("/deploy_tokens")
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    gl.clock().advance(std::time::Duration::from_hours(24 * 40));
    assert_eq!(alice.get(&one).await.json()["expired"], true);
    assert_eq!(
        root.get("/deploy_tokens?active=true").await.json(),
        json!([])
    );
    alice.delete(&one).await.expect(204);
    alice.delete(&one).await.expect(404);
}
