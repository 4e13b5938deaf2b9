//! Logins begin for people who may, change under many hands, and end once.

use super::*;
use crate::authorization_server::bench::replicas::{REVOKE, Replicas, beginning};
use crate::authorization_server::rules::Rules;
use mock_gitlab::Fault;

fn groups(entries: &[&str]) -> Rules {
    Rules {
        groups: entries.iter().map(|entry| (*entry).to_owned()).collect(),
        ..Rules::default()
    }
}

#[tokio::test]
async fn a_life_that_cannot_be_is_no_beginning() {
    for (life, begins) in [
        (Some(Duration::ZERO), false),
        (Some(Duration::from_secs(1)), true),
        (Some(Duration::from_hours(24 * 365)), true),
        (Some(Duration::from_hours(24 * 400)), false),
        (Some(Duration::from_secs(1_000_000_000_000_000_000)), false),
        (None, true),
    ] {
        let replicas = Replicas::one().await;
        let mut tokens = replicas.upstream("alice").await;
        tokens.expires_in = life;
        let begun = replicas.server().begin(tokens, beginning()).await;
        assert_eq!(begun.is_ok(), begins, "{life:?}");
        let revoked = replicas.gitlab().log().of(REVOKE).count();
        assert_eq!(revoked, usize::from(!begins), "{life:?}");
    }
}

#[tokio::test]
async fn only_members_of_the_groups_begin_and_the_tokens_of_others_are_revoked() {
    for (entries, end) in [
        (&["no-such-group"][..], Some(NotBegun::Denied)),
        (&[][..], None),
    ] {
        let replicas = Replicas::with(groups(entries), 1).await;
        let tokens = replicas.upstream("alice").await;
        let begun = replicas.server().begin(tokens, beginning()).await;
        assert_eq!(begun.err(), end, "{entries:?}");
        let revoked = replicas.gitlab().log().of(REVOKE).count();
        assert_eq!(revoked, entries.len(), "{entries:?}");
    }
}

#[tokio::test]
async fn nobody_begins_while_gitlab_cannot_be_asked_about_groups() {
    let replicas = Replicas::with(groups(&["anything"]), 1).await;
    let fault = Fault::status(503).on("GET /api/v4/groups");
    replicas.gitlab().faults().add(fault);
    let tokens = replicas.upstream("alice").await;
    let begun = replicas.server().begin(tokens, beginning()).await;
    assert_eq!(begun.err(), Some(NotBegun::Unavailable));
}

#[tokio::test]
async fn many_changes_at_once_are_all_made() {
    let replicas = Replicas::with(Rules::default(), 3).await;
    let login = replicas.login().await;
    let changes = (0..30).map(|number| {
        let server = &replicas.servers[number % 3];
        let sid = &login.sid;
        async move {
            let found = server.login(sid).await.unwrap().unwrap();
            tokio::task::yield_now().await;
            let changed = server.change(found, |login| {
                login.member += 1;
                true
            });
            changed.await.unwrap().unwrap()
        }
    });
    futures_util::future::join_all(changes).await;
    let stored = replicas.stored(&login.sid).await.unwrap();
    assert_eq!(stored.member, login.member + 30);
}

#[tokio::test]
async fn a_login_ends_once_and_its_gitlab_token_is_revoked_once() {
    let replicas = Replicas::with(Rules::default(), 3).await;
    let login = replicas.login().await;
    let mut copies = Vec::new();
    for _ in &replicas.servers {
        copies.push(replicas.stored(&login.sid).await.unwrap());
    }
    let ends = replicas.servers.iter().zip(copies);
    let ends = ends.map(|(server, login)| server.end(login, "revoked"));
    for end in futures_util::future::join_all(ends).await {
        end.unwrap();
    }
    for server in &replicas.servers {
        server.settle().await;
    }
    assert!(replicas.stored(&login.sid).await.is_none());
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 1);
    // Nothing is left for later either.
    replicas.pass(3600);
    replicas.server().tick().await;
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 1);
}
