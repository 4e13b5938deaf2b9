//! The way back from GitLab: an honest sign-in from end to end, and everything that must not become
//! one.

use std::time::Duration;

use mock_gitlab::{Drift, Fault, Payload};

use super::*;
use crate::authorization_server::bench::browser::*;
use crate::authorization_server::bench::heard::Heard;
use crate::authorization_server::bench::*;
use crate::authorization_server::codes::{Proof, Redeemed};
use crate::authorization_server::grant::{Code, Login, Pending};
use crate::authorization_server::rules::Rules;

mod claims;
mod failures;

async fn bench_of_web_client() -> Bench {
    let bench = bench().await;
    bench.register(&[REDIRECT]).await;
    bench
}

const PROOF: Proof<'static> = Proof {
    client: CLIENT,
    redirect_uri: Some(REDIRECT),
    verifier: VERIFIER,
    issuer: BASE,
};

/// How often GitLab was asked for tokens.
fn exchanges(bench: &Bench) -> usize {
    bench.gitlab.log().of("POST /oauth/token").count()
}

async fn stored(bench: &Bench) -> (u64, u64) {
    let records = &bench.server.records;
    let logins = records.count::<Login>().await.unwrap();
    (logins, records.count::<Code>().await.unwrap())
}

#[tokio::test]
async fn an_honest_sign_in_ends_with_a_code_for_the_client() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let seen = browser.sign_in(&asking(&[]), "alice").await;
    assert_eq!(seen.status, StatusCode::FOUND);
    assert_eq!(seen.headers["cache-control"], "no-store");
    assert_eq!(seen.headers["referrer-policy"], "no-referrer");
    let location = seen.location().unwrap();
    // The client's own query is kept, and comes first.
    assert!(location.as_str().starts_with(&format!("{REDIRECT}&code=")));
    assert_eq!(
        parameter(&location, "state").unwrap(),
        "state of the client"
    );
    assert_eq!(parameter(&location, "iss").as_deref(), Some(BASE));
    assert_eq!(parameter(&location, "error"), None);
    // The cookie of the login is gone; only the form's is left.
    assert_eq!(browser.cookies.len(), 1);

    let code = parameter(&location, "code").unwrap();
    assert!(code.starts_with("gmac_"));
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    let Redeemed::Login(redeemed) = redeemed else {
        panic!("{redeemed:?}");
    };
    let login = bench
        .server
        .login(redeemed.sid())
        .await
        .unwrap()
        .unwrap()
        .record;
    assert_eq!(login.username.as_deref(), Some("alice"));
    assert_eq!(login.subject, bench.gitlab.user("alice").id().to_string());
    assert_eq!(login.client, CLIENT);
    assert_eq!(
        login.method,
        crate::authorization_server::grant::Method::Browser
    );
    // What GitLab gave is not what the client got.
    assert!(!seen.body.contains(login.access.expose()));
    assert!(!location.as_str().contains(login.access.expose()));
}

#[tokio::test]
async fn the_audit_tells_the_story_without_a_secret() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let gitlab = browser.approve(&asking(&[])).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    let seen = browser.open(back.as_str()).await;
    let code = parameter(&seen.location().unwrap(), "code").unwrap();
    let page = browser.open(&asking(&[])).await;
    browser.press(&page, "cancel").await;
    browser.open("/callback?state=unknown").await;
    let stray = browser.approve(&asking(&[])).await;
    let stray = browser.authorize_as("alice", &stray).await;
    bench.visitor().open(stray.as_str()).await;
    assert_eq!(
        heard.events(),
        [
            "consent_shown ok",
            "consent_approved ok",
            "login_started ok",
            "login_completed ok",
            "consent_shown ok",
            "consent_denied refused cancelled",
            "consent_shown ok",
            "consent_approved ok",
            "login_started ok",
            "login_failed refused other_browser",
        ]
    );
    let all = heard.text();
    assert!(all.contains("app.example") && all.contains("alice"));
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    let Redeemed::Login(redeemed) = redeemed else {
        panic!("{redeemed:?}");
    };
    let login = bench.server.login(redeemed.sid()).await.unwrap().unwrap();
    let state = parameter(&gitlab, "state").unwrap();
    let upstream = parameter(&back, "code").unwrap();
    let mut secrets = vec![code, state, upstream, redeemed.sid().to_owned()];
    secrets.push(login.record.access.expose().to_owned());
    secrets.extend(browser.cookies.into_values());
    for secret in secrets {
        assert!(!all.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn every_kind_of_redirect_uri_gets_its_code() {
    let bench = bench().await;
    let app = "com.example.app:/cb";
    bench
        .register(&["http://127.0.0.1/cb", "http://[::1]/cb", app])
        .await;
    for uri in ["http://127.0.0.1:49152/cb", "http://[::1]:1/cb", app] {
        let mut browser = bench.visitor();
        let asked = asking(&[("redirect_uri", Some(uri))]);
        let seen = browser.sign_in(&asked, "alice").await;
        let location = seen.leads_to().unwrap();
        assert!(location.as_str().starts_with(uri), "{location}");
        let code = parameter(&location, "code").unwrap();
        // Browsers follow no redirect to an app after GitLab's form.
        assert_eq!(seen.location().is_none(), uri == app);
        // The redirect URI of the request, port included, is part of the proof.
        let other_port = Proof {
            redirect_uri: Some("http://127.0.0.1/cb"),
            ..PROOF
        };
        let refused = bench.server.redeem(&code, other_port).await.unwrap();
        assert!(matches!(refused, Redeemed::Refused));
        let same = Proof {
            redirect_uri: Some(uri),
            ..PROOF
        };
        let redeemed = bench.server.redeem(&code, same).await.unwrap();
        assert!(matches!(redeemed, Redeemed::Login(_)), "{uri}");
    }
}

#[tokio::test]
async fn the_code_is_its_owner_s_alone_and_good_once() {
    let bench = bench_of_web_client().await;
    let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
    let code = parameter(&seen.location().unwrap(), "code").unwrap();
    let wrong = "wrong-verifier-wrong-verifier-wrong-verifier-0";
    for proof in [
        Proof {
            client: "other",
            ..PROOF
        },
        Proof {
            redirect_uri: Some("https://app.example/cb"),
            ..PROOF
        },
        Proof {
            redirect_uri: None,
            ..PROOF
        },
        Proof {
            verifier: "",
            ..PROOF
        },
        Proof {
            verifier: wrong,
            ..PROOF
        },
        Proof {
            verifier: CHALLENGE,
            ..PROOF
        },
    ] {
        let refused = bench.server.redeem(&code, proof).await.unwrap();
        assert!(matches!(refused, Redeemed::Refused));
    }
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Login(_)));
    for (after, late) in [(1, false), (10, true)] {
        bench.clock.advance(Duration::from_secs(after));
        let again = bench.server.redeem(&code, PROOF).await.unwrap();
        let Redeemed::Replayed { is_theft, .. } = again else {
            panic!("{again:?}");
        };
        assert_eq!(is_theft, late);
    }
}

#[tokio::test]
async fn a_code_for_a_path_of_the_operator_comes_back_there() {
    let rules = Rules {
        flow: Flow::Callback("/oauth/callback"),
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    bench.register(&[REDIRECT]).await;
    let mut browser = bench.visitor();
    let gitlab = browser.approve(&asking(&[])).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    assert_eq!(back.path(), "/oauth/callback");
    let head = http::Request::builder()
        .method(http::Method::HEAD)
        .uri(format!("{}?{}", back.path(), back.query().unwrap()));
    let looked = browser.send(head.body(Body::empty()).unwrap()).await;
    assert_eq!((looked.status, looked.location()), (StatusCode::OK, None));
    let seen = browser.open(back.as_str()).await;
    assert!(parameter(&seen.location().unwrap(), "code").is_some());
}

/// The answer that is due to the client.
fn error_of(seen: &Seen) -> String {
    assert_eq!(seen.status, StatusCode::FOUND);
    let location = seen.location().unwrap();
    assert!(location.as_str().starts_with(&format!("{REDIRECT}&")));
    assert_eq!(
        parameter(&location, "state").unwrap(),
        "state of the client"
    );
    assert_eq!(parameter(&location, "iss").as_deref(), Some(BASE));
    assert_eq!(parameter(&location, "code"), None);
    parameter(&location, "error").unwrap()
}
