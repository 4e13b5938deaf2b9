//! Token files that are no good, and configurations that are not.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Command;
use std::time::Duration;

use gitlab_mcp_tests::{CallResult, Process};

use super::desk::{self, Desk, LIFE, client, get_project};

/// What a call answers when the file at `name` is the token file; comes soon, whatever it is.
async fn answer(desk: &Desk, name: &str) -> CallResult {
    let server = desk.server_at(&desk.at(name)).await;
    let call = async {
        client(&server)
            .await
            .call("get_project", get_project())
            .await
    };
    let answered = tokio::time::timeout(Duration::from_secs(10), call).await;
    answered.expect("an answer within 10 s")
}

#[tokio::test]
async fn a_file_that_is_not_to_be_trusted_is_refused_with_a_remedy() {
    let (desk, pair) = Desk::with_life(LIFE).await;
    symlink(desk.path(), desk.at("link")).unwrap();
    fs::create_dir(desk.at("directory")).unwrap();
    let made = Command::new("mkfifo")
        .arg(desk.at("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    fs::create_dir(desk.at("open")).unwrap();
    fs::set_permissions(desk.at("open"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::copy(desk.path(), desk.at("open/token.json")).unwrap();
    fs::copy(desk.path(), desk.at("twice")).unwrap();
    fs::hard_link(desk.at("twice"), desk.at("second-name")).unwrap();
    let cases = [
        ("link", "symbolic link"),
        ("directory", "not a regular file"),
        ("pipe", "not a regular file"),
        ("second-name", "hard link"),
        ("open/token.json", "directory everybody may write to"),
        ("/dev/zero", "not a regular file"),
        ("/proc/self/environ", "not a regular file"),
    ];
    for (name, words) in cases {
        let result = answer(&desk, name).await;
        assert_eq!(result.code(), "UNAUTHORIZED", "{name}: {result:?}");
        let text = result.text();
        assert!(text.contains(words), "{name}: {text}");
        assert!(text.contains("GITLAB_OAUTH_TOKEN_PATH"), "{name}: {text}");
        assert!(
            !text.contains(&pair.access) && !text.contains("/gitlab-mcp-desk"),
            "{text}"
        );
    }
    assert_eq!(desk.gitlab.log().count(), 0);
    assert_eq!(answer(&desk, "token.json").await.item()["id"], 1);
}

#[tokio::test]
async fn a_file_of_another_user_is_refused() {
    let (desk, _) = Desk::with_life(LIFE).await;
    let own = fs::metadata(desk.path()).unwrap().uid();
    let name = if own == 0 {
        std::os::unix::fs::chown(desk.path(), Some(65_534), None).unwrap();
        "token.json"
    } else {
        "/etc/passwd"
    };
    let result = answer(&desk, name).await;
    assert!(
        result.text().contains("belongs to another user"),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_file_of_ours_that_others_may_read_is_closed_to_them_and_used() {
    let (desk, _) = Desk::with_life(LIFE).await;
    fs::set_permissions(desk.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(answer(&desk, "token.json").await.item()["id"], 1);
    assert_eq!(fs::metadata(desk.path()).unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_of_another_gitlab_or_application_is_not_used() {
    for (name, value, words) in [
        (
            "instance",
            "https://gitlab.example",
            "another GitLab instance",
        ),
        ("client_id", "another", "another application"),
    ] {
        let (desk, _) = Desk::with_life(LIFE).await;
        let mut members = desk.members();
        members[name] = value.into();
        fs::write(desk.path(), members.to_string()).unwrap();
        let result = answer(&desk, "token.json").await;
        assert!(result.text().contains(words), "{result:?}");
        assert!(
            result.text().contains("GITLAB_OAUTH_TOKEN_PATH"),
            "{result:?}"
        );
        assert_eq!(desk.members(), members);
    }
}

#[tokio::test]
async fn garbage_is_kept_and_leads_to_a_sign_in() {
    let desk = Desk::new().await;
    fs::write(desk.path(), "garbage").unwrap();
    // In a process without a desktop, because this opens a browser.
    let mut process = desk::process(&desk.variables()).await;
    let result = process.call("get_project", get_project()).await;
    process.stop().await;
    assert!(result.text().contains("/oauth/authorize?"), "{result:?}");
    assert_eq!(fs::read(desk.at("token.json.bad")).unwrap(), b"garbage");
    assert!(!desk.path().exists());
}

#[tokio::test]
async fn a_wrong_configuration_is_told_at_the_start() {
    let desk = Desk::new().await;
    let cases = [
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "http://192.0.2.1:8888/callback",
        ),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "https://127.0.0.1:8888/callback",
        ),
        ("GITLAB_OAUTH_CLIENT_ID", ""),
    ];
    for (name, value) in cases {
        let mut variables = desk.variables();
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
        let pairs: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let process = Process::new(env!("CARGO_BIN_EXE_under-test"), &["stdio"]).env(&pairs);
        let finished = process.run().await;
        assert_eq!(finished.code, Some(1), "{name}={value}: {finished:?}");
        assert!(finished.stderr.contains(name), "{finished:?}");
    }
}
