//! Merging: rows M06 to M08, and what a merge leaves behind.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const ALL: &str = "/projects/larkspur%2Fmusic-box/merge_requests";

#[tokio::test]
async fn a_merge_makes_a_commit_and_removes_the_branch() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let sha = alice.get(&format!("{ALL}/4")).await.json()["sha"].clone();
    let merged = alice
        .put(&format!("{ALL}/4/merge"), json!({"sha": sha}))
        .await
        .expect(200)
        .json();
    assert_eq!(merged["state"], "merged");
    assert_eq!(merged["merge_user"]["username"], "alice");
    let commit = merged["merge_commit_sha"].as_str().unwrap();
    let main = alice
        .get("/projects/1/repository/branches/main")
        .await
        .json();
    assert_eq!(main["commit"]["id"], commit);
    assert_eq!(main["commit"]["parent_ids"][1], sha);
    alice
        .get("/projects/1/repository/branches/docs-rewrite")
        .await
        .expect(404);
    let diffs = alice
        .get(&format!("{ALL}/4/diffs"))
        .await
        .expect(200)
        .json();
    assert_eq!(diffs.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_wrong_sha_is_a_conflict_that_names_the_right_one() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let sha = alice.get(&format!("{ALL}/4")).await.json()["sha"]
        .as_str()
        .unwrap()
        .to_owned();
    let reply = alice
        .put(&format!("{ALL}/4/merge"), json!({"sha": "0".repeat(40)}))
        .await
        .expect(409);
    let text = format!("SHA does not match HEAD of source branch: {sha}");
    assert_eq!(reply.json(), json!({"message": text}));
}

#[tokio::test]
async fn what_is_not_ready_is_405_and_a_conflict_422() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for iid in [1, 2, 3, 5, 7, 8, 9] {
        let reply = alice
            .put(&format!("{ALL}/{iid}/merge"), json!({}))
            .await
            .expect(405);
        assert_eq!(
            reply.json(),
            json!({"message": "405 Method Not Allowed"}),
            "!{iid}"
        );
    }
    let reply = alice
        .put(&format!("{ALL}/6/merge"), json!({}))
        .await
        .expect(422);
    assert_eq!(reply.json(), json!({"message": "Branch cannot be merged"}));
}

#[tokio::test]
async fn neither_a_guest_nor_a_developer_merges_into_a_protected_branch() {
    let gl = company().await;
    for name in ["carol", "bob"] {
        let client = Client::of(&gl, name);
        let reply = client
            .put(&format!("{ALL}/4/merge"), json!({}))
            .await
            .expect(401);
        assert_eq!(reply.json(), json!({"message": "401 Unauthorized"}));
        assert_eq!(
            client.get(&format!("{ALL}/4")).await.json()["user"]["can_merge"],
            false
        );
    }
    Client::anonymous(&gl)
        .put(&format!("{ALL}/4/merge"), json!({}))
        .await
        .expect(401);
}

#[tokio::test]
async fn approvals_come_and_go() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let one = format!("{ALL}/7");
    // The author does not approve, guests do not, and nobody approves another commit.
    bob.post(&format!("{one}/approve"), json!({}))
        .await
        .expect(401);
    Client::of(&gl, "carol")
        .post(&format!("{one}/approve"), json!({}))
        .await
        .expect(401);
    alice
        .post(&format!("{one}/approve"), json!({"sha": "0".repeat(40)}))
        .await
        .expect(409);
    let state = alice
        .post(&format!("{one}/approve"), json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&state["approved"], &state["approvals_left"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "mergeable"
    );
    alice
        .post(&format!("{one}/approve"), json!({}))
        .await
        .expect(401);
    let rules = alice
        .get(&format!("{one}/approval_state"))
        .await
        .expect(200)
        .json();
    assert_eq!(rules["rules"][0]["approved_by"][0]["username"], "alice");
    alice
        .post(&format!("{one}/unapprove"), json!({}))
        .await
        .expect(201);
    alice
        .post(&format!("{one}/unapprove"), json!({}))
        .await
        .expect(404);
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "not_approved"
    );
}

#[tokio::test]
async fn auto_merge_waits_for_the_pipeline() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let one = format!("{ALL}/9");
    let waiting = alice
        .put(&format!("{one}/merge"), json!({"auto_merge": true}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&waiting["state"], &waiting["merge_when_pipeline_succeeds"]),
        (&json!("opened"), &json!(true))
    );
    let cancel = format!("{one}/cancel_merge_when_pipeline_succeeds");
    alice.post(&cancel, json!({})).await.expect(201);
    alice.post(&cancel, json!({})).await.expect(406);
    alice
        .put(
            &format!("{one}/merge"),
            json!({"merge_when_pipeline_succeeds": true}),
        )
        .await
        .expect(200);
    gl.clock().advance(Duration::from_hours(7));
    let merged = alice.get(&one).await.json();
    assert_eq!(
        (&merged["state"], &merged["merged_by"]["username"]),
        (&json!("merged"), &json!("alice"))
    );
}

#[tokio::test]
async fn a_merge_closes_the_issues_it_names() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    gl.edit(|world| {
        let now = mock_gitlab::Timestamp::parse("2026-11-01T09:00:00Z").unwrap();
        let id = world
            .merge_request(1, 3)
            .and_then(|one| world.head_pipeline(one))
            .unwrap()
            .id;
        let failed = world
            .jobs_of(id)
            .find(|job| job.status == "failed")
            .unwrap()
            .id;
        world.finish_job(failed, "success", now);
    });
    alice
        .put(&format!("{ALL}/3/merge"), json!({}))
        .await
        .expect(200);
    let issue = alice.get("/projects/1/issues/3").await.json();
    assert_eq!(
        (&issue["state"], &issue["closed_by"]["username"]),
        (&json!("closed"), &json!("alice"))
    );
}

#[tokio::test]
async fn squashing_leaves_one_commit() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let website = "/projects/larkspur%2Fwebsite";
    let body = json!({"squash": true, "squash_commit_message": "Winter hours"});
    let merged = alice
        .put(&format!("{website}/merge_requests/1/merge"), body)
        .await
        .expect(200)
        .json();
    let squash = merged["squash_commit_sha"].as_str().unwrap();
    let commit = alice
        .get(&format!("{website}/repository/commits/{squash}"))
        .await
        .expect(200)
        .json();
    assert_eq!(commit["title"], "Winter hours");
    assert_eq!(commit["parent_ids"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_project_may_only_fast_forward() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    gl.edit(|world| {
        let project = world.projects.get_mut(&1).unwrap();
        project
            .settings
            .insert("merge_method".to_owned(), json!("ff"));
    });
    let one = format!("{ALL}/4");
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "need_rebase"
    );
    let behind = alice
        .get(&format!("{one}?include_diverged_commits_count=true"))
        .await
        .json();
    assert_eq!(behind["diverged_commits_count"], 1);
    let reply = alice
        .put(&format!("{one}/rebase"), json!({}))
        .await
        .expect(202);
    assert_eq!(reply.json(), json!({"rebase_in_progress": true}));
    let rebased = alice.get(&one).await.json();
    assert_ne!(rebased["detailed_merge_status"], "need_rebase");
    assert_eq!(
        rebased["diff_refs"]["base_sha"],
        rebased["diff_refs"]["start_sha"]
    );
    let diffs = alice.get(&format!("{one}/diffs")).await.json();
    assert_eq!(diffs.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_conflict_can_be_forced() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    gl.edit(|world| {
        world
            .merge_request_mut("larkspur/music-box", 4)
            .unwrap()
            .conflict = true;
    });
    let one: Value = alice.get(&format!("{ALL}/4")).await.json();
    assert_eq!(
        (&one["has_conflicts"], &one["merge_status"]),
        (&json!(true), &json!("cannot_be_merged"))
    );
    alice
        .put(&format!("{ALL}/4/merge"), json!({}))
        .await
        .expect(422);
}
