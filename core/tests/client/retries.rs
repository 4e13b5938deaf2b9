//! What is tried again, and what is not.

use std::sync::{Arc, Mutex};

use gitlab_mcp_core::gitlab::Method::{self, Delete, Get, Patch, Post, Put};
use gitlab_mcp_core::random::Random;
use gitlab_mcp_core::tool::ErrorCode;
use tokio::net::TcpSocket;

use crate::bench::{Bench, Row, check, request};
use crate::reply::Reply;
use crate::upstream::Upstream;

fn away(status: u16) -> Reply {
    Reply::html(status, "<html><h1>Bad Gateway</h1></html>")
}

#[tokio::test]
async fn a_gateway_error_is_tried_twice_more_for_reads_and_never_for_writes() {
    let row = |method: Method, status: u16, requests: usize| Row {
        what: "gateway",
        method,
        script: vec![away(status); 4],
        code: ErrorCode::UpstreamUnavailable,
        status: Some(status),
        says: "not available",
        advises: "try again later",
        requests,
    };
    let mut rows = Vec::new();
    for status in [502, 503, 504] {
        rows.push(row(Get, status, 3));
        rows.extend([Post, Put, Patch, Delete].map(|method| row(method, status, 1)));
    }
    check(rows, |bench| bench).await;
}

#[tokio::test]
async fn a_read_that_succeeds_in_the_end_has_succeeded() {
    let upstream =
        Upstream::playing([away(502), Reply::nothing(), Reply::json(200, r#"{"id":1}"#)]).await;
    let answer = Bench::at(&upstream.url()).get().await.unwrap();
    assert_eq!(answer.json().unwrap()["id"], 1);
    assert_eq!(upstream.count(), 3);
}

#[tokio::test]
async fn a_server_error_is_not_asked_for_again() {
    for method in [Get, Post] {
        let upstream = Upstream::playing([Reply::json(500, "{}")]).await;
        let result = Bench::at(&upstream.url()).send(request(method)).await;
        assert_eq!(result.unwrap_err().code, ErrorCode::UpstreamUnavailable);
        assert_eq!(upstream.count(), 1);
    }
}

/// Randomness is asked for before each wait; the first time, GitLab comes up.
#[derive(Debug)]
struct ComesUp {
    socket: Mutex<Option<TcpSocket>>,
    upstream: Mutex<Option<Upstream>>,
}

impl Random for ComesUp {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
        if let Some(socket) = self.socket.lock().unwrap().take() {
            let listener = socket.listen(8).unwrap();
            let script = [Reply::json(201, r#"{"iid":1}"#)];
            *self.upstream.lock().unwrap() = Some(Upstream::on(listener, script));
        }
    }
}

#[tokio::test]
async fn a_write_whose_connection_was_refused_is_tried_again() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut bench = Bench::at(&format!("http://{}", socket.local_addr().unwrap()));
    let gitlab = Arc::new(ComesUp {
        socket: Mutex::new(Some(socket)),
        upstream: Mutex::new(None),
    });
    bench.random = Arc::clone(&gitlab) as Arc<dyn Random>;

    let answer = bench.post().await.unwrap();

    assert_eq!(answer.json().unwrap()["iid"], 1);
    let seen = gitlab.upstream.lock().unwrap().as_ref().unwrap().seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].body, r#"{"title":"hello"}"#);
}
