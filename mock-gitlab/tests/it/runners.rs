//! Runners: who makes them, who keeps them, and what they say themselves.

use serde_json::json;

use crate::client::Client;
use crate::company;

const PROJECT: &str = "/projects/larkspur%2Fmusic-box";

#[tokio::test]
async fn who_may_make_a_runner_depends_on_whom_it_works_for() {
    let gl = company().await;
    let (root, alice, bob) = (
        Client::of(&gl, "root"),
        Client::of(&gl, "alice"),
        Client::of(&gl, "bob"),
    );
    let path = "/user/runners";
    let instance = json!({"runner_type": "instance_type"});
    let project = json!({"runner_type": "project_type", "project_id": 1});
    alice.post(path, json!({})).await.expect(400);
    alice
        .post(path, json!({"runner_type": "moon_type"}))
        .await
        .expect(400);
    alice
        .post(path, json!({"runner_type": "project_type"}))
        .await
        .expect(400);
    alice.post(path, instance.clone()).await.expect(403);
    bob.post(path, project.clone()).await.expect(403);
    root.post(path, instance).await.expect(201);
    let made = alice.post(path, project).await.expect(201).json();
    assert!(made["token"].as_str().unwrap().starts_with("glrt-"));
    let seen = alice
        .get(&format!("{PROJECT}/runners"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen.as_array().unwrap().len(), 2);
    bob.get(&format!("{PROJECT}/runners")).await.expect(403);
    assert_eq!(
        alice.get("/runners").await.json().as_array().unwrap().len(),
        1
    );
    let wrong = json!({"runner_type": "project_type", "project_id": 1, "run_untagged": false});
    alice.post(path, wrong).await.expect(400);
}

#[tokio::test]
async fn a_runner_is_kept_by_its_maintainers() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let new = json!({"runner_type": "project_type", "project_id": 1, "tag_list": ["brass"]});
    let made = alice.post("/user/runners", new).await.expect(201).json();
    let one = format!("/runners/{}", made["id"]);
    bob.get(&one).await.expect(403);
    alice.get("/runners/99").await.expect(404);
    let seen = alice.get(&one).await.expect(200).json();
    assert_eq!(
        (seen["tag_list"].clone(), seen.get("token")),
        (json!(["brass"]), None)
    );
    let changed = alice
        .put(&one, json!({"paused": true, "description": "Lathe"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (changed["active"].clone(), changed["description"].clone()),
        (json!(false), json!("Lathe"))
    );
    alice
        .put(&one, json!({"maximum_timeout": 5}))
        .await
        .expect(400);
    assert_eq!(alice.get("/runners?paused=false").await.json(), json!([]));
    let end = format!("{PROJECT}/runners/{}", made["id"]);
    alice.delete(&end).await.expect(403);
    let attic = alice
        .post("/projects", json!({"name": "Attic"}))
        .await
        .expect(201)
        .json();
    let attic = format!("/projects/{}/runners", attic["id"]);
    alice
        .post(&attic, json!({"runner_id": made["id"]}))
        .await
        .expect(201);
    alice
        .post(&attic, json!({"runner_id": made["id"]}))
        .await
        .expect(400);
    alice
        .delete(&format!("{attic}/{}", made["id"]))
        .await
        .expect(204);
    alice.delete(&one).await.expect(204);
    alice.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_runner_speaks_with_its_own_token() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let made = root
        .post("/user/runners", json!({"runner_type": "instance_type"}))
        .await
        .expect(201)
        .json();
    let one = format!("/runners/{}", made["id"]);
    assert_eq!(root.get(&one).await.json()["status"], "never_contacted");
    let machine = Client::anonymous(&gl);
    machine.post("/runners/verify", json!({})).await.expect(400);
    machine
        .post("/runners/verify", json!({"token": "glrt-unheard-of"}))
        .await
        .expect(403);
    let token = json!({"token": made["token"]});
    machine
        .post("/runners/verify", token.clone())
        .await
        .expect(200);
    assert_eq!(root.get(&one).await.json()["status"], "online");
    gl.clock().advance(std::time::Duration::from_hours(3));
    assert_eq!(root.get(&one).await.json()["status"], "offline");
    let next = machine
        .post("/runners/reset_authentication_token", token.clone())
        .await
        .expect(201)
        .json();
    machine.post("/runners/verify", token).await.expect(403);
    machine
        .post("/runners", json!({"token": "GR1348941"}))
        .await
        .expect(410);
    machine
        .send("DELETE", "/runners", Some(json!({"token": next["token"]})))
        .await
        .expect(204);
    root.get(&one).await.expect(404);
}
