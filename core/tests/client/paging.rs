//! Walking a list of many pages, also one that never ends.

use std::sync::Arc;

use gitlab_mcp_core::auth::{Caller, Principal};
use gitlab_mcp_core::conversation::Silent;
use gitlab_mcp_core::gitlab::{Instance, Method};
use gitlab_mcp_core::tool::{Context, ToolSettings};
use serde_json::{Value, json};

use crate::bench::{Bench, request};
use crate::reply::Reply;
use crate::upstream::Upstream;

fn page(number: u32, next: &str) -> Reply {
    Reply::json(200, &format!("[{number}]")).header("x-next-page", next)
}

/// Walks at most five pages of a script; what was found, and the queries GitLab saw.
async fn walk(script: Vec<Reply>) -> (Value, Vec<String>) {
    let upstream = Upstream::playing(script).await;
    let instance = Instance::parse(&upstream.url()).unwrap();
    let context = Context {
        caller: Caller::new(Principal::new(instance, "7")),
        gitlab: Arc::new(Bench::at(&upstream.url()).client()),
        settings: Arc::new(ToolSettings {
            max_pages: 5,
            ..ToolSettings::default()
        }),
        conversation: Arc::new(Silent),
    };
    let items = context.all_pages(request(Method::Get)).await.unwrap();
    let seen = upstream.seen();
    let queries = seen.iter().filter_map(|one| one.line().split_once('?'));
    (items, queries.map(|(_, query)| query.to_owned()).collect())
}

#[tokio::test]
async fn a_list_is_walked_to_its_last_page() {
    let (items, queries) = walk(vec![page(1, "2"), page(2, "3"), page(3, "")]).await;
    assert_eq!(items, json!([1, 2, 3]));
    let expected = [
        "page=1&per_page=100",
        "page=2&per_page=100",
        "page=3&per_page=100",
    ];
    assert_eq!(queries, expected);
}

#[tokio::test]
async fn a_page_that_points_at_itself_or_back_ends_the_walk() {
    for next in ["1", "0", "-1", "x", "99999999999999999999999"] {
        let (items, queries) = walk(vec![page(1, next); 9]).await;
        assert_eq!(items, json!([1]), "{next}");
        assert_eq!(queries.len(), 1, "{next}");
    }
}

#[tokio::test]
async fn a_list_without_end_ends_at_the_limit() {
    let script = (1..100_u32).map(|number| page(number, &(number + 1).to_string()));
    let (items, queries) = walk(script.collect()).await;
    assert_eq!(items, json!([1, 2, 3, 4, 5]));
    assert_eq!(queries.len(), 5);
}

#[tokio::test]
async fn a_next_link_to_another_place_is_nothing_to_follow() {
    for (target, followed) in [
        (
            "http://gitlab.test/api/v4/projects?page=2&cursor=a%20b",
            true,
        ),
        ("http://evil.test/api/v4/projects?page=2", false),
        ("http://gitlab.test/api/v4/users?page=2", false),
        ("http://gitlab.test@evil.test/api/v4/projects?page=2", false),
        ("//evil.test/api/v4/projects?page=2", false),
        ("nonsense", false),
    ] {
        let reply = Reply::json(200, "[]").header("link", &format!("<{target}>; rel=\"next\""));
        let upstream = Upstream::playing([reply]).await;
        let answer = Bench::at(&upstream.url()).get().await.unwrap();
        let next = answer.next_link("http://gitlab.test/api/v4/projects");
        assert_eq!(next.is_some(), followed, "{target}: {next:?}");
    }
}
