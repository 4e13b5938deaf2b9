//! What follows from other things: histories, approval rules, picks and reverts, epics,
//! job token scopes, statuses.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn labels_milestones_and_states_leave_a_history() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"title": "Stiff crank", "labels": "bug"});
    let iid = bob.post("/projects/1/issues", new).await.expect(201).json()["iid"].to_string();
    let one = format!("/projects/1/issues/{iid}");
    bob.put(
        &one,
        json!({"labels": "docs", "weight": 3, "state_event": "close"}),
    )
    .await
    .expect(200);
    let labels = bob
        .get(&format!("{one}/resource_label_events"))
        .await
        .json();
    let labels: Vec<(&str, &str)> = labels
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["action"].as_str().unwrap(),
                one["label"]["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(labels, [("add", "bug"), ("add", "docs"), ("remove", "bug")]);
    let states = bob
        .get(&format!("{one}/resource_state_events"))
        .await
        .json();
    assert_eq!(states[0]["state"], "closed");
    let weights = bob
        .get(&format!("{one}/resource_weight_events"))
        .await
        .json();
    assert_eq!(weights[0]["weight"], 3);
    let event = format!("{one}/resource_state_events/{}", states[0]["id"]);
    bob.get(&event).await.expect(200);
    bob.get(&format!("{one}/resource_state_events/999999"))
        .await
        .expect(404);
    // Quick actions count as well.
    bob.post(&format!("{one}/notes"), json!({"body": "/reopen"}))
        .await
        .expect(202);
    let states = bob
        .get(&format!("{one}/resource_state_events"))
        .await
        .json();
    assert_eq!(states[1]["state"], "reopened");
}

#[tokio::test]
async fn a_rule_wants_the_approval_of_its_people() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let rules = "/projects/1/approval_rules";
    let bob_id = bob.get("/user").await.json()["id"].clone();
    let rule = json!({"name": "Tuners", "approvals_required": 1, "user_ids": [bob_id]});
    bob.post(rules, rule.clone()).await.expect(403);
    let made = alice.post(rules, rule).await.expect(201).json();
    assert_eq!(made["eligible_approvers"][0]["username"], "bob");
    let branch = json!({"branch": "ruled", "start_branch": "main", "commit_message": "x",
        "actions": [{"action": "create", "file_path": "ruled.txt", "content": "x"}]});
    alice
        .post("/projects/1/repository/commits", branch)
        .await
        .expect(201);
    let request = json!({"source_branch": "ruled", "target_branch": "main", "title": "Ruled"});
    let request = alice
        .post("/projects/1/merge_requests", request)
        .await
        .expect(201)
        .json();
    let one = format!("/projects/1/merge_requests/{}", request["iid"]);
    // The project wants a green pipeline as well.
    gl.clock().advance(std::time::Duration::from_mins(10));
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "not_approved"
    );
    alice
        .put(&format!("{one}/merge"), json!({}))
        .await
        .expect(405);
    bob.post(&format!("{one}/approve"), json!({}))
        .await
        .expect(201);
    assert_eq!(
        alice.get(&one).await.json()["detailed_merge_status"],
        "mergeable"
    );
    alice
        .delete(&format!("{rules}/{}", made["id"]))
        .await
        .expect(204);
    for bad in [
        json!({"name": "x"}),
        json!({"name": "x", "approvals_required": -1}),
    ] {
        alice.post(rules, bad).await.expect(400);
    }
}

/// A commit that plants `apple.txt` on a branch of its own, and its address.
async fn planted(alice: &Client<'_>) -> String {
    let branch = json!({"branch": "orchard", "start_branch": "main", "commit_message": "Plant",
        "actions": [{"action": "create", "file_path": "apple.txt", "content": "x"}]});
    let commit = alice.post("/projects/1/repository/commits", branch).await;
    let commit = commit.expect(201).json();
    let sha = commit["id"].as_str().unwrap();
    format!("/projects/1/repository/commits/{sha}")
}

#[tokio::test]
async fn a_commit_is_picked_once() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let one = planted(&alice).await;
    let to_main = json!({"branch": "main"});
    Client::of(&gl, "carol")
        .post(&format!("{one}/cherry_pick"), to_main.clone())
        .await
        .expect(403);
    let dry = json!({"branch": "main", "dry_run": true});
    alice
        .post(&format!("{one}/cherry_pick"), dry)
        .await
        .expect(200);
    let picked = alice
        .post(&format!("{one}/cherry_pick"), to_main.clone())
        .await
        .expect(201)
        .json();
    assert!(
        picked["message"]
            .as_str()
            .unwrap()
            .contains("(cherry picked from commit")
    );
    let again = alice
        .post(&format!("{one}/cherry_pick"), to_main.clone())
        .await
        .expect(400);
    assert_eq!(again.json()["error_code"], "empty");
}

#[tokio::test]
async fn a_picked_commit_is_taken_back_once() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let one = planted(&alice).await;
    let to_main = json!({"branch": "main"});
    alice
        .post(&format!("{one}/cherry_pick"), to_main.clone())
        .await
        .expect(201);
    let reverted = alice
        .post(&format!("{one}/revert"), to_main.clone())
        .await
        .expect(201)
        .json();
    assert!(
        reverted["title"]
            .as_str()
            .unwrap()
            .starts_with("Revert \"Plant\"")
    );
    alice
        .get("/projects/1/repository/files/apple.txt?ref=main")
        .await
        .expect(404);
    alice
        .post(&format!("{one}/revert"), to_main)
        .await
        .expect(400);
    alice
        .post(&format!("{one}/revert"), json!({"branch": "nowhere"}))
        .await
        .expect(404);
    alice.get(&format!("{one}/signature")).await.expect(404);
}

#[tokio::test]
async fn statuses_are_reported_under_a_name() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let report = "/projects/1/statuses/main";
    let running = json!({"state": "running", "name": "tuning fork"});
    Client::of(&gl, "carol")
        .post(report, running.clone())
        .await
        .expect(403);
    bob.post(report, running).await.expect(201);
    let done =
        json!({"state": "success", "name": "tuning fork", "target_url": "https://f.example"});
    let status = bob.post(report, done.clone()).await.expect(201).json();
    bob.post(report, done).await.expect(400);
    bob.post(report, json!({"state": "sunny"}))
        .await
        .expect(400);
    let sha = status["sha"].as_str().unwrap();
    let listed = format!("/projects/1/repository/commits/{sha}/statuses?name=tuning%20fork");
    let listed = bob.get(&listed).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["status"], "success");
}

#[tokio::test]
async fn epics_hold_issues_and_one_issue_is_in_one_epic() {
    let gl = company().await;
    let (alice, carol) = (Client::of(&gl, "alice"), Client::of(&gl, "carol"));
    let all = "/groups/larkspur/epics";
    let epics: Vec<String> = {
        let mut made = Vec::new();
        for title in ["Louder", "Softer"] {
            let epic = alice
                .post(all, json!({"title": title}))
                .await
                .expect(201)
                .json();
            made.push(epic["iid"].to_string());
        }
        made
    };
    let issue = alice.get("/projects/1/issues?per_page=1").await.json()[0]["id"].to_string();
    for epic in &epics {
        alice
            .post(&format!("{all}/{epic}/issues/{issue}"), json!({}))
            .await
            .expect(201);
    }
    assert_eq!(
        alice
            .get(&format!("{all}/{}/issues", epics[0]))
            .await
            .json(),
        json!([])
    );
    let inside = alice
        .get(&format!("{all}/{}/issues", epics[1]))
        .await
        .json();
    assert_eq!(inside[0]["id"].to_string(), issue);
    let secret = json!({"title": "Secret tune", "confidential": true});
    let secret = alice.post(all, secret).await.expect(201).json()["iid"].to_string();
    carol.get(&format!("{all}/{secret}")).await.expect(404);
    carol
        .put(&format!("{all}/{}", epics[0]), json!({"title": "x"}))
        .await
        .expect(403);
    alice
        .post(&format!("{all}/{}/notes", epics[0]), json!({"body": "Yes"}))
        .await
        .expect(201);
    alice.post(all, json!({})).await.expect(400);
}

#[tokio::test]
async fn job_tokens_come_from_listed_projects() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let base = "/projects/1/job_token_scope";
    Client::of(&gl, "bob").get(base).await.expect(403);
    let two = json!({"target_project_id": 2});
    alice
        .post(&format!("{base}/allowlist"), two.clone())
        .await
        .expect(201);
    alice
        .post(&format!("{base}/allowlist"), two)
        .await
        .expect(400);
    let ids = alice.get(&format!("{base}/allowlist")).await.json();
    assert_eq!((&ids[0]["id"], &ids[1]["id"]), (&json!(1), &json!(2)));
    alice
        .delete(&format!("{base}/allowlist/1"))
        .await
        .expect(400);
    alice
        .delete(&format!("{base}/allowlist/2"))
        .await
        .expect(204);
    alice
        .delete(&format!("{base}/allowlist/2"))
        .await
        .expect(404);
    let hidden = json!({"target_project_id": 99999});
    alice
        .post(&format!("{base}/allowlist"), hidden)
        .await
        .expect(404);
}

#[tokio::test]
async fn archives_hold_the_files_of_a_commit() {
    let gl = company().await;
    let nobody = Client::anonymous(&gl);
    let base = "/projects/1/repository/archive";
    for (ending, magic) in [
        ("", &[0x1f, 0x8b][..]),
        (".tar.gz", &[0x1f, 0x8b]),
        (".zip", b"PK"),
        (".tar.bz2", b"BZh"),
    ] {
        let archive = nobody
            .get(&format!("{base}{ending}?sha=main"))
            .await
            .expect(200);
        assert!(archive.body.starts_with(magic), "{ending}");
        assert!(
            archive
                .header("content-disposition")
                .unwrap()
                .contains("music-box-main-")
        );
    }
    nobody
        .get(&format!("{base}.zip?sha=no-such"))
        .await
        .expect(404);
    Client::of(&gl, "carol")
        .get("/projects/larkspur%2Fledger/repository/archive")
        .await
        .expect(403);
}

#[tokio::test]
async fn the_linter_says_what_is_wrong() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for (content, error) in [
        ("invalid", "Invalid configuration format"),
        (
            "a:\n  stage: test\n",
            "jobs:a config should implement the script:, run:, or trigger: keyword",
        ),
    ] {
        let said = bob
            .post("/projects/1/ci/lint", json!({"content": content}))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&said["valid"], &said["errors"][0]),
            (&json!(false), &json!(error))
        );
    }
    assert_eq!(
        bob.get("/projects/1/ci/lint").await.expect(200).json()["valid"],
        true
    );
    bob.post("/projects/1/ci/lint", json!({})).await.expect(400);
}
