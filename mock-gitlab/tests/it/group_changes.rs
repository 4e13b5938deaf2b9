//! Groups that move, change their looks and their rules.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_group_moves_with_everything_below_it() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    for (name, parent) in [("choir", None), ("hall", None), ("altos", Some("choir"))] {
        let parent = match parent {
            None => json!(null),
            Some(path) => bob.get(&format!("/groups/{path}")).await.json()["id"].clone(),
        };
        let new = json!({"name": name, "path": name, "parent_id": parent});
        bob.post("/groups", new).await.expect(201);
    }
    let altos = bob.get("/groups/choir%2Faltos").await.expect(200).json()["id"].clone();
    let project = json!({"name": "Song", "namespace_id": altos});
    bob.post("/projects", project).await.expect(201);
    let choir = bob.get("/groups/choir").await.json()["id"].clone();
    let hall = bob.get("/groups/hall").await.json()["id"].clone();
    let transfer = format!("/groups/{choir}/transfer");
    alice
        .post(&transfer, json!({"group_id": hall}))
        .await
        .expect(404);
    for (target, said) in [
        (json!({}), "already a root group"),
        (json!({"group_id": altos}), "one of its subgroup"),
    ] {
        let refused = bob.post(&transfer, target).await.expect(400).json();
        assert!(
            refused["message"].as_str().unwrap().contains(said),
            "{refused}"
        );
    }
    let moved = bob
        .post(&transfer, json!({"group_id": hall}))
        .await
        .expect(201)
        .json();
    assert_eq!(moved["full_path"], "hall/choir");
    bob.get("/groups/hall%2Fchoir%2Faltos").await.expect(200);
    bob.get("/projects/hall%2Fchoir%2Faltos%2Fsong")
        .await
        .expect(200);
    bob.get("/projects/choir%2Faltos%2Fsong").await.expect(301);
    let back = bob.post(&transfer, json!({})).await.expect(201).json();
    assert_eq!(back["full_path"], "choir");
}

#[tokio::test]
async fn nothing_is_more_visible_than_what_it_lies_in() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"name": "Choir", "path": "choir", "visibility": "internal"});
    let choir = bob.post("/groups", new).await.expect(201).json()["id"].clone();
    let sub = |visibility: &str| json!({"name": "Altos", "path": "altos", "parent_id": choir, "visibility": visibility});
    let refused = bob.post("/groups", sub("public")).await.expect(400).json();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("visibility_level")
    );
    bob.post("/groups", sub("internal")).await.expect(201);
    bob.put("/groups/choir", json!({"visibility": "private"}))
        .await
        .expect(400);
    bob.put("/groups/choir%2Faltos", json!({"visibility": "private"}))
        .await
        .expect(200);
    bob.put("/groups/choir", json!({"visibility": "private"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn settings_of_a_group_are_checked() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    bob.post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(201);
    for wrong in [
        json!({"project_creation_level": "everyone"}),
        json!({"lfs_enabled": "perhaps"}),
        json!({"two_factor_grace_period": "long"}),
    ] {
        bob.put("/groups/choir", wrong).await.expect(400);
    }
    let set = json!({"project_creation_level": "maintainer", "lfs_enabled": false});
    let set = bob.put("/groups/choir", set).await.expect(200).json();
    assert_eq!(
        (
            set["project_creation_level"].clone(),
            set["lfs_enabled"].clone()
        ),
        (json!("maintainer"), json!(false))
    );
    bob.post("/groups/choir/archive", json!({}))
        .await
        .expect(201);
    bob.post("/groups/choir/archive", json!({}))
        .await
        .expect(422);
    assert_eq!(bob.get("/groups/choir").await.json()["archived"], true);
    bob.post("/groups/choir/unarchive", json!({}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_picture_is_uploaded_read_and_taken_down() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    bob.post(
        "/groups",
        json!({"name": "Choir", "path": "choir", "visibility": "public"}),
    )
    .await
    .expect(201);
    let form = |filename: &str| {
        format!(
            "--cut\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"{filename}\"\r\n\
             Content-Type: image/png\r\n\r\n\u{89}PNG\r\n\u{0}dots\r\n--cut--\r\n"
        )
    };
    let kind = "multipart/form-data; boundary=cut";
    let path = "/api/v4/groups/choir";
    let refused = bob
        .raw("PUT", path, kind, &form("tune.exe"))
        .await
        .unwrap()
        .expect(400)
        .json();
    assert!(refused["message"].get("avatar").is_some());
    let set = bob
        .raw("PUT", path, kind, &form("tune box.png"))
        .await
        .unwrap()
        .expect(200)
        .json();
    let url = set["avatar_url"].as_str().unwrap();
    assert!(url.ends_with("/tune_box.png"), "{url}");
    let page = url.strip_prefix(gl.url()).unwrap();
    let picture = Client::anonymous(&gl)
        .raw("GET", page, "", "")
        .await
        .unwrap()
        .expect(200);
    assert_eq!(picture.body, "\u{89}PNG\r\n\u{0}dots".as_bytes());
    assert_eq!(picture.header("content-type"), Some("image/png"));
    bob.put("/groups/choir", json!({"visibility": "private"}))
        .await
        .expect(200);
    Client::anonymous(&gl)
        .raw("GET", page, "", "")
        .await
        .unwrap()
        .expect(404);
    let gone = bob
        .put("/groups/choir", json!({"avatar": ""}))
        .await
        .expect(200)
        .json();
    assert!(gone["avatar_url"].is_null());
    bob.get("/groups/choir/avatar").await.expect(404);
}

#[tokio::test]
async fn rules_of_a_group_hold_in_its_projects() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let path = "/groups/larkspur/protected_branches";
    bob.post(path, json!({"name": "stable-*"}))
        .await
        .expect(403);
    let file = |branch: &str| json!({"branch": branch, "start_branch": "main", "content": "x", "commit_message": "m"});
    let files = "/projects/larkspur%2Fmusic-box/repository/files";
    root.post(path, json!({"name": "stable-*"}))
        .await
        .expect(201);
    root.post(path, json!({"name": "stable-*"}))
        .await
        .expect(409);
    bob.post(&format!("{files}/a"), file("stable-1"))
        .await
        .expect(403);
    bob.post(&format!("{files}/a"), file("loose-1"))
        .await
        .expect(201);
    let one = format!("{path}/stable-*");
    let changed = root
        .send("PATCH", &one, Some(json!({"push_access_level": 30})))
        .await;
    assert_eq!(
        changed.expect(200).json()["push_access_levels"][0]["access_level"],
        30
    );
    bob.post(&format!("{files}/a"), file("stable-1"))
        .await
        .expect(201);
    root.delete(&one).await.expect(204);
    root.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_service_account_belongs_to_its_group() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    bob.post("/groups", json!({"name": "Choir", "path": "choir"}))
        .await
        .expect(201);
    carol
        .post("/groups", json!({"name": "Altos", "path": "altos"}))
        .await
        .expect(201);
    let path = "/groups/choir/service_accounts";
    let made = bob
        .post(path, json!({"name": "Metronome", "username": "metronome"}))
        .await
        .expect(201)
        .json();
    bob.post(path, json!({"username": "metronome"}))
        .await
        .expect(400);
    let one = format!("{path}/{}", made["id"]);
    carol.get(&one).await.expect(404);
    carol
        .get(&format!("/groups/altos/service_accounts/{}", made["id"]))
        .await
        .expect(404);
    let tokens = format!("{one}/personal_access_tokens");
    bob.post(&tokens, json!({"name": "beat"})).await.expect(400);
    let token = bob
        .post(&tokens, json!({"name": "beat", "scopes": ["api"]}))
        .await
        .expect(201)
        .json();
    let machine = Client::anonymous(&gl).with("PRIVATE-TOKEN", token["token"].as_str().unwrap());
    assert_eq!(
        machine.get("/user").await.expect(200).json()["username"],
        "metronome"
    );
    bob.delete(&one).await.expect(204);
    machine.get("/user").await.expect(401);
}
