//! A runner at work: it asks for a job, writes its log and says how it ended.

use std::time::Duration;

use mock_gitlab::{MockGitlab, Quirks, World};
use serde_json::{Value, json};

use crate::client::{Client, Reply};

const PROJECT: &str = "/projects/larkspur%2Fmusic-box";

/// The company, whose jobs wait for runners.
async fn waiting() -> MockGitlab {
    let quirks = Quirks {
        jobs_wait_for_runners: true,
        ..Quirks::default()
    };
    let builder = MockGitlab::builder().world(World::company());
    builder.quirks(quirks).start().await.unwrap()
}

async fn runner(gl: &MockGitlab, more: Value) -> String {
    let mut new = json!({"runner_type": "project_type", "project_id": 1});
    if let (Value::Object(all), Value::Object(more)) = (&mut new, more) {
        all.extend(more);
    }
    let alice = Client::of(gl, "alice");
    let made = alice.post("/user/runners", new).await.expect(201).json();
    made["token"].as_str().unwrap().to_owned()
}

/// A pipeline on `main` whose first jobs are ready.
async fn pipeline(gl: &MockGitlab) -> Value {
    gl.edit(|world| world.pipelines.retain(|_, one| !one.is_active()));
    let alice = Client::of(gl, "alice");
    let body = json!({"ref": "main", "variables": [{"key": "TUNE", "value": "lullaby"}]});
    let made = alice.post(&format!("{PROJECT}/pipeline"), body).await;
    gl.clock().advance(Duration::from_secs(2));
    made.expect(201).json()
}

async fn ask(gl: &MockGitlab, token: &str) -> Reply {
    let body = json!({ "token": token, "info": { "name": "bench" } });
    Client::anonymous(gl).post("/jobs/request", body).await
}

async fn write(gl: &MockGitlab, job: &Value, range: &str, part: &str) -> Reply {
    let client = Client::anonymous(gl)
        .with("JOB-TOKEN", job["token"].as_str().unwrap())
        .with("Content-Range", range);
    let path = format!("/api/v4/jobs/{}/trace", job["id"]);
    let reply = client.raw("PATCH", &path, "text/plain", part).await;
    reply.unwrap()
}

async fn say(gl: &MockGitlab, job: &Value, more: Value) -> Reply {
    let mut body = json!({ "token": job["token"] });
    if let (Value::Object(all), Value::Object(more)) = (&mut body, more) {
        all.extend(more);
    }
    let client = Client::anonymous(gl);
    client.put(&format!("/jobs/{}", job["id"]), body).await
}

async fn read(gl: &MockGitlab, job: &Value) -> Value {
    let path = format!("{PROJECT}/jobs/{}", job["id"]);
    Client::of(gl, "bob").get(&path).await.expect(200).json()
}

#[tokio::test]
async fn a_runner_takes_a_job_writes_its_log_and_ends_it() {
    let gl = waiting().await;
    let token = runner(&gl, json!({})).await;
    ask(&gl, &token).await.expect(204);
    let pipeline = pipeline(&gl).await;
    let job = ask(&gl, &token).await.expect(201).json();
    assert_eq!(job["job_info"]["project_full_path"], "larkspur/music-box");
    assert_eq!(job["git_info"]["sha"], pipeline["sha"]);
    assert_eq!(job["git_info"]["ref_type"], "branch");
    let script = job["steps"][0]["script"].as_array().unwrap();
    assert!(!script.is_empty());
    let variables = job["variables"].as_array().unwrap();
    let value = |key: &str| {
        let mut found = variables.iter().rev();
        found.find(|one| one["key"] == key).unwrap()["value"].clone()
    };
    assert_eq!(value("TUNE"), "lullaby");
    assert_eq!(value("CI_JOB_TOKEN"), job["token"]);
    let running = read(&gl, &job).await;
    assert_eq!(running["status"], "running");
    assert!(running["runner"]["id"].is_u64());
    // However long it takes, it ends only when its runner says so.
    gl.clock().advance(Duration::from_hours(5));
    assert_eq!(read(&gl, &job).await["status"], "running");
    let reply = write(&gl, &job, "0-5", "first ").await.expect(202);
    assert_eq!(reply.header("range"), Some("0-6"));
    let late = write(&gl, &job, "0-5", "again ").await.expect(416);
    assert_eq!(late.header("range"), Some("0-6"));
    write(&gl, &job, "6-11", "second").await.expect(202);
    let end = say(&gl, &job, json!({"state": "success"})).await;
    assert_eq!(end.expect(200).header("job-status"), Some("success"));
    assert_eq!(read(&gl, &job).await["status"], "success");
    let log = format!("{PROJECT}/jobs/{}/trace", job["id"]);
    let log = Client::of(&gl, "bob").get(&log).await.expect(200);
    assert_eq!(log.text(), "first second");
    // The next stage is ready, and the runner is told about it.
    gl.clock().advance(Duration::from_secs(1));
    let next = ask(&gl, &token).await.expect(201).json();
    assert_ne!(next["id"], job["id"]);
    let failed = json!({"state": "failed", "failure_reason": "runner_system_failure"});
    say(&gl, &next, failed).await.expect(200);
    let seen = read(&gl, &next).await;
    assert_eq!(seen["failure_reason"], "runner_system_failure");
}

#[tokio::test]
async fn a_job_goes_to_a_runner_that_may_take_it() {
    let gl = waiting().await;
    let busy = runner(&gl, json!({"paused": true})).await;
    let tagged = runner(&gl, json!({"tag_list": ["brass"], "run_untagged": false})).await;
    let alice = Client::of(&gl, "alice");
    let attic = alice.post("/projects", json!({"name": "Attic"})).await;
    let attic = attic.expect(201).json()["id"].clone();
    let elsewhere = runner(&gl, json!({"project_id": attic})).await;
    pipeline(&gl).await;
    for token in [&busy, &tagged, &elsewhere] {
        ask(&gl, token).await.expect(204);
    }
    ask(&gl, "glrt-unheard-of").await.expect(403);
    gl.edit(|world| {
        let jobs = world.jobs.values_mut();
        for job in jobs.filter(|job| job.status == "pending") {
            job.tags = vec!["brass".to_owned()];
        }
    });
    let untagged = runner(&gl, json!({})).await;
    ask(&gl, &untagged).await.expect(204);
    let job = ask(&gl, &tagged).await.expect(201).json();
    assert_eq!(read(&gl, &job).await["tag_list"], json!(["brass"]));
}

#[tokio::test]
async fn only_the_token_of_the_job_speaks_for_it_and_only_while_it_runs() {
    let gl = waiting().await;
    let token = runner(&gl, json!({})).await;
    pipeline(&gl).await;
    let job = ask(&gl, &token).await.expect(201).json();
    for wrong in [json!(token), json!("glcbt-64_no"), Value::Null] {
        let forged = json!({"id": job["id"], "token": wrong});
        say(&gl, &forged, json!({"state": "success"}))
            .await
            .expect(403);
    }
    let client = Client::anonymous(&gl).with("JOB-TOKEN", job["token"].as_str().unwrap());
    let path = format!("/api/v4/jobs/{}/trace", job["id"]);
    let bare = client.raw("PATCH", &path, "text/plain", "x").await;
    bare.unwrap().expect(400);
    say(&gl, &job, json!({"state": "tired"})).await.expect(400);
    say(&gl, &job, json!({"state": "running"}))
        .await
        .expect(200);
    let cancel = format!("{PROJECT}/jobs/{}/cancel", job["id"]);
    Client::of(&gl, "alice")
        .post(&cancel, json!({}))
        .await
        .expect(201);
    for reply in [
        write(&gl, &job, "0-0", "x").await,
        say(&gl, &job, json!({"state": "success"})).await,
    ] {
        assert_eq!(reply.expect(403).header("job-status"), Some("canceled"));
    }
    assert_eq!(read(&gl, &job).await["status"], "canceled");
}

#[tokio::test]
async fn a_character_cut_in_two_comes_out_whole() {
    let gl = waiting().await;
    let token = runner(&gl, json!({})).await;
    pipeline(&gl).await;
    let job = ask(&gl, &token).await.expect(201).json();
    let bytes = "h\u{e9}".as_bytes();
    for (written, byte) in bytes.iter().enumerate() {
        let client = Client::anonymous(&gl);
        let head = format!(
            "PATCH /api/v4/jobs/{}/trace HTTP/1.1\r\nHost: gitlab.test\r\nConnection: close\r\n\
             JOB-TOKEN: {}\r\nContent-Range: {written}-{written}\r\nContent-Type: text/plain\r\n\
             Content-Length: 1\r\n\r\n",
            job["id"],
            job["token"].as_str().unwrap(),
        );
        let mut whole = head.into_bytes();
        whole.push(*byte);
        client.bytes(&whole).await.expect(202);
    }
    let log = format!("{PROJECT}/jobs/{}/trace", job["id"]);
    let log = Client::of(&gl, "bob").get(&log).await.expect(200);
    assert_eq!(log.text(), "h\u{e9}");
}

#[tokio::test]
async fn without_the_quirk_jobs_run_by_themselves_unless_a_runner_is_faster() {
    let gl = crate::company().await;
    let token = runner(&gl, json!({})).await;
    pipeline(&gl).await;
    let job = ask(&gl, &token).await.expect(201).json();
    gl.clock().advance(Duration::from_mins(10));
    assert_eq!(read(&gl, &job).await["status"], "running");
    say(&gl, &job, json!({"state": "success"}))
        .await
        .expect(200);
    gl.clock().advance(Duration::from_mins(10));
    let pipeline = Client::of(&gl, "bob")
        .get(&format!("{PROJECT}/pipelines/latest"))
        .await
        .json();
    assert!(
        matches!(pipeline["status"].as_str(), Some("success" | "manual")),
        "{pipeline}"
    );
}
