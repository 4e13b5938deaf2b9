//! From code to production: pipelines of pushes, schedules, environments, deployments,
//! feature flags, images, exports.

use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::company;

const CONFIGURATION: &str = "build:\n  script:\n    - echo \"a tune\" > tune.txt\n  artifacts:\n    paths: [tune.txt]\n\
    check:\n  script: sleep 1h\n  rules:\n    - if: '$CI_PIPELINE_SOURCE == \"merge_request_event\"'\n";

async fn put_file(client: &Client<'_>, branch: &str, path: &str, content: &str) {
    let path = path.replace('/', "%2F");
    let body = json!({"branch": branch, "content": content, "commit_message": "Change"});
    let url = format!("/projects/2/repository/files/{path}");
    client.post(&url, body).await.expect(201);
}

#[tokio::test]
async fn a_push_starts_the_jobs_that_are_meant_for_it() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let before = alice
        .get("/projects/2/pipelines")
        .await
        .json()
        .as_array()
        .unwrap()
        .len();
    let new = json!({"branch": "ci", "ref": "main"});
    alice
        .post("/projects/2/repository/branches", new)
        .await
        .expect(201);
    put_file(&alice, "ci", ".gitlab-ci.yml", CONFIGURATION).await;
    let pipelines = alice.get("/projects/2/pipelines").await.json();
    assert_eq!(pipelines.as_array().unwrap().len(), before + 1);
    assert_eq!(
        (&pipelines[0]["source"], &pipelines[0]["ref"]),
        (&json!("push"), &json!("ci"))
    );
    let jobs = format!("/projects/2/pipelines/{}/jobs", pipelines[0]["id"]);
    let names = |jobs: serde_json::Value| -> Vec<String> {
        let all = jobs.as_array().unwrap().iter();
        all.map(|job| job["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(alice.get(&jobs).await.json()), ["build"]);
    gl.clock().advance(Duration::from_mins(1));
    let job = alice.get(&jobs).await.json()[0]["id"].to_string();
    let file = alice
        .get(&format!("/projects/2/jobs/{job}/artifacts/tune.txt"))
        .await;
    assert_eq!(file.expect(200).text(), "a tune\n");
    let request = json!({"source_branch": "ci", "target_branch": "main", "title": "Tune"});
    let request = alice
        .post("/projects/2/merge_requests", request)
        .await
        .expect(201)
        .json();
    let own = format!("/projects/2/merge_requests/{}/pipelines", request["iid"]);
    let own = alice.get(&own).await.json();
    assert_eq!(own[0]["source"], "merge_request_event");
    let jobs = format!("/projects/2/pipelines/{}/jobs", own[0]["id"]);
    assert_eq!(names(alice.get(&jobs).await.json()), ["check"]);
    // Something to wait for: the merge waits, and can be called off.
    let one = format!("/projects/2/merge_requests/{}", request["iid"]);
    let waiting = alice
        .put(&format!("{one}/merge"), json!({"auto_merge": true}))
        .await;
    assert_eq!(waiting.expect(200).json()["state"], "opened");
    let off = format!("{one}/cancel_merge_when_pipeline_succeeds");
    alice.post(&off, json!({})).await.expect(201);
    alice.post(&off, json!({})).await.expect(406);
    alice
        .put(&format!("{one}/merge"), json!({"auto_merge": true}))
        .await
        .expect(200);
    gl.clock().advance(Duration::from_secs(3700));
    assert_eq!(alice.get(&one).await.json()["state"], "merged");
}

#[tokio::test]
async fn schedules_belong_to_somebody() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let all = "/projects/1/pipeline_schedules";
    let new = json!({"description": "Nightly", "ref": "main", "cron": "0 1 * * *"});
    let id = alice.post(all, new).await.expect(201).json()["id"].to_string();
    let one = format!("{all}/{id}");
    for cron in ["* * * *", "soon", "0 1 * * * *", "<b> 1 * * *"] {
        alice.put(&one, json!({"cron": cron})).await.expect(400);
    }
    let secret = json!({"key": "KEY", "value": "wind-me-up"});
    alice
        .post(&format!("{one}/variables"), secret.clone())
        .await
        .expect(201);
    alice
        .post(&format!("{one}/variables"), secret)
        .await
        .expect(400);
    bob.put(&one, json!({"active": false})).await.expect(403);
    assert!(
        !bob.get(&one)
            .await
            .expect(200)
            .text()
            .contains("wind-me-up")
    );
    bob.post(&format!("{one}/take_ownership"), json!({}))
        .await
        .expect(403);
    alice
        .post(&format!("{one}/play"), json!({}))
        .await
        .expect(201);
    let run = alice.get(&format!("{one}/pipelines")).await.json();
    assert_eq!(run[0]["source"], "schedule");
    let variables = format!("/projects/1/pipelines/{}/variables", run[0]["id"]);
    assert_eq!(alice.get(&variables).await.json()[0]["key"], "KEY");
    alice.delete(&one).await.expect(204);
    alice.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_trigger_token_is_enough_to_run_and_for_nothing_else() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let made = alice
        .post("/projects/1/triggers", json!({"description": "x"}))
        .await
        .json();
    let token = made["token"].as_str().unwrap();
    let nobody = Client::anonymous(&gl);
    let run = json!({"token": token, "ref": "main", "variables": {"A": "1"}});
    let pipeline = nobody
        .post("/projects/1/trigger/pipeline", run)
        .await
        .expect(201)
        .json();
    assert_eq!(pipeline["source"], "trigger");
    let wrong = json!({"token": "glptt-wrong", "ref": "main"});
    nobody
        .post("/projects/1/trigger/pipeline", wrong)
        .await
        .expect(404);
    let listed = Client::of(&gl, "root")
        .get("/projects/1/triggers")
        .await
        .json();
    assert_ne!(listed[0]["token"], token);
}

#[tokio::test]
async fn environments_stop_before_they_go() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let all = "/projects/1/environments";
    let new = json!({"name": "review/New spring", "external_url": "https://r.example"});
    Client::of(&gl, "carol")
        .post(all, new.clone())
        .await
        .expect(403);
    let made = bob.post(all, new.clone()).await.expect(201).json();
    assert_eq!(
        (&made["slug"], &made["tier"]),
        (&json!("review-new-spring"), &json!("development"))
    );
    bob.post(all, new).await.expect(400);
    let one = format!("{all}/{}", made["id"]);
    bob.delete(&one).await.expect(403);
    bob.post(&format!("{one}/stop"), json!({}))
        .await
        .expect(201);
    bob.delete(&one).await.expect(204);
    bob.get(&one).await.expect(404);
}

#[tokio::test]
async fn the_newest_deployment_of_an_environment_stays() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let all = "/projects/1/deployments";
    let new = json!({"environment": "production", "sha": "main", "ref": "main", "tag": false, "status": "success"});
    let first = alice.post(all, new.clone()).await.expect(201).json()["id"].to_string();
    let last = alice.post(all, new).await.expect(201).json()["id"].to_string();
    alice.delete(&format!("{all}/{last}")).await.expect(400);
    alice.delete(&format!("{all}/{first}")).await.expect(204);
    let same = json!({"status": "success"});
    alice.put(&format!("{all}/{last}"), same).await.expect(400);
    let gone = json!({"environment": "production", "sha": "0000000", "ref": "main", "tag": false, "status": "success"});
    alice.post(all, gone).await.expect(400);
}

#[tokio::test]
async fn feature_flags_change_strategy_by_strategy() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let all = "/projects/1/feature_flags";
    let new = json!({"name": "second_cylinder", "version": "new_version_flag", "strategies": [
        {"name": "default", "parameters": {}, "scopes": [{"environment_scope": "*"}]},
        {"name": "userWithId", "parameters": {"userIds": "7"}},
    ]});
    Client::of(&gl, "carol")
        .post(all, new.clone())
        .await
        .expect(403);
    let flag = bob.post(all, new.clone()).await.expect(201).json();
    bob.post(all, new).await.expect(400);
    let id = &flag["strategies"][1]["id"];
    let less = json!({"strategies": [{"id": id, "_destroy": true}]});
    let flag = bob
        .put(&format!("{all}/second_cylinder"), less)
        .await
        .expect(200)
        .json();
    assert_eq!(flag["strategies"].as_array().unwrap().len(), 1);
    for bad in [
        json!({"name": "Loud"}),
        json!({"name": "quiet_"}),
        json!({"name": "quiet", "strategies": [{"name": "whim"}]}),
        json!({"name": "quiet", "strategies": [{"name": "userWithId", "parameters": {}}]}),
    ] {
        bob.post(all, bad).await.expect(400);
    }
    let renamed = json!({"name": "third_cylinder"});
    bob.put(&format!("{all}/second_cylinder"), renamed)
        .await
        .expect(200);
    bob.get(&format!("{all}/second_cylinder")).await.expect(404);
}

#[tokio::test]
async fn images_are_deleted_in_bulk_by_name_and_age() {
    let gl = company().await;
    for tag in ["latest", "dev-1", "dev-2", "v1"] {
        let now = gl.clock().now();
        gl.edit(|world| world.push_image(1, "player", tag, now));
        gl.clock().advance(Duration::from_hours(1));
    }
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let repository = bob
        .get("/projects/1/registry/repositories?tags_count=true")
        .await
        .json()[0]
        .clone();
    assert_eq!(repository["tags_count"], 4);
    let tags = format!(
        "/projects/1/registry/repositories/{}/tags",
        repository["id"]
    );
    let bulk = json!({"name_regex_delete": "dev-.*|latest", "keep_n": 1});
    bob.send("DELETE", &tags, Some(bulk.clone()))
        .await
        .expect(403);
    alice.send("DELETE", &tags, Some(bulk)).await.expect(202);
    let left = bob.get(&tags).await.json();
    let left: Vec<&str> = left
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|t| t["name"].as_str())
        .collect();
    assert_eq!(left, ["dev-2", "latest", "v1"]);
    let hostile = json!({"name_regex_delete": "("});
    alice.send("DELETE", &tags, Some(hostile)).await.expect(400);
}

#[tokio::test]
async fn an_export_takes_its_time_and_can_be_imported() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    root.post("/projects/1/export", json!({})).await.expect(202);
    root.get("/projects/1/export/download").await.expect(404);
    assert_eq!(
        root.get("/projects/1/export").await.json()["export_status"],
        "queued"
    );
    gl.clock().advance(Duration::from_secs(5));
    assert_eq!(
        root.get("/projects/1/export").await.json()["export_status"],
        "finished"
    );
    let archive = root.get("/projects/1/export/download").await.expect(200);
    assert_eq!(archive.body.get(..2), Some([0x1f, 0x8b].as_slice()));
    Client::of(&gl, "bob")
        .get("/projects/1/export")
        .await
        .expect(403);
    // A fresh instance imports from nowhere.
    let kind = "multipart/form-data; boundary=cut";
    let form = "--cut\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\ncopy\r\n\
                --cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.tgz\"\r\n\r\nnonsense\r\n--cut--\r\n";
    let import = "/api/v4/projects/import";
    root.raw("POST", import, kind, form)
        .await
        .unwrap()
        .expect(403);
    let sources = json!({"import_sources": ["gitlab_project"]});
    root.put("/application/settings", sources).await.expect(200);
    let made = root
        .raw("POST", import, kind, form)
        .await
        .unwrap()
        .expect(201)
        .json();
    gl.clock().advance(Duration::from_secs(5));
    let status = root
        .get(&format!("/projects/{}/import", made["id"]))
        .await
        .json();
    assert_eq!(status["import_status"], "failed");
}
