//! Projects and who sees them.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_project_is_found_by_number_and_by_path_and_hidden_from_strangers() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    let by_id = carol.get("/projects/1").await.expect(200).json();
    let by_path = carol
        .get("/projects/larkspur%2Fmusic-box")
        .await
        .expect(200)
        .json();
    assert_eq!(by_id, by_path);
    assert_eq!(by_id["path_with_namespace"], "larkspur/music-box");
    let hidden = carol.get("/projects/alice%2Fsketches").await.expect(404);
    assert_eq!(hidden.json(), json!({"message": "404 Project Not Found"}));
}

#[tokio::test]
async fn everybody_sees_their_share_of_the_list() {
    let gl = company().await;
    for (user, count) in [("root", "9"), ("alice", "6"), ("bob", "6"), ("carol", "6")] {
        let reply = Client::of(&gl, user)
            .get("/projects?simple=true")
            .await
            .expect(200);
        assert_eq!(reply.header("x-total"), Some(count), "{user}");
    }
    let anonymous = Client::anonymous(&gl).get("/projects").await.expect(200);
    assert_eq!(anonymous.header("x-total"), Some("2"));
    let bob = Client::of(&gl, "bob");
    assert_eq!(
        bob.get("/projects?owned=true").await.json()[0]["path"],
        "scratchpad"
    );
    assert_eq!(
        bob.get("/projects?search=tuning").await.header("x-total"),
        Some("1")
    );
    let bad = bob.get("/projects?order_by=colour").await.expect(400);
    assert_eq!(
        bad.json(),
        json!({"error": "order_by does not have a valid value"})
    );
}

#[tokio::test]
async fn a_project_is_created_once_per_path_and_renaming_leaves_a_redirect() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"name": "Paper Strip", "initialize_with_readme": true});
    let made = bob.post("/projects", new.clone()).await.expect(201).json();
    assert_eq!(made["path_with_namespace"], "bob/paper-strip");
    assert_eq!(made["default_branch"], "main");
    let again = bob.post("/projects", new).await.expect(400).json();
    assert_eq!(again["message"]["path"], json!(["has already been taken"]));
    let id = made["id"].as_u64().unwrap();
    bob.put(
        &format!("/projects/{id}"),
        json!({"path": "strip", "issues_enabled": false}),
    )
    .await
    .expect(200);
    let moved = bob
        .get("/projects/bob%2Fpaper-strip?simple=true")
        .await
        .expect(301);
    assert_eq!(
        moved.header("location"),
        Some(format!("/api/v4/projects/{id}?simple=true").as_str())
    );
    assert_eq!(
        bob.get("/projects/bob%2Fstrip").await.json()["issues_enabled"],
        false
    );
}

#[tokio::test]
async fn deletion_is_a_mark_first_and_can_be_taken_back() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let path = "/projects/alice%2Fsketches";
    alice.delete(path).await.expect(202);
    assert_eq!(
        alice.get(path).await.json()["marked_for_deletion_on"],
        "2026-11-01"
    );
    alice
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(201);
    alice.delete(path).await.expect(202);
    alice.delete(path).await.expect(400);
    alice
        .delete(&format!(
            "{path}?permanently_remove=true&full_path=alice%2Fsketches"
        ))
        .await
        .expect(202);
    alice.get(path).await.expect(404);
    Client::of(&gl, "bob")
        .delete("/projects/1")
        .await
        .expect(403);
}

#[tokio::test]
async fn a_fork_has_the_history_and_names_its_origin() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    let fork = carol
        .post("/projects/1/fork", json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(fork["path_with_namespace"], "carol/music-box");
    assert_eq!(fork["forked_from_project"]["id"], 1);
    let id = fork["id"].as_u64().unwrap();
    carol
        .get(&format!("/projects/{id}/repository/branches/docs-rewrite"))
        .await
        .expect(200);
    carol.post("/projects/1/fork", json!({})).await.expect(409);
    assert_eq!(
        carol.get("/projects/1/forks").await.header("x-total"),
        Some("1")
    );
}

#[tokio::test]
async fn inherited_members_stand_only_in_all() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    assert_eq!(
        alice.get("/projects/1/members").await.header("x-total"),
        Some("0")
    );
    assert_eq!(
        alice.get("/projects/1/members/all").await.header("x-total"),
        Some("4")
    );
    let carol = gl.user("carol").id();
    let new = json!({"user_id": carol, "access_level": 30});
    let made = alice
        .post("/projects/1/members", new.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(
        (made["username"].clone(), made["access_level"].clone()),
        (json!("carol"), json!(30))
    );
    let reply = alice.post("/projects/1/members", new).await.expect(409);
    assert_eq!(reply.json(), json!({"message": "Member already exists"}));
    alice
        .put(
            &format!("/projects/1/members/{carol}"),
            json!({"access_level": 50}),
        )
        .await
        .expect(403);
    alice
        .put(
            &format!("/projects/1/members/{carol}"),
            json!({"access_level": 20}),
        )
        .await
        .expect(200);
    Client::of(&gl, "bob")
        .delete(&format!("/projects/1/members/{carol}"))
        .await
        .expect(403);
    alice
        .delete(&format!("/projects/1/members/{carol}"))
        .await
        .expect(204);
}

#[tokio::test]
async fn archiving_needs_an_owner() {
    let gl = company().await;
    Client::of(&gl, "alice")
        .post("/projects/1/archive", json!({}))
        .await
        .expect(403);
    let root = Client::of(&gl, "root");
    assert_eq!(
        root.post("/projects/1/archive", json!({}))
            .await
            .expect(201)
            .json()["archived"],
        true
    );
    assert_eq!(
        root.get("/projects?archived=true").await.header("x-total"),
        Some("1")
    );
    root.post("/projects/1/unarchive", json!({}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_project_token_speaks_for_a_bot_that_sees_one_project() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let path = "/projects/larkspur%2Fledger/access_tokens";
    let new = json!({"name": "counting house", "scopes": ["api"], "access_level": 30});
    Client::of(&gl, "bob")
        .post(path, new.clone())
        .await
        .expect(403);
    let made = alice.post(path, new).await.expect(201).json();
    let bot = Client::anonymous(&gl).with("PRIVATE-TOKEN", made["token"].as_str().unwrap());
    assert_eq!(bot.get("/user").await.expect(200).json()["bot"], true);
    bot.get("/projects/larkspur%2Fledger/repository/tree")
        .await
        .expect(200);
    bot.get("/projects/alice%2Fsketches").await.expect(404);
    assert_eq!(
        alice.get(path).await.expect(200).json()[0]["access_level"],
        30
    );
    alice
        .delete(&format!("{path}/{}", made["id"]))
        .await
        .expect(204);
    bot.get("/user").await.expect(401);
}

#[tokio::test]
async fn a_project_moves_to_another_namespace_and_its_milestone_to_the_group() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let to = json!({"namespace": "larkspur/workshop"});
    let moved = root
        .put("/projects/1/transfer", to.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(moved["path_with_namespace"], "larkspur/workshop/music-box");
    root.get("/projects/larkspur%2Fmusic-box").await.expect(301);
    root.put("/projects/1/transfer", to).await.expect(400);
    root.put("/projects/1/transfer", json!({"namespace": "nowhere"}))
        .await
        .expect(404);
    let milestone = root
        .post("/projects/1/milestones/2/promote", json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(milestone["id"], 2);
    root.get("/groups/larkspur%2Fworkshop/milestones/2")
        .await
        .expect(200);
}

#[tokio::test]
async fn two_runs_of_the_same_story_end_in_the_same_bytes() {
    let mut stories = Vec::new();
    for _ in 0..2 {
        let gl = mock_gitlab::MockGitlab::builder()
            .external_url("http://gl.test")
            .start()
            .await
            .unwrap();
        let bob = Client::of(&gl, "bob");
        let file = json!({"branch": "docs-rewrite", "content": "x", "commit_message": "X"});
        let replies = [
            bob.post("/projects", json!({"name": "Twin"})).await,
            bob.post("/projects/1/repository/files/x", file).await,
            bob.get("/projects/1/repository/commits/docs-rewrite").await,
        ];
        stories.push(replies.map(|reply| (reply.head, reply.body)));
    }
    assert_eq!(stories[0], stories[1]);
}
