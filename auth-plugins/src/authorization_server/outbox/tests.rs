//! Revocations that GitLab was not there for.

use super::*;
use crate::authorization_server::bench::replicas::{REVOKE, Replicas};
use crate::authorization_server::rules::Rules;
use mock_gitlab::Fault;

fn revocations(replicas: &Replicas) -> usize {
    replicas.gitlab().log().of(REVOKE).count()
}

async fn left(replicas: &Replicas) -> u64 {
    replicas
        .server()
        .records
        .count::<Unrevoked>()
        .await
        .unwrap()
}

/// A login that ended while GitLab was away.
async fn ended_without_gitlab(replicas: &Replicas) -> String {
    let login = replicas.login().await;
    let access = login.access.expose().to_owned();
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(503).on(REVOKE));
    replicas.server().end(login, "revoked").await.unwrap();
    replicas.server().settle().await;
    assert_eq!((revocations(replicas), left(replicas).await), (1, 1));
    access
}

#[tokio::test]
async fn a_token_is_revoked_as_soon_as_gitlab_is_back() {
    let replicas = Replicas::one().await;
    let access = ended_without_gitlab(&replicas).await;
    // Not due yet.
    replicas.server().tick().await;
    assert_eq!(revocations(&replicas), 1);
    replicas.pass(HEAD_START);
    replicas.server().tick().await;
    assert_eq!((revocations(&replicas), left(&replicas).await), (2, 1));
    replicas.gitlab().faults().clear();
    replicas.pass(SHORTEST_PAUSE);
    replicas.server().tick().await;
    assert_eq!((revocations(&replicas), left(&replicas).await), (3, 0));
    let revoked = replicas
        .gitlab()
        .edit(|world| world.tokens[&access].revoked);
    assert!(revoked);
}

#[tokio::test]
async fn replicas_share_what_is_due() {
    let replicas = Replicas::with(Rules::default(), 3).await;
    ended_without_gitlab(&replicas).await;
    replicas.gitlab().faults().clear();
    replicas.pass(HEAD_START);
    let ticks = replicas.servers.iter().map(|server| server.tick());
    futures_util::future::join_all(ticks).await;
    assert_eq!((revocations(&replicas), left(&replicas).await), (2, 0));
}

#[tokio::test]
async fn the_attempts_end_after_about_a_day() {
    let replicas = Replicas::one().await;
    ended_without_gitlab(&replicas).await;
    let mut hours = 0;
    while left(&replicas).await > 0 {
        replicas.pass(3600);
        replicas.server().tick().await;
        hours += 1;
        assert!(hours < 48);
    }
    assert!(hours > 20);
    assert!(revocations(&replicas) <= 1 + usize::try_from(MOST_TRIES).unwrap());
}

#[test]
fn pauses_grow_up_to_an_hour() {
    let pauses: Vec<u64> = [1, 2, 3, 7, 8, 30, 200].map(pause).into();
    assert_eq!(pauses, [30, 60, 120, 1920, 3600, 3600, 3600]);
}

#[tokio::test]
async fn a_token_in_the_outbox_has_no_clear_text_in_the_store() {
    let replicas = Replicas::one().await;
    let access = ended_without_gitlab(&replicas).await;
    let store = replicas.server().records.store();
    let rows = store.lowest(gitlab_mcp_store::Namespace::Outbox, i64::MAX, 10);
    let rows = rows.await.unwrap();
    assert_eq!(rows.len(), 1);
    for (key, held) in rows {
        assert!(!key.contains(&access));
        let bytes = held.value.bytes;
        let found = bytes
            .windows(access.len())
            .any(|part| part == access.as_bytes());
        assert!(!found);
    }
}
