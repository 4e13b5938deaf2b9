//! Dynamic registration and what such a client is good for: O02 and O03.

use std::time::Duration;

use mock_gitlab::{BrowserError, MockGitlab, OAuthApplication, Quirks};
use serde_json::{Value, json};

use super::flow::{CALLBACK, CHALLENGE, VERIFIER, authorize, bearer, company, get_with, parameter};
use super::flow::{post, refused_plainly, text, with_quirks};
use crate::client::{Client, Reply};

async fn register(client: &Client<'_>, body: Value) -> Reply {
    let text = body.to_string();
    let reply = client
        .raw("POST", "/oauth/register", "application/json", &text)
        .await;
    reply.expect("an answer")
}

async fn registered(gl: &MockGitlab) -> OAuthApplication {
    let body = json!({ "client_name": "inspector", "redirect_uris": [CALLBACK] });
    let reply = register(&Client::anonymous(gl), body)
        .await
        .expect(201)
        .json();
    OAuthApplication {
        client_id: text(&reply, "client_id").to_owned(),
        client_secret: String::new(),
    }
}

#[tokio::test]
async fn a_client_registers_itself_for_the_scope_mcp_only() {
    let gl = company().await;
    let body = json!({
        "client_name": "inspector",
        "redirect_uris": [CALLBACK],
        "scope": "api sudo",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let reply = register(&Client::anonymous(&gl), body)
        .await
        .expect(201)
        .json();
    assert_eq!(reply["scope"], "mcp");
    assert_eq!(
        reply["client_name"],
        "[Unverified Dynamic Application] inspector"
    );
    assert_eq!(
        (&reply["require_pkce"], &reply["dynamic"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(reply["token_endpoint_auth_method"], "none");
    assert_eq!(reply.get("client_secret"), None);
    let body = json!({
        "client_name": "explorer",
        "redirect_uris": CALLBACK,
        "resource": format!("{}/orbit/mcp", gl.api_url()),
    });
    let reply = register(&Client::anonymous(&gl), body)
        .await
        .expect(201)
        .json();
    assert_eq!(reply["scope"], "mcp_orbit");
}

#[tokio::test]
async fn a_registration_without_name_or_sound_address_is_refused() {
    let gl = company().await;
    for body in [
        json!({ "redirect_uris": [CALLBACK] }),
        json!({ "client_name": "x".repeat(200), "redirect_uris": [CALLBACK] }),
        json!({ "client_name": "inspector" }),
        json!({ "client_name": "inspector", "redirect_uris": ["javascript:alert(1)"] }),
        json!({ "client_name": "inspector", "redirect_uris": [CALLBACK, "http://a/#b"] }),
    ] {
        let reply = register(&Client::anonymous(&gl), body).await.expect(400);
        assert_eq!(reply.json()["error"], "invalid_client_metadata");
    }
}

#[tokio::test]
async fn the_eleventh_registration_of_an_address_in_an_hour_has_to_wait() {
    let gl = company().await;
    let here = Client::anonymous(&gl);
    let body = json!({ "client_name": "inspector", "redirect_uris": [CALLBACK] });
    for _ in 0..10 {
        register(&here, body.clone()).await.expect(201);
    }
    register(&here, body.clone()).await.expect(429);
    let elsewhere = Client::anonymous(&gl).with("X-Forwarded-For", "203.0.113.7");
    register(&elsewhere, body.clone()).await.expect(201);
    gl.clock().advance(Duration::from_hours(1));
    register(&here, body).await.expect(201);
}

#[tokio::test]
async fn a_dynamic_client_needs_s256_and_its_token_is_refused_by_rest() {
    let gl = company().await;
    let app = registered(&gl).await;
    let s256 = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut browser = gl.browser("alice");
    for (more, word) in [
        (
            vec![("scope", "mcp")],
            "pkce_required_for_dynamic_applications",
        ),
        (
            vec![
                ("scope", "mcp"),
                s256[0],
                ("code_challenge_method", "plain"),
            ],
            "invalid_code_challenge_method",
        ),
        (vec![("scope", "api"), s256[0], s256[1]], "invalid_scope"),
    ] {
        let error = browser.approve(&authorize(&app, &more)).await.unwrap_err();
        assert!(
            matches!(&error, BrowserError::Refused(text) if text == word),
            "{error}"
        );
    }
    // The resource decides the scope, whatever the request says.
    let resource = format!("{}/mcp", gl.api_url());
    let more = [
        ("scope", "api"),
        ("resource", resource.as_str()),
        s256[0],
        s256[1],
    ];
    let location = browser.approve(&authorize(&app, &more)).await.unwrap();
    let code = parameter(&location, "code").unwrap();
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", app.client_id.as_str()),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    let reply = post(&gl, "/oauth/token", &fields).await;
    refused_plainly(reply, 400, "invalid_request");
    fields.push(("code_verifier", VERIFIER));
    let pair = post(&gl, "/oauth/token", &fields).await.expect(200).json();
    assert_eq!(pair["scope"], "mcp");
    let reply = bearer(&gl, text(&pair, "access_token"))
        .get("/user")
        .await
        .expect(403);
    assert_eq!(reply.json()["error"], "insufficient_scope");
}

#[tokio::test]
async fn registration_can_be_off_and_unknown_clients_are_told_where_to_read() {
    let quirks = Quirks {
        registration_off: true,
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let body = json!({ "client_name": "inspector", "redirect_uris": [CALLBACK] });
    register(&Client::anonymous(&gl), body).await.expect(404);
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    let page = get_with(&client, "/oauth/authorize?client_id=nobody")
        .await
        .expect(200)
        .text();
    assert!(page.contains(">invalid_client</code>") && page.contains("docs.gitlab.com"));
}
