//! Floods of registrations: what they leave behind, and whom they do not push out.

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;

use super::*;

const BODY: &str = r#"{"redirect_uris":["http://127.0.0.1/cb"]}"#;

/// Registrations in a flood. In a debug build 100,000 take longer than a test should.
fn size() -> u32 {
    if std::env::var_os("GITLAB_MCP_FULL_FLOOD").is_some() {
        100_000
    } else {
        20_000
    }
}

async fn register_from(bench: &Bench, address: Ipv4Addr) -> u16 {
    let request = Request::post("/register")
        .header("content-type", "application/json")
        .extension(ConnectInfo(SocketAddr::new(address.into(), 50_000)))
        .body(Body::from(BODY))
        .unwrap();
    let response = Arc::clone(&bench.server).register(request).await;
    response.status().as_u16()
}

/// A registered client with which somebody has signed in.
async fn signed_in(bench: &Bench) -> String {
    let asked = json!({ "redirect_uris": ["https://app.example/cb"] });
    let (status, told) = register(bench, &asked).await;
    assert_eq!(status, 201);
    let id = told["client_id"].as_str().unwrap().to_owned();
    bench.server.client_used(&id).await;
    id
}

#[tokio::test]
async fn a_flood_that_passes_every_limit_leaves_a_bounded_store_and_the_signed_in_client() {
    let bench = open_with(Rules {
        most_clients: 100,
        ..Rules::default()
    })
    .await;
    let honest = signed_in(&bench).await;
    for number in 0..size() {
        assert_eq!(register_from(&bench, Ipv4Addr::from(number)).await, 201);
        if number % 1_000 == 0 {
            assert!(stored(&bench).await <= 100);
        }
    }
    assert_eq!(stored(&bench).await, 100);
    assert_eq!(bench.server.client(&honest).await.unwrap().id, honest);
}

#[tokio::test]
async fn a_flood_against_the_usual_limits_registers_a_thousand_clients_an_hour() {
    let bench = bench().await;
    let honest = signed_in(&bench).await;
    let one = Ipv4Addr::new(192, 0, 2, 1);
    let mut accepted = 0;
    for _ in 0..1_000 {
        accepted += u32::from(register_from(&bench, one).await == 201);
    }
    assert_eq!(accepted, 20);
    for number in 0..size() {
        let status = register_from(&bench, Ipv4Addr::from(number % 10_000)).await;
        assert!(matches!(status, 201 | 429), "{status}");
        accepted += u32::from(status == 201);
    }
    // The honest client was the first of the thousand.
    assert_eq!(accepted, 999);
    assert_eq!(stored(&bench).await, 1_000);
    assert_eq!(bench.server.client(&honest).await.unwrap().id, honest);
}
