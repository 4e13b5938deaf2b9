//! Pipelines: rows C01, C02 and M09, and how they move with the clock.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const PROJECT: &str = "/projects/larkspur%2Fmusic-box";

#[tokio::test]
async fn a_pipeline_is_started_with_variables() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let body = json!({"ref": "docs-rewrite", "variables": [{"key": "TUNE", "value": "waltz"}]});
    let started = bob
        .post(&format!("{PROJECT}/pipeline"), body)
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&started["status"], &started["source"]),
        (&json!("created"), &json!("api"))
    );
    let one = format!("{PROJECT}/pipelines/{}", started["id"]);
    let variables = bob
        .get(&format!("{one}/variables"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&variables[0]["key"], &variables[0]["value"]),
        (&json!("TUNE"), &json!("waltz"))
    );
    Client::of(&gl, "carol")
        .get(&format!("{one}/variables"))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_pipeline_needs_a_branch_a_file_and_the_right() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let reply = bob
        .post(&format!("{PROJECT}/pipeline"), json!({"ref": "nowhere"}))
        .await
        .expect(400);
    assert_eq!(
        reply.json(),
        json!({"message": {"base": ["Reference not found"]}})
    );
    let website = "/projects/larkspur%2Fwebsite/pipeline";
    let reply = bob.post(website, json!({"ref": "main"})).await.expect(400);
    assert_eq!(
        reply.json(),
        json!({"message": {"base": ["Missing CI config file"]}})
    );
    let carol = Client::of(&gl, "carol");
    carol
        .post(&format!("{PROJECT}/pipeline"), json!({"ref": "main"}))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_pipeline_moves_with_the_clock() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let body = json!({"ref": "docs-rewrite"});
    let id = bob.post(&format!("{PROJECT}/pipeline"), body).await.json()["id"].clone();
    let one = format!("{PROJECT}/pipelines/{id}");
    let mut seen = Vec::new();
    for seconds in [0, 3, 3, 60, 60] {
        gl.clock().advance(Duration::from_secs(seconds));
        seen.push(bob.get(&one).await.expect(200).json()["status"].clone());
    }
    assert_eq!(
        seen,
        ["created", "pending", "running", "running", "success"]
    );
    let jobs = bob.get(&format!("{one}/jobs")).await.json();
    let states: Vec<&Value> = jobs
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["status"])
        .collect();
    assert_eq!(states, ["manual", "success", "success"]);
}

#[tokio::test]
async fn a_test_ends_a_pipeline_by_command() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let latest = format!("{PROJECT}/pipelines/latest?ref=quieter-ratchet");
    let running = bob.get(&latest).await.expect(200).json();
    assert_eq!(running["status"], "running");
    let now = gl.clock().now();
    gl.edit(|world| world.finish_pipeline(running["id"].as_u64().unwrap(), "failed", now));
    assert_eq!(bob.get(&latest).await.json()["status"], "failed");
}

#[tokio::test]
async fn lists_filter_and_merge_requests_know_theirs() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for (query, expected) in [
        ("status=failed", vec!["fix-tempo-drift"]),
        ("ref=main&sort=asc", vec!["main", "main"]),
        ("scope=running", vec!["quieter-ratchet"]),
        ("username=alice&ref=docs-rewrite", vec!["docs-rewrite"]),
        ("updated_before=2026-10-01T00:00:00Z", vec!["main"]),
    ] {
        let list = bob
            .get(&format!("{PROJECT}/pipelines?{query}"))
            .await
            .expect(200);
        assert_eq!(
            list.header("x-total"),
            Some(expected.len().to_string().as_str()),
            "{query}"
        );
        let rows = list.json();
        let refs: Vec<&str> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["ref"].as_str().unwrap())
            .collect();
        assert_eq!(refs, expected, "{query}");
    }
    bob.get(&format!("{PROJECT}/pipelines?status=tired"))
        .await
        .expect(400);
    let own = bob
        .get(&format!("{PROJECT}/merge_requests/3/pipelines"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&own[0]["status"], own.as_array().unwrap().len()),
        (&json!("failed"), 1)
    );
}

#[tokio::test]
async fn a_failed_pipeline_is_retried_and_cancelled() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let list = bob
        .get(&format!("{PROJECT}/pipelines?status=failed"))
        .await
        .json();
    let one = format!("{PROJECT}/pipelines/{}", list[0]["id"]);
    let again = bob
        .post(&format!("{one}/retry"), json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(again["status"], "running");
    let newest = bob.get(&format!("{one}/jobs")).await.json();
    let every = bob
        .get(&format!("{one}/jobs?include_retried=true"))
        .await
        .json();
    assert_eq!(
        (
            newest.as_array().unwrap().len(),
            every.as_array().unwrap().len()
        ),
        (3, 4)
    );
    let cancelled = bob
        .post(&format!("{one}/cancel"), json!({}))
        .await
        .expect(201)
        .json();
    assert_eq!(cancelled["status"], "canceled");
    Client::of(&gl, "carol")
        .post(&format!("{one}/retry"), json!({}))
        .await
        .expect(403);
    bob.delete(&one).await.expect(403);
    Client::of(&gl, "root").delete(&one).await.expect(204);
    bob.get(&one).await.expect(404);
}

#[tokio::test]
async fn trigger_jobs_answer_under_both_names() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let id = bob.get(&format!("{PROJECT}/pipelines/latest")).await.json()["id"].clone();
    for name in ["bridges", "trigger_jobs"] {
        let reply = bob
            .get(&format!("{PROJECT}/pipelines/{id}/{name}"))
            .await
            .expect(200);
        assert_eq!(reply.json(), json!([]));
    }
}
