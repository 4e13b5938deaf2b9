//! Search.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn code_is_searched_with_filters() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let path = "/projects/1/search?scope=blobs&search=tooth+extension%3Ars";
    let hits = bob.get(path).await.expect(200).json();
    let hits = hits.as_array().unwrap();
    assert!(!hits.is_empty());
    assert!(
        hits.iter()
            .all(|hit| hit["path"].as_str().unwrap().rsplit('.').next() == Some("rs"))
    );
    assert!(
        hits[0]["data"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("tooth")
    );
}

#[tokio::test]
async fn each_scope_answers_with_its_kind() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let project = bob
        .get("/search?scope=projects&search=music")
        .await
        .expect(200)
        .json();
    assert_eq!(project[0]["path"], "music-box");
    let commit = bob
        .get("/projects/1/search?scope=commits&search=waltz")
        .await
        .expect(200)
        .json();
    assert_eq!(commit[0]["title"], "Add the waltz");
    let user = bob
        .get("/search?scope=users&search=carol")
        .await
        .expect(200)
        .json();
    assert_eq!(user[0]["username"], "carol");
    let milestone = bob
        .get("/groups/larkspur/search?scope=milestones&search=bird")
        .await
        .expect(200);
    assert_eq!(milestone.json()[0]["title"], "2.0 Songbird");
    let missing = bob.get("/search?search=x").await.expect(400);
    assert_eq!(missing.json(), json!({"error": "scope is missing"}));
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_found() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    let path = "/search?scope=blobs&search=spare+key";
    assert_eq!(carol.get(path).await.expect(200).json(), json!([]));
    let root = Client::of(&gl, "root");
    assert_eq!(
        root.get(path)
            .await
            .expect(200)
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
