//! Refresh tokens: used once, repeated in a race or after a lost answer, or stolen.

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::replicas::{LIFE, REFRESH};

#[tokio::test]
async fn a_refresh_gives_other_tokens_and_calls_in_flight_survive_it() {
    let replicas = Replicas::one().await;
    let (first, _) = replicas.signed_in().await;
    let second = replicas.refresh(0, &first.refresh).await.pair();
    assert_ne!(second.access, first.access);
    assert_ne!(second.refresh, first.refresh);
    for access in [&first.access, &second.access] {
        assert!(replicas.verify(0, access).await.is_ok());
    }
    // GitLab's own token was fresh.
    assert_eq!(replicas.renewals(), 0);
    replicas.pass(3600 + 29);
    assert!(replicas.verify(0, &first.access).await.is_ok());
    replicas.pass(1);
    assert!(replicas.verify(0, &first.access).await.is_err());
}

#[tokio::test]
async fn a_lost_answer_is_repeated_while_its_successor_is_unused() {
    let replicas = Replicas::one().await;
    let grace = replicas.server().rules.grace.as_secs();
    let (first, _) = replicas.signed_in().await;
    let second = replicas.refresh(0, &first.refresh).await.pair();
    replicas.pass(grace - 1);
    let again = replicas.refresh(0, &first.refresh).await.pair();
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(again.access, second.access);
    assert_eq!(replicas.refresh(0, &second.refresh).await.word(), "200");
}

#[tokio::test]
async fn a_superseded_token_ends_the_login_when_its_successor_was_used() {
    for (seconds, by, alive) in [
        (9, "access", true),
        (10, "access", false),
        (9, "old access", true),
        (10, "old access", true),
        (10, "nothing", true),
        (60, "nothing", false),
        (9, "refresh", false),
    ] {
        let replicas = Replicas::with(Rules::default(), 2).await;
        let (first, sid) = replicas.signed_in().await;
        let second = replicas.refresh(0, &first.refresh).await.pair();
        match by {
            "access" => assert!(replicas.verify(1, &second.access).await.is_ok()),
            "old access" => assert!(replicas.verify(1, &first.access).await.is_ok()),
            "refresh" => assert_eq!(replicas.refresh(1, &second.refresh).await.word(), "200"),
            _ => {}
        }
        replicas.pass(seconds);
        let answered = replicas.refresh(0, &first.refresh).await;
        let expected = if alive { "200" } else { "400 invalid_grant" };
        assert_eq!(answered.word(), expected, "{seconds} {by}");
        replicas.server().settle().await;
        assert_eq!(
            replicas.stored(&sid).await.is_some(),
            alive,
            "{seconds} {by}"
        );
        let revoked = replicas.gitlab().log().of(REVOKE).count();
        assert_eq!(revoked, usize::from(!alive), "{seconds} {by}");
        let usable = replicas.verify(1, &second.access).await.is_ok();
        assert_eq!(usable, alive, "{seconds} {by}");
    }
}

#[tokio::test]
async fn without_proof_a_login_stays_as_it_is() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let (stranger, _) = replicas.signed_in().await;
    let full = refreshing(&pair.refresh);
    let mut damaged = pair.refresh.clone();
    let last = damaged.pop().unwrap();
    damaged.push(if last == 'A' { 'B' } else { 'A' });
    for form in [
        but(&full, "client_id", Some(OTHER_CLIENT)),
        but(&full, "refresh_token", Some(&damaged)),
        but(&full, "refresh_token", Some("gmrt_AAAA")),
    ] {
        assert_eq!(replicas.token(0, &form).await.word(), "400 invalid_grant");
    }
    let missing = but(&full, "refresh_token", None);
    assert_eq!(
        replicas.token(0, &missing).await.word(),
        "400 invalid_request"
    );
    let stored = replicas.stored(&sid).await.unwrap();
    assert_eq!(stored.rgen, 1);
    // A scope that is asked for widens nothing.
    let wider = but(&full, "scope", Some("api sudo"));
    let answered = replicas.token(0, &wider).await;
    assert_eq!(
        (answered.word().as_str(), &answered.body["scope"]),
        ("200", &json!("api"))
    );
    assert_eq!(replicas.refresh(0, &stranger.refresh).await.word(), "200");
}

#[tokio::test]
async fn a_login_ends_when_nobody_uses_it_and_at_its_absolute_end() {
    let replicas = Replicas::one().await;
    let (idle, longest) = {
        let rules = &replicas.server().rules;
        (rules.idle_life.as_secs(), rules.longest_life.as_secs())
    };
    let (mut pair, _) = replicas.signed_in().await;
    replicas.pass(idle - 1);
    pair = replicas.refresh(0, &pair.refresh).await.pair();
    replicas.pass(idle);
    let over = replicas.refresh(0, &pair.refresh).await;
    assert_eq!(over.word(), "400 invalid_grant");

    let (mut pair, _) = replicas.signed_in().await;
    let mut age = 0;
    while age + idle / 2 < longest {
        replicas.pass(idle / 2);
        age += idle / 2;
        let answered = replicas.refresh(0, &pair.refresh).await;
        let life = answered.body["expires_in"].as_u64().unwrap();
        assert!(life <= longest - age);
        pair = answered.pair();
    }
    replicas.pass(longest - age);
    let over = replicas.refresh(0, &pair.refresh).await;
    assert_eq!(over.word(), "400 invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_refreshes_at_once_are_one_generation_and_one_renewal() {
    for expired in [false, true] {
        let replicas = Replicas::with(Rules::default(), 3).await;
        let (mut pair, sid) = replicas.signed_in().await;
        for round in 1..=25 {
            if expired {
                replicas.pass(LIFE);
            }
            let calls: Vec<_> = (0..8)
                .map(|number| {
                    let server = Arc::clone(&replicas.servers[number % 3]);
                    let request = posted("/token", &refreshing(&pair.refresh));
                    tokio::spawn(async move { answered(server.token(request).await).await.pair() })
                })
                .collect();
            let mut pairs = Vec::new();
            for call in calls {
                pairs.push(call.await.unwrap());
            }
            assert!(pairs.iter().all(|one| one.refresh == pairs[0].refresh));
            pair = pairs.swap_remove(0);
            let stored = replicas.stored(&sid).await.unwrap();
            assert_eq!(stored.rgen, round + 1);
            let renewals = if expired { round } else { 0 };
            assert_eq!(replicas.renewals() as u64, renewals);
        }
    }
}

#[tokio::test]
async fn gitlab_away_keeps_the_refresh_token_good() {
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::status(503),
        Fault::status(429),
        Fault::reset_before_headers(),
        Fault::html_page(),
    ] {
        let replicas = Replicas::one().await;
        let (pair, _) = replicas.signed_in().await;
        replicas.gitlab().faults().add(fault.on(REFRESH));
        // The token of GitLab still lives for a while.
        replicas.pass(LIFE - 200);
        let pair = replicas.refresh(0, &pair.refresh).await.pair();
        assert!(replicas.verify(0, &pair.access).await.is_ok());
        replicas.pass(200);
        let answered = replicas.refresh(0, &pair.refresh).await;
        assert_eq!(answered.word(), "503 temporarily_unavailable");
        assert_eq!(answered.headers["retry-after"], "5");
        replicas.gitlab().faults().clear();
        assert_eq!(replicas.refresh(0, &pair.refresh).await.word(), "200");
    }
}

#[tokio::test]
async fn a_person_who_took_the_application_away_at_gitlab_signs_in_again() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let access = replicas.stored(&sid).await.unwrap();
    replicas.gitlab().token(access.access.expose()).revoke();
    replicas.pass(LIFE);
    for _ in 0..2 {
        let answered = replicas.refresh(0, &pair.refresh).await;
        assert_eq!(answered.word(), "400 invalid_grant");
    }
    assert!(replicas.stored(&sid).await.is_none());
    let (pair, _) = replicas.signed_in().await;
    assert_eq!(replicas.refresh(0, &pair.refresh).await.word(), "200");
}

#[tokio::test]
async fn two_refreshes_in_one_second_give_different_tokens() {
    let replicas = Replicas::one().await;
    let (mut pair, _) = replicas.signed_in().await;
    let mut seen = vec![pair.clone()];
    for _ in 0..5 {
        pair = replicas.refresh(0, &pair.refresh).await.pair();
        assert!(
            seen.iter()
                .all(|one| one.access != pair.access && one.refresh != pair.refresh)
        );
        seen.push(pair.clone());
    }
}
