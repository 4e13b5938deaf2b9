//! Both shapes of 429, and every way of saying when to come back.

use std::time::Duration;

use gitlab_mcp_core::clock::Clock as _;
use gitlab_mcp_core::gitlab::Method::{self, Get, Post};
use gitlab_mcp_core::tool::ErrorCode;

use crate::bench::{Bench, Row, check, request};
use crate::reply::Reply;
use crate::upstream::Upstream;

/// The limiter in front of GitLab.
fn edge() -> Reply {
    Reply::text(429, "Retry later\n")
        .header("ratelimit-limit", "60")
        .header("ratelimit-remaining", "0")
}

/// The limiter of one endpoint.
fn endpoint() -> Reply {
    let words = "This endpoint has been requested too many times. Try again later.";
    Reply::json(429, &format!(r#"{{"message":{{"error":"{words}"}}}}"#))
}

fn row(
    what: &'static str,
    method: Method,
    reply: Reply,
    (says, advises): (&'static str, &'static str),
    requests: usize,
) -> Row {
    Row {
        what,
        method,
        script: vec![reply; 3],
        code: ErrorCode::RateLimited,
        status: Some(429),
        says,
        advises,
        requests,
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_told_at_once() {
    let wait = "wait 900 s";
    check(
        vec![
            row(
                "edge",
                Get,
                edge().header("retry-after", "900"),
                ("Retry later", wait),
                1,
            ),
            row(
                "endpoint",
                Get,
                endpoint().header("retry-after", "900"),
                ("too many times", wait),
                1,
            ),
            row(
                "write",
                Post,
                endpoint().header("retry-after", "900"),
                ("too many times", wait),
                1,
            ),
            row(
                "for ever",
                Get,
                edge().header("retry-after", &u64::MAX.to_string()),
                ("", "wait"),
                1,
            ),
        ],
        |bench| bench,
    )
    .await;
}

#[tokio::test]
async fn a_limit_that_stays_is_told_after_the_last_try() {
    check(
        vec![
            row(
                "no header",
                Get,
                edge(),
                ("Retry later", "wait a minute"),
                3,
            ),
            row(
                "no header, write",
                Post,
                endpoint(),
                ("too many times", "wait a minute"),
                3,
            ),
            row(
                "nonsense",
                Get,
                edge().header("retry-after", "soon"),
                ("", "wait a minute"),
                3,
            ),
            row(
                "negative",
                Get,
                edge().header("retry-after", "-1"),
                ("", "wait a minute"),
                3,
            ),
            row(
                "now",
                Get,
                edge().header("retry-after", "0"),
                ("", "wait 1 s"),
                3,
            ),
        ],
        |bench| bench,
    )
    .await;
}

#[tokio::test]
async fn a_short_wait_is_waited_for_reads_and_writes() {
    for limit in [edge(), endpoint()] {
        for method in [Get, Post] {
            let upstream = Upstream::playing([
                limit.clone().header("retry-after", "0"),
                Reply::json(200, r#"{"id":1}"#),
            ])
            .await;
            let answer = Bench::at(&upstream.url()).send(request(method)).await;
            assert_eq!(answer.unwrap().json().unwrap()["id"], 1);
            assert_eq!(upstream.count(), 2);
        }
    }
}

#[tokio::test]
async fn a_date_and_the_reset_time_are_read_against_the_clock() {
    let bench = Bench::at("http://127.0.0.1:1");
    let at = |seconds| bench.clock.now() + Duration::from_secs(seconds);
    let unix = |seconds| {
        let since = at(seconds).duration_since(std::time::UNIX_EPOCH);
        since.unwrap().as_secs().to_string()
    };
    for (what, reply, seconds) in [
        (
            "date",
            edge().header("retry-after", &httpdate::fmt_http_date(at(120))),
            120,
        ),
        ("reset", edge().header("ratelimit-reset", &unix(45)), 45),
        (
            "both",
            edge()
                .header("ratelimit-reset", &unix(45))
                .header("retry-after", "600"),
            600,
        ),
    ] {
        let upstream = Upstream::playing([reply]).await;
        let error = Bench::at(&upstream.url()).get().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::RateLimited, "{what}");
        assert_eq!(
            error.retry_after,
            Some(Duration::from_secs(seconds)),
            "{what}"
        );
        assert_eq!(upstream.count(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_date_in_the_past_means_now() {
    let upstream = Upstream::playing([
        edge().header("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
        edge().header("ratelimit-reset", "1"),
        Reply::json(200, "[]"),
    ])
    .await;
    let answer = Bench::at(&upstream.url()).get().await.unwrap();
    assert_eq!(answer.json().unwrap(), serde_json::json!([]));
    assert_eq!(upstream.count(), 3);
}
