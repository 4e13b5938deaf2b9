//! `gitlab-mcp auth` as a command: streams, exit codes, and the file it leaves.

use std::os::unix::fs::PermissionsExt as _;

use gitlab_mcp_tests::{Finished, eventually};
use mock_gitlab::Fault;
use serde_json::{Value, json};

use super::home::Home;

/// Runs `auth login …` while alice types the code as soon as there is one.
async fn signed_in(home: &Home, words: &[&str]) -> Finished {
    // GitLab lets the first poll come early.
    home.gitlab
        .edit(|world| world.quirks.device_interval = Some(json!(1)));
    let typing = async {
        let code = eventually("a device code", || async {
            home.gitlab.edit(|world| {
                let grants = world.oauth.devices.values();
                grants.map(|one| one.user_code.clone()).next()
            })
        })
        .await;
        home.gitlab.browser("alice").device(&code).await.unwrap();
        code
    };
    let (finished, code) = tokio::join!(home.auth(words).run(), typing);
    assert!(finished.stderr.contains(&code), "{finished:?}");
    finished
}

#[tokio::test]
async fn login_status_and_logout_of_one_person() {
    let home = Home::new().await;
    let finished = signed_in(&home, &["--no-browser"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.is_empty(), "{finished:?}");
    assert!(
        finished.stderr.contains("signed in as alice"),
        "{finished:?}"
    );
    assert!(home.opened().is_empty());
    let mode = std::fs::metadata(home.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // A server of this person has nobody to ask.
    let mut talk = home.server(0);
    talk.initialize(json!({})).await;
    let call = json!({ "name": "get_project", "arguments": { "project_id": 1 } });
    let answer = talk.ask(1, "tools/call", call).await;
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    talk.stop().await;

    let status = home.auth(&["status", "--json"]).run().await;
    assert_eq!(status.code, Some(0), "{status:?}");
    let told: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(told["user"], "alice", "{told}");
    assert_eq!(told["scopes"], json!(["api"]), "{told}");

    let logout = home.auth(&["logout"]).run().await;
    assert_eq!(logout.code, Some(0), "{logout:?}");
    assert!(home.stored().is_none());
    let status = home.auth(&["status"]).run().await;
    assert_eq!(
        (status.code, status.stdout.as_str()),
        (Some(1), ""),
        "{status:?}"
    );
}

#[tokio::test]
async fn the_browser_is_opened_with_the_complete_link_and_json_goes_to_stdout() {
    let home = Home::new().await;
    let finished = signed_in(&home, &["login", "--json", "--scopes", "api"]).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let events: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let link = events[0]["verification_uri_complete"].as_str().unwrap();
    assert_eq!(home.was_opened().await, ["1", link]);
    assert_eq!(events[1]["event"], "signed_in", "{events:?}");
}

#[tokio::test]
async fn a_gitlab_without_the_device_grant_ends_it_with_1_and_a_mistake_with_2() {
    let home = Home::new().await;
    let fault = Fault::status(404).on("POST /oauth/authorize_device");
    home.gitlab.faults().add(fault);
    let finished = home.auth(&["login", "--no-browser"]).run().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.is_empty(), "{finished:?}");
    assert!(
        finished.stderr.contains("this GitLab has no device grant"),
        "{finished:?}"
    );

    for words in [
        &["sign-in"][..],
        &["--no-such-flag"],
        &["login", "status"],
        &["--scopes"],
    ] {
        let finished = home.auth(words).run().await;
        assert_eq!(finished.code, Some(2), "{words:?}: {finished:?}");
        assert!(finished.stdout.is_empty(), "{finished:?}");
    }
}
