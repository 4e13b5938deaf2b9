//! Tools through the whole way: a call, GitLab, and what a model is shown.

use std::collections::BTreeSet;

use gitlab_mcp_tests::{Era, Scene};
use serde_json::{Value, json};

const MUSIC_BOX: &str = "larkspur/music-box";

#[tokio::test]
async fn a_read_answers_the_same_in_both_eras_and_asks_gitlab_once() {
    let scene = Scene::usual().await;
    for era in Era::ALL {
        let before = scene.asked();
        let mut client = scene.client(era).await;
        let result = client
            .call("get_project", json!({ "project_id": MUSIC_BOX }))
            .await;
        assert_eq!(result.item()["path_with_namespace"], MUSIC_BOX, "{era:?}");
        let structured: Value = serde_json::from_str(&result.text()).unwrap();
        assert_eq!(&structured, result.structured(), "{era:?}");
        assert_eq!(scene.asked(), before + 1, "{era:?}");
        let log = scene.gitlab.log().all();
        let record = log.last().unwrap();
        assert_eq!(record.path, "/api/v4/projects/larkspur%2Fmusic-box");
        assert_eq!(record.who.user.as_deref(), Some("alice"));
    }
}

#[tokio::test]
async fn a_list_is_walked_to_its_end_by_what_it_says_itself() {
    let scene = Scene::usual().await;
    for number in 0..7 {
        let mut client = scene.client(Era::Modern).await;
        let branch = format!("walk/{number}");
        let arguments = json!({ "project_id": MUSIC_BOX, "branch": branch, "ref": "main" });
        client.call("create_branch", arguments).await.item();
    }
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        let mut names = BTreeSet::new();
        let mut arguments = json!({ "project_id": MUSIC_BOX, "search": "walk/", "per_page": 3 });
        let mut pages = 0;
        loop {
            let result = client.call("list_branches", arguments).await;
            let found = result
                .items()
                .iter()
                .map(|one| one["name"].as_str().unwrap());
            names.extend(found.map(str::to_owned));
            pages += 1;
            let page = &result.structured()["page"];
            assert_eq!(page["total"], 7, "{page}");
            arguments = page["next"].clone();
            if arguments.is_null() {
                assert_eq!(page["has_more"], false);
                break;
            }
            assert!(pages < 5, "the list has no end");
        }
        assert_eq!((names.len(), pages), (7, 3), "{era:?}");
    }
}

#[tokio::test]
async fn a_write_reaches_gitlab_once_and_is_there_afterwards() {
    let scene = Scene::usual().await;
    let mut client = scene.client(Era::Legacy).await;
    let branch = json!({ "project_id": MUSIC_BOX, "branch": "feat/a+b", "ref": "main" });
    let result = client.call("create_branch", branch.clone()).await;
    assert_eq!(result.item()["name"], "feat/a+b");
    let writes = scene.gitlab.log().of("POST /api/v4/**");
    assert_eq!(writes.count(), 1);
    assert_eq!(
        writes.last().unwrap().json(),
        json!({ "branch": "feat/a+b", "ref": "main" })
    );

    let arguments = json!({ "project_id": MUSIC_BOX, "branch": "feat/a+b" });
    let result = client.call("get_branch", arguments).await;
    assert_eq!(result.item()["name"], "feat/a+b");
    let path = "/api/v4/projects/larkspur%2Fmusic-box/repository/branches/feat%2Fa%2Bb";
    assert_eq!(scene.gitlab.log().all().last().unwrap().path, path);

    let again = client.call("create_branch", branch).await;
    assert!(
        again.is_error() && again.text().contains("already exists"),
        "{again:?}"
    );
}

#[tokio::test]
async fn equal_meanings_make_equal_requests() {
    let scene = Scene::usual().await;
    let mut client = scene.client(Era::Modern).await;
    let mut seen = BTreeSet::new();
    for arguments in [
        json!({ "project_id": MUSIC_BOX, "page": 2, "search": null }),
        json!({ "project_id": MUSIC_BOX, "page": "2" }),
        json!({ "project_id": "larkspur%2Fmusic-box", "page": 2.0 }),
        json!({ "project_id": format!("{}/larkspur/music-box", scene.gitlab.url()), "page": 2 }),
    ] {
        let result = client.call("list_branches", arguments.clone()).await;
        assert!(!result.is_error(), "{arguments}: {result:?}");
        let log = scene.gitlab.log().all();
        let record = log.last().unwrap();
        seen.insert(format!("{}?{}", record.path, record.query));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[tokio::test]
async fn a_mode_refuses_at_call_time_what_it_does_not_list_and_gitlab_hears_nothing() {
    for (mode, refused, allowed) in [
        (
            "readonly",
            vec!["create_branch", "delete_branch"],
            vec!["get_project"],
        ),
        (
            "modify",
            vec!["delete_branch"],
            vec!["get_project", "create_branch"],
        ),
    ] {
        let scene = Scene::with(&[("GITLAB_PERMISSION_MODE", mode)]).await;
        for era in Era::ALL {
            let mut client = scene.client(era).await;
            let listed = names(&client.tools().await);
            for tool in &refused {
                let arguments = json!({ "project_id": MUSIC_BOX, "branch": "x", "ref": "main" });
                let result = client.call(tool, arguments).await;
                assert_eq!(result.code(), "PERMISSION_MODE", "{mode} {tool}");
                assert!(
                    result.text().contains("GITLAB_PERMISSION_MODE"),
                    "{result:?}"
                );
                assert!(!listed.contains(*tool), "{mode} lists {tool}");
            }
            assert!(
                allowed.iter().all(|tool| listed.contains(*tool)),
                "{mode}: {listed:?}"
            );
        }
        assert_eq!(scene.asked(), 0, "{mode}");
    }
}

#[tokio::test]
async fn filters_refuse_at_call_time_what_they_do_not_list_and_gitlab_hears_nothing() {
    for (variables, refused, allowed) in [
        (
            vec![("GITLAB_DENIED_TOOLS_REGEX", "^create_")],
            "create_branch",
            "get_project",
        ),
        (
            vec![("GITLAB_ALLOWED_TOOLS_REGEX", "^get_")],
            "list_branches",
            "get_project",
        ),
        (
            vec![("GITLAB_ALLOWED_TOOLS", "get_project")],
            "list_branches",
            "get_project",
        ),
        (
            vec![("GITLAB_TOOLSETS", "branches")],
            "get_project",
            "list_branches",
        ),
    ] {
        let scene = Scene::with(&variables).await;
        let mut client = scene.client(Era::Modern).await;
        let listed = names(&client.tools().await);
        assert!(
            listed.contains(allowed) && !listed.contains(refused),
            "{variables:?}"
        );
        let arguments = json!({ "project_id": MUSIC_BOX, "branch": "x", "ref": "main" });
        let result = client.call(refused, arguments).await;
        assert_eq!(result.code(), "NOT_ENABLED", "{variables:?}");
        assert_eq!(scene.asked(), 0, "{variables:?}");
    }
}

#[tokio::test]
async fn what_gitlab_says_about_a_private_project_is_that_it_is_not_there() {
    let scene = Scene::usual().await;
    let mut client = scene.client(Era::Modern).await;
    let missing = client
        .call("get_project", json!({ "project_id": "no/such" }))
        .await;
    let hidden = client
        .call("get_project", json!({ "project_id": "bob/scratchpad" }))
        .await;
    assert_eq!(missing.code(), "NOT_FOUND");
    assert_eq!(missing.structured()["error"]["status"], 404);
    assert_eq!(missing.text(), hidden.text());
}

#[tokio::test]
async fn the_credential_is_in_no_result_no_header_and_no_log() {
    let canary = gitlab_mcp_tests::Canary::watch("glpat-alice-company-0001");
    let scene = Scene::with(&[("GITLAB_TOKEN", canary.secret())]).await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for (tool, arguments) in [
            ("get_project", json!({ "project_id": MUSIC_BOX })),
            ("get_project", json!({ "project_id": "no/such" })),
            ("get_project", json!({ "project": canary.secret().len() })),
        ] {
            let params = json!({ "name": tool, "arguments": arguments });
            let reply = client.exchange("tools/call", params).await;
            canary.assert_silent(&format!("{} {}", reply.head, reply.body));
        }
        let listed = client.exchange("tools/list", json!({})).await;
        canary.assert_silent(&listed.body);
    }
    let sent = scene.gitlab.log().all().by(canary.secret()).count();
    assert_eq!(sent, 4, "the canary is not what GitLab was asked with");
    assert!(canary.is_listening());
}

fn names(tools: &[Value]) -> BTreeSet<String> {
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}
