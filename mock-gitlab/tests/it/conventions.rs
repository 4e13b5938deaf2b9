//! What every REST route has in common.

use mock_gitlab::{MockGitlab, Quirks, World};
use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn keyset_pages_exist_where_gitlab_has_them() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let keyset = "pagination=keyset&per_page=1";
    for path in [
        format!("/projects?{keyset}&order_by=id"),
        format!("/users?{keyset}&order_by=id"),
        format!("/groups?{keyset}&order_by=name&sort=asc"),
        format!("/projects/1/issues?{keyset}"),
        format!("/projects/1/jobs?{keyset}"),
        format!("/projects/1/repository/tree?{keyset}"),
    ] {
        let reply = root.get(&path).await.expect(200);
        assert!(
            reply.header("link").unwrap().contains("rel=\"next\""),
            "{path}"
        );
        assert_eq!(reply.header("x-total"), None, "{path}");
    }
    for path in [
        format!("/projects/1/labels?{keyset}"),
        format!("/projects/1/merge_requests?{keyset}"),
        format!("/projects?{keyset}&order_by=name"),
        format!("/groups?{keyset}&order_by=path"),
    ] {
        let reply = root.get(&path).await.expect(405);
        assert!(
            reply.json()["error"]
                .as_str()
                .unwrap()
                .starts_with("Keyset pagination"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_list_of_groups_is_reached_by_its_cursor() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let mut path = "/api/v4/groups?pagination=keyset&per_page=1&order_by=name".to_owned();
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let reply = root.raw("GET", &path, "", "").await.unwrap().expect(200);
        seen.push(reply.json()[0]["full_path"].as_str().unwrap().to_owned());
        let Some(link) = reply.header("link") else {
            break;
        };
        path = link
            .split(['<', '>'])
            .nth(1)
            .unwrap()
            .strip_prefix(gl.url())
            .unwrap()
            .to_owned();
    }
    assert_eq!(seen, ["larkspur", "larkspur/workshop"]);
}

#[tokio::test]
async fn bodies_come_as_json_form_and_multipart() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let form = "title=From+a+form&labels%5B%5D=bug&labels%5B%5D=docs";
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nFrom a form\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"labels[]\"\r\n\r\nbug\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"labels[]\"\r\n\r\ndocs\r\n--x--\r\n";
    let json = json!({ "title": "From a form", "labels": ["bug", "docs"] }).to_string();
    for (kind, body) in [
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=x", multipart),
        ("application/json", json.as_str()),
    ] {
        let made = alice
            .raw("POST", "/api/v4/projects/1/issues", kind, body)
            .await
            .unwrap();
        let made = made.expect(201).json();
        assert_eq!(made["title"], "From a form", "{kind}");
        assert_eq!(made["labels"], json!(["bug", "docs"]), "{kind}");
    }
    let query = "/api/v4/projects/1/issues?title=From+a+form&labels=bug,docs";
    let made = alice
        .raw("POST", query, "", "")
        .await
        .unwrap()
        .expect(201)
        .json();
    assert_eq!(made["labels"], json!(["bug", "docs"]));
}

#[tokio::test]
async fn every_answer_has_its_standing_headers() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for path in ["/user", "/projects/999", "/nowhere"] {
        let reply = bob.get(path).await;
        assert_eq!(
            reply.header("x-request-id").map(str::len),
            Some(26),
            "{path}"
        );
        for (name, value) in [("vary", "Origin"), ("x-content-type-options", "nosniff")] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert!(reply.header("x-runtime").is_some() && reply.header("x-gitlab-meta").is_some());
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let get = bob.get("/projects/1").await.expect(200);
    let head = bob.send("HEAD", "/projects/1", None).await.expect(200);
    assert!(head.body.is_empty());
    for name in ["content-length", "etag", "content-type"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn any_of_several_tags_matches_and_a_star_does_too() {
    let gl = company().await;
    let tag = Client::of(&gl, "bob").get("/projects/1").await;
    let tag = tag.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let strong = tag.trim_start_matches("W/").to_owned();
    for (sent, status) in [
        (format!("\"other\", {tag}"), 304),
        (strong, 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let client = Client::of(&gl, "bob").with("If-None-Match", &sent);
        client.get("/projects/1").await.expect(status);
    }
}

#[tokio::test]
async fn an_order_nobody_knows_is_refused() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    for path in [
        "/projects",
        "/users",
        "/groups",
        "/projects/1/issues",
        "/projects/1/merge_requests",
        "/projects/1/pipelines",
    ] {
        let reply = root.get(&format!("{path}?order_by=colour")).await;
        assert_eq!(
            reply.expect(400).json(),
            json!({ "error": "order_by does not have a valid value" }),
            "{path}"
        );
        root.get(&format!("{path}?sort=sideways")).await.expect(400);
    }
}

#[tokio::test]
async fn quirks_rename_routes_and_refuse_tokens() {
    let quirks = Quirks {
        bridges_route: "trigger_jobs".to_owned(),
        merge_status_delay_seconds: 30,
        fine_grained_tokens: true,
        ..Quirks::default()
    };
    let builder = MockGitlab::builder().world(World::company()).quirks(quirks);
    let gl = builder.start().await.unwrap();
    let alice = Client::of(&gl, "alice");
    alice.get("/user").await.expect(403);
    let pipelines = alice.get("/projects/1/pipelines").await.expect(200).json();
    let path = format!("/projects/1/pipelines/{}", pipelines[0]["id"]);
    alice.get(&format!("{path}/bridges")).await.expect(404);
    alice.get(&format!("{path}/trigger_jobs")).await.expect(200);
    let branch = json!({ "branch": "slow-check", "ref": "main" });
    alice
        .post("/projects/1/repository/branches", branch)
        .await
        .expect(201);
    let request =
        json!({ "source_branch": "slow-check", "target_branch": "main", "title": "Slow check" });
    let made = alice
        .post("/projects/1/merge_requests", request)
        .await
        .expect(201)
        .json();
    assert_eq!(made["detailed_merge_status"], "checking");
}
