//! Tokens given back, and tokens that are somebody else's.

use std::time::Duration;

use super::*;
use crate::authorization_server::bench::replicas::{
    CLIENT, OTHER_CLIENT, REVOKE, Replicas, answered, but, posted,
};
use crate::authorization_server::rules::Rules;
use crate::authorization_server::verify::RevokedAccess;

fn giving_back(token: &str) -> [(&str, &str); 2] {
    [("token", token), ("client_id", CLIENT)]
}

#[tokio::test]
async fn a_refresh_token_given_back_ends_its_login_everywhere() {
    for hint in [
        None,
        Some("refresh_token"),
        Some("access_token"),
        Some("other"),
    ] {
        let replicas = Replicas::with(Rules::default(), 2).await;
        let (pair, sid) = replicas.signed_in().await;
        let access = replicas.stored(&sid).await.unwrap().access;
        let form = but(&giving_back(&pair.refresh), "token_type_hint", hint);
        let answered = replicas.revoke(&form).await;
        assert_eq!(
            (answered.word().as_str(), &answered.body),
            ("200", &json!({}))
        );
        assert_eq!(answered.headers["cache-control"], "no-store");
        assert!(replicas.verify(1, &pair.access).await.is_err());
        let refused = replicas.refresh(1, &pair.refresh).await;
        assert_eq!(refused.word(), "400 invalid_grant");
        replicas.server().settle().await;
        let gone = |world: &mut mock_gitlab::World| world.tokens[access.expose()].revoked;
        assert!(replicas.gitlab().edit(gone));
    }
}

#[tokio::test]
async fn an_access_token_given_back_is_dead_alone() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let (first, _) = replicas.signed_in().await;
    let second = replicas.refresh(0, &first.refresh).await.pair();
    assert_eq!(
        replicas.revoke(&giving_back(&first.access)).await.word(),
        "200"
    );
    assert!(replicas.verify(1, &first.access).await.is_err());
    assert!(replicas.verify(1, &second.access).await.is_ok());
    assert_eq!(replicas.refresh(1, &second.refresh).await.word(), "200");
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 0);
    // It is remembered as long as it could be used.
    let remembered = || async {
        let records = &replicas.server().records;
        records.count::<RevokedAccess>().await.unwrap()
    };
    assert_eq!(remembered().await, 1);
    replicas.pass(3600 + 29);
    assert!(replicas.verify(1, &first.access).await.is_err());
    replicas.pass(1);
    assert_eq!(remembered().await, 0);
}

#[tokio::test]
async fn what_is_foreign_unknown_or_dead_is_answered_alike_and_harms_nobody() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let mut damaged = pair.refresh.clone();
    let last = damaged.pop().unwrap();
    damaged.push(if last == 'A' { 'B' } else { 'A' });
    for (token, client) in [
        (pair.refresh.as_str(), OTHER_CLIENT),
        (&pair.access, OTHER_CLIENT),
        (&damaged, CLIENT),
        ("gmrt_AAAA", CLIENT),
        ("gmat_AAAA", CLIENT),
        ("glpat-canary-of-a-person", CLIENT),
        ("anything at all", CLIENT),
    ] {
        let form = [("token", token), ("client_id", client)];
        let answered = replicas.revoke(&form).await;
        assert_eq!(
            (answered.word().as_str(), &answered.body),
            ("200", &json!({}))
        );
    }
    assert!(replicas.stored(&sid).await.is_some());
    assert!(replicas.verify(0, &pair.access).await.is_ok());
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 0);
    // A token that was superseded long ago is dead; the one before the last may be all a client has.
    let second = replicas.refresh(0, &pair.refresh).await.pair();
    let third = replicas.refresh(0, &second.refresh).await.pair();
    replicas.revoke(&giving_back(&pair.refresh)).await;
    assert!(replicas.verify(0, &third.access).await.is_ok());
    replicas.revoke(&giving_back(&second.refresh)).await;
    assert!(replicas.verify(0, &third.access).await.is_err());
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_told_so() {
    let replicas = Replicas::one().await;
    let (pair, _) = replicas.signed_in().await;
    let full = giving_back(&pair.refresh);
    for (name, value, expected) in [
        ("token", None, "400 invalid_request"),
        ("client_id", None, "400 invalid_request"),
        ("client_id", Some("no-such-client"), "401 invalid_client"),
        ("client_secret", Some("anything"), "401 invalid_client"),
    ] {
        let answered = replicas.revoke(&but(&full, name, value)).await;
        assert_eq!(answered.word(), expected, "{name}");
    }
    let in_query = posted("/revoke?token=x", &full);
    let refused = answered(Arc::clone(replicas.server()).revoke(in_query).await).await;
    assert_eq!(refused.word(), "400 invalid_request");
    replicas.lines[0].cut(true);
    let refused = replicas.revoke(&full).await;
    assert_eq!(refused.word(), "503 temporarily_unavailable");
    replicas.lines[0].cut(false);
    assert!(replicas.verify(0, &pair.access).await.is_ok());
    assert_eq!(replicas.revoke(&full).await.word(), "200");
    assert!(replicas.verify(0, &pair.access).await.is_err());
}

#[tokio::test]
async fn the_answer_does_not_wait_for_gitlab() {
    let replicas = Replicas::one().await;
    let (pair, _) = replicas.signed_in().await;
    let slow = mock_gitlab::Fault::silence().on(REVOKE);
    replicas.gitlab().faults().add(slow);
    let form = giving_back(&pair.refresh);
    let answered = tokio::time::timeout(Duration::from_secs(5), replicas.revoke(&form)).await;
    assert_eq!(answered.unwrap().word(), "200");
}
