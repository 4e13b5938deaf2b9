//! The request as GitLab receives it: the raw path, the query, the one header with the credential.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::gitlab::{ApiPath, ApiRequest, Instance, Method, Route};
use gitlab_mcp_core::tool::ErrorCode;
use serde_json::json;

use crate::bench::{Bench, CANARY, Fake, credential, request, told};
use crate::reply::Reply;
use crate::upstream::{Seen, Upstream};

/// Sends `request` to a GitLab that lives at `prefix`, and hands back what arrived.
async fn arrived(prefix: &str, request: ApiRequest) -> Seen {
    let upstream = Upstream::playing([Reply::json(200, "{}")]).await;
    let bench = Bench::at(&format!("{}{prefix}", upstream.url()));
    bench.send(request).await.unwrap();
    let mut seen = upstream.seen();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

#[tokio::test]
async fn each_kind_of_credential_has_its_own_header_and_no_other() {
    for (kind, name, value) in [
        (HeaderKind::PrivateToken, "private-token", CANARY.to_owned()),
        (HeaderKind::JobToken, "job-token", CANARY.to_owned()),
        (
            HeaderKind::Bearer,
            "authorization",
            format!("Bearer {CANARY}"),
        ),
    ] {
        let upstream = Upstream::playing([Reply::json(200, "{}")]).await;
        let instance = Instance::parse(&upstream.url()).unwrap();
        let own = credential(&instance, kind, CANARY);
        let auth = Fake {
            credential: Some(own),
            ..Fake::default()
        };
        Bench::signed_in(instance, auth).post().await.unwrap();

        let seen = &upstream.seen()[0];
        for header in ["private-token", "job-token", "authorization", "cookie"] {
            let expected = (header == name).then_some(value.as_str());
            assert_eq!(seen.header(header), expected, "{kind:?}: {header}");
        }
        let everything = format!("{}{}", seen.head, seen.body);
        assert_eq!(everything.matches(CANARY).count(), 1, "{everything}");
        assert_eq!(seen.header("referer"), None);
    }
}

#[tokio::test]
async fn nobody_sends_no_credential() {
    let upstream = Upstream::playing([Reply::json(200, "{}")]).await;
    let instance = Instance::parse(&upstream.url()).unwrap();
    Bench::signed_in(instance, Fake::default())
        .get()
        .await
        .unwrap();
    let head = upstream.seen()[0].head.to_lowercase();
    for header in ["private-token", "job-token", "authorization"] {
        assert!(!head.contains(header), "{head}");
    }
}

#[tokio::test]
async fn a_credential_of_another_origin_is_refused_before_anything_is_sent() {
    let upstream = Upstream::playing([]).await;
    let port = upstream.address.port();
    for other in [
        "http://127.0.0.1:1".to_owned(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.2:{port}"),
    ] {
        let home = Instance::parse(&other).unwrap();
        let foreign = credential(&home, HeaderKind::PrivateToken, CANARY);
        let auth = Fake {
            credential: Some(foreign),
            ..Fake::default()
        };
        let instance = Instance::parse(&upstream.url()).unwrap();
        let error = Bench::signed_in(instance, auth).get().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Forbidden, "{other}");
        assert!(told(&error).contains("another GitLab"), "{error:?}");
        assert!(!told(&error).contains(CANARY));
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn a_segment_arrives_as_one_segment_encoded_once() {
    for (segment, raw) in [
        ("group/sub/project", "group%2Fsub%2Fproject"),
        ("42", "42"),
        ("feat/a b", "feat%2Fa%20b"),
        ("src/a b/c.d.rs", "src%2Fa%20b%2Fc.d.rs"),
        ("X%2F", "X%252F"),
        ("ümläut", "%C3%BCml%C3%A4ut"),
        ("a?b#c&d=e;f+g", "a%3Fb%23c%26d%3De%3Bf%2Bg"),
        ("~user-name_1.0", "~user-name_1.0"),
        ("@:*'()!$,", "%40%3A%2A%27%28%29%21%24%2C"),
    ] {
        let path = ApiPath::fill("projects/{id}/x", &[("id", segment)]).unwrap();
        let seen = arrived("", ApiRequest::new(Method::Get, path)).await;
        assert_eq!(seen.line(), format!("GET /api/v4/projects/{raw}/x"));
    }
}

#[tokio::test]
async fn a_path_prefix_of_the_instance_stays_in_front() {
    for prefix in ["/git", "/git/", "/git/api/v4", "/a/b/api/v4/"] {
        let base = prefix.trim_end_matches('/').trim_end_matches("/api/v4");
        let seen = arrived(prefix, request(Method::Get)).await;
        let expected = format!("GET {base}/api/v4/projects/group%2Fproject/issues");
        assert_eq!(seen.line(), expected);
    }
}

#[tokio::test]
async fn a_query_keeps_its_order_and_every_character() {
    let asked = request(Method::Get)
        .query("search", "a&b=c #+%20\u{e9}")
        .query("created_after", "2026-01-01T00:00:00+01:00")
        .query("labels[]", "x y");
    let seen = arrived("", asked).await;
    let query = seen.line().split_once('?').unwrap().1;
    assert_eq!(
        query,
        "search=a%26b%3Dc+%23%2B%2520%C3%A9&created_after=2026-01-01T00%3A00%3A00%2B01%3A00\
         &labels%5B%5D=x+y"
    );
}

#[tokio::test]
async fn arguments_cannot_smuggle_a_credential_or_an_identity_into_the_query() {
    let fields = json!({
        "private_token": "a", "access_token": "b", "job_token": "c", "sudo": "root",
        "_method": "DELETE", "state": "opened",
    });
    let route = Route {
        method: Method::Get,
        path: "issues",
    };
    let seen = arrived("", ApiRequest::from_fields(&route, &fields).unwrap()).await;
    assert_eq!(seen.line(), "GET /api/v4/issues?state=opened");
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    for method in [Method::Post, Method::Put, Method::Patch] {
        let seen = arrived("", request(method)).await;
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.body, r#"{"title":"hello"}"#);
    }
    let seen = arrived("", request(Method::Delete)).await;
    assert_eq!(
        (seen.header("content-type"), seen.body.as_str()),
        (None, "")
    );
}
