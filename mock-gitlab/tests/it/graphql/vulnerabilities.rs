//! Vulnerabilities come with the licence.

use mock_gitlab::{MockGitlab, Plan, World};
use serde_json::json;

use super::{data, message, send};
use crate::client::Client;

async fn licensed(plan: Plan) -> MockGitlab {
    let builder = MockGitlab::builder().world(World::company()).plan(plan);
    builder.start().await.unwrap()
}

const LIST: &str = "query found($severity: [VulnerabilitySeverity!]) { project(fullPath: \"larkspur/music-box\") { \
    vulnerabilities(severity: $severity, sort: severity_desc) { nodes { id title severity state reportType project { name } } } } }";

#[tokio::test]
async fn free_instances_have_none() {
    let gl = licensed(Plan::None).await;
    let found = data(send(&Client::of(&gl, "alice"), LIST, json!({})).await);
    assert_eq!(found["project"]["vulnerabilities"]["nodes"], json!([]));
}

#[tokio::test]
async fn ultimate_ones_list_and_judge_them() {
    let gl = licensed(Plan::Ultimate).await;
    let alice = Client::of(&gl, "alice");
    let found = data(send(&alice, LIST, json!({})).await);
    let rows = found["project"]["vulnerabilities"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(rows[0]["severity"], "CRITICAL");
    assert_eq!(rows[0]["project"]["name"], "Music Box");
    let high = data(send(&alice, LIST, json!({ "severity": ["HIGH"] })).await);
    assert_eq!(
        high["project"]["vulnerabilities"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let dismiss = "mutation no($id: VulnerabilityID!) { vulnerabilityDismiss(input: { id: $id, dismissalReason: USED_IN_TESTS, \
                   comment: \"A key of wax\" }) { errors vulnerability { state dismissalReason stateComment dismissedBy { username } } } }";
    let id = json!({ "id": rows[0]["id"] });
    let done = data(send(&alice, dismiss, id.clone()).await);
    let done = &done["vulnerabilityDismiss"]["vulnerability"];
    assert_eq!(
        (&done["state"], &done["dismissalReason"]),
        (&json!("DISMISSED"), &json!("USED_IN_TESTS"))
    );
    assert_eq!(done["dismissedBy"]["username"], "alice");
    // A guest sees none of it.
    let carol = Client::of(&gl, "carol");
    let none = data(send(&carol, LIST, json!({})).await);
    assert_eq!(none["project"]["vulnerabilities"]["nodes"], json!([]));
    assert!(message(send(&carol, dismiss, id).await).contains("permission"));
}
