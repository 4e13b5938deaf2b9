//! Client ids that carry their registration.

use std::time::Duration;

use super::*;
use crate::authorization_server::bench::browser::REDIRECT;
use crate::authorization_server::bench::sealed::{Apart, sealed};
use crate::authorization_server::bench::{START, secret};
use crate::authorization_server::keys::Keys;

/// An id that another server issued under this secret.
const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKA";
const ISSUED_ELSEWHERE: &str = concat!(
    "v1.cid.eyJ2IjoxLCJpYXQiOjE3OTAwMDAwMDAsIm4iOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwicnVyaXMiOlsiaHR0",
    "cHM6Ly9hcHAuZXhhbXBsZS9jYiJdLCJndCI6WyJhdXRob3JpemF0aW9uX2NvZGUiXSwiY24iOiJFZGl0b3IifQ.1oaDhWZn",
    "dEuN6JgRpMNaPzQF9OziCE3cD71QzpKzYNo",
);

fn lives() -> Sealed {
    Sealed {
        client_life: Duration::from_hours(24),
    }
}

#[tokio::test]
async fn an_id_of_another_server_with_the_same_secret_is_good_here() {
    let apart = Apart::with(sealed()).await;
    let clock = apart.bench.clock.clone();
    let padded = format!("{SECRET}==");
    for (text, known) in [
        (SECRET, true),
        (&*padded, true),
        (
            "BQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKA",
            false,
        ),
    ] {
        for previous in [false, true] {
            let (own, other) = (secret(text), secret("something else of 32 characters!"));
            let keys = if previous {
                Keys::new(&other, Some(&own))
            } else {
                Keys::new(&own, None)
            };
            let store = std::sync::Arc::new(gitlab_mcp_store::Memory::new(clock.clone(), 10));
            let keys = std::sync::Arc::new(keys);
            let server = apart.bench.replica_with(keys, store, clock.clone());
            let client = server.client(ISSUED_ELSEWHERE).await;
            assert_eq!(client.is_ok(), known, "{text}");
            if let Ok(client) = client {
                assert!(client.may_use("https://app.example/cb"));
                assert_eq!(client.name, "Editor via GitLab MCP Server");
            }
        }
    }
}

#[tokio::test]
async fn an_id_is_young_for_its_time_and_known_for_ever() {
    let apart = Apart::with(sealed()).await;
    let server = &apart.servers[0];
    let id = apart.client().await;
    for (later, young) in [(0, true), (24 * 3600 - 1, true), (1, false)] {
        apart.pass(later);
        assert_eq!(server.client(&id).await.is_ok(), young, "{later}");
        assert!(server.client_with_grant(&id).await.is_ok(), "{later}");
    }
}

#[tokio::test]
async fn an_id_from_the_future_begins_nothing() {
    let apart = Apart::with(sealed()).await;
    let server = &apart.servers[0];
    for (ahead, known) in [(60, true), (61, false)] {
        let registration = Registration {
            id: "n".to_owned(),
            name: "Editor".to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            issued_at: START + ahead,
            used_at: None,
        };
        let id = server.sealed_client(&registration).unwrap();
        let read = server.unsealed_client(&id, lives(), Age::Young);
        assert_eq!(read.is_ok(), known, "{ahead}");
    }
}

#[tokio::test]
async fn a_registration_that_is_too_long_to_be_carried_is_refused() {
    let apart = Apart::with(sealed()).await;
    for (length, expected) in [(700, "201"), (1500, "400 invalid_client_metadata")] {
        let uri = format!("https://app.example/{}", "x".repeat(length));
        let registered = apart.register(0, &[&uri]).await;
        assert_eq!(registered.word(), expected, "{length}");
    }
    let one = apart.client().await;
    assert_ne!(one, apart.client().await);
}
