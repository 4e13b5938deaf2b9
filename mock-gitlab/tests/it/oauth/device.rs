//! The device grant, with the clock: O12 and O13.

use std::time::Duration;

use mock_gitlab::{BrowserError, MockGitlab, OAuthApplication, Quirks};
use serde_json::{Value, json};

use super::flow::{
    DEVICE, bearer, company, confidential, post, public, refused, text, with_quirks,
};
use crate::client::Reply;

async fn start(gl: &MockGitlab, app: &OAuthApplication) -> Value {
    let fields = [
        ("client_id", app.client_id.as_str()),
        ("scope", "read_user"),
    ];
    post(gl, "/oauth/authorize_device", &fields)
        .await
        .expect(200)
        .json()
}

async fn poll(gl: &MockGitlab, app: &OAuthApplication, device: &Value) -> Reply {
    let fields = [
        ("grant_type", DEVICE),
        ("client_id", app.client_id.as_str()),
        ("device_code", text(device, "device_code")),
    ];
    post(gl, "/oauth/token", &fields).await
}

fn seconds(gl: &MockGitlab, count: u64) {
    gl.clock().advance(Duration::from_secs(count));
}

#[tokio::test]
async fn a_device_gets_a_code_for_its_user() {
    let gl = company().await;
    let device = start(&gl, &public(&gl)).await;
    let code = text(&device, "user_code");
    assert_eq!(code.len(), 8);
    assert!(
        code.chars()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
    );
    assert_eq!(
        device["verification_uri"],
        format!("{}/oauth/device", gl.url())
    );
    let complete = format!("{}/oauth/device?user_code={code}", gl.url());
    assert_eq!(device["verification_uri_complete"], complete);
    assert_eq!(
        (&device["expires_in"], &device["interval"]),
        (&json!(300), &json!(5))
    );
}

#[tokio::test]
async fn polling_is_pending_then_slowed_then_granted_once() {
    let gl = company().await;
    let app = public(&gl);
    let device = start(&gl, &app).await;
    refused(poll(&gl, &app, &device).await, 400, "authorization_pending");
    seconds(&gl, 4);
    refused(poll(&gl, &app, &device).await, 400, "slow_down");
    // The poll that was too soon does not count.
    seconds(&gl, 1);
    refused(poll(&gl, &app, &device).await, 400, "authorization_pending");
    let said = gl
        .browser("alice")
        .device(text(&device, "user_code"))
        .await
        .unwrap();
    assert_eq!(said, "Device successfully authorized");
    refused(poll(&gl, &app, &device).await, 400, "slow_down");
    seconds(&gl, 5);
    let pair = poll(&gl, &app, &device).await.expect(200).json();
    assert_eq!(pair["scope"], "read_user");
    assert!(pair["refresh_token"].is_string());
    let user = bearer(&gl, text(&pair, "access_token"))
        .get("/user")
        .await
        .expect(200);
    assert_eq!(user.json()["username"], "alice");
    refused(poll(&gl, &app, &device).await, 400, "invalid_grant");
}

#[tokio::test]
async fn the_code_may_be_typed_in_any_case_and_with_dashes() {
    let gl = company().await;
    let device = start(&gl, &public(&gl)).await;
    let code = text(&device, "user_code").to_lowercase();
    let typed = {
        let (first, second) = code.split_at(4);
        format!(" {first}-{second}")
    };
    gl.browser("bob").device(&typed).await.unwrap();
}

#[tokio::test]
async fn a_wrong_code_and_a_late_code_are_told_apart() {
    let gl = company().await;
    let app = public(&gl);
    let device = start(&gl, &app).await;
    let mut browser = gl.browser("alice");
    let mut refusal = async |code: &str| match browser.device(code).await {
        Err(BrowserError::Refused(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal("NOTACODE").await, "The user code is invalid");
    seconds(&gl, 300);
    let code = text(&device, "user_code");
    assert_eq!(refusal(code).await, "The user code is expired");
    refused(poll(&gl, &app, &device).await, 400, "expired_token");
    refused(poll(&gl, &app, &device).await, 400, "invalid_grant");
    assert_eq!(refusal(code).await, "The user code is invalid");
}

#[tokio::test]
async fn a_grant_expires_even_after_approval() {
    let gl = company().await;
    let app = public(&gl);
    let device = start(&gl, &app).await;
    gl.browser("alice")
        .device(text(&device, "user_code"))
        .await
        .unwrap();
    seconds(&gl, 300);
    refused(poll(&gl, &app, &device).await, 400, "expired_token");
}

#[tokio::test]
async fn devices_are_refused_by_client_permission_and_scope() {
    let gl = company().await;
    let path = "/oauth/authorize_device";
    refused(
        post(&gl, path, &[("client_id", "nobody")]).await,
        401,
        "invalid_client",
    );
    let off = gl
        .oauth_app("off")
        .confidential(false)
        .device(false)
        .create();
    let reply = post(&gl, path, &[("client_id", &off.client_id)]).await;
    refused(reply, 400, "access_denied");
    let narrow = gl
        .oauth_app("narrow")
        .confidential(false)
        .scopes(&["read_user"])
        .create();
    for scope in ["", "api", "nonsense"] {
        let fields = [("client_id", narrow.client_id.as_str()), ("scope", scope)];
        refused(post(&gl, path, &fields).await, 400, "invalid_scope");
    }
    let (one, other) = (public(&gl), public(&gl));
    let device = start(&gl, &one).await;
    refused(poll(&gl, &other, &device).await, 400, "invalid_grant");
    refused(
        poll(&gl, &confidential(&gl), &device).await,
        401,
        "invalid_client",
    );
}

#[tokio::test]
async fn new_applications_can_start_without_the_grant() {
    let quirks = Quirks {
        device_default_off: true,
        device_disabled_status: 403,
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let app = public(&gl);
    let fields = [("client_id", app.client_id.as_str())];
    let reply = post(&gl, "/oauth/authorize_device", &fields).await;
    refused(reply, 403, "access_denied");
    start(
        &gl,
        &gl.oauth_app("on")
            .confidential(false)
            .scopes(&["read_user"])
            .device(true)
            .create(),
    )
    .await;
}

#[tokio::test]
async fn device_answers_can_be_made_wrong() {
    let gl = company().await;
    let app = public(&gl);
    gl.edit(|world| {
        world.quirks.device_interval = Some(json!(-1));
        world.quirks.verification_uri = Some("javascript:alert(1)".to_owned());
        world.quirks.device_pending_polls = 1;
        world.quirks.device_slow_downs = 1;
    });
    let device = start(&gl, &app).await;
    assert_eq!(device["interval"], -1);
    assert_eq!(device["verification_uri"], "javascript:alert(1)");
    gl.browser("alice")
        .device(text(&device, "user_code"))
        .await
        .unwrap();
    refused(poll(&gl, &app, &device).await, 400, "slow_down");
    refused(poll(&gl, &app, &device).await, 400, "authorization_pending");
    seconds(&gl, 5);
    gl.edit(|world| world.quirks.device_denied = true);
    refused(poll(&gl, &app, &device).await, 400, "access_denied");
    gl.edit(|world| world.quirks.device_denied = false);
    poll(&gl, &app, &device).await.expect(200);
}
