//! Renewal against the mock GitLab, which ends a pair of tokens the moment it is renewed.

use std::future::Future;

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::replicas::{LIFE, REFRESH, REVOKE, Replicas};
use crate::authorization_server::grant::InFlight;
use crate::authorization_server::rules::Rules;

mod faults;
mod handover;
mod herd;
mod races;

/// Logins that outlive every test.
fn long_lived() -> Rules {
    Rules {
        idle_life: Duration::from_hours(100_000),
        longest_life: Duration::from_hours(100_000),
        ..Rules::default()
    }
}

/// Lets the runtime work until `ready`; fails after far too long.
async fn until<F: Future<Output = bool>>(ready: impl Fn() -> F) {
    for _ in 0..100_000 {
        if ready().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing happened");
}

#[tokio::test]
async fn a_living_token_is_used_without_asking_gitlab() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE - DUE - LEAD);
    for _ in 0..3 {
        let fresh = replicas.server().fresh(&login.sid).await.unwrap();
        assert_eq!(fresh.access.expose(), login.access.expose());
    }
    assert_eq!(replicas.gitlab().log().count(), 0);
}

#[tokio::test]
async fn a_token_is_renewed_in_its_last_minutes_and_stored_first() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE - DUE + 1);
    let fresh = replicas.server().fresh(&login.sid).await.unwrap();
    assert_ne!(fresh.access.expose(), login.access.expose());
    assert_eq!((fresh.ugen, fresh.in_flight), (2, None));
    let stored = replicas.stored(&login.sid).await.unwrap();
    assert_eq!(stored.access.expose(), fresh.access.expose());
    assert_eq!(replicas.renewals(), 1);
}

#[tokio::test]
async fn logins_that_began_together_are_renewed_at_different_times() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    let leads: std::collections::BTreeSet<u64> = (0..100)
        .map(|number| {
            let sid = format!("{}{number}", login.sid);
            lead(&Login {
                sid,
                ..copy(&login)
            })
        })
        .collect();
    assert!(leads.len() > 20 && leads.iter().all(|lead| *lead < LEAD));
}

#[tokio::test]
async fn a_short_life_is_not_renewed_at_every_use() {
    let replicas = Replicas::one().await;
    let mut tokens = replicas.upstream("alice").await;
    tokens.expires_in = Some(Duration::from_mins(2));
    let server = replicas.server();
    let beginning = crate::authorization_server::bench::replicas::beginning();
    let login = server.begin(tokens, beginning).await.unwrap();
    replicas.gitlab().log().clear();
    replicas.pass(60);
    assert_eq!(server.fresh(&login.sid).await.unwrap().ugen, 1);
    replicas.pass(1);
    assert_eq!(server.fresh(&login.sid).await.unwrap().ugen, 2);
}

fn copy(login: &Login) -> Login {
    let plain = serde_json::to_vec(login).unwrap();
    serde_json::from_slice(&plain).unwrap()
}

#[tokio::test]
async fn an_unknown_login_and_one_past_its_end_have_ended() {
    let replicas = Replicas::one().await;
    let server = replicas.server();
    assert_eq!(
        server.fresh("no-such-login").await.err(),
        Some(NotFresh::Ended)
    );
    let login = replicas.login().await;
    assert!(server.fresh(&login.sid).await.is_ok());
    replicas.pass(server.rules.idle_life.as_secs());
    assert_eq!(server.fresh(&login.sid).await.err(), Some(NotFresh::Ended));
}

#[tokio::test]
async fn after_a_401_the_stored_token_is_read_again_before_it_is_renewed() {
    let replicas = Replicas::one().await;
    let server = replicas.server();
    let login = replicas.login().await;
    let renewed = server
        .renew_after_401(&login.sid, login.ugen)
        .await
        .unwrap();
    assert_eq!((renewed.ugen, replicas.renewals()), (2, 1));
    // The same refusal, told late, renews nothing.
    let again = server
        .renew_after_401(&login.sid, login.ugen)
        .await
        .unwrap();
    assert_eq!((again.ugen, replicas.renewals()), (2, 1));
    assert_eq!(server.credential(again).number(), Generation(2));
    let all = (0..5).map(|_| server.renew_after_401(&login.sid, 2));
    for renewed in futures_util::future::join_all(all).await {
        assert_eq!(renewed.unwrap().ugen, 3);
    }
    assert_eq!(replicas.renewals(), 2);
}

#[tokio::test]
async fn without_a_refresh_token_a_login_lasts_as_long_as_its_access_token() {
    let replicas = Replicas::one().await;
    let mut tokens = replicas.upstream("alice").await;
    tokens.refresh = None;
    let server = replicas.server();
    let beginning = crate::authorization_server::bench::replicas::beginning();
    let login = server.begin(tokens, beginning).await.unwrap();
    replicas.gitlab().log().clear();
    replicas.pass(LIFE - 1);
    assert!(server.fresh(&login.sid).await.is_ok());
    replicas.pass(1);
    assert_eq!(server.fresh(&login.sid).await.err(), Some(NotFresh::Ended));
    assert_eq!(replicas.renewals(), 0);
    assert!(replicas.stored(&login.sid).await.is_none());
}

#[tokio::test]
async fn without_a_refresh_token_a_401_ends_the_login() {
    let replicas = Replicas::one().await;
    let mut tokens = replicas.upstream("alice").await;
    tokens.refresh = None;
    let server = replicas.server();
    let beginning = crate::authorization_server::bench::replicas::beginning();
    let login = server.begin(tokens, beginning).await.unwrap();
    let refused = server.renew_after_401(&login.sid, login.ugen).await;
    assert_eq!(refused.err(), Some(NotFresh::Ended));
}

#[tokio::test]
async fn the_end_of_the_process_waits_for_a_renewal_under_way() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let server = Arc::clone(replicas.server());
    let slow = Fault::hold(Duration::from_millis(100)).on(REFRESH);
    replicas.gitlab().faults().add(slow);
    let sid = login.sid.clone();
    let caller = tokio::spawn(async move { server.fresh(&sid).await.is_ok() });
    until(|| async {
        replicas
            .stored(&login.sid)
            .await
            .unwrap()
            .in_flight
            .is_some()
    })
    .await;
    caller.abort();
    replicas.server().settle().await;
    assert_eq!(replicas.stored(&login.sid).await.unwrap().ugen, 2);
}
