//! A client of RFC 8628: device authorization and the token endpoint.

use serde_json::json;

use super::*;
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::grant::{Login, Method};

async fn begin(scene: &Scene, form: &str, headers: &[(&str, &str)]) -> Told {
    let mut request = http::Request::builder()
        .method("POST")
        .uri(format!("{BASE}/oauth/device_authorization"))
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(address(1)));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(form.to_owned())).unwrap();
    let server = Arc::clone(&scene.server);
    Told::of(server.device_authorization(request).await).await
}

async fn start(scene: &Scene) -> (String, String) {
    let started = begin(scene, "client_id=client-1&scope=mcp:tools", &[]).await;
    assert_eq!(started.status, 200, "{}", started.text);
    (started.field("device_code"), started.field("user_code"))
}

async fn token(scene: &Scene, code: &str) -> Result<Login, OAuthError> {
    let (base, from) = (base(), Origin::default());
    let client = scene.client().await;
    let server = &scene.server;
    server.redeem_device(&base, &client, code, &from).await
}

async fn refused(scene: &Scene, code: &str) -> String {
    let error = token(scene, code).await.unwrap_err();
    assert_eq!(error.status, 400);
    error.code.to_owned()
}

#[tokio::test]
async fn a_device_authorization_answers_as_rfc_8628_wants_it() {
    let scene = scene().await;
    let told = begin(&scene, "client_id=client-1", &[]).await;
    let (device_code, user_code) = (told.field("device_code"), told.field("user_code"));
    let page = format!("{}/oauth/device", scene.bench.gitlab.url());
    let expected = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": 300,
        "interval": 5,
    });
    assert_eq!(told.json(), expected);
    assert_eq!(told.header("cache-control"), "no-store");
    let upstream = scene.bench.gitlab.edit(|world| world.oauth.devices.clone());
    assert!(
        !upstream.contains_key(&device_code),
        "GitLab's own code stays here"
    );
    let form = scene.bench.gitlab.log().of("POST /oauth/authorize_device");
    let form = String::from_utf8(form.last().unwrap().body.to_vec()).unwrap();
    assert!(
        form.contains("scope=api") && !form.contains("client-1"),
        "{form}"
    );
}

#[tokio::test]
async fn a_device_authorization_of_nobody_is_refused() {
    let secret = "client_id=client-1&client_secret=x";
    let basic = [("authorization", "Basic Y2xpZW50LTE6eA==")];
    let scene = scene().await;
    for (form, headers, status, error) in [
        ("", &[][..], 400, "invalid_request"),
        ("scope=api", &[], 400, "invalid_request"),
        ("client_id=a&client_id=a", &[], 400, "invalid_request"),
        ("client_id=nobody", &[], 401, "invalid_client"),
        (secret, &[], 401, "invalid_client"),
        ("client_id=client-1", &basic, 401, "invalid_client"),
        (
            "client_id=client-1&resource=https://evil.example",
            &[],
            400,
            "invalid_target",
        ),
    ] {
        let told = begin(&scene, form, headers).await;
        assert_eq!(
            (told.status.as_u16(), &*told.field("error")),
            (status, error),
            "{form}"
        );
        assert_eq!(
            told.headers.contains_key("www-authenticate"),
            !headers.is_empty()
        );
    }
    assert_eq!(scene.bench.gitlab.log().count(), 0);
    let ours = format!("client_id=client-1&resource={BASE}/mcp");
    assert_eq!(begin(&scene, &ours, &[]).await.status, 200);
}

#[tokio::test]
async fn a_client_asks_in_its_interval_and_gets_the_login_once() {
    let scene = scene().await;
    let (code, user_code) = start(&scene).await;
    assert_eq!(refused(&scene, &code).await, "authorization_pending");
    scene.pass_seconds(2);
    assert_eq!(refused(&scene, &code).await, "slow_down");
    // Ten seconds from here on, counted from the last poll in time.
    scene.pass_seconds(6);
    assert_eq!(refused(&scene, &code).await, "slow_down");
    // Fifteen.
    scene.pass_seconds(7);
    assert_eq!(refused(&scene, &code).await, "authorization_pending");
    scene.confirm(&user_code).await;
    scene.pass_seconds(15);
    let login = token(&scene, &code).await.unwrap();
    assert_eq!(login.method, Method::Device);
    assert_eq!(login.client, CLIENT);
    assert!(scene.server.login(&login.sid).await.unwrap().is_some());
    assert_eq!(refused(&scene, &code).await, "invalid_grant");
}

#[tokio::test]
async fn the_pace_of_a_hasty_client_stays_within_a_minute() {
    let scene = scene().await;
    let (code, user_code) = start(&scene).await;
    assert_eq!(refused(&scene, &code).await, "authorization_pending");
    for _ in 0..1_000 {
        assert_eq!(refused(&scene, &code).await, "slow_down");
    }
    assert_eq!(scene.polls(), 0);
    scene.confirm(&user_code).await;
    scene.pass_seconds(60);
    assert!(token(&scene, &code).await.is_ok());
}

#[tokio::test]
async fn a_device_code_is_good_for_its_own_client_here_and_nowhere_else() {
    let scene = scene().await;
    let (code, user_code) = start(&scene).await;
    let flow_state = scene.program().await.field("flow_state");
    scene.confirm(&user_code).await;
    scene.pass_seconds(5);
    let own = scene.client().await;
    let other = Client {
        id: "client-2".to_owned(),
        ..own.clone()
    };
    let elsewhere = Base::parse("https://other.example").unwrap();
    let from = Origin::default();
    for (base, client, code) in [
        (&base(), &other, &*code),
        (&elsewhere, &own, &code),
        (&base(), &own, "unknown"),
        (&base(), &own, &flow_state),
    ] {
        let refused = scene.server.redeem_device(base, client, code, &from).await;
        assert_eq!(refused.unwrap_err().code, "invalid_grant");
    }
    assert_eq!(scene.polls(), 0);
    // A device code is no flow state either.
    let told = scene.poll(&code).await;
    assert_eq!(
        (told.status.as_u16(), &*told.field("status")),
        (400, "expired")
    );
    assert!(token(&scene, &code).await.is_ok());
}

#[tokio::test]
async fn a_client_learns_how_the_flow_ended() {
    let scene = scene().await;
    let (code, _) = start(&scene).await;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.device_denied = true);
    scene.pass_seconds(5);
    assert_eq!(refused(&scene, &code).await, "access_denied");

    let scene = self::scene().await;
    let (code, _) = start(&scene).await;
    scene.pass_seconds(300);
    assert_eq!(refused(&scene, &code).await, "expired_token");
    scene.pass_seconds(60);
    assert_eq!(refused(&scene, &code).await, "invalid_grant");
}

#[tokio::test]
async fn clients_are_sent_away_where_only_the_page_is_allowed() {
    for device in [DeviceRule::Page, DeviceRule::Off] {
        let scene = scene_with(Rules { device, ..rules() }).await;
        let told = begin(&scene, "client_id=client-1", &[]).await;
        assert_eq!(
            (told.status.as_u16(), &*told.field("error")),
            (404, "not_found")
        );
        assert_eq!(refused(&scene, "code").await, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn a_confirmed_login_is_collected_after_a_restart() {
    let scene = scene().await;
    let (code, user_code) = start(&scene).await;
    scene.confirm(&user_code).await;
    let scene = scene.restarted();
    scene.pass_seconds(5);
    assert!(token(&scene, &code).await.is_ok());
}
