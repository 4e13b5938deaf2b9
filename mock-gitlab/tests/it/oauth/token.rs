//! `/oauth/token`: O08, O09 and the other grants.

use std::time::Duration;

use serde_json::json;

use super::flow::{CALLBACK, CHALLENGE, VERIFIER, bearer, code, company, confidential, exchange};
use super::flow::{post, public, refused, send, text, tokens};
use crate::client::Client;

#[tokio::test]
async fn a_code_becomes_a_pair_that_rest_accepts() {
    let gl = company().await;
    let app = public(&gl);
    let code = code(&gl, &app, &[("scope", "read_user read_api")]).await;
    let reply = exchange(&gl, &app, &code).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store, no-cache"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let kind = "application/json; charset=utf-8";
    assert_eq!(reply.header("content-type"), Some(kind));
    let pair = reply.json();
    let names: Vec<&str> = pair
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "scope",
        "created_at",
    ];
    assert_eq!(names, expected);
    assert_eq!(pair["expires_in"], 7200);
    assert_eq!(pair["token_type"], "Bearer");
    assert_eq!(pair["scope"], "read_user read_api");
    assert_eq!(pair["created_at"], 1_793_523_600);
    let access = text(&pair, "access_token");
    assert!(access.len() == 64 && access.chars().all(|c| c.is_ascii_hexdigit()));

    let user = bearer(&gl, access).get("/user").await.expect(200);
    assert_eq!(user.json()["username"], "alice");
    let query = format!("/user?access_token={access}");
    Client::anonymous(&gl).get(&query).await.expect(200);
    Client::anonymous(&gl)
        .with("PRIVATE-TOKEN", access)
        .get("/user")
        .await
        .expect(401);
    gl.clock().advance(Duration::from_hours(2));
    let expired = bearer(&gl, access).get("/user").await.expect(401);
    assert!(expired.text().contains("Token is expired."));
}

#[tokio::test]
async fn both_challenge_methods_are_answered_by_their_verifier() {
    let gl = company().await;
    let app = public(&gl);
    for (challenge, method, verifier, good) in [
        (CHALLENGE, "S256", VERIFIER, true),
        ("short", "plain", "short", true),
        (CHALLENGE, "S256", CHALLENGE, false),
        (CHALLENGE, "plain", VERIFIER, false),
        (CHALLENGE, "S256", "wrong", false),
    ] {
        let more = [
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ];
        let code = code(&gl, &app, &more).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ];
        let reply = post(&gl, "/oauth/token", &fields).await;
        if good {
            reply.expect(200);
            refused(
                post(&gl, "/oauth/token", &fields).await,
                400,
                "invalid_grant",
            );
        } else {
            refused(reply, 400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn the_code_is_missed_before_anything_else() {
    let gl = company().await;
    let app = public(&gl);
    let grant = ("grant_type", "authorization_code");
    let rest = [
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("code", ""),
    ];
    for count in 0..=rest.len() {
        let fields: Vec<_> = std::iter::once(grant)
            .chain(rest[..count].to_vec())
            .collect();
        let reply = post(&gl, "/oauth/token", &fields).await;
        let told = reply.json();
        assert_eq!(
            told["error_description"],
            "Missing required parameter: code."
        );
        refused(reply, 400, "invalid_request");
    }
}

#[tokio::test]
async fn a_verifier_that_is_missing_or_uncalled_for_spoils_the_exchange() {
    let gl = company().await;
    let app = public(&gl);
    let more = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let challenged = code(&gl, &app, &more).await;
    let reply = exchange(&gl, &app, &challenged).await;
    assert_eq!(
        reply.json()["error_description"],
        "Missing required parameter: code_verifier."
    );
    refused(reply, 400, "invalid_request");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &app.client_id),
        ("code", &code(&gl, &app, &[]).await),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    refused(
        post(&gl, "/oauth/token", &fields).await,
        400,
        "invalid_grant",
    );
}

#[tokio::test]
async fn a_code_belongs_to_its_client_its_address_and_ten_minutes() {
    let gl = company().await;
    let (app, other) = (public(&gl), public(&gl));
    let code = code(&gl, &app, &[]).await;
    refused(exchange(&gl, &other, &code).await, 400, "invalid_grant");
    for (uri, status, word) in [
        ("", 400, "invalid_request"),
        ("http://127.0.0.1/elsewhere", 400, "invalid_grant"),
    ] {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("code", &code),
            ("redirect_uri", uri),
        ];
        refused(post(&gl, "/oauth/token", &fields).await, status, word);
    }
    gl.clock().advance(Duration::from_secs(599));
    let pair = exchange(&gl, &app, &code).await.expect(200).json();
    assert!(pair["refresh_token"].is_string());
    let late = super::flow::code(&gl, &app, &[]).await;
    gl.clock().advance(Duration::from_mins(10));
    refused(exchange(&gl, &app, &late).await, 400, "invalid_grant");
}

#[tokio::test]
async fn clients_prove_themselves_by_basic_or_in_the_body() {
    let gl = company().await;
    let app = confidential(&gl);
    let code = code(&gl, &app, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    refused(
        post(&gl, "/oauth/token", &fields).await,
        401,
        "invalid_client",
    );
    for secret in ["", "gloas-wrong"] {
        let mut wrong = fields.to_vec();
        wrong.extend([
            ("client_id", app.client_id.as_str()),
            ("client_secret", secret),
        ]);
        refused(
            post(&gl, "/oauth/token", &wrong).await,
            401,
            "invalid_client",
        );
    }
    let pair = format!("{}:{}", app.client_id, app.client_secret);
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
    let client = Client::anonymous(&gl).with("Authorization", &format!("Basic {basic}"));
    send(&client, "/oauth/token", &fields).await.expect(200);

    let open = public(&gl);
    let code = super::flow::code(&gl, &open, &[]).await;
    let mut wrong = fields.to_vec();
    wrong[1].1 = &code;
    wrong.extend([
        ("client_id", open.client_id.as_str()),
        ("client_secret", "wrong"),
    ]);
    refused(
        post(&gl, "/oauth/token", &wrong).await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn grant_types_are_named_known_or_refused() {
    let gl = company().await;
    refused(post(&gl, "/oauth/token", &[]).await, 400, "invalid_request");
    let unknown = [("grant_type", "implicit")];
    refused(
        post(&gl, "/oauth/token", &unknown).await,
        400,
        "unsupported_grant_type",
    );
}

#[tokio::test]
async fn a_password_is_a_grant_and_so_is_the_client_itself() {
    let gl = company().await;
    let app = confidential(&gl);
    let mut fields = vec![
        ("grant_type", "password"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.as_str()),
        ("username", "bob"),
        ("password", "bob-tunes-the-comb"),
    ];
    let pair = post(&gl, "/oauth/token", &fields).await.expect(200).json();
    let user = bearer(&gl, text(&pair, "access_token"))
        .get("/user")
        .await
        .expect(200);
    assert_eq!(user.json()["username"], "bob");
    fields[4].1 = "wrong";
    refused(
        post(&gl, "/oauth/token", &fields).await,
        400,
        "invalid_grant",
    );
    fields.truncate(3);
    fields[0].1 = "client_credentials";
    let pair = post(&gl, "/oauth/token", &fields).await.expect(200).json();
    assert_eq!(pair.get("refresh_token"), None);
    bearer(&gl, text(&pair, "access_token"))
        .get("/user")
        .await
        .expect(401);
}

#[tokio::test]
async fn a_blocked_user_is_sent_to_the_sign_in_page() {
    let gl = company().await;
    let app = public(&gl);
    let pair = tokens(&gl, &app, "api").await;
    gl.user("alice").block();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", app.client_id.as_str()),
        ("refresh_token", text(&pair, "refresh_token")),
    ];
    let reply = post(&gl, "/oauth/token", &fields).await.expect(302);
    assert!(
        reply
            .header("location")
            .unwrap()
            .ends_with("/users/sign_in")
    );
}

#[tokio::test]
async fn the_same_requests_make_the_same_tokens() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let gl = company().await;
        let app = public(&gl);
        seen.push(json!([app.client_id, tokens(&gl, &app, "api").await]));
    }
    assert_eq!(seen[0], seen[1]);
}
