//! The pages for browsers: signing in and out, cookies, CSRF, and links that open.

use mock_gitlab::{MockGitlab, World};
use serde_json::json;

use crate::client::{Client, Reply};
use crate::company;
use crate::oauth::{get, get_with, post, send};

fn cookie_of(reply: &Reply) -> String {
    let cookie = reply.header("set-cookie").expect("a cookie");
    cookie.split(';').next().unwrap().to_owned()
}

fn csrf_of(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"authenticity_token\" value=\"")
        .expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn signing_in_takes_name_password_and_the_token_of_the_form() {
    let gl = company().await;
    let page = get(&gl, "/users/sign_in").await.expect(200);
    let set = page.header("set-cookie").unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
    let client = Client::anonymous(&gl).with("Cookie", &cookie_of(&page));
    let csrf = csrf_of(&page.text());
    let (login, password) = (("user[login]", "alice"), "user[password]");
    for (token, word, message) in [
        (csrf.as_str(), "wrong", "Invalid login or password."),
        ("forged", "alice-winds-the-spring", "did not come from it"),
    ] {
        let fields = [("authenticity_token", token), login, (password, word)];
        let reply = send(&client, "/users/sign_in", &fields).await.expect(422);
        assert!(reply.text().contains(message), "{}", reply.text());
        assert!(reply.text().contains("id=\"sign_in\""));
    }
    let fields = [
        ("authenticity_token", csrf.as_str()),
        login,
        (password, "alice-winds-the-spring"),
    ];
    let reply = send(&client, "/users/sign_in", &fields).await.expect(302);
    assert_eq!(
        reply.header("location"),
        Some(format!("{}/", gl.url()).as_str())
    );
    // The session is a new one: nobody who knew the old value is signed in.
    assert_ne!(cookie_of(&reply), cookie_of(&page));
    get_with(&client, "/users/sign_in").await.expect(200);
}

#[tokio::test]
async fn the_company_lets_anyone_in_without_a_password_and_an_empty_instance_nobody() {
    let gl = company().await;
    let page = get(&gl, "/users/sign_in").await.expect(200);
    assert!(page.text().contains("Sign in as …") && page.text().contains("Bob Lindqvist"));
    let client = Client::anonymous(&gl).with("Cookie", &cookie_of(&page));
    let csrf = csrf_of(&page.text());
    let fields = [("authenticity_token", csrf.as_str()), ("sign_in_as", "bob")];
    send(&client, "/users/sign_in", &fields).await.expect(302);

    let gl = MockGitlab::builder()
        .world(World::empty())
        .start()
        .await
        .unwrap();
    let page = get(&gl, "/users/sign_in").await.expect(200);
    assert!(!page.text().contains("Sign in as …"));
    let client = Client::anonymous(&gl).with("Cookie", &cookie_of(&page));
    let csrf = csrf_of(&page.text());
    let fields = [
        ("authenticity_token", csrf.as_str()),
        ("sign_in_as", "root"),
    ];
    send(&client, "/users/sign_in", &fields).await.expect(422);
}

#[tokio::test]
async fn a_session_reads_the_api_freely_and_writes_with_its_csrf_token_only() {
    let gl = company().await;
    let (cookie, csrf) = gl.browser("alice").session().await.unwrap();
    let cookie = format!("_gitlab_session={cookie}");
    let client = Client::anonymous(&gl).with("Cookie", &cookie);
    let user = client.get("/user").await.expect(200);
    assert_eq!(user.json()["username"], "alice");
    let write = async |token: Option<&str>, name: &str| {
        let client = Client::anonymous(&gl).with("Cookie", &cookie);
        let client = match token {
            Some(token) => client.with("X-CSRF-Token", token),
            None => client,
        };
        client
            .post("/projects", json!({ "name": name }))
            .await
            .status
    };
    assert_eq!(write(None, "without").await, 401);
    assert_eq!(write(Some("forged"), "forged").await, 401);
    assert_eq!(write(Some(&csrf), "genuine").await, 201);
}

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let gl = company().await;
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    for path in [
        "/oauth/authorize",
        "/oauth/device",
        "/oauth/device/confirm",
        "/users/sign_out",
    ] {
        let reply = send(&client, path, &[("authenticity_token", "forged")])
            .await
            .expect(422);
        assert!(
            reply
                .text()
                .contains("The change you requested was rejected"),
            "{path}"
        );
        post(&gl, path, &[]).await.expect(422);
    }
    client.get("/user").await.expect(200);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let gl = company().await;
    let (cookie, csrf) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    assert!(
        get_with(&client, "/users/sign_out")
            .await
            .expect(200)
            .text()
            .contains("id=\"sign_out\"")
    );
    let fields = [("authenticity_token", csrf.as_str())];
    let reply = send(&client, "/users/sign_out", &fields).await.expect(302);
    assert!(reply.header("set-cookie").unwrap().contains("max-age=0"));
    client.get("/user").await.expect(401);
}

#[tokio::test]
async fn a_blocked_user_does_not_get_in_and_is_no_longer_in() {
    let gl = company().await;
    let (cookie, _) = gl.browser("bob").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    client.get("/user").await.expect(200);
    gl.user("bob").block();
    client.get("/user").await.expect(401);
    let error = gl.browser("bob").session().await.unwrap_err();
    assert_eq!(error.to_string(), "refused: Your account has been blocked.");
}

#[tokio::test]
async fn every_page_is_framed_by_nobody_and_runs_nothing() {
    let gl = company().await;
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    for path in [
        "/",
        "/alice",
        "/oauth/device",
        "/oauth/authorize",
        "/users/sign_out",
        "/nobody",
    ] {
        let reply = get_with(&client, path).await;
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        let page = reply.text();
        assert!(
            page.contains("width=device-width") && page.contains("<title>"),
            "{path}"
        );
        assert!(
            page.contains("<html lang=\"en\">") && !page.contains("<script"),
            "{path}"
        );
    }
    get_with(&client, "/nobody").await.expect(404);
    get_with(&client, "/api/nobody").await.expect(404).json();
}

#[tokio::test]
async fn people_and_projects_have_a_page_for_those_who_may_see_them() {
    let gl = company().await;
    let page = get(&gl, "/alice").await.expect(200).text();
    assert!(page.contains("Alice Okonjo"), "{page}");
    for project in gl.world().projects.values() {
        let path = format!("/{}", gl.edit(|world| world.project_path(project)));
        let public = project.visibility == mock_gitlab::world::Visibility::Public;
        let expected = if public { 200 } else { 404 };
        get(&gl, &path).await.expect(expected);
        get(&gl, &format!("{path}/-/issues")).await.expect(expected);
        get(&gl, &format!("{path}/-/merge_requests"))
            .await
            .expect(expected);
    }
}
