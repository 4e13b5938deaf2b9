//! Thousands of logins whose GitLab tokens end at the same second.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use mock_gitlab::world::{Lineage, Token};

use super::*;

/// Connections that are kept to GitLab, unless somebody says otherwise.
const BOUND: usize = 25;
/// Seconds between two looks.
const STEP: u64 = 5;

/// How many logins. In a debug build ten thousand take longer than a test should.
fn size() -> u64 {
    if std::env::var_os("GITLAB_MCP_FULL_FLOOD").is_some() {
        10_000
    } else {
        1_000
    }
}

/// So many logins of alice, which all began at the same second.
async fn herd(replicas: &Replicas, size: u64) -> Vec<String> {
    let server = replicas.server();
    let model = replicas.login().await;
    let mut sids = Vec::new();
    for number in 0..size {
        let (access, refresh) = (
            format!("access-{number:040}"),
            format!("refresh-{number:040}"),
        );
        let login = Login {
            sid: server.tokens.another_sid(),
            access: crate::authorization_server::bench::secret(&access),
            refresh: Some(crate::authorization_server::bench::secret(&refresh)),
            ..copy(&model)
        };
        let life = server.login_life(&login);
        assert!(
            server
                .records
                .put_ranked(&login.sid, &login, 0, life)
                .await
                .unwrap()
        );
        sids.push(login.sid);
        replicas.gitlab().edit(|world| {
            let (token, lineage): (Token, Lineage) = {
                let access = model.access.expose();
                (
                    world.tokens[access].clone(),
                    world.oauth.lineages[access].clone(),
                )
            };
            let token = Token {
                refresh_token: Some(refresh),
                ..token
            };
            world.tokens.insert(access.clone(), token);
            world.oauth.lineages.insert(access, lineage);
        });
    }
    server.end(model, "revoked").await.unwrap();
    server.settle().await;
    replicas.gitlab().log().clear();
    sids
}

/// How many connections GitLab saw them on: one for each that ran at the same time.
fn connections(replicas: &Replicas) -> usize {
    let all = replicas.gitlab().log().of(REFRESH);
    let all: BTreeSet<u64> = all.iter().map(|record| record.connection).collect();
    all.len()
}

#[tokio::test]
async fn logins_that_began_together_are_renewed_one_after_the_other() {
    let replicas = Replicas::one().await;
    let size = size();
    let mut left = herd(&replicas, size).await;
    replicas.pass(LIFE - DUE - LEAD);
    let mut seen = Vec::new();
    // Everybody uses their login all the time.
    while !left.is_empty() {
        let before = replicas.renewals();
        let calls = left.iter().map(|sid| replicas.server().fresh(sid));
        let used = join_all(calls).await;
        // Nobody is refused anything, or hears of it.
        let used: Vec<u64> = used.into_iter().map(|used| used.unwrap().ugen).collect();
        let mut numbers = used.into_iter();
        left.retain(|_| numbers.next() == Some(1));
        seen.push(replicas.renewals() - before);
        replicas.pass(STEP);
        assert!(seen.len() < 40, "{} are left: {seen:?}", left.len());
    }
    assert_eq!(seen.iter().sum::<usize>(), usize::try_from(size).unwrap());
    // Over a minute, as evenly as chance has it.
    let even = usize::try_from(size * STEP / LEAD).unwrap();
    assert!(seen.iter().all(|step| *step < 2 * even), "{seen:?}");
    let most = connections(&replicas);
    assert!(most <= BOUND, "{most} at a time");
}

#[tokio::test]
async fn logins_that_ended_together_are_renewed_few_at_a_time() {
    let replicas = Replicas::one().await;
    let sids = herd(&replicas, 500).await;
    replicas.pass(LIFE);
    let calls = sids.iter().map(|sid| replicas.server().fresh(sid));
    for renewed in join_all(calls).await {
        assert_eq!(renewed.unwrap().ugen, 2);
    }
    assert_eq!(replicas.renewals(), sids.len());
    let most = connections(&replicas);
    assert!((2..=BOUND).contains(&most), "{most} at a time");
}

#[tokio::test]
async fn a_living_token_is_used_while_the_others_are_in_the_way() {
    let replicas = Replicas::one().await;
    let sids = herd(&replicas, 100).await;
    replicas.pass(LIFE - 60);
    let silent = Fault::silence().on(REFRESH);
    replicas.gitlab().faults().add(silent);
    let stuck: Vec<_> = sids[..BOUND]
        .iter()
        .map(|sid| {
            let (server, sid) = (Arc::clone(replicas.server()), sid.clone());
            tokio::spawn(async move { server.fresh(&sid).await.map(|login| login.ugen) })
        })
        .collect();
    until(|| async { replicas.renewals() == BOUND }).await;
    let calls = sids.iter().map(|sid| replicas.server().fresh(sid));
    for used in join_all(calls).await {
        assert_eq!(used.unwrap().ugen, 1);
    }
    assert_eq!(replicas.renewals(), BOUND);
    for one in stuck {
        one.abort();
    }
}
