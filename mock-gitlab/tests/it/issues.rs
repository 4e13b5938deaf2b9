//! Issues: rows I of the acceptance list, and who may do what.

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const ISSUES: &str = "/projects/larkspur%2Fmusic-box/issues";

fn iids(list: &Value) -> Vec<u64> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["iid"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn an_issue_is_opened_with_everything_it_needs() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let body = json!({
        "title": "The lid squeaks", "description": "In C.", "labels": "bug,squeak",
        "assignee_ids": [gl.user("bob").id()], "due_date": "2026-11-20", "weight": 2,
    });
    let issue = alice.post(ISSUES, body).await.expect(201).json();
    assert_eq!(issue["iid"], 13);
    assert_ne!(issue["id"], issue["iid"]);
    assert_eq!(issue["labels"], json!(["bug", "squeak"]));
    assert_eq!(issue["assignee"]["username"], "bob");
    assert_eq!(issue["due_date"], "2026-11-20");
    assert_eq!(issue["references"]["full"], "larkspur/music-box#13");
    let labels = alice.get("/projects/1/labels?search=squeak").await.json();
    assert_eq!(labels[0]["name"], "squeak");
}

#[tokio::test]
async fn a_title_is_needed_and_an_order_must_be_known() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let reply = alice.post(ISSUES, json!({})).await.expect(400);
    assert_eq!(reply.json(), json!({"error": "title is missing"}));
    let reply = alice
        .get(&format!("{ISSUES}?order_by=mood"))
        .await
        .expect(400);
    assert_eq!(
        reply.json(),
        json!({"error": "order_by does not have a valid value"})
    );
    let long = json!({ "title": "x".repeat(300) });
    let reply = alice.post(ISSUES, long).await.expect(400);
    assert!(
        reply.json()["message"]["title"][0]
            .as_str()
            .unwrap()
            .starts_with("is too long")
    );
}

#[tokio::test]
async fn an_issue_closes_and_opens_again() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let one = format!("{ISSUES}/5");
    let closed = bob
        .put(&one, json!({"state_event": "close"}))
        .await
        .expect(200)
        .json();
    assert_eq!(closed["state"], "closed");
    assert_eq!(closed["closed_by"]["username"], "bob");
    let open = bob
        .put(&one, json!({"state_event": "reopen"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&open["state"], &open["closed_at"]),
        (&json!("opened"), &Value::Null)
    );
    let notes = bob.get(&format!("{one}/notes?sort=asc")).await.json();
    let texts: Vec<&str> = notes
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["body"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["closed", "reopened"]);
    bob.put(&one, json!({})).await.expect(400);
}

#[tokio::test]
async fn labels_are_set_added_and_removed() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let one = format!("{ISSUES}/3");
    let body = json!({"add_labels": "customer,priority::low", "remove_labels": "bug"});
    let issue = bob.put(&one, body).await.expect(200).json();
    assert_eq!(
        issue["labels"],
        json!(["customer", "mechanics", "priority::low"])
    );
    let issue = bob
        .put(&one, json!({"labels": ""}))
        .await
        .expect(200)
        .json();
    assert_eq!(issue["labels"], json!([]));
}

#[tokio::test]
async fn links_are_made_seen_from_both_sides_and_taken_away() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let seen = bob
        .get(&format!("{ISSUES}/2/links"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen[0]["link_type"], "is_blocked_by");
    let body = json!({"target_project_id": 1, "target_issue_iid": 6, "link_type": "blocks"});
    let link = bob
        .post(&format!("{ISSUES}/5/links"), body.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&link["source_issue"]["iid"], &link["target_issue"]["iid"]),
        (&json!(5), &json!(6))
    );
    bob.post(&format!("{ISSUES}/5/links"), body)
        .await
        .expect(409);
    let other = bob.get(&format!("{ISSUES}/6/links")).await.json();
    assert_eq!(other[0]["link_type"], "is_blocked_by");
    let one = format!("{ISSUES}/5/links/{}", link["id"]);
    bob.get(&one).await.expect(200);
    bob.delete(&one).await.expect(200);
    bob.get(&one).await.expect(404);
}

#[tokio::test]
async fn time_is_estimated_spent_and_reset() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let one = format!("{ISSUES}/5");
    let estimate = bob
        .post(
            &format!("{one}/time_estimate"),
            json!({"duration": "3h30m"}),
        )
        .await;
    assert_eq!(estimate.expect(200).json()["human_time_estimate"], "3h 30m");
    let spent = bob
        .post(&format!("{one}/add_spent_time"), json!({"duration": "1h"}))
        .await;
    assert_eq!(spent.expect(201).json()["total_time_spent"], 3600);
    bob.post(
        &format!("{one}/add_spent_time"),
        json!({"duration": "soon"}),
    )
    .await
    .expect(400);
    bob.post(&format!("{one}/reset_spent_time"), json!({}))
        .await
        .expect(200);
    let stats = bob
        .get(&format!("{one}/time_stats"))
        .await
        .expect(200)
        .json();
    assert_eq!(stats["total_time_spent"], 0);
}

#[tokio::test]
async fn only_owners_delete() {
    let gl = company().await;
    Client::of(&gl, "bob")
        .delete(&format!("{ISSUES}/5"))
        .await
        .expect(403);
    let root = Client::of(&gl, "root");
    root.delete(&format!("{ISSUES}/5")).await.expect(204);
    root.get(&format!("{ISSUES}/5")).await.expect(404);
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let reply = bob
        .get("/projects/alice%2Fsketches/issues/1")
        .await
        .expect(404);
    assert_eq!(reply.json(), json!({"message": "404 Project Not Found"}));
    // Confidential: for planners and above.
    bob.get(&format!("{ISSUES}/8")).await.expect(200);
    let reply = carol.get(&format!("{ISSUES}/8")).await.expect(404);
    assert_eq!(reply.json(), json!({"message": "404 Issue Not Found"}));
    let list = carol.get(ISSUES).await.expect(200);
    assert_eq!(list.header("x-total"), Some("11"));
}

#[tokio::test]
async fn a_guest_changes_only_what_is_hers() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    carol
        .put(&format!("{ISSUES}/5"), json!({"title": "Oil"}))
        .await
        .expect(403);
    let own = carol
        .put(
            &format!("{ISSUES}/11"),
            json!({"title": "A hum", "labels": "docs"}),
        )
        .await;
    let own = own.expect(200).json();
    // The title is hers; labels are for planners and above.
    assert_eq!(
        (&own["title"], &own["labels"]),
        (&json!("A hum"), &json!(["bug"]))
    );
}

#[tokio::test]
async fn a_token_that_only_reads_opens_no_issue() {
    let gl = company().await;
    let token = gl.user("alice").pat(&["read_api"]);
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    client.get(ISSUES).await.expect(200);
    let reply = client
        .post(ISSUES, json!({"title": "No"}))
        .await
        .expect(403);
    assert_eq!(reply.json()["error"], "insufficient_scope");
}

#[tokio::test]
async fn merge_requests_that_name_an_issue_are_related() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let related = bob
        .get(&format!("{ISSUES}/4/related_merge_requests"))
        .await
        .expect(200);
    assert_eq!(iids(&related.json()), [1]);
    let closing = bob.get(&format!("{ISSUES}/6/closed_by")).await.expect(200);
    assert_eq!(closing.json(), json!([]));
    let people = bob
        .get(&format!("{ISSUES}/3/participants"))
        .await
        .expect(200)
        .json();
    assert_eq!(people.as_array().unwrap().len(), 3);
}
