//! The token script of a server.

use std::fs;

use gitlab_mcp_tests::{TestServer, eventually};

use super::desk::{self, Desk, client, get_project};

async fn server(desk: &Desk, script: &str) -> TestServer {
    let variables = [
        ("GITLAB_USE_OAUTH", "true"),
        ("GITLAB_API_URL", desk.gitlab.url()),
        ("GITLAB_OAUTH_TOKEN_SCRIPT", script),
        ("GITLAB_OAUTH_TOKEN_SCRIPT_TIMEOUT_SECONDS", "1"),
    ];
    TestServer::with(&variables).await
}

#[tokio::test]
async fn a_printed_token_is_used_in_each_form() {
    let desk = Desk::new().await;
    let token = desk.grant().access;
    for script in [
        format!("echo {token}"),
        format!("echo '\"{token}\"'"),
        format!(r#"echo '{{"access_token":"{token}","expires_in":3600}}'"#),
    ] {
        let server = server(&desk, &script).await;
        let result = client(&server)
            .await
            .call("get_project", get_project())
            .await;
        assert_eq!(result.item()["id"], 1, "{script}");
    }
    assert!(desk.names().is_empty(), "a script needs no file");
}

#[tokio::test]
async fn a_failing_script_is_an_error_without_its_output() {
    let desk = Desk::new().await;
    let cases = [
        (
            "echo canary-output; exit 3",
            "exit code 3, having printed 14 bytes",
        ),
        ("echo canary-output; sleep 600", "ended after 1 s"),
        ("yes canary-output | head -c 2097152", "more than 1 MiB"),
        ("echo canary output", "no token"),
    ];
    for (script, words) in cases {
        let server = server(&desk, script).await;
        let result = client(&server)
            .await
            .call("get_project", get_project())
            .await;
        assert_eq!(result.code(), "UNAUTHORIZED", "{script}");
        let text = result.text();
        assert!(text.contains(words), "{script}: {text}");
        assert!(text.contains("GITLAB_OAUTH_TOKEN_SCRIPT"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
    assert_eq!(desk.gitlab.log().count(), 0);
}

#[tokio::test]
async fn a_token_gitlab_refuses_is_printed_again() {
    let desk = Desk::new().await;
    let (first, second) = (desk.grant().access, desk.grant().access);
    fs::write(desk.at("printed"), &first).unwrap();
    let server = server(&desk, &format!("cat {}", desk.at("printed").display())).await;
    client(&server)
        .await
        .call("get_project", get_project())
        .await
        .item();
    desk.gitlab.token(&first).revoke();
    fs::write(desk.at("printed"), &second).unwrap();
    // At most one run a second; then the call succeeds at once.
    let item = eventually("another run of the script", async || {
        let result = client(&server)
            .await
            .call("get_project", get_project())
            .await;
        (!result.is_error()).then(|| result.item().clone())
    });
    assert_eq!(item.await["id"], 1);
    assert!(desk.gitlab.log().all().by(&second).count() > 0);
}

/// The script sees the environment of the operator, but none of our own secrets.
#[tokio::test]
async fn a_script_does_not_inherit_our_secrets() {
    let desk = Desk::new().await;
    let token = desk.grant().access;
    let secrets = [
        "GITLAB_OAUTH_CLIENT_SECRET",
        "OAUTH_CLIENT_SECRET",
        "GITLAB_PERSONAL_ACCESS_TOKEN",
        "GITLAB_TOKEN",
        "GITLAB_JOB_TOKEN",
        "STREAMABLE_HTTP_AUTH_TOKEN",
        "OAUTH_SESSION_SECRET",
    ];
    let found = desk.at("found");
    let listed: Vec<String> = secrets.iter().map(|name| format!("${{{name}-}}")).collect();
    let script = format!(
        "echo \"{}/$OPERATORS_OWN\" > {}; echo {token}",
        listed.concat(),
        found.display()
    );
    let mut variables: Vec<(String, String)> = secrets
        .iter()
        .map(|&name| {
            (
                name.to_owned(),
                "canary-secret-0123456789-0123456789".to_owned(),
            )
        })
        .collect();
    for (name, value) in [
        ("PATH", "/usr/bin:/bin"),
        ("OPERATORS_OWN", "seen"),
        ("GITLAB_AUTH_MODE", "local-oauth"),
        ("GITLAB_API_URL", desk.gitlab.url()),
        ("GITLAB_OAUTH_TOKEN_SCRIPT", &script),
        ("GITLAB_TOOLSETS", "all"),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let mut process = desk::process(&variables).await;
    let result = process.call("get_project", get_project()).await;
    assert_eq!(result.item()["id"], 1);
    process.stop().await;
    assert_eq!(fs::read_to_string(&found).unwrap(), "/seen\n");
}
