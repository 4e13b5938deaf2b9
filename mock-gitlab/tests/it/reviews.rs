//! Reviewing: row M05 and M10, positions, draft notes, suggestions.

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

const SENSOR: &str = "/projects/larkspur%2Fmusic-box/merge_requests/2";
const CAROL: &str = "/projects/larkspur%2Fmusic-box/merge_requests/7";

async fn position(client: &Client<'_>, path: &str, line: u64) -> Value {
    let refs = client.get(SENSOR).await.json()["diff_refs"].clone();
    json!({
        "position_type": "text", "base_sha": refs["base_sha"], "start_sha": refs["start_sha"],
        "head_sha": refs["head_sha"], "old_path": path, "new_path": path, "new_line": line,
    })
}

#[tokio::test]
async fn a_thread_stands_on_its_line() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let position = position(&bob, "src/sensor.rs", 3).await;
    let body = json!({"body": "Which switch?", "position": position});
    let thread = bob
        .post(&format!("{SENSOR}/discussions"), body)
        .await
        .expect(201)
        .json();
    let note = &thread["notes"][0];
    assert_eq!(note["type"], "DiffNote");
    assert_eq!(note["position"]["new_line"], 3);
    let code = note["position"]["line_range"]["start"]["line_code"]
        .as_str()
        .unwrap();
    assert!(code.ends_with("_0_3"), "{code}");
    let one = format!("{SENSOR}/discussions/{}", thread["id"].as_str().unwrap());
    let kept = bob.get(&one).await.json();
    assert_eq!(kept["notes"][0]["position"], note["position"]);
}

#[tokio::test]
async fn a_position_outside_the_diff_is_refused() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let mut stale = position(&bob, "src/sensor.rs", 3).await;
    stale["head_sha"] = json!("0".repeat(40));
    for bad in [
        position(&bob, "src/sensor.rs", 900).await,
        position(&bob, "README.md", 1).await,
        stale,
    ] {
        let body = json!({"body": "x", "position": bad});
        let reply = bob
            .post(&format!("{SENSOR}/discussions"), body)
            .await
            .expect(400);
        assert!(reply.text().contains("must be a valid line code"));
    }
    let body = json!({"body": "x", "position": {"position_type": "text", "head_sha": "a"}});
    let reply = bob
        .post(&format!("{SENSOR}/discussions"), body)
        .await
        .expect(400);
    let text = "position[base_sha] is missing, position[start_sha] is missing";
    assert_eq!(reply.json(), json!({"error": text}));
}

#[tokio::test]
async fn resolving_the_last_thread_makes_it_mergeable() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let threads = alice.get(&format!("{SENSOR}/discussions")).await.json();
    let open = threads
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["notes"][0]["resolved"] == false);
    let one = format!(
        "{SENSOR}/discussions/{}",
        open.unwrap()["id"].as_str().unwrap()
    );
    alice.put(&one, json!({"resolved": true})).await.expect(200);
    assert_eq!(
        alice.get(SENSOR).await.json()["detailed_merge_status"],
        "mergeable"
    );
}

#[tokio::test]
async fn drafts_are_for_their_author_until_they_are_published() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let drafts = format!("{CAROL}/draft_notes");
    assert_eq!(
        alice
            .get(&drafts)
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(bob.get(&drafts).await.expect(200).json(), json!([]));
    let draft = bob
        .post(&drafts, json!({"note": "Softly."}))
        .await
        .expect(201)
        .json();
    let one = format!("{drafts}/{}", draft["id"]);
    alice.get(&one).await.expect(404);
    let changed = bob
        .put(&one, json!({"note": "Softer."}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["note"], "Softer.");
    bob.post(&drafts, json!({})).await.expect(400);
    let published = bob
        .put(&format!("{one}/publish"), json!({}))
        .await
        .expect(204);
    assert!(published.body.is_empty());
    bob.get(&one).await.expect(404);
    let notes = alice.get(&format!("{CAROL}/notes")).await.json();
    assert_eq!(notes[0]["body"], "Softer.");
}

#[tokio::test]
async fn a_whole_review_is_published_at_once() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let body = json!({"reviewer_state": "requested_changes", "note": "Nearly."});
    let reply = alice
        .post(&format!("{CAROL}/draft_notes/bulk_publish"), body)
        .await
        .expect(204);
    assert!(reply.body.is_empty());
    let drafts = alice.get(&format!("{CAROL}/draft_notes")).await.json();
    assert_eq!(drafts, json!([]));
    let notes = alice.get(&format!("{CAROL}/notes?sort=asc")).await.json();
    let kinds: Vec<&Value> = notes
        .as_array()
        .unwrap()
        .iter()
        .map(|note| &note["type"])
        .collect();
    assert_eq!(
        kinds,
        [&json!("DiffNote"), &json!("DiscussionNote"), &Value::Null]
    );
    let reviewers = alice
        .get(&format!("{CAROL}/reviewers"))
        .await
        .expect(200)
        .json();
    assert_eq!(reviewers[0]["state"], "requested_changes");
}

#[tokio::test]
async fn a_draft_answers_and_resolves_a_thread() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let threads = alice.get(&format!("{SENSOR}/discussions")).await.json();
    let thread = threads[0]["id"].as_str().unwrap();
    let body = json!({
        "note": "Measured: forty.", "in_reply_to_discussion_id": thread, "resolve_discussion": true,
    });
    let draft = alice
        .post(&format!("{SENSOR}/draft_notes"), body)
        .await
        .expect(201)
        .json();
    let publish = format!("{SENSOR}/draft_notes/{}/publish", draft["id"]);
    alice.put(&publish, json!({})).await.expect(204);
    let after = alice
        .get(&format!("{SENSOR}/discussions/{thread}"))
        .await
        .json();
    assert_eq!(after["notes"][2]["body"], "Measured: forty.");
    assert_eq!(after["notes"][0]["resolved"], true);
}

#[tokio::test]
async fn a_suggestion_becomes_a_commit() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let threads = bob.get(&format!("{SENSOR}/discussions")).await.json();
    let id = threads[0]["notes"][0]["suggestions"][0]["id"].clone();
    let taken = bob
        .put(&format!("/suggestions/{id}/apply"), json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(taken["applied"], true);
    let before = taken["from_content"].as_str().unwrap();
    assert!(
        before.contains("milliseconds_since_last.max(1)"),
        "{before}"
    );
    bob.put(&format!("/suggestions/{id}/apply"), json!({}))
        .await
        .expect(400);
    let file = "/projects/1/repository/files/src%2Fsensor.rs/raw?ref=feature%2Fcrank-sensor";
    assert!(
        bob.get(file)
            .await
            .expect(200)
            .text()
            .contains("milliseconds_since_last.max(50)")
    );
    Client::of(&gl, "carol")
        .put(&format!("/suggestions/{id}/apply"), json!({}))
        .await
        .expect(403);
}
