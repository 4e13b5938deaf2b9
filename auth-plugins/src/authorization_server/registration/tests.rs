//! What may be registered, what is answered, and what leaves nothing behind.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http_body_util::BodyExt as _;

use super::*;
use crate::authorization_server::bench::{Bench, START, bench, bench_with};
use crate::authorization_server::redirect_uri::RedirectRules;
use crate::authorization_server::rules::DeviceRule;

mod flood;
mod hostile;

/// A server whose limits are out of the way.
pub(super) async fn open() -> Bench {
    open_with(Rules::default()).await
}

pub(super) async fn open_with(rules: Rules) -> Bench {
    let registrations_per_hour = u32::MAX;
    bench_with(Rules {
        registrations_per_hour,
        ..rules
    })
    .await
}

/// Sends `body` to `/register`; status and answer, which is always JSON.
pub(super) async fn send(
    bench: &Bench,
    content_type: Option<&str>,
    body: impl Into<Body>,
) -> (u16, Value) {
    let mut request = Request::post("/register");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let request = request.body(body.into()).unwrap();
    let response = Arc::clone(&bench.server).register(request).await;
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

pub(super) async fn register(bench: &Bench, metadata: &Value) -> (u16, Value) {
    send(bench, Some("application/json"), metadata.to_string()).await
}

pub(super) async fn stored(bench: &Bench) -> u64 {
    let count = bench.server.records.count::<Registration>();
    count.await.unwrap()
}

#[tokio::test]
async fn a_client_is_told_what_is_in_force() {
    let bench = bench().await;
    let asked = json!({
        "redirect_uris": ["http://127.0.0.1/cb", "https://app.example/cb"],
        "client_name": "Editor",
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "token"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "mcp:tools read_user offline_access",
        "application_type": "native",
        "logo_uri": "https://evil.example/logo.png",
        "client_id": "chosen-by-the-client",
        "client_secret": "chosen-by-the-client",
    });
    let (status, mut told) = register(&bench, &asked).await;
    assert_eq!(status, 201, "{told}");
    let id = told["client_id"].take();
    let id = id.as_str().unwrap();
    // 128 bits in base64url.
    assert_eq!(id.len(), 22, "{id}");
    assert_eq!(
        told,
        json!({
            "client_id": null,
            "client_id_issued_at": START,
            "client_name": "Editor via GitLab MCP Server",
            "redirect_uris": ["http://127.0.0.1/cb", "https://app.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "scope": "api",
        })
    );
    let client = bench.server.client(id).await.unwrap();
    assert_eq!(client.name, "Editor via GitLab MCP Server");
    assert!(client.may_use("http://127.0.0.1:41234/cb"));
    assert!(!client.may_use("https://evil.example/cb"));
}

#[tokio::test]
async fn the_least_a_client_can_say_is_a_redirect_uri() {
    let bench = open_with(Rules {
        scope: "read_api".to_owned(),
        device: DeviceRule::On,
        ..Rules::default()
    })
    .await;
    for asked in [
        json!({ "redirect_uris": ["https://app.example/cb"] }),
        json!({
            "redirect_uris": ["https://app.example/cb"],
            "client_name": null, "grant_types": [], "response_types": [], "scope": "",
            "token_endpoint_auth_method": null, "application_type": null,
        }),
        json!({
            "redirect_uris": ["https://app.example/cb"],
            "grant_types": [super::super::metadata::DEVICE_GRANT],
        }),
    ] {
        let (status, told) = register(&bench, &asked).await;
        assert_eq!(status, 201, "{told}");
        assert_eq!(told["client_name"], "MCP client via GitLab MCP Server");
        assert_eq!(told["scope"], "read_api");
        assert_eq!(told["grant_types"][2], super::super::metadata::DEVICE_GRANT);
        assert_eq!(told.get("client_secret"), None);
    }
    assert_eq!(stored(&bench).await, 3);
}

#[tokio::test]
async fn ten_redirect_uris_of_2048_bytes_are_accepted() {
    let bench = open().await;
    let start = "https://app.example/";
    let uris: Vec<String> = (0..10)
        .map(|number| format!("{start}{number}{}", "a".repeat(2_047 - start.len())))
        .collect();
    assert!(uris.iter().all(|uri| uri.len() == 2_048));
    let (status, told) = register(&bench, &json!({ "redirect_uris": uris })).await;
    assert_eq!(status, 201, "{told}");
    assert_eq!(told["redirect_uris"], json!(uris));
}

#[tokio::test]
async fn a_hostile_name_is_stored_and_answered_without_its_tricks() {
    let bench = open().await;
    let name = format!(
        "\u{202e}Claude\u{200b}\n<script>alert(1)</script>{}{}",
        "\u{301}".repeat(50),
        "x".repeat(5_000)
    );
    let asked = json!({ "redirect_uris": ["https://app.example/cb"], "client_name": name });
    let (status, told) = register(&bench, &asked).await;
    assert_eq!(status, 201);
    let shown = told["client_name"].as_str().unwrap();
    assert!(
        shown.starts_with("Claude <script>alert(1)</script>\u{301}\u{301}xxx"),
        "{shown}"
    );
    let given = shown.strip_suffix(" via GitLab MCP Server").unwrap();
    assert_eq!(given.chars().count(), 100);
}

#[tokio::test]
async fn an_operator_can_turn_registration_off() {
    let bench = open_with(Rules {
        registration: false,
        ..Rules::default()
    })
    .await;
    let asked = json!({ "redirect_uris": ["https://app.example/cb"] });
    let (status, told) = register(&bench, &asked).await;
    assert_eq!(status, 404);
    assert!(
        told["error_description"]
            .as_str()
            .unwrap()
            .contains("operator")
    );
    assert_eq!(stored(&bench).await, 0);
}

#[tokio::test]
async fn the_hourly_limit_of_an_address_ends_in_429_whatever_headers_say() {
    let bench = bench().await;
    let body = json!({ "redirect_uris": ["https://app.example/cb"] }).to_string();
    let ask = |turn: usize| {
        let peer: SocketAddr = "192.0.2.7:50000".parse().unwrap();
        let request = Request::post("/register")
            .header("content-type", "application/json")
            .header("x-forwarded-for", format!("203.0.113.{turn}"))
            .extension(ConnectInfo(peer));
        let request = request.body(Body::from(body.clone())).unwrap();
        Arc::clone(&bench.server).register(request)
    };
    for turn in 0..20 {
        assert_eq!(ask(turn).await.status(), 201, "{turn}");
    }
    let refused = ask(20).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[RETRY_AFTER], "3600");
    assert_eq!(stored(&bench).await, 20);
}

#[tokio::test]
async fn private_schemes_can_be_switched_off() {
    let asked = json!({ "redirect_uris": ["com.example.app:/cb"] });
    assert_eq!(register(&open().await, &asked).await.0, 201);
    let strict = open_with(Rules {
        redirects: RedirectRules::default(),
        ..Rules::default()
    })
    .await;
    let (status, told) = register(&strict, &asked).await;
    assert_eq!(
        (status, &told["error"]),
        (400, &json!("invalid_redirect_uri"))
    );
}
