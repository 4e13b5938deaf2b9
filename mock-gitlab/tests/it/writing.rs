//! Changing repositories.

use serde_json::json;

use crate::client::Client;
use crate::company;

const MAIN: &str = "/projects/1/repository";

#[tokio::test]
async fn a_branch_is_created_once_and_deleted_once() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let new = json!({"branch": "tune/of-the-month", "ref": "main"});
    let branches = format!("{MAIN}/branches");
    assert_eq!(
        bob.post(&branches, new.clone()).await.expect(201).json()["name"],
        "tune/of-the-month"
    );
    let again = bob.post(&branches, new).await.expect(400);
    assert_eq!(again.json(), json!({"message": "Branch already exists"}));
    let reply = bob
        .post(&branches, json!({"branch": "x", "ref": "nowhere"}))
        .await
        .expect(400);
    assert_eq!(
        reply.json(),
        json!({"message": "Invalid reference name: nowhere"})
    );
    let reply = bob
        .post(&branches, json!({"branch": "x"}))
        .await
        .expect(400);
    assert_eq!(reply.json(), json!({"error": "ref is missing"}));
    bob.delete(&format!("{branches}/tune%2Fof-the-month"))
        .await
        .expect(204);
    bob.delete(&format!("{branches}/tune%2Fof-the-month"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_protected_branch_refuses_developers_and_cannot_be_deleted() {
    let gl = company().await;
    let (bob, alice) = (Client::of(&gl, "bob"), Client::of(&gl, "alice"));
    let file = json!({"branch": "main", "content": "x", "commit_message": "Try"});
    bob.post(&format!("{MAIN}/files/x.txt"), file.clone())
        .await
        .expect(403);
    alice
        .post(&format!("{MAIN}/files/x.txt"), file)
        .await
        .expect(201);
    alice
        .delete(&format!("{MAIN}/branches/main"))
        .await
        .expect(405);
    let rule = json!({"name": "release/*", "push_access_level": 0, "merge_access_level": 30});
    let made = alice
        .post("/projects/1/protected_branches", rule.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(
        made["push_access_levels"][0]["access_level_description"],
        "No one"
    );
    alice
        .post("/projects/1/protected_branches", rule)
        .await
        .expect(409);
    let new = json!({"branch": "release/1.2", "ref": "main"});
    alice
        .post(&format!("{MAIN}/branches"), new)
        .await
        .expect(403);
    alice
        .delete("/projects/1/protected_branches/release%2F*")
        .await
        .expect(204);
}

#[tokio::test]
async fn a_file_is_created_updated_and_deleted_with_its_history_watched() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let path = format!("{MAIN}/files/docs%2FA%20new%20page.md");
    let body = |content: &str| json!({"branch": "docs-rewrite", "content": content, "commit_message": "Page"});
    let made = bob.post(&path, body("one\n")).await.expect(201).json();
    assert_eq!(
        made,
        json!({"file_path": "docs/A new page.md", "branch": "docs-rewrite"})
    );
    let reply = bob.post(&path, body("one\n")).await.expect(400);
    assert_eq!(
        reply.json(),
        json!({"message": "A file with this name already exists"})
    );
    let first = bob
        .get(&format!("{path}?ref=docs-rewrite"))
        .await
        .expect(200)
        .json();
    let mut update = body("dHdvCg==");
    update["encoding"] = json!("base64");
    update["last_commit_id"] = first["last_commit_id"].clone();
    bob.put(&path, update.clone()).await.expect(200);
    let stale = bob.put(&path, update).await.expect(400);
    assert!(
        stale
            .text()
            .contains("has changed since you started editing it")
    );
    let raw = bob
        .get(&format!("{path}/raw?ref=docs-rewrite"))
        .await
        .expect(200);
    assert_eq!(raw.text(), "two\n");
    bob.send("DELETE", &path, Some(body(""))).await.expect(204);
    bob.get(&format!("{path}?ref=docs-rewrite"))
        .await
        .expect(404);
}

#[tokio::test]
async fn one_commit_creates_updates_moves_and_deletes() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let commit = json!({
        "branch": "rearranged", "start_branch": "main", "commit_message": "Rearrange",
        "actions": [
            {"action": "create", "file_path": "tunes/new.pins", "content": "1\n"},
            {"action": "update", "file_path": "README.md", "content": "# Box\n"},
            {"action": "move", "file_path": "docs/guide.md", "previous_path": "docs/Assembly guide.md"},
            {"action": "delete", "file_path": ".gitignore"},
            {"action": "chmod", "file_path": "scripts/engrave.sh", "execute_filemode": false},
        ],
    });
    let made = bob
        .post(&format!("{MAIN}/commits"), commit)
        .await
        .expect(201)
        .json();
    let sha = made["id"].as_str().unwrap();
    let diffs = bob
        .get(&format!("{MAIN}/commits/{sha}/diff"))
        .await
        .expect(200)
        .json();
    let diffs = diffs.as_array().unwrap();
    assert_eq!(diffs.len(), 5);
    let moved = diffs
        .iter()
        .find(|diff| diff["renamed_file"] == true)
        .unwrap();
    assert_eq!(moved["old_path"], "docs/Assembly guide.md");
    assert_eq!(
        bob.get(&format!("{MAIN}/branches/rearranged")).await.json()["commit"]["id"],
        sha
    );
}

#[tokio::test]
async fn a_commit_is_all_or_nothing() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let before = bob
        .get(&format!("{MAIN}/branches/docs-rewrite"))
        .await
        .json();
    let commit = json!({
        "branch": "docs-rewrite", "commit_message": "Half",
        "actions": [
            {"action": "create", "file_path": "a", "content": "a"},
            {"action": "update", "file_path": "not-there", "content": "b"},
        ],
    });
    let reply = bob
        .post(&format!("{MAIN}/commits"), commit)
        .await
        .expect(400);
    assert_eq!(
        reply.json(),
        json!({"message": "A file with this name doesn't exist"})
    );
    assert_eq!(
        bob.get(&format!("{MAIN}/branches/docs-rewrite"))
            .await
            .json(),
        before
    );
}

#[tokio::test]
async fn a_tag_can_be_made_and_removed() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let tag = json!({"tag_name": "v1.2.0-rc/1", "ref": "main", "message": "Nearly"});
    bob.post(&format!("{MAIN}/tags"), tag.clone())
        .await
        .expect(201);
    bob.post(&format!("{MAIN}/tags"), tag).await.expect(400);
    bob.get(&format!("{MAIN}/tags/v1.2.0-rc%2F1"))
        .await
        .expect(200);
    bob.delete(&format!("{MAIN}/tags/v1.2.0-rc%2F1"))
        .await
        .expect(204);
}

#[tokio::test]
async fn guests_do_not_push() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    let new = json!({"branch": "cat", "ref": "main"});
    carol
        .post(&format!("{MAIN}/branches"), new.clone())
        .await
        .expect(403);
    Client::anonymous(&gl)
        .post(&format!("{MAIN}/branches"), new)
        .await
        .expect(401);
}
