//! What an instance refuses when its licence does not hold it.

use mock_gitlab::{MockGitlab, Plan, World};
use serde_json::json;

use crate::client::Client;

async fn with(plan: Plan) -> MockGitlab {
    let builder = MockGitlab::builder().world(World::company());
    builder.plan(plan).start().await.unwrap()
}

/// Path, and the status of a read: without a licence, with Premium, with Ultimate.
const READS: [(&str, u16, u16, u16); 16] = [
    ("/groups/larkspur/epics", 403, 200, 200),
    ("/groups/larkspur/iterations", 403, 200, 200),
    ("/groups/larkspur/audit_events", 403, 200, 200),
    ("/projects/1/audit_events", 403, 200, 200),
    ("/audit_events", 403, 200, 200),
    ("/projects/1/merge_trains", 403, 200, 200),
    ("/projects/1/approval_rules", 404, 200, 200),
    ("/groups/larkspur/hooks", 404, 200, 200),
    ("/groups/larkspur/wikis", 404, 200, 200),
    ("/projects/1/protected_environments", 404, 200, 200),
    ("/projects/1/milestones/1/burndown_events", 405, 200, 200),
    ("/member_roles", 404, 404, 200),
    ("/projects/1/external_status_checks", 404, 404, 200),
    // Neighbours that need no licence.
    ("/projects/1/hooks", 200, 200, 200),
    ("/projects/1/wikis", 200, 200, 200),
    ("/projects/1/merge_requests/1/approvals", 200, 200, 200),
];

#[tokio::test]
async fn each_plan_opens_what_it_holds() {
    for (at, plan) in [Plan::None, Plan::Premium, Plan::Ultimate]
        .into_iter()
        .enumerate()
    {
        let gl = with(plan).await;
        let root = Client::of(&gl, "root");
        for (path, free, premium, ultimate) in READS {
            let expected = [free, premium, ultimate][at];
            let reply = root.get(path).await;
            assert_eq!(reply.status, expected, "{plan:?} {path}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_refused_write_changes_nothing_and_what_is_hidden_stays_hidden() {
    let gl = with(Plan::None).await;
    let root = Client::of(&gl, "root");
    let epic = json!({ "title": "A bird on the lid" });
    root.post("/groups/larkspur/epics", epic).await.expect(403);
    assert_eq!(gl.edit(|world| world.records_of_kind("epic").count()), 0);
    let anonymous = Client::anonymous(&gl);
    let hidden = anonymous.get("/groups/larkspur%2Fworkshop/epics").await;
    assert_eq!(hidden.expect(404).json()["message"], "404 Group Not Found");
    anonymous.get("/groups/larkspur/epics").await.expect(403);
}

#[tokio::test]
async fn code_is_searched_inside_projects_when_there_is_no_search_engine() {
    let gl = with(Plan::None).await;
    let bob = Client::of(&gl, "bob");
    for path in ["/search", "/groups/larkspur/search"] {
        let wide = bob.get(&format!("{path}?scope=blobs&search=crank")).await;
        assert!(wide.expect(400).text().contains("advanced search"));
        bob.get(&format!("{path}?scope=issues&search=crank"))
            .await
            .expect(200);
    }
    bob.get("/projects/1/search?scope=blobs&search=crank")
        .await
        .expect(200);
}
