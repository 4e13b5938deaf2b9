//! Holders that die, sleep, or lose the store while GitLab has answered.

use super::*;

fn lease_key(sid: &str) -> String {
    run::lease_key(sid)
}

/// Another replica holds the lease, and has left its mark.
async fn held_elsewhere(replicas: &Replicas, sid: &str) {
    let store = replicas.server().records.store();
    let life = Duration::from_secs(10);
    store.lease(&lease_key(sid), life).await.unwrap().unwrap();
    let server = replicas.server();
    let found = server.login(sid).await.unwrap().unwrap();
    let since = server.tokens.now();
    let marked = server.change(found, |login| {
        let mark = InFlight {
            since,
            failed: None,
        };
        login.in_flight.replace(mark).is_none()
    });
    marked.await.unwrap().unwrap();
}

/// GitLab rotates the pair for somebody else.
async fn rotated_elsewhere(replicas: &Replicas, login: &Login) -> crate::gitlab_oauth::Tokens {
    let refresh = login.refresh.as_ref().unwrap();
    let tokens = replicas.server().application.refresh(refresh).await;
    replicas.gitlab().log().clear();
    tokens.unwrap()
}

#[tokio::test]
async fn a_holder_that_dies_before_it_sends_is_replaced_and_nothing_is_lost() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    held_elsewhere(&replicas, &login.sid).await;
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let call = tokio::spawn(async move { server.fresh(&sid).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(replicas.renewals(), 0);
    replicas.pass(10);
    assert_eq!(call.await.unwrap().unwrap().ugen, 2);
    assert_eq!(replicas.renewals(), 1);
}

#[tokio::test]
async fn a_holder_that_may_know_the_pair_is_given_time_to_store_it() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    held_elsewhere(&replicas, &login.sid).await;
    let lost = rotated_elsewhere(&replicas, &login).await;
    replicas.pass(10);
    let server = replicas.server();
    let refused = server.fresh(&login.sid).await.err();
    assert_eq!(refused, Some(NotFresh::Unavailable(PAUSE)));
    // It comes back and stores what it has.
    let found = server.login(&login.sid).await.unwrap().unwrap();
    let mut lost = Some(lost);
    let ends = server.tokens.now() + LIFE;
    let stored = server.change(found, |login| {
        let lost = lost.take().unwrap();
        (login.access, login.refresh) = (lost.access, lost.refresh);
        (login.access_ends, login.ugen) = (Some(ends), 2);
        login.in_flight = None;
        true
    });
    stored.await.unwrap().unwrap();
    assert_eq!(server.fresh(&login.sid).await.unwrap().ugen, 2);
}

#[tokio::test]
async fn a_holder_that_died_with_the_pair_costs_one_sign_in() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    held_elsewhere(&replicas, &login.sid).await;
    drop(rotated_elsewhere(&replicas, &login).await);
    replicas.pass(run::STALE);
    let server = replicas.server();
    assert_eq!(server.fresh(&login.sid).await.err(), Some(NotFresh::Ended));
    assert!(replicas.stored(&login.sid).await.is_none());
}

#[tokio::test]
async fn when_another_replica_renewed_first_its_pair_is_used() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    // This one read the login, then the other renewed it.
    let found = replicas.server().login(&login.sid).await.unwrap().unwrap();
    let other = replicas.servers[1].fresh(&login.sid).await.unwrap();
    let fresh = replicas.server().freshen(found).await.unwrap();
    assert_eq!(fresh.record.access.expose(), other.access.expose());
    assert_eq!(replicas.renewals(), 1);
}

#[tokio::test]
async fn a_holder_that_slept_does_not_overwrite_a_later_pair() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    replicas
        .gitlab()
        .edit(|world| world.quirks.refresh_grace_seconds = 600);
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let slow = Fault::latency(Duration::from_millis(300))
        .on(REFRESH)
        .times(1);
    replicas.gitlab().faults().add(slow);
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let sleeper = tokio::spawn(async move { server.fresh(&sid).await });
    until(|| async { replicas.renewals() == 1 }).await;
    // Its lease runs out while it waits, and somebody else is faster.
    replicas.pass(11);
    let other = replicas.servers[1].fresh(&login.sid).await.unwrap();
    let late = sleeper.await.unwrap().unwrap();
    assert_eq!(late.access.expose(), other.access.expose());
    let stored = replicas.stored(&login.sid).await.unwrap();
    assert_eq!(
        (stored.access.expose(), stored.ugen),
        (other.access.expose(), 2)
    );
    // The pair that came too late is given back.
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 1);
}

#[tokio::test]
async fn a_holder_that_waits_longer_than_its_lease_keeps_it() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let slow = Fault::latency(Duration::from_secs(15)).on(REFRESH);
    replicas.gitlab().faults().add(slow);
    let call = |server: &Arc<AuthorizationServer>| {
        let (server, sid) = (Arc::clone(server), login.sid.clone());
        tokio::spawn(async move { server.fresh(&sid).await.map(|login| login.ugen) })
    };
    let holder = call(&replicas.servers[0]);
    until(|| async { replicas.renewals() == 1 }).await;
    let mut other = None;
    for second in 1..=15 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
        replicas.pass(1);
        // What is due gets its turn.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        if second == 12 {
            other = Some(call(&replicas.servers[1]));
        }
    }
    assert_eq!(holder.await.unwrap(), Ok(2));
    assert_eq!(other.unwrap().await.unwrap(), Ok(2));
    assert_eq!(replicas.renewals(), 1);
}

#[tokio::test]
async fn a_holder_that_slept_before_gitlab_saw_it_uses_the_later_pair() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let held = Fault::hold(Duration::from_millis(300)).on(REFRESH).times(1);
    replicas.gitlab().faults().add(held);
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let sleeper = tokio::spawn(async move { server.fresh(&sid).await });
    until(|| async { replicas.gitlab().faults().count() == 0 || replicas.renewals() == 1 }).await;
    replicas.pass(11);
    let other = replicas.servers[1].fresh(&login.sid).await.unwrap();
    // GitLab says invalid_grant to the first one, and the login goes on.
    let late = sleeper.await.unwrap().unwrap();
    assert_eq!(late.access.expose(), other.access.expose());
    assert_eq!((replicas.renewals(), late.ugen), (2, 2));
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 0);
}

#[tokio::test]
async fn a_pair_that_the_store_does_not_take_is_held_until_it_does() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let slow = Fault::latency(Duration::from_millis(100)).on(REFRESH);
    replicas.gitlab().faults().add(slow);
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let caller = tokio::spawn(async move { server.fresh(&sid).await });
    until(|| async { replicas.renewals() == 1 }).await;
    replicas.lines[0].cut(true);
    let wrote = replicas.lines[0].writes();
    until(|| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        replicas.lines[0].writes() > wrote + 3
    })
    .await;
    // Whoever needs the login is told to come back, and the lease runs out.
    let server = replicas.server();
    let refused = server.fresh(&login.sid).await.err();
    assert_eq!(refused, Some(NotFresh::Unavailable(PAUSE)));
    replicas.pass(30);
    replicas.lines[0].cut(false);
    assert_eq!(caller.await.unwrap().unwrap().ugen, 2);
    assert_eq!(replicas.renewals(), 1);
}

#[tokio::test]
async fn a_pair_that_waits_for_a_store_outlives_what_another_replica_sees_first() {
    for away in [61, 120] {
        let replicas = Replicas::with(Rules::default(), 2).await;
        let login = replicas.login().await;
        replicas.pass(LIFE);
        let slow = Fault::latency(Duration::from_millis(100)).on(REFRESH);
        replicas.gitlab().faults().add(slow);
        let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
        let holder = tokio::spawn(async move { server.fresh(&sid).await });
        until(|| async { replicas.renewals() == 1 }).await;
        replicas.lines[0].cut(true);
        replicas.pass(away);
        // The other one is faster back at the store, and GitLab refuses what stands there.
        let other = &replicas.servers[1];
        let refused = other.fresh(&login.sid).await.err();
        assert_eq!(refused, Some(NotFresh::Unavailable(PAUSE)), "{away} s");
        replicas.lines[0].cut(false);
        assert_eq!(holder.await.unwrap().unwrap().ugen, 2, "{away} s");
        assert_eq!(other.fresh(&login.sid).await.unwrap().ugen, 2, "{away} s");
    }
}

#[tokio::test]
async fn a_pair_that_was_stored_although_nobody_heard_so_stays_good() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let slow = Fault::latency(Duration::from_millis(100)).on(REFRESH);
    replicas.gitlab().faults().add(slow);
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let caller = tokio::spawn(async move { server.fresh(&sid).await });
    until(|| async { replicas.renewals() == 1 }).await;
    replicas.lines[0].lose_answers(1);
    let fresh = caller.await.unwrap().unwrap();
    assert_eq!(fresh.ugen, 2);
    replicas.server().settle().await;
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 0);
    let told = replicas.server().application.token_info(&fresh.access);
    assert!(told.await.is_ok());
    replicas.gitlab().faults().clear();
    replicas.pass(LIFE);
    assert_eq!(replicas.server().fresh(&login.sid).await.unwrap().ugen, 3);
}

#[tokio::test]
async fn a_login_that_ends_while_it_is_renewed_leaves_no_token_behind() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    let slow = Fault::latency(Duration::from_millis(100)).on(REFRESH);
    replicas.gitlab().faults().add(slow);
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let caller = tokio::spawn(async move { server.fresh(&sid).await });
    until(|| async { replicas.renewals() == 1 }).await;
    let stored = replicas.stored(&login.sid).await.unwrap();
    replicas.server().end(stored, "revoked").await.unwrap();
    assert_eq!(caller.await.unwrap().err(), Some(NotFresh::Ended));
    replicas.server().settle().await;
    // The old pair and the one that came too late.
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 2);
}

#[tokio::test]
async fn without_the_store_nothing_is_sent() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    replicas.lines[0].cut(true);
    let server = replicas.server();
    let refused = server.fresh(&login.sid).await.err();
    assert_eq!(refused, Some(NotFresh::Unavailable(PAUSE)));
    assert_eq!(replicas.renewals(), 0);
    assert_eq!(replicas.servers[1].fresh(&login.sid).await.unwrap().ugen, 2);
    replicas.lines[0].cut(false);
    assert_eq!(server.fresh(&login.sid).await.unwrap().ugen, 2);
    assert_eq!(replicas.renewals(), 1);
}
