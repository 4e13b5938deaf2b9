//! World `huge`: lists, diffs and logs of a size that hurts.

use std::time::{Duration, Instant};

use mock_gitlab::{MockGitlab, World};

use crate::client::Client;

const WAREHOUSE: &str = "/projects/larkspur%2Fwarehouse";

async fn huge() -> MockGitlab {
    MockGitlab::builder()
        .world(World::huge())
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_list_above_ten_thousand_rows_is_not_counted() {
    let gl = huge().await;
    let bob = Client::of(&gl, "bob");
    let page = bob
        .get(&format!("{WAREHOUSE}/issues?per_page=100&page=2"))
        .await
        .expect(200);
    assert_eq!(page.json().as_array().unwrap().len(), 100);
    assert_eq!(page.header("x-total"), None);
    assert_eq!(page.header("x-total-pages"), None);
    assert_eq!(page.header("x-next-page"), Some("3"));
    let link = page.header("link").unwrap();
    assert!(link.contains("rel=\"next\""), "{link}");
    assert!(!link.contains("rel=\"last\""), "{link}");
    // Below the limit everything is there.
    let few = format!("{WAREHOUSE}/issues?labels=docs&state=opened");
    let few = bob.get(&few).await.expect(200);
    assert!(few.header("x-total").is_some());
    assert!(few.header("link").unwrap().contains("rel=\"last\""));
}

#[tokio::test]
async fn a_directory_of_twelve_thousand_files_is_walked_page_by_page() {
    let gl = huge().await;
    let bob = Client::of(&gl, "bob");
    let path = format!("{WAREHOUSE}/repository/tree?path=shelves&per_page=100&pagination=keyset");
    let page = bob.get(&path).await.expect(200);
    assert_eq!(page.json()[0]["name"], "box-00001.txt");
    assert!(page.header("link").unwrap().contains("rel=\"next\""));
    let count = gl.edit(|world| {
        let id = world.find_project("larkspur/warehouse").unwrap().id;
        let repository = &world.repositories[&id];
        let head = repository.resolve("main").unwrap();
        repository.list(head, "shelves", false).unwrap().len()
    });
    assert_eq!(count, 12_000);
}

#[tokio::test]
async fn a_diff_and_a_log_of_five_megabytes_come_whole() {
    let gl = huge().await;
    let bob = Client::of(&gl, "bob");
    let five = 5 * 1024 * 1024;
    let raw = bob
        .get(&format!("{WAREHOUSE}/merge_requests/1/raw_diffs"))
        .await
        .expect(200);
    assert!(raw.body.len() > five, "{}", raw.body.len());
    let listed = bob
        .get(&format!("{WAREHOUSE}/merge_requests/1/diffs"))
        .await
        .expect(200);
    assert_eq!(listed.json()[0]["too_large"], true);
    let jobs = bob.get("/projects/1/jobs?per_page=100").await.expect(200);
    let jobs = jobs.json();
    let job = jobs
        .as_array()
        .unwrap()
        .iter()
        .find(|j| j["name"] == "huge");
    let id = job.unwrap()["id"].as_u64().unwrap();
    let trace = bob.get(&format!("/projects/1/jobs/{id}/trace")).await;
    assert!(trace.expect(200).body.len() >= five);
}

#[test]
fn it_is_built_in_less_than_a_second() {
    #[expect(clippy::disallowed_methods, reason = "a test of speed")]
    let start = Instant::now();
    let world = World::huge();
    assert_eq!(world.issues.len(), 20_016);
    // An unoptimised build on a busy machine is given some room.
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });
    assert!(start.elapsed() < limit, "{:?}", start.elapsed());
}
