//! A 401 renews the credential once, repeats the request once, and then it is over.

use std::sync::atomic::Ordering;

use gitlab_mcp_core::auth::{Generation, HeaderKind};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::gitlab::Method::{Delete, Get, Post};
use gitlab_mcp_core::tool::ErrorCode;

use crate::bench::{ADVICE, Bench, CANARY, Fake, NEWER, credential, request};
use crate::reply::Reply;
use crate::upstream::Upstream;

fn unauthorized() -> Reply {
    Reply::json(401, r#"{"message":"401 Unauthorized"}"#)
}

fn renewing(url: &str) -> Bench {
    let instance = Instance::parse(url).unwrap();
    let own = credential(&instance, HeaderKind::Bearer, CANARY);
    let newer = credential(&instance, HeaderKind::Bearer, NEWER).generation(Generation(1));
    Bench::signed_in(
        instance,
        Fake {
            credential: Some(own),
            newer: Some(newer),
            ..Fake::default()
        },
    )
}

#[tokio::test]
async fn reads_and_writes_are_repeated_once_with_the_newer_credential() {
    for method in [Get, Post, Delete] {
        let upstream = Upstream::playing([unauthorized(), Reply::json(200, "{}")]).await;
        let bench = renewing(&upstream.url());

        bench.send(request(method)).await.unwrap();

        let seen = upstream.seen();
        let sent: Vec<_> = seen
            .iter()
            .map(|one| one.header("authorization").unwrap())
            .collect();
        assert_eq!(
            sent,
            [format!("Bearer {CANARY}"), format!("Bearer {NEWER}")]
        );
        assert_eq!(seen[0].line(), seen[1].line());
        assert_eq!(seen[0].body, seen[1].body);
        assert_eq!(bench.auth.renewals.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_newer_credential_that_is_refused_too_ends_the_call() {
    let upstream = Upstream::playing(vec![unauthorized(); 4]).await;
    let bench = renewing(&upstream.url());
    let error = bench.get().await.unwrap_err();
    assert_eq!(
        (error.code, error.status),
        (ErrorCode::Unauthorized, Some(401))
    );
    assert_eq!(error.next_step, ADVICE);
    assert_eq!(upstream.count(), 2);
    assert_eq!(bench.auth.renewals.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_provider_that_cannot_renew_is_asked_once() {
    for method in [Get, Post] {
        let upstream = Upstream::playing(vec![unauthorized(); 4]).await;
        let bench = Bench::at(&upstream.url());
        let error = bench.send(request(method)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Unauthorized);
        assert_eq!(upstream.count(), 1);
        assert_eq!(bench.auth.renewals.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_renewal_does_not_use_up_the_tries_of_a_flaky_gitlab() {
    let away = || Reply::html(503, "<html></html>");
    let upstream = Upstream::playing([
        away(),
        unauthorized(),
        away(),
        Reply::json(200, r#"{"id":1}"#),
    ])
    .await;
    let answer = renewing(&upstream.url()).get().await.unwrap();
    assert_eq!(answer.json().unwrap()["id"], 1);
    assert_eq!(upstream.count(), 4);
}

#[tokio::test]
async fn a_sign_in_page_renews_nothing_and_leaks_nothing() {
    let page = r#"<html><form action="/users/sign_in"></form></html>"#;
    let upstream = Upstream::playing([Reply::html(200, page)]).await;
    let bench = renewing(&upstream.url());
    let error = bench.get().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert!(!crate::bench::told(&error).contains(CANARY));
    assert_eq!(upstream.count(), 1);
}
