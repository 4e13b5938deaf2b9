//! Ways in besides being added: shares, requests, invitations; and what they give.

use serde_json::json;

use crate::client::Client;
use crate::company;

const LEDGER: &str = "/projects/larkspur%2Fledger";

#[tokio::test]
async fn a_share_lets_the_members_of_a_group_in_at_most_at_its_level() {
    let gl = company().await;
    let (alice, bob, carol) = (
        Client::of(&gl, "alice"),
        Client::of(&gl, "bob"),
        Client::of(&gl, "carol"),
    );
    let sketches = "/projects/alice%2Fsketches";
    carol.get(sketches).await.expect(404);
    let choir = json!({"name": "Choir", "path": "choir", "visibility": "public"});
    let choir = bob.post("/groups", choir).await.expect(201).json();
    let member = json!({"user_id": 4, "access_level": 40});
    bob.post("/groups/choir/members", member).await.expect(201);
    let share = json!({"group_id": choir["id"], "group_access": 20});
    let path = format!("{sketches}/share");
    carol.post(&path, share.clone()).await.expect(404);
    for (body, status) in [
        (json!({"group_id": choir["id"]}), 400),
        (json!({"group_id": choir["id"], "group_access": 13}), 400),
        (share.clone(), 201),
        (share, 409),
    ] {
        alice.post(&path, body).await.expect(status);
    }
    carol.get(sketches).await.expect(200);
    carol
        .put(sketches, json!({"name": "Mine"}))
        .await
        .expect(403);
    let all = alice
        .get(&format!("{sketches}/members/all"))
        .await
        .expect(200)
        .json();
    let carols = all
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["username"] == "carol");
    assert_eq!(carols.unwrap()["access_level"], 20);
    let seen = alice.get(sketches).await.json();
    assert_eq!(seen["shared_with_groups"][0]["group_full_path"], "choir");
    let shared = bob
        .get("/groups/choir/projects/shared")
        .await
        .expect(200)
        .json();
    assert_eq!(shared[0]["path"], "sketches");
    let end = format!("{path}/{}", choir["id"]);
    alice.delete(&end).await.expect(204);
    alice.delete(&end).await.expect(404);
    carol.get(sketches).await.expect(404);
}

#[tokio::test]
async fn groups_are_shared_with_groups() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let choir = bob
        .post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(201)
        .json();
    let altos = carol
        .post("/groups", json!({"name": "Altos", "path": "altos"}))
        .await
        .expect(201)
        .json();
    carol.get("/groups/choir").await.expect(404);
    let path = format!("/groups/{}/share", choir["id"]);
    // Bob does not see the other group, so for him it is not there.
    let share = json!({"group_id": altos["id"], "group_access": 30});
    bob.post(&path, share.clone()).await.expect(404);
    let root = Client::of(&gl, "root");
    let shared = root.post(&path, share.clone()).await.expect(201).json();
    assert_eq!(shared["shared_with_groups"][0]["group_access_level"], 30);
    root.post(&path, share).await.expect(409);
    carol.get("/groups/choir").await.expect(200);
    carol
        .put("/groups/choir", json!({"name": "Mine"}))
        .await
        .expect(403);
    assert_eq!(
        root.get("/groups/choir/invited_groups").await.json()[0]["path"],
        "altos"
    );
    assert_eq!(
        root.get("/groups/altos/groups/shared").await.json()[0]["path"],
        "choir"
    );
    root.delete(&format!("{path}/{}", altos["id"]))
        .await
        .expect(204);
    carol.get("/groups/choir").await.expect(404);
}

#[tokio::test]
async fn somebody_asks_and_somebody_decides() {
    let gl = company().await;
    let (root, alice, bob) = (
        Client::of(&gl, "root"),
        Client::of(&gl, "alice"),
        Client::of(&gl, "bob"),
    );
    let open = json!({"name": "Choir", "path": "choir", "visibility": "public"});
    alice.post("/groups", open).await.expect(201);
    let path = "/groups/choir/access_requests";
    Client::anonymous(&gl)
        .post(path, json!({}))
        .await
        .expect(401);
    let asked = bob.post(path, json!({})).await.expect(201).json();
    assert_eq!(
        (asked["username"].clone(), asked["requested_at"].is_string()),
        (json!("bob"), true)
    );
    bob.post(path, json!({})).await.expect(403);
    bob.get(path).await.expect(403);
    assert_eq!(
        alice
            .get(path)
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    bob.put(&format!("{path}/3/approve"), json!({}))
        .await
        .expect(403);
    let made = alice
        .put(&format!("{path}/3/approve"), json!({"access_level": 20}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["access_level"], 20);
    bob.post(path, json!({})).await.expect(403);
    alice
        .put(&format!("{path}/3/approve"), json!({}))
        .await
        .expect(404);
    let carol = Client::of(&gl, "carol");
    carol.post(path, json!({})).await.expect(201);
    bob.delete(&format!("{path}/4")).await.expect(403);
    carol.delete(&format!("{path}/4")).await.expect(204);
    alice
        .put("/groups/choir", json!({"request_access_enabled": false}))
        .await
        .expect(200);
    carol.post(path, json!({})).await.expect(403);
    root.delete(&format!("{path}/4")).await.expect(404);
}

#[tokio::test]
async fn an_invitation_waits_for_its_user() {
    let gl = company().await;
    let (root, alice, bob) = (
        Client::of(&gl, "root"),
        Client::of(&gl, "alice"),
        Client::of(&gl, "bob"),
    );
    let path = format!("{LEDGER}/invitations");
    let invite =
        json!({"email": "dora@larkspur.example,bob@larkspur.example,nowhere", "access_level": 20});
    bob.post(&path, invite.clone()).await.expect(403);
    alice
        .post(&path, json!({"access_level": 20}))
        .await
        .expect(400);
    alice
        .post(
            &path,
            json!({"email": "dora@larkspur.example", "access_level": 50}),
        )
        .await
        .expect(403);
    let said = alice.post(&path, invite).await.expect(201).json();
    assert_eq!(
        said,
        json!({"status": "error", "message": {"nowhere": "Invite email is invalid"}})
    );
    let open = alice.get(&path).await.expect(200).json();
    assert_eq!(open.as_array().unwrap().len(), 1);
    assert_eq!(open[0]["invite_email"], "dora@larkspur.example");
    let one = format!("{path}/dora%40larkspur.example");
    alice
        .put(&one, json!({"access_level": 30}))
        .await
        .expect(200);
    root.post(
        "/users",
        json!({"email": "dora@larkspur.example", "name": "Dora", "username": "dora",
               "password": "dora-sweeps-the-shop"}),
    )
    .await
    .expect(201);
    let dora = Client::of(&gl, "dora");
    dora.get(LEDGER).await.expect(200);
    assert_eq!(alice.get(&path).await.json(), json!([]));
    alice.delete(&one).await.expect(404);
}

#[tokio::test]
async fn changes_of_members_are_written_down() {
    let gl = company().await;
    let (root, alice) = (Client::of(&gl, "root"), Client::of(&gl, "alice"));
    let path = format!("{LEDGER}/members");
    let add = json!({"user_id": 4, "access_level": 30});
    alice.post(&path, add).await.expect(201);
    alice.delete(&format!("{path}/4")).await.expect(204);
    let events = alice
        .get(&format!("{LEDGER}/audit_events"))
        .await
        .expect(200);
    let events = events.json();
    let names: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["event_name"].as_str())
        .collect();
    assert_eq!(names, ["member_destroyed", "member_created"]);
    assert_eq!(events[0]["details"]["target_details"], "carol");
    let one = format!("/audit_events/{}", events[0]["id"]);
    alice.get(&one).await.expect(403);
    root.get(&one).await.expect(200);
    root.get("/audit_events/99").await.expect(404);
    let users = root.get("/audit_events?entity_type=User").await.json();
    assert_eq!(users, json!([]));
    let bob = Client::of(&gl, "bob");
    bob.get(&format!("{LEDGER}/audit_events")).await.expect(403);
}
