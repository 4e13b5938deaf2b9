//! Who is a client, who makes room for whom, and when a client is forgotten.

use std::sync::Arc;

use super::*;
use crate::authorization_server::bench::{Bench, bench_with};
use crate::authorization_server::rules::{Configured, Rules};

const DAY: Duration = Duration::from_hours(24);

async fn room_for(most_clients: u64) -> Bench {
    bench_with(Rules {
        most_clients,
        ..Rules::default()
    })
    .await
}

async fn try_register(bench: &Bench, id: &str) -> Result<(), OAuthError> {
    let client = Registration {
        id: id.to_owned(),
        name: id.to_owned(),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        issued_at: bench.server.tokens.now(),
        used_at: None,
    };
    let remembered = bench.server.remember_client(&client).await;
    bench.clock.advance(Duration::from_secs(1));
    remembered
}

async fn register(bench: &Bench, id: &str) {
    try_register(bench, id).await.unwrap();
}

async fn sign_in(bench: &Bench, id: &str) {
    bench.server.client_used(id).await;
    bench.clock.advance(Duration::from_secs(1));
}

/// Which of these ids are clients.
async fn known<'a>(bench: &Bench, ids: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for id in ids {
        if bench.server.client(id).await.is_ok() {
            found.push(*id);
        }
    }
    found
}

#[tokio::test]
async fn never_used_clients_make_room_first_and_the_oldest_of_them_before_the_others() {
    let bench = room_for(3).await;
    for id in ["used", "first", "second"] {
        register(&bench, id).await;
    }
    sign_in(&bench, "used").await;
    let all = ["used", "first", "second", "third", "fourth"];
    register(&bench, "third").await;
    assert_eq!(known(&bench, &all).await, ["used", "second", "third"]);
    register(&bench, "fourth").await;
    assert_eq!(known(&bench, &all).await, ["used", "third", "fourth"]);
}

#[tokio::test]
async fn a_client_that_may_be_signed_in_makes_room_for_nobody() {
    let bench = room_for(2).await;
    for id in ["a", "b"] {
        register(&bench, id).await;
        sign_in(&bench, id).await;
    }
    let refused = try_register(&bench, "c").await.unwrap_err();
    assert_eq!(
        (refused.status.as_u16(), refused.code),
        (503, "temporarily_unavailable")
    );
    assert!(
        refused.description.contains("OAUTH_MAX_CLIENTS"),
        "{refused:?}"
    );
    assert_eq!(known(&bench, &["a", "b", "c"]).await, ["a", "b"]);
    // When no login of it can be left, the one that was used longest ago makes room.
    bench.clock.advance(29 * DAY);
    sign_in(&bench, "a").await;
    bench.clock.advance(DAY);
    register(&bench, "c").await;
    assert_eq!(known(&bench, &["a", "b", "c"]).await, ["a", "c"]);
}

#[tokio::test]
async fn a_client_nobody_signs_in_with_is_forgotten_after_a_day_and_a_used_one_after_180() {
    let bench = room_for(10).await;
    for id in ["used", "unused"] {
        register(&bench, id).await;
    }
    sign_in(&bench, "used").await;
    bench.clock.advance(Duration::from_hours(23));
    assert_eq!(known(&bench, &["used", "unused"]).await.len(), 2);
    bench.clock.advance(Duration::from_hours(1));
    assert_eq!(known(&bench, &["used", "unused"]).await, ["used"]);
    // Each use moves the end.
    bench.clock.advance(100 * DAY);
    sign_in(&bench, "used").await;
    bench.clock.advance(179 * DAY);
    assert_eq!(known(&bench, &["used"]).await, ["used"]);
    bench.clock.advance(DAY);
    assert_eq!(known(&bench, &["used"]).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_client_is_remembered_as_long_as_its_login_may_last() {
    let bench = bench_with(Rules {
        longest_life: 365 * DAY,
        ..Rules::default()
    })
    .await;
    register(&bench, "long").await;
    sign_in(&bench, "long").await;
    bench.clock.advance(364 * DAY);
    assert_eq!(known(&bench, &["long"]).await, ["long"]);
}

#[tokio::test]
async fn a_smaller_limit_is_reached_step_by_step() {
    let mut bench = room_for(600).await;
    for number in 0..600 {
        register(&bench, &number.to_string()).await;
    }
    Arc::get_mut(&mut bench.server).unwrap().rules.most_clients = 10;
    for id in ["a", "b", "c"] {
        register(&bench, id).await;
    }
    let count = bench.server.records.count::<Registration>();
    assert_eq!(count.await, Ok(10));
    assert_eq!(known(&bench, &["a", "b", "c"]).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn logins_at_the_same_moment_leave_one_mark() {
    let bench = room_for(10).await;
    register(&bench, "busy").await;
    let marks = (0..4).map(|_| bench.server.client_used("busy"));
    futures_util::future::join_all(marks).await;
    let found = bench.server.records.get::<Registration>("busy").await;
    assert!(found.unwrap().unwrap().record.used_at.is_some());
    // Nothing to mark.
    bench.server.client_used("unknown").await;
    bench
        .server
        .client_used("https://app.example/client.json")
        .await;
    assert_eq!(known(&bench, &["unknown"]).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_configured_client_is_known_without_the_store() {
    let configured = Configured {
        id: "https://first.example/client".to_owned(),
        name: "Ours".to_owned(),
        redirect_uris: Vec::new(),
        skips_consent: true,
        secret: None,
    };
    let bench = bench_with(Rules {
        configured: vec![configured],
        documents: false,
        ..Rules::default()
    })
    .await;
    let client = bench.server.client("https://first.example/client").await;
    let skips_consent = true;
    assert_eq!(client.unwrap().origin, Origin::Configured { skips_consent });
    for id in [
        "",
        "team",
        "https://first.example/client/",
        "HTTPS://first.example/client",
    ] {
        assert_eq!(
            bench.server.client(id).await,
            Err(NoClient::Unknown),
            "{id:?}"
        );
    }
}
