//! Wikis, snippets, uploads and packages.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn wiki_pages_move_with_their_titles() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let page = json!({"title": "parts/The comb", "content": "Eighteen teeth"});
    Client::of(&gl, "carol")
        .post("/projects/1/wikis", page.clone())
        .await
        .expect(403);
    let made = bob
        .post("/projects/1/wikis", page.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(made["slug"], "parts/The-comb");
    bob.post("/projects/1/wikis", page).await.expect(422);
    let one = "/projects/1/wikis/parts%2FThe-comb";
    let moved = bob
        .put(one, json!({"title": "The spring"}))
        .await
        .expect(200)
        .json();
    assert_eq!(moved["slug"], "parts/The-spring");
    bob.get(one).await.expect(404);
    bob.put("/projects/1/wikis/parts%2FThe-spring", json!({}))
        .await
        .expect(400);
    bob.delete("/projects/1/wikis/parts%2FThe-spring")
        .await
        .expect(204);
    // Everyone who sees a public project reads its wiki.
    Client::anonymous(&gl)
        .get("/projects/1/wikis")
        .await
        .expect(200);
}

#[tokio::test]
async fn private_snippets_are_their_authors_alone() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let files =
        json!([{"file_path": "a.txt", "content": "c d e"}, {"file_path": "b.txt", "content": "f"}]);
    let new = json!({"title": "Tune", "files": files, "visibility": "private"});
    let id = alice.post("/snippets", new).await.expect(201).json()["id"].to_string();
    let one = format!("/snippets/{id}");
    bob.get(&one).await.expect(404);
    bob.get(&format!("{one}/raw")).await.expect(404);
    assert_eq!(
        alice.get(&format!("{one}/raw")).await.expect(200).text(),
        "c d e"
    );
    assert_eq!(
        alice
            .get(&format!("{one}/files/main/b.txt/raw"))
            .await
            .text(),
        "f"
    );
    alice
        .get(&format!("{one}/files/main/c.txt/raw"))
        .await
        .expect(404);
    alice
        .put(&one, json!({"visibility": "internal"}))
        .await
        .expect(200);
    bob.get(&one).await.expect(200);
    bob.put(&one, json!({"title": "Mine"})).await.expect(403);
    bob.delete(&one).await.expect(403);
    alice.delete(&one).await.expect(204);
    alice.get(&one).await.expect(404);
}

#[tokio::test]
async fn snippet_files_change_one_by_one() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let new = json!({"title": "T", "file_name": "a.txt", "content": "one"});
    let id = alice.post("/snippets", new).await.expect(201).json()["id"].to_string();
    let one = format!("/snippets/{id}");
    let changes = json!({"files": [
        {"action": "create", "file_path": "b.txt", "content": "two"},
        {"action": "move", "previous_path": "a.txt", "file_path": "c.txt"},
    ]});
    let files = alice.put(&one, changes).await.expect(200).json()["files"].clone();
    let paths: Vec<&str> = files
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|f| f["path"].as_str())
        .collect();
    assert_eq!(paths, ["c.txt", "b.txt"]);
    for (changes, status) in [
        (
            json!([{"action": "create", "file_path": "b.txt", "content": "x"}]),
            400,
        ),
        (json!([{"action": "delete", "file_path": "z.txt"}]), 400),
        (
            json!([{"action": "update", "file_path": "../b.txt", "previous_path": "b.txt"}]),
            400,
        ),
        (json!([{"action": "burn", "file_path": "b.txt"}]), 400),
        (
            json!([{"action": "delete", "file_path": "c.txt"}, {"action": "delete", "file_path": "b.txt"}]),
            400,
        ),
    ] {
        alice
            .put(&one, json!({"files": changes}))
            .await
            .expect(status);
    }
    for bad in [
        json!({"title": "T"}),
        json!({"title": "T", "files": []}),
        json!({"title": "T", "files": [{"file_path": "a"}]}),
    ] {
        alice.post("/snippets", bad).await.expect(400);
    }
}

const FORM: &str = "multipart/form-data; boundary=cut";

fn form(name: &str, content: &str) -> String {
    format!(
        "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--cut--\r\n"
    )
}

#[tokio::test]
async fn uploads_are_found_by_their_secret() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let body = form("../comb plan.png", "teeth");
    let made = alice
        .raw("POST", "/api/v4/projects/1/uploads", FORM, &body)
        .await
        .unwrap();
    let made = made.expect(201).json();
    let url = made["url"].as_str().unwrap().to_owned();
    assert!(url.ends_with("/comb_plan.png"));
    assert_eq!(made["markdown"], format!("![comb_plan]({url})"));
    let there = format!("/projects/1{url}");
    assert_eq!(alice.get(&there).await.expect(200).text(), "teeth");
    Client::of(&gl, "bob")
        .get("/projects/1/uploads")
        .await
        .expect(403);
    alice.delete(&there).await.expect(204);
    alice.get(&there).await.expect(404);
    alice
        .post("/projects/1/uploads", json!({}))
        .await
        .expect(400);
}

#[tokio::test]
async fn packages_come_back_as_they_went_in() {
    let gl = company().await;
    let (alice, bob) = (Client::of(&gl, "alice"), Client::of(&gl, "bob"));
    let file = "/api/v4/projects/1/packages/generic/comb/1.0.0/teeth.bin";
    let put = bob
        .raw("PUT", file, "application/octet-stream", "0101")
        .await
        .unwrap();
    assert_eq!(put.expect(201).json(), json!({"message": "201 Created"}));
    let carol = Client::of(&gl, "carol");
    carol.raw("PUT", file, "", "0").await.unwrap().expect(403);
    assert_eq!(bob.raw("GET", file, "", "").await.unwrap().text(), "0101");
    let odd = "/api/v4/projects/1/packages/generic/co%20mb/1.0.0/teeth.bin";
    bob.raw("PUT", odd, "", "0").await.unwrap().expect(400);
    let package = bob
        .get("/projects/1/packages?package_type=generic")
        .await
        .json()[0]
        .clone();
    assert_eq!(
        (&package["name"], &package["version"]),
        (&json!("comb"), &json!("1.0.0"))
    );
    let one = format!("/projects/1/packages/{}", package["id"]);
    let files = bob.get(&format!("{one}/package_files")).await.json();
    assert_eq!(files[0]["size"], 4);
    bob.delete(&one).await.expect(403);
    alice.delete(&one).await.expect(204);
    bob.raw("GET", file, "", "").await.unwrap().expect(404);
    assert_eq!(bob.get("/projects/1/packages").await.json(), json!([]));
}
