//! Everything that can go wrong on the way.

mod bodies;
mod credentials;
mod selectors;

use std::time::Duration;

use mock_gitlab::Fault;
use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn a_status_fault_hits_as_often_as_told() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::status(503).on("GET /api/v4/projects/**").times(2));
    bob.get("/user").await.expect(200);
    let first = bob.get("/projects/1").await.expect(503);
    assert!(first.text().starts_with("<!DOCTYPE html>"));
    bob.get("/projects/1/labels").await.expect(503);
    bob.get("/projects/1").await.expect(200);
    let record = gl.log().of("GET /api/v4/projects/*");
    assert_eq!(record.count(), 2);
    assert_eq!(
        record.iter().next().unwrap().fault.as_deref(),
        Some("status")
    );
    gl.faults().add(Fault::status(500).times(1));
    let reply = bob.get("/user").await.expect(500);
    assert_eq!(
        reply.json(),
        json!({"message": "500 Internal Server Error"})
    );
}

#[tokio::test]
async fn the_two_limiters_answer_each_in_their_way() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::rate_limit_edge(7).times(1));
    let edge = bob.get("/user").await.expect(429);
    assert_eq!(
        (edge.text().trim(), edge.header("retry-after")),
        ("Retry later", Some("7"))
    );
    assert_eq!(edge.header("content-type"), Some("text/plain"));
    assert_eq!(edge.header("ratelimit-remaining"), Some("0"));
    gl.faults().add(Fault::rate_limit_endpoint(3).times(1));
    let endpoint = bob.get("/user").await.expect(429);
    assert!(
        endpoint.json()["message"]["error"]
            .as_str()
            .unwrap()
            .contains("too many times")
    );
    assert_eq!(endpoint.header("retry-after"), Some("3"));
    gl.faults()
        .add(Fault::rate_limit_edge(3).without_retry_after().times(1));
    assert_eq!(
        bob.get("/user").await.expect(429).header("retry-after"),
        None
    );
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_brings() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults()
        .add(Fault::truncated_body().on("GET /user").times(1));
    let reply = bob.get("/user").await;
    let promised: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert!(
        reply.body.len() < promised,
        "{} of {promised}",
        reply.body.len()
    );
    assert_eq!(reply.json()["username"], "bob");
}

#[tokio::test]
async fn a_reset_leaves_nothing_or_half() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::reset_before_headers().times(1));
    let error = bob.raw("GET", "/api/v4/user", "", "").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(gl.log().all().last().unwrap().status, None);
    gl.faults().add(Fault::reset_after_headers().times(1));
    let error = bob.raw("GET", "/api/v4/user", "", "").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    bob.get("/user").await.expect(200);
}

#[tokio::test]
async fn a_write_can_take_effect_and_its_answer_get_lost() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let on = "POST /projects/*/repository/branches";
    gl.faults()
        .add(Fault::reset_before_headers().on(on).after_commit().times(1));
    let body = json!({"branch": "lost", "ref": "main"}).to_string();
    let path = "/api/v4/projects/1/repository/branches";
    bob.raw("POST", path, "application/json", &body)
        .await
        .unwrap_err();
    bob.get("/projects/1/repository/branches/lost")
        .await
        .expect(200);
}

#[tokio::test]
async fn html_with_200_and_redirects_to_elsewhere() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::html_page().times(1));
    let page = bob.get("/user").await.expect(200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    gl.faults()
        .add(Fault::redirect(302, "http://169.254.169.254/latest").times(1));
    let moved = bob.get("/user").await.expect(302);
    assert_eq!(
        moved.header("location"),
        Some("http://169.254.169.254/latest")
    );
}

#[tokio::test]
async fn silence_latency_and_drip_take_their_time() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    gl.faults().add(Fault::silence().times(1));
    let patience = Duration::from_millis(100);
    tokio::time::timeout(patience, bob.get("/user"))
        .await
        .expect_err("no answer");
    gl.faults()
        .add(Fault::latency(Duration::from_millis(30)).times(1));
    bob.get("/user").await.expect(200);
    gl.faults()
        .add(Fault::slow_drip(64, Duration::from_millis(1)).times(1));
    let reply = bob.get("/user").await.expect(200);
    assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
    assert_eq!(reply.json()["username"], "bob");
}
