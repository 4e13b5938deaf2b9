//! The control API and the handle of a test.

use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn the_control_api_reads_the_ledger_and_stays_out_of_it() {
    let gl = company().await;
    Client::of(&gl, "bob")
        .get("/projects/1?simple=true")
        .await
        .expect(200);
    let control = Client::anonymous(&gl);
    let ledger = control
        .raw("GET", "/-/mock/ledger?of=GET%20/projects/*", "", "")
        .await
        .unwrap();
    let ledger = ledger.expect(200).json();
    assert_eq!(ledger[0]["path"], "/api/v4/projects/1");
    assert_eq!(ledger[0]["query"], "simple=true");
    assert_eq!(
        (&ledger[0]["user"], &ledger[0]["token_kind"]),
        (&json!("bob"), &json!("personal"))
    );
    assert_eq!(gl.log().count(), 1);
}

#[tokio::test]
async fn faults_clock_and_reset_work_from_outside() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let control = Client::anonymous(&gl);
    let fault = json!({"kind": "status", "status": 502, "on": "GET /user", "times": 1}).to_string();
    control
        .raw("POST", "/-/mock/faults", "application/json", &fault)
        .await
        .unwrap()
        .expect(201);
    bob.get("/user").await.expect(502);
    let wrong = control
        .raw(
            "POST",
            "/-/mock/faults",
            "application/json",
            "{\"kind\":\"imp\"}",
        )
        .await;
    wrong.unwrap().expect(400);
    let hour = "{\"advance_seconds\":3600}";
    let now = control
        .raw("POST", "/-/mock/clock", "application/json", hour)
        .await
        .unwrap();
    assert_eq!(
        now.expect(200).json(),
        json!({"now": "2026-11-01T10:00:00.000Z"})
    );
    let alice = Client::anonymous(&gl).with("PRIVATE-TOKEN", "glpat-alice-company-0001");
    alice.delete("/projects/alice%2Fsketches").await.expect(202);
    control
        .raw("POST", "/-/mock/reset", "", "")
        .await
        .unwrap()
        .expect(204);
    assert_eq!(gl.log().count(), 0);
    let sketches = alice
        .get("/projects/alice%2Fsketches")
        .await
        .expect(200)
        .json();
    assert_eq!(sketches["marked_for_deletion_on"], json!(null));
}

#[tokio::test]
async fn health_answers_without_a_token() {
    let gl = company().await;
    for path in ["/-/health", "/-/readiness", "/-/liveness"] {
        Client::anonymous(&gl)
            .raw("GET", path, "", "")
            .await
            .unwrap()
            .expect(200);
    }
}

#[tokio::test]
async fn edit_changes_the_world_between_two_requests() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.edit(|world| {
        let project = world.projects.get_mut(&1).unwrap();
        "Renamed by a test".clone_into(&mut project.name);
    });
    assert_eq!(
        bob.get("/projects/1").await.json()["name"],
        "Renamed by a test"
    );
    gl.user("bob").block();
    bob.get("/user").await.expect(403);
}

#[tokio::test]
async fn instances_share_nothing_and_close_when_dropped() {
    let (one, two) = (company().await, company().await);
    one.clock().advance(Duration::from_mins(1));
    assert_ne!(one.clock().now(), two.clock().now());
    let address = one.address();
    one.shutdown().await;
    tokio::net::TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
    Client::of(&two, "bob").get("/user").await.expect(200);
}
