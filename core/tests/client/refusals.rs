//! GitLab answers, and the answer is no.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::gitlab::Method::{self, Get, Post, Put};
use gitlab_mcp_core::tool::ErrorCode;

use crate::bench::{ADVICE, Bench, CANARY, Fake, Row, check, credential, told};
use crate::reply::Reply;
use crate::upstream::Upstream;

/// A refusal that is final: one request.
fn row(
    (what, method): (&'static str, Method),
    (status, reply): (u16, Reply),
    code: ErrorCode,
    (says, advises): (&'static str, &'static str),
) -> Row {
    Row {
        what,
        method,
        script: vec![reply],
        code,
        status: Some(status),
        says,
        advises,
        requests: 1,
    }
}

#[tokio::test]
async fn each_of_the_four_bodies_of_401_says_how_to_sign_in() {
    let bodies = [
        ("401 Unauthorized", r#"{"message":"401 Unauthorized"}"#),
        (
            "Token was revoked",
            r#"{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}"#,
        ),
        (
            "Token is expired",
            r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}"#,
        ),
        (
            "Invalid token",
            r#"{"errors":[{"message":"Invalid token"}]}"#,
        ),
    ];
    let rows = bodies.map(|(says, body)| {
        let reply = Reply::json(401, body).header("www-authenticate", "Bearer realm=\"The API\"");
        row(
            (says, Get),
            (401, reply),
            ErrorCode::Unauthorized,
            (says, ADVICE),
        )
    });
    check(rows.into(), |bench| bench).await;
}

/// Refusals with `{"message":"…"}`, each with the words to look for in the next step.
async fn check_messages(cases: &[(Method, u16, &'static str, ErrorCode, &'static str)]) {
    let rows = cases.iter().map(|&(method, status, words, code, advises)| {
        let reply = Reply::json(status, &format!(r#"{{"message":"{words}"}}"#));
        row((words, method), (status, reply), code, (words, advises))
    });
    check(rows.collect(), |bench| bench).await;
}

#[tokio::test]
async fn what_is_forbidden_or_hidden_says_what_is_missing() {
    use ErrorCode::{Forbidden, NotFound};
    let role = "higher role";
    check_messages(&[
        (Post, 403, "403 Forbidden", Forbidden, role),
        (Post, 403, "403 Forbidden - not a member", Forbidden, role),
        (Get, 404, "404 Project Not Found", NotFound, "not visible"),
        (Get, 404, "404 Not found", NotFound, "check the project"),
        (Get, 410, "410 Gone", NotFound, "check the project"),
    ])
    .await;
}

#[tokio::test]
async fn a_state_that_stands_in_the_way_says_to_look_at_it_first() {
    use ErrorCode::{Conflict, NotMergeable};
    let read = "read the object again";
    check_messages(&[
        (
            Put,
            405,
            "405 Method Not Allowed",
            NotMergeable,
            "what blocks",
        ),
        (
            Put,
            409,
            "SHA does not match HEAD of source branch: 1a2b",
            Conflict,
            read,
        ),
        (Post, 409, "409 Conflict", Conflict, read),
        (Put, 412, "412 Precondition Failed", Conflict, read),
    ])
    .await;
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let body = r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}"#;
    let texts = ("api read_api", "that scope");
    let case = |method| {
        let reply = (403, Reply::json(403, body));
        row(
            ("scope", method),
            reply,
            ErrorCode::InsufficientScope,
            texts,
        )
    };
    check(vec![case(Get), case(Post)], |bench| bench).await;
}

#[tokio::test]
async fn words_are_found_in_lists_in_text_and_beside_other_members() {
    let list = r#"{"message":["Another open merge request exists","!7"]}"#;
    let text = "changed since";
    let later = "try again later";
    let unavailable = ErrorCode::UpstreamUnavailable;
    let rows = [
        (
            409,
            Reply::json(409, list),
            ErrorCode::Conflict,
            ("exists; !7", "read the object"),
        ),
        (
            412,
            Reply::text(412, text),
            ErrorCode::Conflict,
            (text, "read the object"),
        ),
        (
            404,
            Reply::json(404, r#"{"error":"404 Not Found"}"#),
            ErrorCode::NotFound,
            ("404 Not Found", ""),
        ),
        (
            500,
            Reply::json(500, r#"{"message":"500 Oops"}"#),
            unavailable,
            ("500 Oops", later),
        ),
        (
            413,
            Reply::html(413, "<html>"),
            ErrorCode::TooLarge,
            ("too large", "ask for less"),
        ),
    ];
    let rows =
        rows.map(|(status, reply, code, texts)| row(("words", Post), (status, reply), code, texts));
    check(rows.into(), |bench| bench).await;
}

#[tokio::test]
async fn values_gitlab_refuses_come_back_in_its_words_whatever_their_shape() {
    let says = ("", "correct the named values");
    let case = |status, says, reply| {
        row(
            ("values", Post),
            (status, reply),
            ErrorCode::Validation,
            (says, "correct the named values"),
        )
    };
    check(
        vec![
            case(
                400,
                "title is missing",
                Reply::json(400, r#"{"error":"title is missing"}"#),
            ),
            case(
                400,
                "too early",
                Reply::json(400, r#"{"message":"400 Bad request - too early"}"#),
            ),
            case(
                400,
                "one; two",
                Reply::json(400, r#"{"message":["one","two"]}"#),
            ),
            case(
                422,
                "title: can't be blank; is short; base: no",
                Reply::json(
                    422,
                    r#"{"message":{"title":["can't be blank","is short"],"base":"no"}}"#,
                ),
            ),
            case(
                422,
                "Reference has conflicts",
                Reply::text(422, "Reference has conflicts"),
            ),
            case(400, says.0, Reply::status(400)),
            case(400, says.0, Reply::json(400, "null")),
        ],
        |bench| bench,
    )
    .await;
}

#[tokio::test]
async fn fields_are_named_when_values_are_wrong_and_only_then() {
    let body = r#"{"message":{"title":["can't be blank"],"weight":["is not a number"]}}"#;
    let upstream = Upstream::playing([
        Reply::json(422, body),
        Reply::json(429, r#"{"message":{"error":"too many times"}}"#).header("retry-after", "900"),
    ])
    .await;
    let bench = Bench::at(&upstream.url());

    let error = bench.post().await.unwrap_err();
    let fields: Vec<_> = error
        .fields
        .iter()
        .map(|field| (field.pointer.as_str(), field.expected.as_str()))
        .collect();
    assert_eq!(
        fields,
        [("/title", "can't be blank"), ("/weight", "is not a number")]
    );

    let error = bench.get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.fields.is_empty(), "{error:?}");
}

#[tokio::test]
async fn a_refusal_that_echoes_the_credential_does_not_pass_it_on() {
    for body in [
        Reply::json(
            403,
            &format!(r#"{{"message":"token {CANARY} is not allowed"}}"#),
        ),
        Reply::json(422, &format!(r#"{{"message":{{"token":["{CANARY}"]}}}}"#)),
        Reply::text(400, &format!("PRIVATE-TOKEN: {CANARY}")),
    ] {
        let upstream = Upstream::playing([body]).await;
        let error = Bench::at(&upstream.url()).get().await.unwrap_err();
        assert!(!told(&error).contains(CANARY), "{error:?}");
    }
}

#[tokio::test]
async fn a_credential_without_a_known_prefix_is_masked_as_well() {
    let opaque = "0123456789abcdef0123456789abcdef";
    for status in [401, 403, 422] {
        let body = format!(r#"{{"message":{{"token":["{opaque} is bad"]}}}}"#);
        let upstream = Upstream::playing([Reply::json(status, &body)]).await;
        let instance = Instance::parse(&upstream.url()).unwrap();
        let own = credential(&instance, HeaderKind::Bearer, opaque);
        let auth = Fake {
            credential: Some(own),
            ..Fake::default()
        };
        let error = Bench::signed_in(instance, auth).get().await.unwrap_err();
        assert!(!told(&error).contains(opaque), "{error:?}");
        assert!(told(&error).contains("[masked] is bad"), "{error:?}");
    }
}

#[tokio::test]
async fn words_without_end_are_cut_and_cannot_fake_lines() {
    let long = format!("first\\nsecond\\u202e{}", "x".repeat(100_000));
    let upstream =
        Upstream::playing([Reply::json(400, &format!(r#"{{"message":"{long}"}}"#))]).await;
    let error = Bench::at(&upstream.url()).get().await.unwrap_err();
    let words = error.gitlab.unwrap();
    assert!(words.len() < 2_100, "{}", words.len());
    assert!(words.starts_with("first second\\u{202e}x"), "{words}");
}
