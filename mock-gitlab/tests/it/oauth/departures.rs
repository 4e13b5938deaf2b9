//! What else an instance may do to a client that signs people in: switches of the library,
//! the control API and the binary.

use std::time::Duration;

use mock_gitlab::{Fault, MockGitlab, Payload, Quirks};
use serde_json::{Value, json};

use super::flow::{
    DEVICE, authorize, bearer, code, company, exchange, parameter, post, public, refused, text,
    tokens, with_quirks,
};
use crate::client::{Client, Reply};

async fn quirk(gl: &MockGitlab, all: Value) {
    control(gl, "/-/mock/quirks", &all).await.expect(204);
}

async fn control(gl: &MockGitlab, path: &str, body: &Value) -> Reply {
    let client = Client::anonymous(gl);
    let kind = "application/json";
    let reply = client.raw("POST", path, kind, &body.to_string()).await;
    reply.unwrap()
}

async fn edit(gl: &MockGitlab, change: Value) -> Reply {
    control(gl, "/-/mock/edit", &change).await
}

async fn refresh(gl: &MockGitlab, client_id: &str, pair: &Value) -> Reply {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", client_id),
        ("refresh_token", text(pair, "refresh_token")),
    ];
    post(gl, "/oauth/token", &fields).await
}

#[tokio::test]
async fn an_issuer_is_named_in_answers_on_request_right_or_wrong() {
    let gl = company().await;
    let app = public(&gl);
    let answer = async || {
        let mut browser = gl.browser("alice");
        browser.approve(&authorize(&app, &[])).await.unwrap()
    };
    assert_eq!(parameter(&answer().await, "iss"), None);
    for (told, expected) in [
        ("on", gl.url()),
        ("https://evil.example", "https://evil.example"),
    ] {
        quirk(&gl, json!({ "callback_issuer": told })).await;
        let location = answer().await;
        assert_eq!(parameter(&location, "iss").as_deref(), Some(expected));
        assert!(parameter(&location, "code").is_some());
        let mut browser = gl.browser("alice");
        let denied = browser.deny(&authorize(&app, &[])).await.unwrap();
        assert_eq!(parameter(&denied, "iss").as_deref(), Some(expected));
    }
    let path = "/.well-known/oauth-authorization-server";
    let client = Client::anonymous(&gl);
    let document = client.raw("GET", path, "", "").await.unwrap().json();
    let name = "authorization_response_iss_parameter_supported";
    assert_eq!(document[name], true);
    quirk(&gl, json!({ "callback_issuer": "off" })).await;
    assert_eq!(parameter(&answer().await, "iss"), None);
    let document = client.raw("GET", path, "", "").await.unwrap().json();
    assert_eq!(document.get(name), None);
}

#[tokio::test]
async fn maintenance_refuses_tokens_and_devices_and_costs_nothing() {
    let quirks = Quirks {
        maintenance_retry_after: Some(90),
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let app = public(&gl);
    let code = code(&gl, &app, &[]).await;
    let reply = exchange(&gl, &app, &code).await.expect(503);
    assert_eq!(reply.header("retry-after"), Some("90"));
    assert_eq!(reply.json()["error"], "temporarily_unavailable");
    let fields = [("client_id", app.client_id.as_str())];
    post(&gl, "/oauth/authorize_device", &fields)
        .await
        .expect(503);
    gl.edit(|world| world.quirks.maintenance_retry_after = None);
    exchange(&gl, &app, &code).await.expect(200);
}

#[tokio::test]
async fn errors_are_spelled_as_the_instance_spells_them() {
    let gl = company().await;
    let app = public(&gl);
    let wrong = async || exchange(&gl, &app, "no such code").await;
    refused(wrong().await, 400, "invalid_grant");
    quirk(&gl, json!({ "oauth_error_capitals": true })).await;
    let reply = wrong().await.expect(400).json();
    assert_eq!(reply["error"], "Invalid_grant");
    quirk(
        &gl,
        json!({ "oauth_error_capitals": "off", "oauth_error_description": "Computer says no" }),
    )
    .await;
    let reply = wrong().await.expect(400).json();
    assert_eq!(reply["error"], "invalid_grant");
    assert_eq!(reply["error_description"], "Computer says no");
    // Neither answers that are no errors nor REST are touched.
    let pair = tokens(&gl, &app, "api").await;
    assert!(pair.get("error_description").is_none());
    let user = Client::anonymous(&gl).get("/user").await.expect(401);
    assert_eq!(user.json(), json!({ "message": "401 Unauthorized" }));
}

#[tokio::test]
async fn the_token_endpoint_answers_with_a_page_or_with_too_much() {
    let gl = company().await;
    let app = public(&gl);
    gl.faults()
        .add(Fault::html_page().on("POST /oauth/token").times(1));
    let secret = code(&gl, &app, &[]).await;
    let reply = exchange(&gl, &app, &secret).await.expect(200);
    assert!(reply.text().starts_with("<!DOCTYPE html>"));
    // The page came before the exchange: the code is still good.
    gl.faults().add(
        Fault::bad_payload(Payload::Huge)
            .on("POST /oauth/token")
            .times(1),
    );
    let reply = exchange(&gl, &app, &secret).await.expect(200);
    assert!(reply.body.len() > 2 * 1024 * 1024);
    assert!(reply.json()["access_token"].is_string());
    exchange(&gl, &app, &secret).await.expect(400);
}

#[tokio::test]
async fn lifetimes_may_be_nonsense() {
    let gl = company().await;
    let app = public(&gl);
    for wrong in [json!(-1), json!("soon"), json!(1e9)] {
        quirk(
            &gl,
            json!({ "expires_in": wrong, "token_info_expires_in": wrong, "device_expires_in": wrong }),
        )
        .await;
        let pair = tokens(&gl, &app, "api").await;
        assert_eq!(pair["expires_in"], wrong);
        let client = bearer(&gl, text(&pair, "access_token"));
        let info = client.raw("GET", "/oauth/token/info", "", "").await;
        let info = info.unwrap().expect(200).json();
        assert_eq!(info["expires_in"], wrong);
        assert_eq!(info["expires_in_seconds"], wrong);
        let fields = [("client_id", app.client_id.as_str())];
        let device = post(&gl, "/oauth/authorize_device", &fields).await;
        assert_eq!(device.expect(200).json()["expires_in"], wrong);
    }
    quirk(
        &gl,
        json!({ "device_expires_in": null, "verification_uri_complete": null }),
    )
    .await;
    let fields = [("client_id", app.client_id.as_str())];
    let device = post(&gl, "/oauth/authorize_device", &fields).await.json();
    assert_eq!(device.get("expires_in"), None);
    assert_eq!(device.get("verification_uri_complete"), None);
    assert!(device["verification_uri"].is_string());
}

/// Between the end of the old pair and the answer with the new one lies time, and others
/// ask in it.
#[tokio::test]
async fn a_late_refresh_answer_leaves_a_gap_in_which_no_pair_is_known() {
    let gl = company().await;
    let app = public(&gl);
    let old = tokens(&gl, &app, "api").await;
    let late = Fault::latency(Duration::from_millis(300));
    gl.faults().add(late.on("POST /oauth/token").times(1));
    let mut first = Box::pin(refresh(&gl, &app.client_id, &old));
    let user = async || bearer(&gl, text(&old, "access_token")).get("/user").await;
    let in_the_gap = async {
        while user().await.status == 200 {}
        refresh(&gl, &app.client_id, &old).await
    };
    let second = tokio::select! {
        second = in_the_gap => second,
        _ = &mut first => panic!("the answer came before the gap was seen"),
    };
    refused(second, 400, "invalid_grant");
    let new = first.await.expect(200).json();
    bearer(&gl, text(&new, "access_token"))
        .get("/user")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_refresh_may_happen_and_its_answer_never_come() {
    let gl = company().await;
    let app = public(&gl);
    for fault in [
        Fault::status(502).after_commit(),
        Fault::html_page().after_commit(),
    ] {
        let old = tokens(&gl, &app, "api").await;
        gl.faults().add(fault.on("POST /oauth/token").times(1));
        let reply = refresh(&gl, &app.client_id, &old).await;
        assert!(!reply.text().contains("access_token"), "{}", reply.text());
        refused(
            refresh(&gl, &app.client_id, &old).await,
            400,
            "invalid_grant",
        );
    }
}

#[tokio::test]
async fn an_application_loses_its_device_grant_or_everything() {
    let gl = company().await;
    let app = public(&gl);
    let pair = tokens(&gl, &app, "api").await;
    let start = async || {
        let fields = [("client_id", app.client_id.as_str())];
        post(&gl, "/oauth/authorize_device", &fields).await
    };
    let device = start().await.expect(200).json();
    let grant = |value: bool| json!({ "do": "set_device_grant", "application": app.client_id, "value": value });
    edit(&gl, grant(false)).await.expect(204);
    refused(start().await, 400, "access_denied");
    edit(&gl, grant(true)).await.expect(204);
    start().await.expect(200);
    let remove = json!({ "do": "remove_application", "application": app.client_id });
    edit(&gl, remove.clone()).await.expect(204);
    refused(start().await, 401, "invalid_client");
    let fields = [
        ("grant_type", DEVICE),
        ("client_id", app.client_id.as_str()),
        ("device_code", text(&device, "device_code")),
    ];
    refused(
        post(&gl, "/oauth/token", &fields).await,
        401,
        "invalid_client",
    );
    bearer(&gl, text(&pair, "access_token"))
        .get("/user")
        .await
        .expect(401);
    edit(&gl, remove).await.expect(404);
}

#[tokio::test]
async fn a_device_is_approved_and_denied_without_a_browser() {
    let gl = company().await;
    let app = public(&gl);
    for (change, status, word) in [
        (json!({ "do": "approve_device", "user": "alice" }), 200, ""),
        (json!({ "do": "deny_device" }), 400, "access_denied"),
    ] {
        let fields = [("client_id", app.client_id.as_str())];
        let device = post(&gl, "/oauth/authorize_device", &fields).await.json();
        let mut change = change;
        change["user_code"] = device["user_code"].clone();
        edit(&gl, change).await.expect(204);
        let poll = [
            ("grant_type", DEVICE),
            ("client_id", app.client_id.as_str()),
            ("device_code", text(&device, "device_code")),
        ];
        let reply = post(&gl, "/oauth/token", &poll).await.expect(status);
        if word.is_empty() {
            let user = bearer(&gl, text(&reply.json(), "access_token"))
                .get("/user")
                .await;
            assert_eq!(user.json()["username"], "alice");
        } else {
            assert_eq!(reply.json()["error"], word);
        }
    }
    let unknown = json!({ "do": "deny_device", "user_code": "NOTACODE" });
    edit(&gl, unknown).await.expect(404);
}

#[tokio::test]
async fn administrators_register_applications_over_rest() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let new = json!({
        "name": "desk", "redirect_uri": "http://127.0.0.1/callback", "scopes": "api read_user",
        "confidential": false,
    });
    Client::of(&gl, "alice")
        .post("/applications", new.clone())
        .await
        .expect(403);
    let made = root.post("/applications", new.clone()).await;
    let made = made.expect(201).json();
    assert!(made["secret"].as_str().unwrap().starts_with("gloas-"));
    let app = mock_gitlab::OAuthApplication {
        client_id: text(&made, "application_id").to_owned(),
        client_secret: String::new(),
    };
    tokens(&gl, &app, "api").await;
    for (name, wrong) in [
        ("scopes", "api magic"),
        ("redirect_uri", "javascript:alert(1)"),
        ("name", ""),
    ] {
        let mut new = new.clone();
        new[name] = wrong.into();
        root.post("/applications", new).await.expect(400);
    }
    let path = format!("/applications/{}", made["id"]);
    let renewed = root.post(&format!("{path}/renew-secret"), json!({})).await;
    assert_ne!(renewed.expect(201).json()["secret"], made["secret"]);
    let listed = root.get("/applications").await.expect(200);
    assert!(!listed.text().contains("gloas-"));
    assert!(listed.text().contains(text(&made, "application_id")));
    root.delete(&path).await.expect(204);
    root.delete(&path).await.expect(404);
}
