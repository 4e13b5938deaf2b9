//! Iterations, burndown events, time entries; the signature of a tag, the cache of a
//! dependency proxy.

use std::time::Duration;

use mock_gitlab::MockGitlab;
use mock_gitlab::world::CachedBlob;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::company;

async fn graphql(client: &Client<'_>, query: &str, variables: Value) -> Reply {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let kind = "application/json";
    let reply = client.raw("POST", "/api/graphql", kind, &body).await;
    reply.unwrap().expect(200)
}

fn sequences(reply: Reply) -> Vec<u64> {
    let rows = reply.expect(200).json();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn iterations_stand_where_the_calendar_puts_them() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for (filter, expected) in [
        ("", vec![1, 2, 3]),
        ("?state=all", vec![1, 2, 3]),
        ("?state=opened", vec![2, 3]),
        ("?state=current", vec![2]),
        ("?state=upcoming", vec![3]),
        ("?state=closed", vec![1]),
        ("?search=bench", vec![]),
        ("?search=bench&in[]=cadence_title", vec![1, 2, 3]),
        ("?updated_after=2026-01-01", vec![]),
        ("?per_page=1&page=2", vec![2]),
    ] {
        let reply = bob
            .get(&format!("/groups/larkspur/iterations{filter}"))
            .await;
        assert_eq!(sequences(reply), expected, "{filter}");
    }
    gl.clock().advance(Duration::from_hours(24 * 14));
    let reply = bob.get("/groups/larkspur/iterations?state=current").await;
    let now = reply.expect(200).json();
    assert_eq!(now[0]["sequence"], 3);
    assert_eq!(now[0]["state"], 2);
    assert_eq!(now[0]["title"], Value::Null);
}

#[tokio::test]
async fn iterations_are_those_of_the_groups_above_and_for_those_who_see_them() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let below = "/groups/larkspur%2Fworkshop/iterations";
    assert_eq!(sequences(bob.get(below).await), [1, 2, 3]);
    let own = bob.get(&format!("{below}?include_ancestors=false")).await;
    assert_eq!(sequences(own), [] as [u64; 0]);
    let project = bob.get("/projects/1/iterations?state=current").await;
    assert_eq!(sequences(project), [2]);
    let anonymous = Client::anonymous(&gl);
    let hidden = anonymous.get(below).await.expect(404).json();
    assert_eq!(hidden["message"], "404 Group Not Found");
    for bad in ["state=someday", "in[]=smell"] {
        bob.get(&format!("/groups/larkspur/iterations?{bad}"))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn a_work_item_has_an_iteration_in_both_apis() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let id = gl.edit(|world| world.issue(1, 7).unwrap().id);
    let change = "mutation m($input: WorkItemUpdateInput!) { workItemUpdate(input: $input) { errors workItem { iid } } }";
    let input = |iteration: Value| {
        json!({ "input": { "id": format!("gid://gitlab/WorkItem/{id}"),
                "iterationWidget": { "iterationId": iteration } } })
    };
    let done = graphql(&bob, change, input(json!("gid://gitlab/Iteration/2"))).await;
    assert_eq!(done.json().get("errors"), None, "{}", done.text());
    let issue = bob.get("/projects/1/issues/7").await.expect(200).json();
    assert_eq!(issue["iteration"]["id"], 2);
    let query = "{ group(fullPath: \"larkspur\") { iterations(state: current) { nodes { id state startDate } } } \
                 namespace(fullPath: \"larkspur/music-box\") { workItem(iid: \"7\") { widgets(onlyTypes: [ITERATION]) { \
                 ... on WorkItemWidgetIteration { iteration { id state } } } } } }";
    let found = graphql(&bob, query, json!({})).await.json();
    let current = json!([{ "id": "gid://gitlab/Iteration/2", "state": "current", "startDate": "2026-10-26" }]);
    assert_eq!(
        found["data"]["group"]["iterations"]["nodes"], current,
        "{found}"
    );
    let widget = &found["data"]["namespace"]["workItem"]["widgets"][0];
    assert_eq!(widget["iteration"]["state"], "current", "{found}");
    let wrong = graphql(&bob, change, input(json!("gid://gitlab/Iteration/99"))).await;
    assert!(wrong.text().contains("does not exist"), "{}", wrong.text());
    graphql(&bob, change, input(Value::Null)).await;
    let issue = bob.get("/projects/1/issues/7").await.expect(200).json();
    assert_eq!(issue["iteration"], Value::Null);
    // An iteration of a group nobody else sees is not there for others.
    gl.edit(|world| {
        let id = world.find_group("larkspur").unwrap().id;
        world.groups.get_mut(&id).unwrap().visibility = mock_gitlab::world::Visibility::Private;
        for project in world.projects.values_mut() {
            project.visibility = mock_gitlab::world::Visibility::Private;
        }
    });
    let one = "{ iteration(id: \"gid://gitlab/Iteration/2\") { state } }";
    let seen = graphql(&bob, one, json!({})).await.json();
    assert_eq!(seen["data"]["iteration"]["state"], "current");
    let hidden = graphql(&Client::anonymous(&gl), one, json!({}))
        .await
        .json();
    assert_eq!(hidden["data"]["iteration"], Value::Null);
}

async fn milestone(client: &Client<'_>, body: Value) -> String {
    let made = client.post("/projects/1/milestones", body).await;
    format!("/projects/1/milestones/{}", made.expect(201).json()["id"])
}

#[tokio::test]
async fn burndown_events_tell_what_was_created_closed_and_reopened() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let days = json!({"title": "m", "start_date": "2026-10-01", "due_date": "2026-11-02"});
    let milestone = milestone(&bob, days).await;
    let id: u64 = milestone.rsplit('/').next().unwrap().parse().unwrap();
    let issue = json!({"title": "a", "milestone_id": id, "weight": 3});
    let issue = bob.post("/projects/1/issues", issue).await.expect(201);
    let issue = format!("/projects/1/issues/{}", issue.json()["iid"]);
    for event in ["close", "reopen"] {
        gl.clock().advance(Duration::from_mins(1));
        bob.put(&issue, json!({ "state_event": event }))
            .await
            .expect(200);
    }
    let path = format!("{milestone}/burndown_events");
    let events = bob.get(&path).await.expect(200).json();
    let actions: Vec<&str> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["created", "closed", "reopened"]);
    assert_eq!(events[0]["weight"], 3);
    assert_eq!(events[1]["created_at"], "2026-11-01T09:01:00.000Z");
    // What happens after the last day is no part of the chart.
    gl.clock().advance(Duration::from_hours(48));
    bob.put(&issue, json!({"state_event": "close"}))
        .await
        .expect(200);
    let events = bob.get(&path).await.expect(200);
    assert_eq!(events.header("x-total"), Some("3"));
}

#[tokio::test]
async fn a_milestone_without_days_has_no_chart_and_a_foreign_one_is_not_there() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let endless = milestone(&bob, json!({"title": "someday"})).await;
    let events = bob.get(&format!("{endless}/burndown_events")).await;
    assert_eq!(events.expect(200).json(), json!([]));
    let closed = bob.get("/projects/1/milestones/1/burndown_events").await;
    assert!(closed.expect(200).text().contains("closed"));
    for path in [
        "/projects/2/milestones/1/burndown_events",
        "/groups/larkspur/milestones/1/burndown_events",
    ] {
        let missing = bob.get(path).await.expect(404).json();
        assert_eq!(missing["message"], "404 Milestone Not Found", "{path}");
    }
    let promoted = bob.post(&format!("{endless}/promote"), json!({})).await;
    let id = promoted.expect(201).json()["id"].clone();
    let events = bob
        .get(&format!("/groups/larkspur/milestones/{id}/burndown_events"))
        .await;
    assert_eq!(events.expect(200).json(), json!([]));
}

#[tokio::test]
async fn spent_time_is_an_entry_that_can_be_taken_back() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let issue = "/projects/1/issues/7";
    let spend = json!({"duration": "1h", "summary": "Filed the comb"});
    bob.post(&format!("{issue}/add_spent_time"), spend)
        .await
        .expect(201);
    let note = json!({"body": "/spend 30m"});
    bob.post(&format!("{issue}/notes"), note).await;
    let read = "{ namespace(fullPath: \"larkspur/music-box\") { workItem(iid: \"7\") { widgets(onlyTypes: [TIME_TRACKING]) { \
                ... on WorkItemWidgetTimeTracking { totalTimeSpent timelogs { nodes { id timeSpent summary user { username } } } } } } } }";
    let tracked = async || {
        let mut found = graphql(&bob, read, json!({})).await.json();
        assert!(found.get("errors").is_none(), "{found}");
        found["data"]["namespace"]["workItem"]["widgets"][0].take()
    };
    let widget = tracked().await;
    assert_eq!(widget["totalTimeSpent"], 5400);
    let first = &widget["timelogs"]["nodes"][0];
    assert_eq!(first["timeSpent"], 3600);
    assert_eq!(first["summary"], "Filed the comb");
    assert_eq!(first["user"]["username"], "bob");
    let delete = "mutation d($id: TimelogID!) { timelogDelete(input: { id: $id }) { errors timelog { timeSpent } } }";
    let id = json!({ "id": first["id"] });
    let refused = graphql(&carol, delete, id.clone()).await.text();
    assert!(refused.contains("does not exist"), "{refused}");
    let gone = graphql(&bob, delete, id).await.json();
    assert_eq!(
        gone["data"]["timelogDelete"]["timelog"]["timeSpent"], 3600,
        "{gone}"
    );
    assert_eq!(tracked().await["totalTimeSpent"], 1800);
    bob.post(&format!("{issue}/reset_spent_time"), json!({}))
        .await
        .expect(200);
    assert_eq!(tracked().await["timelogs"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_signed_tag_shows_its_certificate() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let path = |tag: &str| format!("/projects/1/repository/tags/{tag}/signature");
    let signed = bob.get(&path("v1.0.0")).await.expect(200).json();
    assert_eq!(signed["signature_type"], "X509");
    assert_eq!(signed["verification_status"], "verified");
    let mail = &signed["x509_certificate"]["email"];
    assert_eq!(mail, "alice@larkspur.example");
    for (tag, message) in [
        ("v1.1.0", "404 Signature Not Found"),
        ("v0.0.0", "404 Tag Not Found"),
    ] {
        let missing = bob.get(&path(tag)).await.expect(404).json();
        assert_eq!(missing["message"], message);
    }
    let reader = gl.user("bob").pat(&["read_user"]);
    let narrow = Client::anonymous(&gl).with("PRIVATE-TOKEN", &reader);
    narrow.get(&path("v1.0.0")).await.expect(403);
}

/// A layer in the cache of the group.
fn fill(gl: &MockGitlab) {
    let now = gl.clock().now();
    gl.edit(|world| {
        let group = world.find_group("larkspur").unwrap().id;
        let proxy = world.dependency_proxies.entry(group).or_default();
        proxy.blobs.push(CachedBlob {
            file_name: "sha256:0a1b.gz".to_owned(),
            size: 512,
            created_at: now,
        });
    });
}

#[tokio::test]
async fn the_cache_of_a_dependency_proxy_is_emptied_once_an_hour_by_owners() {
    let gl = company().await;
    fill(&gl);
    let (root, alice) = (Client::of(&gl, "root"), Client::of(&gl, "alice"));
    let count = "{ group(fullPath: \"larkspur\") { dependencyProxyBlobCount } }";
    let cached = async || {
        let found = graphql(&root, count, json!({})).await.json();
        found["data"]["group"]["dependencyProxyBlobCount"].clone()
    };
    let cache = "/groups/larkspur/dependency_proxy/cache";
    alice.delete(cache).await.expect(403);
    Client::anonymous(&gl).delete(cache).await.expect(401);
    root.delete("/groups/nobody/dependency_proxy/cache")
        .await
        .expect(404);
    assert_eq!(cached().await, 1);
    assert_eq!(root.delete(cache).await.expect(202).text(), "202");
    assert_eq!(cached().await, 0);
    root.delete(cache).await.expect(409);
    gl.clock().advance(Duration::from_hours(1));
    root.delete(cache).await.expect(202);
}
