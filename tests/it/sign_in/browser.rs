//! The browser of this machine.

use std::net::SocketAddr;

use gitlab_mcp_tests::{Reply, Request, Talk};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::home::{Home, PROGRAM};
use super::link::{link_in, printed_link};

fn get_project() -> Value {
    json!({ "name": "get_project", "arguments": { "project_id": 1 } })
}

/// `http://127.0.0.1:PORT/path?query` in its two parts.
fn split(callback: &str) -> (SocketAddr, String) {
    let rest = callback.strip_prefix("http://").unwrap();
    let (address, target) = rest.split_at(rest.find('/').unwrap());
    (address.parse().unwrap(), target.to_owned())
}

pub(super) async fn visit(callback: &str) -> Reply {
    let (address, target) = split(callback);
    let request = Request::new("GET", &target).header("Host", &address.to_string());
    request.send(address).await
}

async fn signed_out(wait_seconds: u32) -> (Home, Talk) {
    let home = Home::new().await;
    let mut talk = home.server(wait_seconds);
    talk.initialize(json!({})).await;
    (home, talk)
}

#[tokio::test]
async fn nothing_waits_for_a_sign_in_but_a_tool_call_which_hands_out_the_link() {
    let (home, mut talk) = signed_out(0).await;
    let tools = talk.ask(1, "tools/list", json!({})).await;
    assert!(tools["result"]["tools"].as_array().is_some());
    assert_eq!(home.gitlab.log().count(), 0);
    assert!(home.opened().is_empty());

    let refused = talk.ask(2, "tools/call", get_project()).await["result"].clone();
    assert_eq!(refused["isError"], true, "{refused}");
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["code"], "UNAUTHORIZED");
    let advice = error["next_step"].as_str().unwrap();
    assert!(advice.contains("repeat the call"), "{advice}");
    let link = link_in(advice).unwrap();
    assert!(link.starts_with(home.gitlab.url()), "{link}");

    // The person sees the same link, and the opener got it as its one argument.
    assert_eq!(printed_link(&talk).await, link);
    assert_eq!(home.was_opened().await, ["1", &link]);

    let callback = home.approve(&link).await;
    let (address, target) = split(&callback);
    let wrong = callback.replace("state=", "state=x");
    assert_eq!(visit(&wrong).await.status, 400);
    let foreign = Request::new("GET", &target).header("Host", "evil.example");
    assert_eq!(foreign.send(address).await.status, 403);
    let elsewhere = format!("http://{address}/auth-request");
    assert_eq!(visit(&elsewhere).await.status, 404);

    let page = visit(&callback).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("You can close this window"), "{page:?}");
    let again = TcpStream::connect(address).await;
    assert_eq!(
        again.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );

    let project = talk.ask(3, "tools/call", get_project()).await["result"].clone();
    assert_eq!(project["structuredContent"]["item"]["id"], 1, "{project}");
    let said = talk.stderr();
    let stored = home.stored().unwrap();
    for secret in [
        stored["access_token"].as_str().unwrap(),
        stored["refresh_token"].as_str().unwrap(),
        target.split(['=', '&']).nth(1).unwrap(),
    ] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    talk.stop().await;
}

#[tokio::test]
async fn calls_wait_for_one_login_and_go_on_after_it() {
    let (home, mut talk) = signed_out(30).await;
    talk.send(1, "tools/call", get_project()).await;
    talk.send(2, "tools/call", get_project()).await;
    let link = printed_link(&talk).await;
    let callback = home.approve(&link).await;
    assert_eq!(visit(&callback).await.status, 200);
    for _ in 0..2 {
        let answer = talk.hear().await;
        let item = &answer["result"]["structuredContent"]["item"];
        assert_eq!(item["id"], 1, "{answer}");
    }
    assert_eq!(home.opened(), ["1", &link]);
    // A process that starts later has nobody to ask.
    let mut other = home.server(0);
    other.initialize(json!({})).await;
    let answer = other.ask(1, "tools/call", get_project()).await;
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    other.stop().await;
    talk.stop().await;
}

#[tokio::test]
async fn a_denied_sign_in_is_told_and_the_next_call_starts_another() {
    let (home, mut talk) = signed_out(30).await;
    talk.send(1, "tools/call", get_project()).await;
    let first = printed_link(&talk).await;
    let denied = home.gitlab.browser("alice").deny(&first).await.unwrap();
    assert_eq!(visit(&denied).await.status, 403);
    let answer = talk.hear().await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(home.stored().is_none());

    talk.send(2, "tools/call", get_project()).await;
    let second = gitlab_mcp_tests::eventually("a second link", || async {
        link_in(&talk.stderr().replace(&first, ""))
    })
    .await;
    assert_eq!(visit(&home.approve(&second).await).await.status, 200);
    let answer = talk.hear().await;
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    talk.stop().await;
}

#[tokio::test]
async fn a_port_somebody_else_has_is_named_and_not_talked_to() {
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let home = Home::new().await;
    let mut environment = home.environment();
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let file = home.file();
    environment.extend(
        [
            ("GITLAB_USE_OAUTH", "true"),
            ("GITLAB_API_URL", home.gitlab.url()),
            ("GITLAB_OAUTH_CLIENT_ID", &home.application.client_id),
            ("GITLAB_OAUTH_TOKEN_PATH", file.to_str().unwrap()),
            ("GITLAB_OAUTH_REDIRECT_URI", &redirect_uri),
            ("GITLAB_OAUTH_LOGIN_WAIT_SECONDS", "0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let mut talk = Talk::start(PROGRAM, &environment);
    talk.initialize(json!({})).await;
    let answer = talk.ask(1, "tools/call", get_project()).await["result"].clone();
    assert_eq!(answer["isError"], true, "{answer}");
    let error = answer["structuredContent"]["error"].to_string();
    assert!(error.contains("GITLAB_OAUTH_REDIRECT_URI"), "{error}");
    assert!(error.contains(&port.to_string()), "{error}");
    assert!(home.opened().is_empty());
    talk.stop().await;
    let asked = tokio::time::timeout(std::time::Duration::ZERO, other.accept()).await;
    assert!(asked.is_err(), "the listener was talked to");
}

#[tokio::test]
async fn an_authorization_url_that_is_none_for_browsers_is_refused_and_nothing_is_started() {
    for url in [
        "javascript:alert(1)",
        "-flag",
        "file:///etc/passwd",
        "$(touch owned)",
        "%COMSPEC%",
        "https://gitlab.example/a b",
    ] {
        let home = Home::new().await;
        let environment = home.environment();
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(n, v)| (&**n, &**v)).collect();
        variables.extend([
            ("GITLAB_USE_OAUTH", "true"),
            ("GITLAB_OAUTH_CLIENT_ID", "app"),
            ("GITLAB_OAUTH_BROWSER_URL", url),
        ]);
        let finished = gitlab_mcp_tests::Process::new(PROGRAM, &["stdio"])
            .env(&variables)
            .run()
            .await;
        assert_eq!(finished.code, Some(1), "{url}: {finished:?}");
        assert!(
            finished.stderr.contains("GITLAB_OAUTH_BROWSER_URL"),
            "{url}"
        );
        assert!(home.opened().is_empty(), "{url}");
    }
}
