//! The connection breaks, stalls, or never comes about.

use std::time::Duration;

use gitlab_mcp_core::gitlab::Method::{Get, Post};
use gitlab_mcp_core::tool::ErrorCode;
use tokio::net::TcpSocket;

use crate::bench::{Bench, Row, check};
use crate::reply::{End, Reply};

const LATER: &str = "try again later";
const LOOK_FIRST: &str = "do not repeat the change blindly";

/// Every way a connection can fail after the request went out.
fn broken() -> Vec<(&'static str, Reply)> {
    let half = || Reply::json(200, r#"{"id":"#).promising(1_000);
    vec![
        ("closed before an answer", Reply::nothing()),
        ("reset before an answer", Reply::nothing().then(End::Reset)),
        ("body cut short", half()),
        ("reset in the body", half().then(End::Reset)),
    ]
}

/// Every way of letting a client wait.
fn stalling() -> Vec<(&'static str, Reply)> {
    let drip = Reply::json(200, &" ".repeat(10_000)).dripping(Duration::from_millis(5));
    let stuck = Reply::json(200, "[1,").promising(1_000).then(End::Silence);
    vec![
        ("no first byte", Reply::nothing().then(End::Silence)),
        ("a body without end", drip),
        ("a body that stops", stuck),
    ]
}

#[tokio::test]
async fn a_read_over_a_broken_connection_is_tried_three_times() {
    let rows = broken().into_iter().map(|(what, reply)| Row {
        what,
        method: Get,
        script: vec![reply; 3],
        code: ErrorCode::UpstreamUnavailable,
        status: None,
        says: "not available",
        advises: LATER,
        requests: 3,
    });
    check(rows.collect(), |bench| bench).await;
}

#[tokio::test]
async fn a_read_that_stalls_ends_in_time() {
    let rows = stalling().into_iter().map(|(what, reply)| Row {
        what,
        method: Get,
        script: vec![reply; 3],
        code: ErrorCode::Timeout,
        status: None,
        says: "in time",
        advises: LATER,
        requests: 3,
    });
    check(rows.collect(), Bench::impatient).await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once_and_its_outcome_is_unknown() {
    let rows = broken().into_iter().chain(stalling());
    let rows = rows.map(|(what, reply)| Row {
        what,
        method: Post,
        script: vec![reply],
        code: ErrorCode::OutcomeUnknown,
        status: None,
        says: "answer did not arrive",
        advises: LOOK_FIRST,
        requests: 1,
    });
    check(rows.collect(), Bench::impatient).await;
}

#[tokio::test]
async fn a_refused_connection_is_reported_as_gitlab_being_away() {
    // A bound socket that does not listen refuses, and nobody else can take its port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let bench = Bench::at(&format!("http://{}", socket.local_addr().unwrap()));
    for result in [bench.get().await, bench.post().await] {
        let error = result.unwrap_err();
        assert_eq!(error.code, ErrorCode::UpstreamUnavailable);
        assert!(error.to_text().contains("no connection"), "{error:?}");
        assert!(error.next_step.contains(LATER), "{error:?}");
    }
}
