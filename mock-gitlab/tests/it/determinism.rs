//! Two instances told the same story answer byte for byte the same.

use mock_gitlab::{MockGitlab, World};
use serde_json::json;

use crate::client::Client;

#[tokio::test]
async fn work_and_delivery_are_deterministic() {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let builder = MockGitlab::builder().world(World::company());
        let gl = builder
            .external_url("http://gitlab.test")
            .start()
            .await
            .unwrap();
        let alice = Client::of(&gl, "alice");
        let mut seen = Vec::new();
        let thread = json!({"body": "Once more"});
        seen.push(alice.post("/projects/1/issues/3/discussions", thread).await);
        seen.push(
            alice
                .put("/projects/1/merge_requests/4/merge", json!({}))
                .await,
        );
        seen.push(
            alice
                .post("/projects/1/pipeline", json!({"ref": "main"}))
                .await,
        );
        for path in [
            "/projects/1/issues",
            "/projects/1/merge_requests",
            "/projects/1/merge_requests/2/discussions",
            "/projects/1/jobs",
        ] {
            seen.push(alice.get(path).await);
        }
        answers.push(
            seen.into_iter()
                .map(|one| (one.head, one.body))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(answers[0], answers[1]);
}
