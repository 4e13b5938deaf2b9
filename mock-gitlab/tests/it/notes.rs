//! Notes, discussions, reactions and quick actions.

use serde_json::json;

use crate::client::Client;
use crate::company;

const ISSUE: &str = "/projects/larkspur%2Fmusic-box/issues/3";
const REQUEST: &str = "/projects/larkspur%2Fmusic-box/merge_requests/4";

#[tokio::test]
async fn a_note_is_written_changed_and_deleted_by_its_author() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let notes = format!("{ISSUE}/notes");
    let note = carol
        .post(&notes, json!({"body": "It ticks."}))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&note["system"], &note["noteable_type"]),
        (&json!(false), &json!("Issue"))
    );
    let one = format!("{notes}/{}", note["id"]);
    bob.put(&one, json!({"body": "It tocks."}))
        .await
        .expect(403);
    let changed = carol
        .put(&one, json!({"body": "It tocks."}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["body"], "It tocks.");
    bob.delete(&one).await.expect(403);
    carol.delete(&one).await.expect(204);
    carol.get(&one).await.expect(404);
    let empty = carol.post(&notes, json!({"body": ""})).await.expect(400);
    assert_eq!(empty.json(), json!({"error": "body is empty"}));
}

#[tokio::test]
async fn internal_notes_are_for_members() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let notes = format!("{ISSUE}/notes");
    let body = json!({"body": "Between us", "internal": true});
    carol.post(&notes, body.clone()).await.expect(403);
    let note = bob.post(&notes, body).await.expect(201).json();
    let one = format!("{notes}/{}", note["id"]);
    bob.get(&one).await.expect(200);
    carol.get(&one).await.expect(404);
}

#[tokio::test]
async fn a_thread_is_begun_answered_and_resolved() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for place in [ISSUE, REQUEST] {
        let all = format!("{place}/discussions");
        let thread = bob
            .post(&all, json!({"body": "Why?"}))
            .await
            .expect(201)
            .json();
        assert_eq!(thread["individual_note"], false);
        let one = format!("{all}/{}", thread["id"].as_str().unwrap());
        let reply = bob
            .post(&format!("{one}/notes"), json!({"body": "Because."}))
            .await
            .expect(201);
        assert_eq!(reply.json()["type"], "DiscussionNote");
        bob.put(&one, json!({})).await.expect(400);
        let resolved = bob
            .put(&one, json!({"resolved": true}))
            .await
            .expect(200)
            .json();
        assert_eq!(resolved["notes"][1]["resolved"], true);
        assert_eq!(resolved["notes"][0]["resolved_by"]["username"], "bob");
        let reopened = bob
            .put(&one, json!({"resolved": false}))
            .await
            .expect(200)
            .json();
        assert_eq!(reopened["notes"][0]["resolved"], false);
        bob.get(&format!("{all}/{}", "0".repeat(40)))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn a_guest_resolves_nobody_elses_thread() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    let place = "/projects/1/merge_requests/2/discussions";
    let threads = carol.get(place).await.expect(200).json();
    let one = format!("{place}/{}", threads[0]["id"].as_str().unwrap());
    carol.put(&one, json!({"resolved": true})).await.expect(403);
}

#[tokio::test]
async fn an_answer_makes_a_thread_of_a_comment() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let note = bob
        .post(&format!("{ISSUE}/notes"), json!({"body": "Hm."}))
        .await
        .expect(201)
        .json();
    assert_eq!(note["type"], json!(null));
    let threads = bob
        .get(&format!("{ISSUE}/discussions?per_page=100"))
        .await
        .json();
    let last = threads.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["individual_note"], true);
    let one = format!("{ISSUE}/discussions/{}", last["id"].as_str().unwrap());
    bob.post(&format!("{one}/notes"), json!({"body": "Indeed."}))
        .await
        .expect(201);
    assert_eq!(bob.get(&one).await.json()["individual_note"], false);
}

#[tokio::test]
async fn reactions_come_once_per_person() {
    let gl = company().await;
    let (bob, carol) = (Client::of(&gl, "bob"), Client::of(&gl, "carol"));
    let note = bob
        .post(&format!("{ISSUE}/notes"), json!({"body": "Hm."}))
        .await
        .json();
    for place in [
        format!("{ISSUE}/award_emoji"),
        format!("{REQUEST}/award_emoji"),
        format!("{ISSUE}/notes/{}/award_emoji", note["id"]),
    ] {
        let award = bob
            .post(&place, json!({"name": "tada"}))
            .await
            .expect(201)
            .json();
        assert_eq!(award["user"]["username"], "bob");
        let again = bob.post(&place, json!({"name": "tada"})).await.expect(404);
        assert!(again.text().contains("already been taken"));
        let one = format!("{place}/{}", award["id"]);
        carol.delete(&one).await.expect(401);
        bob.delete(&one).await.expect(204);
        bob.get(&one).await.expect(404);
    }
    assert_eq!(bob.get(ISSUE).await.json()["upvotes"], 2);
}

#[tokio::test]
async fn quick_actions_are_executed() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let notes = format!("{ISSUE}/notes");
    // Nothing but commands: no note, 202.
    let reply = bob
        .post(&notes, json!({"body": "/close\n/label ~docs"}))
        .await
        .expect(202)
        .json();
    assert_eq!(reply["commands_changes"]["state_event"], "close");
    assert_eq!(reply["summary"][0], "Closed this issue.");
    let issue = bob.get(ISSUE).await.json();
    assert_eq!(issue["state"], "closed");
    assert!(issue["labels"].as_array().unwrap().contains(&json!("docs")));
    // With text around them the text stays.
    let note = bob
        .post(&notes, json!({"body": "Once more.\n/reopen"}))
        .await
        .expect(201)
        .json();
    assert_eq!(note["body"], "Once more.");
    assert_eq!(note["commands_changes"]["state_event"], "reopen");
}

#[tokio::test]
async fn quick_actions_need_the_right_and_do_nothing_in_code() {
    let gl = company().await;
    let (alice, carol) = (Client::of(&gl, "alice"), Client::of(&gl, "carol"));
    let notes = "/projects/1/issues/5/notes";
    let note = carol
        .post(notes, json!({"body": "/close"}))
        .await
        .expect(201)
        .json();
    assert_eq!(note["body"], "/close");
    let note = alice
        .post(notes, json!({"body": "```\n/close\n```"}))
        .await
        .expect(201)
        .json();
    assert_eq!(note["body"], "```\n/close\n```");
    assert_eq!(
        alice.get("/projects/1/issues/5").await.json()["state"],
        "opened"
    );
}

#[tokio::test]
async fn a_locked_discussion_takes_notes_from_members_only() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    alice
        .put(ISSUE, json!({"discussion_locked": true}))
        .await
        .expect(200);
    Client::of(&gl, "carol")
        .post(&format!("{ISSUE}/notes"), json!({"body": "x"}))
        .await
        .expect(201);
    let stranger = gl.edit(|world| {
        let mut user = world.find_user("carol").unwrap().clone();
        user.id = 99;
        "dora".clone_into(&mut user.username);
        world.users.insert(99, user);
        "dora"
    });
    let dora = Client::of(&gl, stranger);
    dora.post(&format!("{ISSUE}/notes"), json!({"body": "x"}))
        .await
        .expect(403);
}

#[tokio::test]
async fn what_strangers_write_arrives_letter_by_letter() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let notes = bob
        .get("/projects/1/issues/9/notes?sort=asc")
        .await
        .expect(200)
        .json();
    let body = notes[0]["body"].as_str().unwrap();
    assert!(body.contains('\u{200b}') && body.contains('\u{202e}') && body.contains('\u{e0068}'));
}
