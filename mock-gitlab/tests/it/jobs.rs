//! Jobs: rows C03 to C05 and the artifacts of C06.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const PROJECT: &str = "/projects/larkspur%2Fmusic-box";

/// The newest job of a name in the newest pipeline of a branch.
async fn job(client: &Client<'_>, branch: &str, name: &str) -> Value {
    let latest = client
        .get(&format!("{PROJECT}/pipelines/latest?ref={branch}"))
        .await;
    let id = latest.expect(200).json()["id"].clone();
    let jobs = client
        .get(&format!("{PROJECT}/pipelines/{id}/jobs"))
        .await
        .expect(200)
        .json();
    let found = jobs
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == name);
    found.unwrap().clone()
}

fn path(job: &Value, rest: &str) -> String {
    format!("{PROJECT}/jobs/{}{rest}", job["id"])
}

#[tokio::test]
async fn jobs_filter_by_scope() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let failed = bob
        .get(&format!("{PROJECT}/jobs?scope[]=failed"))
        .await
        .expect(200)
        .json();
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["failure_reason"], "script_failure");
    let two = bob
        .get(&format!("{PROJECT}/jobs?scope[]=failed&scope[]=skipped"))
        .await
        .json();
    assert_eq!(two.as_array().unwrap().len(), 2);
    bob.get(&format!("{PROJECT}/jobs?scope[]=tired"))
        .await
        .expect(400);
    let keyset = bob
        .get(&format!("{PROJECT}/jobs?pagination=keyset&per_page=2"))
        .await
        .expect(200);
    assert_eq!(keyset.header("x-total"), None);
    assert!(keyset.header("link").unwrap().contains("id_before="));
}

#[tokio::test]
async fn a_log_is_text_with_colours_and_sections() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let failed = job(&bob, "fix-tempo-drift", "test").await;
    let trace = bob.get(&path(&failed, "/trace")).await.expect(200);
    assert_eq!(trace.header("content-type"), Some("text/plain"));
    let text = trace.text();
    assert!(text.contains("section_start:") && text.contains("\u{1b}[31mFAILED"));
    assert!(text.contains("the last bar took 1.9 s") && text.contains("ERROR: Job failed"));
    let manual = job(&bob, "main", "engrave").await;
    assert_eq!(
        bob.get(&path(&manual, "/trace")).await.expect(200).text(),
        ""
    );
}

#[tokio::test]
async fn a_huge_log_has_five_megabytes() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let huge = job(&bob, "main", "huge").await;
    let trace = bob.get(&path(&huge, "/trace")).await.expect(200);
    assert!(trace.body.len() >= 5 * 1024 * 1024, "{}", trace.body.len());
    assert!(trace.text().starts_with("line 1: "));
}

#[tokio::test]
async fn a_manual_job_is_played_by_those_who_may_push() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let engrave = job(&bob, "main", "engrave").await;
    assert_eq!(engrave["status"], "manual");
    bob.post(&path(&engrave, "/play"), json!({}))
        .await
        .expect(403);
    let played = alice
        .post(&path(&engrave, "/play"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(played["status"], "pending");
    gl.clock().advance(Duration::from_mins(1));
    assert_eq!(
        alice.get(&path(&engrave, "")).await.json()["status"],
        "success"
    );
    alice
        .post(&path(&engrave, "/play"), json!({}))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_job_is_retried_and_cancelled() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let failed = job(&bob, "fix-tempo-drift", "test").await;
    let again = bob
        .post(&path(&failed, "/retry"), json!({}))
        .await
        .expect(201)
        .json();
    assert_ne!(again["id"], failed["id"]);
    assert_eq!(again["status"], "pending");
    bob.post(&path(&failed, "/retry"), json!({}))
        .await
        .expect(403);
    let stopped = bob
        .post(&path(&again, "/cancel"), json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(stopped["status"], "canceled");
}

#[tokio::test]
async fn a_retry_meets_the_same_bug_unless_a_test_mends_it() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let failed = job(&bob, "fix-tempo-drift", "test").await;
    let again = bob
        .post(&path(&failed, "/retry"), json!({}))
        .await
        .expect(201)
        .json();
    gl.clock().advance(Duration::from_secs(100));
    assert_eq!(bob.get(&path(&again, "")).await.json()["status"], "failed");
    let third = bob
        .post(&path(&again, "/retry"), json!({}))
        .await
        .expect(201)
        .json();
    gl.edit(|world| {
        let job = world.jobs.get_mut(&third["id"].as_u64().unwrap()).unwrap();
        "success".clone_into(&mut job.outcome);
    });
    gl.clock().advance(Duration::from_secs(100));
    let pipeline = bob
        .get(&format!("{PROJECT}/pipelines/latest?ref=fix-tempo-drift"))
        .await
        .json();
    assert_eq!(pipeline["status"], "success");
}

#[tokio::test]
async fn artifacts_come_as_a_zip_and_one_by_one() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let build = job(&bob, "main", "build").await;
    let zip = bob.get(&path(&build, "/artifacts")).await.expect(200);
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    assert!(zip.body.starts_with(b"PK\x03\x04"));
    assert_eq!(build["artifacts_file"]["size"], zip.body.len());
    let report = bob
        .get(&path(&build, "/artifacts/target/report/teeth.txt"))
        .await
        .expect(200);
    assert_eq!(report.text(), "18 of 18 in tune\n");
    bob.get(&path(&build, "/artifacts/target/nothing"))
        .await
        .expect(404);
    let tree = bob
        .get(&path(&build, "/artifacts/tree?path=target"))
        .await
        .expect(200)
        .json();
    let kinds: Vec<&Value> = tree
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["type"])
        .collect();
    assert_eq!(kinds, ["file", "directory"]);
    bob.get(&format!("{PROJECT}/jobs/artifacts/main/download?job=build"))
        .await
        .expect(200);
    let test = job(&bob, "main", "test").await;
    bob.get(&path(&test, "/artifacts")).await.expect(404);
}

#[tokio::test]
async fn an_erased_job_has_neither_log_nor_artifacts() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let build = job(&alice, "main", "build").await;
    Client::of(&gl, "bob")
        .post(&path(&build, "/erase"), json!({}))
        .await
        .expect(403);
    let erased = alice
        .post(&path(&build, "/erase"), json!({}))
        .await
        .expect(201)
        .json();
    assert!(erased["erased_at"].is_string());
    assert_eq!(
        alice.get(&path(&build, "/trace")).await.expect(200).text(),
        ""
    );
    alice.get(&path(&build, "/artifacts")).await.expect(404);
    alice
        .post(&path(&build, "/erase"), json!({}))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_job_token_names_its_job() {
    let gl = company().await;
    let running = job(&Client::of(&gl, "bob"), "quieter-ratchet", "test").await;
    let now = gl.clock().now();
    let token = gl.edit(|world| world.job_token(running["id"].as_u64().unwrap(), now));
    let client = Client::anonymous(&gl).with("JOB-TOKEN", &token);
    let job = client.get("/job").await.expect(200).json();
    assert_eq!(
        (&job["id"], &job["user"]["username"]),
        (&running["id"], &json!("bob"))
    );
    client.get("/user").await.expect(401);
}
