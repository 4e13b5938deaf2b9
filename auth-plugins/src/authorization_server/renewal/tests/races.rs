//! Many callers, several replicas, one renewal.

use super::*;
use crate::authorization_server::bench::stores::rounds;

const CALLERS: usize = 24;

/// An expired token in every round, wanted by many callers of every replica at once.
async fn race(state: &str, replicas: &Replicas, rounds: usize) {
    let login = replicas.login().await;
    for round in 1..=rounds {
        replicas.pass(LIFE);
        let calls: Vec<_> = (0..CALLERS)
            .flat_map(|_| &replicas.servers)
            .map(|server| {
                let (server, sid) = (Arc::clone(server), login.sid.clone());
                tokio::spawn(async move { server.fresh(&sid).await })
            })
            .collect();
        let expected = login.ugen + u64::try_from(round).unwrap();
        for call in calls {
            let fresh = call.await.unwrap();
            assert_eq!(
                fresh.map(|login| login.ugen),
                Ok(expected),
                "{state} {round}"
            );
        }
        assert_eq!(replicas.renewals(), round, "{state}");
    }
    let stored = replicas.stored(&login.sid).await.unwrap();
    let told = replicas.server().application.token_info(&stored.access);
    let user = told.await.unwrap().user.unwrap();
    assert_eq!(user.to_string(), stored.subject);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_renewed_once_whoever_asks() {
    for (state, replicas) in Replicas::everywhere(&long_lived(), 3).await {
        race(state, &replicas, rounds(100)).await;
    }
}

#[tokio::test]
async fn a_run_that_ends_as_the_token_runs_out_again_is_not_enough() {
    let replicas = Replicas::with(long_lived(), 1).await;
    let login = replicas.login().await;
    let server = replicas.server();
    for round in 1..=20 {
        replicas.pass(LIFE);
        let (first, sid) = (Arc::clone(server), login.sid.clone());
        let first = tokio::spawn(async move { first.fresh(&sid).await.map(drop) });
        until(|| async { replicas.stored(&login.sid).await.unwrap().ugen == 2 * round }).await;
        // The pair is stored, and the run has not landed yet.
        replicas.pass(LIFE);
        let fresh = server.fresh(&login.sid).await;
        assert_eq!(fresh.map(|login| login.ugen), Ok(2 * round + 1));
        first.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_never_lose_a_rotation() {
    for (state, replicas) in Replicas::everywhere(&long_lived(), 1).await {
        let login = replicas.login().await;
        for round in 1..=200 {
            replicas.pass(LIFE);
            let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
            let call = tokio::spawn(async move { server.fresh(&sid).await.map(drop) });
            for _ in 0..round % 20 {
                tokio::task::yield_now().await;
            }
            call.abort();
            drop(call.await);
            let fresh = replicas.server().fresh(&login.sid).await;
            let number = fresh.map(|login| login.ugen);
            assert_eq!(number, Ok(login.ugen + round), "{state}");
        }
    }
}
