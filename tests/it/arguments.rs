//! Arguments no tool can use: every one is named, and GitLab hears nothing.

use gitlab_mcp_tests::Era;
use serde_json::{Value, json};

use crate::bad_input::{assert_alive, assert_refused, guarded};

/// A tool, its arguments, and the pointers that must be named.
fn wrong() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    vec![
        ("create_branch", json!({}), vec!["/project_id", "/branch"]),
        (
            "create_branch",
            json!({ "project_id": "", "branch": null, "ref": "undefined" }),
            vec!["/project_id", "/branch"],
        ),
        (
            "get_project",
            json!({ "project_id": [1] }),
            vec!["/project_id"],
        ),
        (
            "get_project",
            json!({ "project_id": { "id": 1 } }),
            vec!["/project_id"],
        ),
        (
            "get_project",
            json!({ "project_id": 1, "projectid": 2 }),
            vec!["/projectid"],
        ),
        (
            "list_branches",
            json!({ "project_id": 1, "page": "two" }),
            vec!["/page"],
        ),
        (
            "list_branches",
            json!({ "project_id": 1, "per_page": -1 }),
            vec!["/per_page"],
        ),
        (
            "get_project",
            json!({ "project_id": ".." }),
            vec!["/project_id"],
        ),
        (
            "get_project",
            json!({ "project_id": "a%2f..%2fb" }),
            vec!["/project_id"],
        ),
        (
            "get_project",
            json!({ "project_id": "https://evil.test/a/b" }),
            vec!["/project_id"],
        ),
        (
            "get_branch",
            json!({ "project_id": 1, "branch": "../../user" }),
            vec!["branch"],
        ),
        (
            "get_branch",
            json!({ "project_id": 1, "branch": "a\u{0}b" }),
            vec!["branch"],
        ),
    ]
}

#[tokio::test]
async fn wrong_arguments_are_all_named_and_nothing_is_sent() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for (tool, arguments, pointers) in &wrong() {
            let result = client.call(tool, arguments.clone()).await;
            let what = format!("{tool} {arguments} {era:?}: {result:?}");
            assert_eq!(result.code(), "INVALID_PARAMS", "{what}");
            let fields = result.structured()["error"]["fields"].to_string();
            assert!(pointers.iter().all(|one| fields.contains(one)), "{what}");
        }
        assert_eq!(scene.asked(), 0);
        assert_alive(&scene, &mut client, "wrong arguments").await;
    }
}

#[tokio::test]
async fn arguments_that_are_no_object_are_refused() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for arguments in [json!([]), json!("project_id=1"), json!(7), json!(true)] {
            let params = json!({ "name": "get_project", "arguments": arguments });
            let reply = client.exchange("tools/call", params).await;
            assert_ne!(reply.code(), 0, "{reply:?}");
            assert_refused(&reply, &[200, 400], &arguments.to_string());
        }
        assert_eq!(scene.asked(), 0);
        assert_alive(&scene, &mut client, "arguments").await;
    }
}
