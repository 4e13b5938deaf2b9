//! Something came, but it is not the data that was asked for.

use gitlab_mcp_core::gitlab::Method::{Get, Post};
use gitlab_mcp_core::gitlab::{ApiRequest, Method};
use gitlab_mcp_core::tool::ErrorCode;

use crate::bench::{ADVICE, Bench, Row, check};
use crate::reply::Reply;
use crate::upstream::Upstream;

const SIGN_IN: &str =
    r#"<!DOCTYPE html><html><form action="/users/sign_in"><input type="password"></form></html>"#;
const MAINTENANCE: &str = "<html><h1>GitLab is down for maintenance</h1></html>";

fn row(
    (what, method): (&'static str, Method),
    reply: Reply,
    code: ErrorCode,
    (says, advises): (&'static str, &'static str),
) -> Row {
    Row {
        what,
        method,
        script: vec![reply],
        code,
        status: None,
        says,
        advises,
        requests: 1,
    }
}

#[tokio::test]
async fn a_page_instead_of_data_is_never_taken_for_data() {
    let undeclared = Reply::json(200, MAINTENANCE);
    check(
        vec![
            row(
                ("sign-in form", Get),
                Reply::html(200, SIGN_IN),
                ErrorCode::Unauthorized,
                ("does not accept the credential", ADVICE),
            ),
            row(
                ("maintenance page", Get),
                Reply::html(200, MAINTENANCE),
                ErrorCode::UpstreamInvalid,
                ("HTML page", "GITLAB_API_URL"),
            ),
            row(
                ("a page that says it is JSON", Get),
                undeclared,
                ErrorCode::UpstreamInvalid,
                ("HTML page", "GITLAB_API_URL"),
            ),
            row(
                ("a page after a write", Post),
                Reply::html(201, MAINTENANCE),
                ErrorCode::UpstreamInvalid,
                ("whether the change happened is not known", "GITLAB_API_URL"),
            ),
        ],
        |bench| bench,
    )
    .await;
}

#[tokio::test]
async fn json_that_is_none_is_an_invalid_answer() {
    for body in [
        "{\"id\": 1",
        "]",
        "{\"a\":NaN}",
        "\u{0}",
        "plain words",
        &"[".repeat(100_000),
    ] {
        let upstream = Upstream::playing([Reply::json(200, body)]).await;
        let answer = Bench::at(&upstream.url()).get().await.unwrap();
        let error = gitlab_mcp_core::tool::ToolError::from(answer.json().unwrap_err());
        assert_eq!(error.code, ErrorCode::UpstreamInvalid, "{body:.20}");
        assert!(error.next_step.contains("proxy"), "{error:?}");
    }
}

#[tokio::test]
async fn a_raw_file_may_be_a_page() {
    let upstream = Upstream::playing([Reply::html(200, SIGN_IN)]).await;
    let template = "projects/{id}/repository/files/{path}/raw";
    let request = ApiRequest::get(template, &[("id", "1"), ("path", "a.html")]).unwrap();
    let answer = Bench::at(&upstream.url()).send(request).await.unwrap();
    assert_eq!(answer.text(), SIGN_IN);
}

#[tokio::test]
async fn an_empty_answer_is_no_error() {
    let upstream = Upstream::playing([Reply::status(204)]).await;
    let answer = Bench::at(&upstream.url()).post().await.unwrap();
    assert_eq!(answer.json().unwrap(), serde_json::Value::Null);
}

#[tokio::test]
async fn a_body_over_the_cap_ends_at_the_cap_and_is_not_asked_for_again() {
    let huge = "x".repeat(9 * 1024 * 1024);
    check(
        vec![row(
            ("nine megabytes", Get),
            Reply::json(200, &format!("\"{huge}\"")),
            ErrorCode::TooLarge,
            ("too large", "smaller per_page"),
        )],
        |bench| bench,
    )
    .await;
}

#[tokio::test]
async fn a_compressed_answer_is_read_and_a_bomb_is_defused() {
    let small = Reply::json(200, "").header("content-encoding", "gzip");
    let upstream = Upstream::playing([
        small.clone().body(gzip(br#"{"id":7}"#)),
        small.body(gzip(&vec![b' '; 64 * 1024 * 1024])),
    ])
    .await;
    let bench = Bench::at(&upstream.url());
    let answer = bench.get().await.unwrap();
    assert_eq!(answer.json().unwrap()["id"], 7);
    let error = bench.get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TooLarge);
    assert_eq!(upstream.count(), 2);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
