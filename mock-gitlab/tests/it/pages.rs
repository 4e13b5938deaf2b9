//! Offset pages, keyset pages, conditional requests, external URLs.

use mock_gitlab::{MockGitlab, World};
use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn link_relations_come_in_gitlabs_order_with_every_parameter() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let reply = root
        .get("/projects?simple=true&per_page=3&page=2")
        .await
        .expect(200);
    let url = |page: u8| {
        format!(
            "<{}/api/v4/projects?page={page}&per_page=3&simple=true>",
            gl.url()
        )
    };
    let expected = format!(
        "{}; rel=\"prev\", {}; rel=\"next\", {}; rel=\"first\", {}; rel=\"last\"",
        url(1),
        url(3),
        url(1),
        url(3),
    );
    assert_eq!(reply.header("link"), Some(expected.as_str()));
    for (name, value) in [
        ("x-page", "2"),
        ("x-per-page", "3"),
        ("x-next-page", "3"),
        ("x-prev-page", "1"),
        ("x-total", "9"),
        ("x-total-pages", "3"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let last = root.get("/projects?per_page=500").await.expect(200);
    assert_eq!(last.header("x-per-page"), Some("100"));
    assert_eq!(last.header("x-next-page"), Some(""));
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    for query in ["page=0", "page=x", "per_page=-1"] {
        let reply = root.get(&format!("/projects?{query}")).await.expect(400);
        let name = query.split('=').next().unwrap();
        assert_eq!(
            reply.json(),
            json!({"error": format!("{name} does not have a valid value")})
        );
    }
    root.get("/projects?page=999999&per_page=100")
        .await
        .expect(405);
}

#[tokio::test]
async fn a_keyset_chain_reaches_every_project_once() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let mut path = "/api/v4/projects?pagination=keyset&order_by=id&sort=asc&per_page=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let reply = root.raw("GET", &path, "", "").await.unwrap().expect(200);
        seen.extend(
            reply
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p["id"].as_u64().unwrap()),
        );
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
    assert_eq!(seen, (1..=9).collect::<Vec<u64>>());
}

#[tokio::test]
async fn an_unchanged_answer_is_304() {
    let gl = company().await;
    let tag = Client::of(&gl, "bob")
        .get("/projects/1")
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let again = Client::of(&gl, "bob")
        .with("If-None-Match", &tag)
        .get("/projects/1")
        .await;
    assert!(again.expect(304).body.is_empty());
}

#[tokio::test]
async fn bodies_and_links_use_the_external_url_below_the_base_path() {
    let gl = MockGitlab::builder()
        .world(World::company())
        .base_path("/gitlab")
        .external_url("https://git.larkspur.example/gitlab")
        .start()
        .await
        .unwrap();
    let client = Client::of(&gl, "bob");
    let reply = client
        .raw("GET", "/gitlab/api/v4/projects?per_page=1", "", "")
        .await
        .unwrap()
        .expect(200);
    let prefix = "<https://git.larkspur.example/gitlab/api/v4/projects?";
    assert!(reply.header("link").unwrap().starts_with(prefix));
    assert!(
        reply
            .text()
            .contains("\"web_url\":\"https://git.larkspur.example/gitlab/")
    );
    client
        .raw("GET", "/api/v4/projects", "", "")
        .await
        .unwrap()
        .expect(404);
    assert!(gl.api_url().ends_with("/gitlab/api/v4"));
}
