//! Merge requests: rows M01 to M04, lists, diffs and their shapes.

use mock_gitlab::MockGitlab;
use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const ALL: &str = "/projects/larkspur%2Fmusic-box/merge_requests";

async fn statuses(gl: &MockGitlab) -> Vec<(u64, String)> {
    let client = Client::of(gl, "alice");
    let list = client
        .get(&format!("{ALL}?sort=asc"))
        .await
        .expect(200)
        .json();
    let mut found: Vec<(u64, String)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let status = row["detailed_merge_status"].as_str().unwrap();
            (row["iid"].as_u64().unwrap(), status.to_owned())
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn the_company_has_a_merge_request_in_each_status() {
    let gl = company().await;
    let found = statuses(&gl).await;
    let words: Vec<&str> = found.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(
        words,
        [
            "not_open",
            "discussions_not_resolved",
            "ci_must_pass",
            "mergeable",
            "draft_status",
            "conflict",
            "not_approved",
            "not_open",
            "ci_still_running",
        ]
    );
}

#[tokio::test]
async fn a_merge_request_is_opened_once() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let body = json!({"branch": "softer-spring", "ref": "main"});
    bob.post("/projects/1/repository/branches", body)
        .await
        .expect(201);
    let file = json!({"branch": "softer-spring", "content": "soft\n", "commit_message": "Soften"});
    bob.post("/projects/1/repository/files/spring.txt", file)
        .await
        .expect(201);
    let body = json!({
        "source_branch": "softer-spring", "target_branch": "main", "title": "Draft: Soften the spring",
        "description": "Closes #5", "reviewer_ids": [gl.user("alice").id()], "labels": "mechanics",
    });
    let request = bob.post(ALL, body.clone()).await.expect(201).json();
    assert_eq!(request["iid"], 10);
    assert_eq!(request["draft"], true);
    assert_eq!(request["work_in_progress"], true);
    assert_eq!(request["changes_count"], "1");
    assert_eq!(request["diff_refs"]["head_sha"], request["sha"]);
    assert_eq!(request["reviewers"][0]["username"], "alice");
    let twin = bob.post(ALL, body).await.expect(409).json();
    let text = "Another open merge request already exists for this source branch: !10";
    assert_eq!(twin, json!({"message": [text]}));
    let closes = bob
        .get(&format!("{ALL}/10/closes_issues"))
        .await
        .expect(200)
        .json();
    assert_eq!(closes[0]["iid"], 5);
}

#[tokio::test]
async fn parameters_and_branches_are_checked() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let reply = bob.post(ALL, json!({"title": "x"})).await.expect(400);
    assert_eq!(reply.json(), json!({"error": "source_branch is missing"}));
    let body = json!({"title": "x", "source_branch": "main", "target_branch": "main"});
    bob.post(ALL, body).await.expect(422);
    let body = json!({"title": "x", "source_branch": "nowhere", "target_branch": "main"});
    bob.post(ALL, body).await.expect(400);
    let body = json!({"title": "x", "source_branch": "docs-rewrite", "target_branch": "main"});
    Client::of(&gl, "carol").post(ALL, body).await.expect(403);
    bob.get(&format!("{ALL}/99")).await.expect(404);
}

#[tokio::test]
async fn lists_filter_by_state_branch_people_and_draft() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for (query, expected) in [
        ("state=merged", vec![1]),
        ("state=opened&wip=yes", vec![5]),
        ("source_branch=docs-rewrite", vec![4]),
        ("author_username=alice", vec![4]),
        ("reviewer_username=bob", vec![4]),
        ("scope=created_by_me", vec![4]),
        ("scope=reviews_for_me&state=opened", vec![9, 7, 6, 3, 2]),
        ("labels=mechanics&state=opened", vec![9, 5, 6]),
        ("search=crank", vec![2, 8]),
        ("approved_by_usernames[]=bob", vec![4]),
        ("view=simple&iids[]=2", vec![2]),
    ] {
        let list = alice
            .get(&format!("{ALL}?{query}"))
            .await
            .expect(200)
            .json();
        let rows = list.as_array().unwrap().iter();
        let iids: Vec<u64> = rows.map(|row| row["iid"].as_u64().unwrap()).collect();
        assert_eq!(iids, expected, "{query}");
    }
    alice.get(&format!("{ALL}?state=sleepy")).await.expect(400);
    let everywhere = alice
        .get("/merge_requests?scope=all&per_page=100")
        .await
        .expect(200)
        .json();
    assert_eq!(everywhere.as_array().unwrap().len(), 10);
    let group = alice
        .get("/groups/larkspur/merge_requests?per_page=100")
        .await
        .expect(200)
        .json();
    assert_eq!(group.as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn diffs_come_in_pages_and_in_the_older_shapes() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let page = bob
        .get(&format!("{ALL}/2/diffs?per_page=1"))
        .await
        .expect(200);
    assert_eq!(page.header("x-total"), Some("2"));
    assert_eq!(page.header("x-next-page"), Some("2"));
    let changes = bob
        .get(&format!("{ALL}/2/changes"))
        .await
        .expect(200)
        .json();
    assert_eq!(changes["changes"][0], page.json()[0]);
    assert_eq!(changes["changes"][1]["new_path"], "src/sensor.rs");
    assert_eq!(changes["changes"][1]["new_file"], true);
    let raw = bob.get(&format!("{ALL}/2/raw_diffs")).await.expect(200);
    assert_eq!(raw.header("content-type"), Some("text/plain"));
    assert!(
        raw.text()
            .starts_with("diff --git a/src/main.rs b/src/main.rs")
    );
    let commits = bob
        .get(&format!("{ALL}/2/commits"))
        .await
        .expect(200)
        .json();
    assert_eq!(commits[0]["title"], "Show the tempo while playing");
    assert_eq!(commits.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_merged_request_still_shows_what_it_changed() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let diffs = bob.get(&format!("{ALL}/1/diffs")).await.expect(200).json();
    assert_eq!(diffs[0]["new_path"], "src/cylinder.rs");
    let one = bob.get(&format!("{ALL}/1")).await.expect(200).json();
    assert_eq!(one["merged_by"]["username"], "alice");
    assert_eq!(one["merge_user"], one["merged_by"]);
}

#[tokio::test]
async fn a_push_makes_a_version_and_takes_approvals_back() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let one = format!("{ALL}/4");
    let before = alice.get(&one).await.json();
    let file =
        json!({"branch": "docs-rewrite", "content": "Oil it.\n", "commit_message": "Add oil"});
    alice
        .post("/projects/1/repository/files/docs%2Foil.md", file)
        .await
        .expect(201);
    let after = alice.get(&one).await.json();
    assert_ne!(after["sha"], before["sha"]);
    assert_eq!(after["diff_refs"]["head_sha"], after["sha"]);
    let versions = alice
        .get(&format!("{one}/versions"))
        .await
        .expect(200)
        .json();
    assert_eq!(versions.as_array().unwrap().len(), 2);
    assert_eq!(versions[0]["head_commit_sha"], after["sha"]);
    let version = alice
        .get(&format!("{one}/versions/{}", versions[1]["id"]))
        .await
        .expect(200);
    assert_eq!(version.json()["diffs"].as_array().unwrap().len(), 1);
    let approvals = alice.get(&format!("{one}/approvals")).await.json();
    assert_eq!(approvals["approved_by"], json!([]));
}

#[tokio::test]
async fn a_merge_request_is_changed_closed_and_reopened() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let one = format!("{ALL}/5");
    let ready = bob
        .put(&one, json!({"title": "Hinge the lid", "labels": []}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&ready["draft"], &ready["labels"]),
        (&json!(false), &json!([]))
    );
    let closed = bob
        .put(&one, json!({"state_event": "close"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&closed["state"], &closed["detailed_merge_status"]),
        (&json!("closed"), &json!("not_open"))
    );
    let open = bob
        .put(&one, json!({"state_event": "reopen"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&open["state"], &open["closed_at"]),
        (&json!("opened"), &Value::Null)
    );
    Client::of(&gl, "carol")
        .put(&one, json!({"title": "x"}))
        .await
        .expect(403);
    bob.delete(&one).await.expect(403);
    Client::of(&gl, "root").delete(&one).await.expect(204);
}

#[tokio::test]
async fn a_status_may_be_a_while_in_coming() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let later = gl.clock().now().plus(std::time::Duration::from_secs(30));
    gl.edit(|world| {
        world
            .merge_request_mut("larkspur/music-box", 4)
            .unwrap()
            .checking_until = Some(later);
    });
    let one = format!("{ALL}/4");
    let early = alice.get(&one).await.json();
    assert_eq!(
        (&early["detailed_merge_status"], &early["merge_status"]),
        (&json!("checking"), &json!("checking"))
    );
    gl.clock().advance(std::time::Duration::from_secs(31));
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "mergeable"
    );
}

#[tokio::test]
async fn code_of_a_private_project_is_hidden_from_its_guests() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    carol
        .get("/projects/larkspur%2Fledger/issues")
        .await
        .expect(200);
    carol
        .get("/projects/larkspur%2Fledger/merge_requests")
        .await
        .expect(403);
    carol
        .get("/projects/alice%2Fsketches/merge_requests")
        .await
        .expect(404);
}
