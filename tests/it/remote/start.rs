//! What starts and what does not.

use gitlab_mcp_core::config::Sources;
use gitlab_mcp_tests::{Process, TestServer};
use serde_json::json;

use super::{Scene, assert_missing};

async fn refused(variables: &[(&str, &str)]) -> String {
    match TestServer::started(variables).await {
        Err(error) => error.to_string(),
        Ok(started) => unreachable!("{variables:?} starts as {}", started.app.mode),
    }
}

#[tokio::test]
async fn stdio_is_refused_and_both_variables_are_named() {
    for (variables, transport) in [
        (&[][..], "STREAMABLE_HTTP"),
        (&[("MCP_TRANSPORT", "stdio")], "MCP_TRANSPORT"),
    ] {
        let all: Vec<(&str, &str)> = [("REMOTE_AUTHORIZATION", "true")]
            .into_iter()
            .chain(variables.iter().copied())
            .collect();
        let finished = Process::new(env!("CARGO_BIN_EXE_under-test"), &[])
            .env(&all)
            .run()
            .await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        for name in ["REMOTE_AUTHORIZATION", transport, "stdio"] {
            assert!(finished.stderr.contains(name), "{name}: {finished:?}");
        }
        assert!(finished.stdout.is_empty(), "{finished:?}");
    }
}

#[tokio::test]
async fn a_choice_of_instances_needs_this_mode() {
    let dynamic = ("ENABLE_DYNAMIC_API_URL", "true");
    let token = ("GITLAB_TOKEN", "glpat-0123456789abcdef");
    let error = refused(&[token, dynamic]).await;
    for part in ["ENABLE_DYNAMIC_API_URL", "remote-authorization", "pat"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    for fine in [
        &[("REMOTE_AUTHORIZATION", "true"), dynamic][..],
        &[token, ("ENABLE_DYNAMIC_API_URL", "false")],
        &[("GITLAB_AUTH_MODE", "remote-authorization"), dynamic],
    ] {
        assert!(TestServer::started(fine).await.is_ok(), "{fine:?}");
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_name() {
    for (name, value) in [
        ("GITLAB_ALLOWED_HOSTS", "*"),
        ("GITLAB_ALLOWED_HOSTS", "gitlab.example,*.example"),
        ("GITLAB_ALLOWED_HOSTS", "https://user:word@gitlab.example"),
        ("GITLAB_INTERNAL_HOSTS", "gitlab.elsewhere"),
        ("GITLAB_AUTH_CACHE_SECONDS", "61"),
        ("GITLAB_AUTH_CACHE_SECONDS", "-1"),
        ("ENABLE_DYNAMIC_API_URL", "maybe"),
        ("GITLAB_MCP_OAUTH", "true"),
    ] {
        let error = refused(&[
            ("REMOTE_AUTHORIZATION", "true"),
            ("ENABLE_DYNAMIC_API_URL", "true"),
            (name, value),
        ])
        .await;
        assert!(error.contains(name), "{name}={value}: {error}");
        assert!(!error.contains("word"), "{error}");
    }
}

#[tokio::test]
async fn stateless_mode_is_for_modes_that_know_it() {
    let stateless = ("OAUTH_STATELESS_MODE", "true");
    let held = [("GITLAB_TOKEN", "glpat-0123456789abcdef"), stateless];
    let started = TestServer::started(&held).await.unwrap();
    assert!(started.app.http.legacy_sessions);
    let warned = started
        .warnings
        .iter()
        .any(|warning| warning.to_string().contains("OAUTH_STATELESS_MODE"));
    assert!(warned, "{:?}", started.warnings);
    let started = TestServer::started(&[("REMOTE_AUTHORIZATION", "true"), stateless]).await;
    assert!(!started.unwrap().app.http.legacy_sessions);
}

#[tokio::test]
async fn a_credential_of_the_server_is_warned_about_and_never_used() {
    let own = "glpat-root-company-00001";
    let sources = Sources::new().variables([
        ("STREAMABLE_HTTP", "true"),
        ("REMOTE_AUTHORIZATION", "true"),
        ("GITLAB_TOKEN", own),
    ]);
    let started = gitlab_mcp::start(&sources, &[]).await.unwrap();
    let warnings: Vec<String> = started.warnings.iter().map(ToString::to_string).collect();
    let about = |text: &&String| text.contains("GITLAB_TOKEN is set but not used");
    assert_eq!(warnings.iter().filter(about).count(), 1, "{warnings:?}");

    let scene = Scene::with(&[("GITLAB_TOKEN", own)]).await;
    let nobody = scene.caller(&[]);
    assert_missing(&nobody.alone("tools/list", json!({})).await, "no header");
    assert_missing(&nobody.call_alone("whoami", json!({})).await, "no header");
    assert_eq!(scene.asked(), 0);
    let (alice, _) = scene.person("alice");
    assert_eq!(alice.whoami().await, "alice");
    assert_eq!(scene.gitlab.log().all().by(own).count(), 0);
}
