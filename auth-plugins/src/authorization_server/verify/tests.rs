//! Bearer tokens: ours, alive, and of a login that GitLab still knows.

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::replicas::{LIFE, REFRESH, Replicas, base, refreshing};
use crate::authorization_server::keys::Keys;
use crate::authorization_server::rules::Rules;
use crate::authorization_server::tokens::Tokens;
use gitlab_mcp_core::auth::Generation;

#[tokio::test]
async fn a_token_tells_who_it_is_and_what_to_send_to_gitlab() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let login = replicas.stored(&sid).await.unwrap();
    let server = replicas.server();
    let verified = server.verify(&base(), &pair.access).await.unwrap();
    assert_eq!(verified.behind, Behind::Login(sid.clone()));
    assert_eq!(verified.subject, login.subject);
    assert_eq!(verified.client, Some(login.client));
    assert_eq!(verified.scope, "api");
    assert_eq!(verified.credential.number(), Generation(1));
    let url = url::Url::parse(&format!("{}/user", server.instance.api_url())).unwrap();
    let (name, value) = verified.credential.header_for(&url).unwrap().unwrap();
    assert_eq!(name, "authorization");
    assert_eq!(value, format!("Bearer {}", login.access.expose()));
    assert!(!format!("{:?}", verified.credential).contains(login.access.expose()));
}

#[tokio::test]
async fn what_is_no_access_token_of_ours_opens_nothing_and_costs_nothing() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let login = replicas.stored(&sid).await.unwrap();
    let other_keys = Keys::of_this_process(&gitlab_mcp_core::random::OsRandom);
    let other_keys = Tokens::new(
        Arc::new(other_keys),
        replicas.clock.clone(),
        Arc::clone(&replicas.server().random),
    );
    let claims = replicas.server().tokens.open_access(&base(), &pair.access);
    let foreign = other_keys.access(&claims.unwrap());
    let huge = format!("gmat_{}", "A".repeat(1_000_000));
    let wrote = replicas.lines[0].writes();
    for bearer in [
        "",
        "gmat_",
        "gmat_AAAA",
        "glpat-canary-of-a-person",
        &huge,
        &foreign,
        &pair.refresh,
        login.access.expose(),
        pair.access.get(..pair.access.len() - 1).unwrap(),
        &format!("{} ", pair.access),
        &format!("{}=", pair.access),
    ] {
        let refused = replicas.verify(0, bearer).await;
        assert_eq!(refused, Err(VerifyError::Invalid));
    }
    // The same keys are in use at another place.
    let elsewhere = Base::parse("https://other.example").unwrap();
    let refused = replicas.server().verify(&elsewhere, &pair.access).await;
    assert_eq!(refused.err(), Some(VerifyError::Invalid));
    assert_eq!(replicas.lines[0].writes(), wrote);
    assert_eq!(replicas.gitlab().log().count(), 0);
    assert!(replicas.verify(0, &pair.access).await.is_ok());
}

#[tokio::test]
async fn a_token_made_at_another_gitlab_opens_nothing() {
    let replicas = Replicas::one().await;
    let (pair, sid) = replicas.signed_in().await;
    let server = replicas.server();
    let found = server.login(&sid).await.unwrap().unwrap();
    let moved = server.change(found, |login| {
        login.instance = "https://old.example".to_owned();
        true
    });
    moved.await.unwrap();
    let refused = replicas.verify(0, &pair.access).await;
    assert_eq!(refused, Err(VerifyError::Invalid));
    let refused = replicas.token(0, &refreshing(&pair.refresh)).await;
    assert_eq!(refused.word(), "400 invalid_grant");
}

#[tokio::test]
async fn the_first_use_of_a_generation_is_written_and_no_other() {
    let replicas = Replicas::one().await;
    let (first, _) = replicas.signed_in().await;
    let writes = || replicas.lines[0].writes();
    let before = writes();
    for _ in 0..3 {
        assert!(replicas.verify(0, &first.access).await.is_ok());
    }
    assert_eq!(writes(), before);
    let second = replicas.refresh(0, &first.refresh).await.pair();
    let before = writes();
    let all = (0..10).map(|_| replicas.verify(0, &second.access));
    for verified in futures_util::future::join_all(all).await {
        assert!(verified.is_ok());
    }
    assert_eq!(writes(), before + 1);
    for access in [&first.access, &second.access] {
        assert!(replicas.verify(0, access).await.is_ok());
    }
    assert_eq!(writes(), before + 1);
}

#[tokio::test]
async fn an_expired_gitlab_token_is_renewed_in_use_and_the_number_tells() {
    let rules = Rules {
        access_life: Duration::from_hours(5),
        ..Rules::default()
    };
    let replicas = Replicas::with(rules, 1).await;
    let (pair, _) = replicas.signed_in().await;
    replicas.pass(LIFE);
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(503).on(REFRESH));
    let refused = replicas.verify(0, &pair.access).await;
    assert_eq!(refused, Err(VerifyError::Unavailable(PAUSE)));
    replicas.gitlab().faults().clear();
    let server = replicas.server();
    let verified = server.verify(&base(), &pair.access).await.unwrap();
    assert_eq!(verified.credential.number(), Generation(2));
    replicas
        .gitlab()
        .edit(|world| world.quirks.refuse_refreshes = 1);
    replicas.pass(LIFE);
    for _ in 0..2 {
        let refused = replicas.verify(0, &pair.access).await;
        assert_eq!(refused, Err(VerifyError::Invalid));
    }
}

#[tokio::test]
async fn without_the_store_nobody_can_say() {
    let replicas = Replicas::with(Rules::default(), 2).await;
    let (pair, _) = replicas.signed_in().await;
    replicas.lines[1].cut(true);
    let refused = replicas.verify(1, &pair.access).await;
    assert_eq!(refused, Err(VerifyError::Unavailable(PAUSE)));
    assert!(replicas.verify(0, &pair.access).await.is_ok());
    replicas.lines[1].cut(false);
    assert!(replicas.verify(1, &pair.access).await.is_ok());
}
