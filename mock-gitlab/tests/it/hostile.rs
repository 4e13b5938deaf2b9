//! Input nobody sane would send. The instance must go on.

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn strange_paths_get_an_answer_and_do_no_harm() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let long = "a".repeat(20_000);
    let deep = "a%2F".repeat(3_000);
    let tildes = "~".repeat(20_000);
    let paths = [
        "/api/v4/projects/%FF%FE".to_owned(),
        "/api/v4/projects/%".to_owned(),
        "/api/v4/projects/%2".to_owned(),
        "/api/v4/projects/..%2F..%2Fetc%2Fpasswd".to_owned(),
        "/api/v4/projects/18446744073709551616".to_owned(),
        "/api/v4/projects/-1".to_owned(),
        "/api/v4/projects//".to_owned(),
        "/api/v4/projects/1/repository/files/%00".to_owned(),
        "/api/v4/projects/1/repository/files/%E2%82%AC".to_owned(),
        format!("/api/v4/projects/1/repository/files/{deep}"),
        format!("/api/v4/projects/1/repository/branches/{long}"),
        format!("/api/v4/projects/1/repository/commits/{tildes}"),
        "/api/v4/projects/1/repository/commits/HEAD~99999999999999999999".to_owned(),
        "/api/v4/projects/1/repository/commits/%E2%82%AC~1".to_owned(),
        "/api/v4/projects/1/repository/tree?path=..&recursive=maybe".to_owned(),
        "/api/v4/projects/1/repository/tree?per_page=18446744073709551616".to_owned(),
        "/api/v4/projects?page=18446744073709551615&per_page=100".to_owned(),
        "/api/v4/projects?id_after=-5&a[b]=1&a=2&a[]=3&[]=4".to_owned(),
        "/api/v4/projects/1/milestones?updated_after=99999-99-99T99:99:99Z".to_owned(),
        "/api/v4/projects/1/repository/merge_base?refs[a]=main&refs[b]=main".to_owned(),
        "/api/v4/search?scope=blobs&search=%22%22%22extension:".to_owned(),
        "/".to_owned(),
    ];
    for path in paths {
        let shown: String = path.chars().take(60).collect();
        let reply = root
            .raw("GET", &path, "", "")
            .await
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert!(reply.status < 500, "{shown}: {}", reply.status);
    }
    root.get("/user").await.expect(200);
}

#[tokio::test]
async fn strange_bodies_get_an_answer_and_do_no_harm() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies = [
        ("application/json", "{"),
        ("application/json", "[1,2]"),
        ("application/json", "null"),
        ("application/json", "{\"name\":{\"a\":1},\"path\":[1]}"),
        (
            "application/json",
            "{\"branch\":[],\"ref\":{},\"actions\":[1,null,{}],\"commit_message\":1}",
        ),
        ("application/json", nested.as_str()),
        ("application/x-www-form-urlencoded", "%=&&==&a[=%FF"),
        ("multipart/form-data; boundary=", "----"),
        ("multipart/form-data", "name=\""),
        ("text/plain", "hello"),
    ];
    for path in [
        "/projects",
        "/groups",
        "/projects/1/repository/commits",
        "/projects/1/labels",
    ] {
        for (kind, body) in bodies {
            let path = format!("/api/v4{path}");
            let reply = root.raw("POST", &path, kind, body).await.unwrap();
            assert!(
                (400..500).contains(&reply.status),
                "{path} {kind}: {}",
                reply.status
            );
        }
    }
    root.get("/user").await.expect(200);
}

#[tokio::test]
async fn a_line_break_never_gets_into_a_header() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let path = "/projects/6/repository/files/a%0D%0AX-Evil:%20yes";
    let body = serde_json::json!({"branch": "main", "content": "x", "commit_message": "Odd name"});
    root.post(path, body).await.expect(201);
    let raw = root.get(&format!("{path}/raw")).await.expect(200);
    assert_eq!(raw.header("x-evil"), None);
}
