//! Lists of issues: filters, pages, scopes.

use serde_json::Value;

use crate::client::Client;
use crate::company;

const ISSUES: &str = "/projects/larkspur%2Fmusic-box/issues";

fn iids(list: &Value) -> Vec<u64> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["iid"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn lists_filter_by_state_label_search_and_people() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for (query, expected) in [
        ("state=closed", vec![4, 1, 12]),
        ("labels=bug&state=opened", vec![11, 6, 3]),
        ("labels=bug,mechanics", vec![3]),
        ("labels=None&state=opened", vec![8]),
        ("search=songbird", vec![7]),
        ("search=cylinder&in=title", vec![2]),
        ("author_username=carol&state=opened", vec![11, 3, 9]),
        ("assignee_username=alice", vec![8]),
        ("assignee_id=None&labels=feature", vec![7]),
        ("milestone=2.0 Songbird", vec![7]),
        ("iids[]=2&iids[]=5", vec![5, 2]),
        ("confidential=true", vec![8]),
        ("issue_type=incident", vec![11]),
        ("due_date=month", vec![3]),
        ("not[labels]=bug&labels=mechanics&state=opened", vec![7, 2]),
        ("created_after=2026-10-20T00:00:00Z", vec![11, 10, 8]),
    ] {
        let query = query
            .replace(' ', "%20")
            .replace('[', "%5B")
            .replace(']', "%5D");
        let list = alice
            .get(&format!("{ISSUES}?{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(iids(&list), expected, "{query}");
    }
}

#[tokio::test]
async fn lists_are_paged_with_gitlabs_headers() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let reply = alice
        .get(&format!("{ISSUES}?per_page=5&page=2"))
        .await
        .expect(200);
    assert_eq!(reply.header("x-total"), Some("12"));
    assert_eq!(reply.header("x-total-pages"), Some("3"));
    assert_eq!(reply.header("x-next-page"), Some("3"));
    assert_eq!(reply.header("x-prev-page"), Some("1"));
    let link = reply.header("link").unwrap();
    assert!(link.find("rel=\"prev\"") < link.find("rel=\"next\""));
    assert_eq!(reply.json().as_array().unwrap().len(), 5);

    let first = alice
        .get(&format!("{ISSUES}?pagination=keyset&per_page=10"))
        .await
        .expect(200);
    assert_eq!(first.header("x-total"), None);
    assert!(first.header("link").unwrap().contains("cursor="));
}

#[tokio::test]
async fn without_a_scope_the_global_list_holds_ones_own_issues() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let own = bob.get("/issues").await.expect(200).json();
    assert!(
        own.as_array()
            .unwrap()
            .iter()
            .all(|issue| issue["author"]["username"] == "bob")
    );
    let all = bob
        .get("/issues?scope=all&per_page=100")
        .await
        .expect(200)
        .json();
    assert_eq!(all.as_array().unwrap().len(), 15);
    Client::anonymous(&gl).get("/issues").await.expect(401);
    let group = bob
        .get("/groups/larkspur/issues?per_page=100")
        .await
        .expect(200);
    assert_eq!(group.json().as_array().unwrap().len(), 15);
}
