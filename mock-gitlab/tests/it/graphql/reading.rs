//! Queries: what REST shows, in the other shape.

use serde_json::json;

use super::{data, message, send};
use crate::client::Client;
use crate::company;

#[tokio::test]
async fn the_caller_reads_about_themselves() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let query = "{ currentUser { id username email webPath } echo(text: \"hi\") metadata { version enterprise } }";
    let found = data(send(&alice, query, json!({})).await);
    let id = gl.user("alice").id();
    assert_eq!(
        found["currentUser"]["id"],
        format!("gid://gitlab/User/{id}")
    );
    assert_eq!(found["currentUser"]["webPath"], "/alice");
    assert_eq!(found["echo"], "\"alice\" says: hi");
    assert_eq!(found["metadata"]["enterprise"], true);
    let nobody = data(send(&Client::anonymous(&gl), query, json!({})).await);
    assert_eq!(nobody["currentUser"], json!(null));
    assert_eq!(nobody["echo"], "nil says: hi");
}

#[tokio::test]
async fn a_project_one_may_not_see_is_null() {
    let gl = company().await;
    let query = "query one($path: ID!) { project(fullPath: $path) { name fullPath visibility namespace { fullPath } } }";
    let path = json!({ "path": "alice/sketches" });
    let alice = data(send(&Client::of(&gl, "alice"), query, path.clone()).await);
    assert_eq!(alice["project"]["fullPath"], "alice/sketches");
    assert_eq!(alice["project"]["namespace"]["fullPath"], "alice");
    let bob = data(send(&Client::of(&gl, "bob"), query, path).await);
    assert_eq!(bob["project"], json!(null));
}

#[tokio::test]
async fn a_connection_is_walked_by_its_cursors() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let query = "query page($after: String) { project(fullPath: \"larkspur/music-box\") { issues(first: 5, after: $after) { \
                 count pageInfo { hasNextPage endCursor } nodes { iid } edges { node { iid } } } } }";
    let (mut after, mut seen) = (json!(null), Vec::new());
    loop {
        let page = data(send(&bob, query, json!({ "after": after })).await);
        let issues = &page["project"]["issues"];
        seen.extend(
            issues["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["iid"].clone()),
        );
        assert_eq!(issues["edges"][0]["node"]["iid"], issues["nodes"][0]["iid"]);
        if issues["pageInfo"]["hasNextPage"] == json!(false) {
            assert_eq!(issues["count"], json!(seen.len()));
            break;
        }
        after = issues["pageInfo"]["endCursor"].clone();
    }
    let mut unique = seen.clone();
    unique.sort_by_key(|iid| iid.as_str().unwrap().parse::<u64>().unwrap());
    unique.dedup();
    assert_eq!(unique.len(), seen.len());
    // Lists that come from pages of REST are put together across their borders.
    let query = "query page($after: String, $first: Int) { project(fullPath: \"larkspur/music-box\") { \
                 labels(first: $first, after: $after, includeAncestorGroups: true) { pageInfo { endCursor } nodes { title } } } }";
    let all = data(send(&bob, query, json!({ "first": 100 })).await);
    let all = all["project"]["labels"]["nodes"].clone();
    let two = data(send(&bob, query, json!({ "first": 2 })).await);
    let after = two["project"]["labels"]["pageInfo"]["endCursor"].clone();
    let three = data(send(&bob, query, json!({ "first": 3, "after": after })).await);
    assert_eq!(three["project"]["labels"]["nodes"][0], all[2]);
    assert_eq!(three["project"]["labels"]["nodes"][2], all[4]);
    let wrong = send(&bob, query, json!({ "first": 3, "after": "nonsense" })).await;
    assert!(message(wrong).contains("cursor"));
}

#[tokio::test]
async fn merge_requests_bring_their_pipelines_and_jobs() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let query = "{ project(fullPath: \"larkspur/music-box\") { mergeRequests(state: opened, first: 3) { nodes { iid title state \
                 detailedMergeStatus diffHeadSha diffRefs { headSha } diffStatsSummary { fileCount } author { username } \
                 headPipeline { id status jobs { nodes { name status stage { name } } } } discussions { nodes { id notes { nodes { body } } } } } } \
                 pipelines(first: 2) { nodes { id status detailedStatus { text } stages { nodes { name } } } } } }";
    let found = data(send(&bob, query, json!({})).await);
    let requests = found["project"]["mergeRequests"]["nodes"]
        .as_array()
        .unwrap();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request["state"], "opened");
        assert_eq!(request["diffHeadSha"], request["diffRefs"]["headSha"]);
    }
    let pipeline = &found["project"]["pipelines"]["nodes"][0];
    assert!(
        pipeline["id"]
            .as_str()
            .unwrap()
            .starts_with("gid://gitlab/Ci::Pipeline/")
    );
    assert!(
        pipeline["status"]
            .as_str()
            .unwrap()
            .chars()
            .all(|letter| letter.is_ascii_uppercase())
    );
}

#[tokio::test]
async fn users_groups_and_namespaces_are_found() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let query = "{ users(usernames: [\"alice\", \"nobody\"]) { nodes { username } } user(username: \"carol\") { name } \
                 group(fullPath: \"larkspur\") { fullName projects(includeSubgroups: true) { nodes { fullPath } } } \
                 namespace(fullPath: \"larkspur/music-box\") { fullPath workItemTypes { nodes { name widgetDefinitions { type } } } } \
                 projects(membership: true) { nodes { name } } ciCatalogResources { nodes { name } } }";
    let found = data(send(&bob, query, json!({})).await);
    assert_eq!(found["users"]["nodes"], json!([{ "username": "alice" }]));
    assert_eq!(found["user"]["name"], "Carol Marchetti");
    let projects = found["group"]["projects"]["nodes"].to_string();
    assert!(
        projects.contains("larkspur/workshop/tuning-fork"),
        "{projects}"
    );
    let types = found["namespace"]["workItemTypes"]["nodes"]
        .as_array()
        .unwrap();
    assert!(types.iter().any(|kind| kind["name"] == "Incident"));
    assert_eq!(found["ciCatalogResources"]["nodes"], json!([]));
}

#[tokio::test]
async fn introspection_shows_the_schema() {
    let gl = company().await;
    let query = "{ __schema { queryType { name } types { name } } __type(name: \"WorkItem\") { fields { name type { kind ofType { name } } } } }";
    let found = data(send(&Client::anonymous(&gl), query, json!({})).await);
    assert_eq!(found["__schema"]["queryType"]["name"], "Query");
    assert!(
        found["__schema"]["types"]
            .to_string()
            .contains("WorkItemWidgetHierarchy")
    );
    assert!(found["__type"]["fields"].to_string().contains("widgets"));
}
