//! Codes open a login once, for whoever asked for them.

use std::time::Duration;

use super::super::bench::{BASE, Bench, bench};
use super::*;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "https://client.example/back";

fn request() -> Request {
    Request {
        issuer: BASE.to_owned(),
        client: "c".to_owned(),
        client_name: "Client".to_owned(),
        redirect_uri: Some(REDIRECT.to_owned()),
        state: None,
        challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
        resource: None,
    }
}

const PROOF: Proof<'static> = Proof {
    client: "c",
    redirect_uri: Some(REDIRECT),
    verifier: VERIFIER,
    issuer: BASE,
};

async fn code(bench: &Bench) -> String {
    let opens = Opens::Stored("sid".to_owned());
    let code = bench.server.code_for(opens, request());
    bench.server.hand_out(&code).await.unwrap()
}

#[tokio::test]
async fn a_code_opens_its_login_once() {
    let bench = bench().await;
    let code = code(&bench).await;
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Login(code) if code.sid() == "sid"));
    let again = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(
        again,
        Redeemed::Replayed {
            is_theft: false,
            ..
        }
    ));
    bench.clock.advance(Duration::from_secs(11));
    let late = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(late, Redeemed::Replayed { is_theft: true, code } if code.sid() == "sid"));
    let unproven = Proof {
        client: "other",
        ..PROOF
    };
    let unproven = bench.server.redeem(&code, unproven).await.unwrap();
    assert!(matches!(unproven, Redeemed::Refused));
}

#[tokio::test]
async fn without_proof_a_code_stays_as_it_is() {
    let bench = bench().await;
    let wrong = [
        Proof {
            client: "other",
            ..PROOF
        },
        Proof {
            redirect_uri: None,
            ..PROOF
        },
        Proof {
            redirect_uri: Some("https://client.example:444/back"),
            ..PROOF
        },
        Proof {
            issuer: "https://other.example",
            ..PROOF
        },
    ];
    let code = code(&bench).await;
    for _ in 0..3 {
        for proof in wrong {
            let refused = bench.server.redeem(&code, proof).await.unwrap();
            assert!(matches!(refused, Redeemed::Refused));
        }
    }
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Login(_)));
}

#[tokio::test]
async fn the_fifth_wrong_verifier_ends_a_code() {
    let bench = bench().await;
    for (wrong_ones, works) in [(4, true), (5, false)] {
        let code = code(&bench).await;
        for number in 0..wrong_ones {
            let verifier = format!("{VERIFIER}{number}");
            let wrong = Proof {
                verifier: &verifier,
                ..PROOF
            };
            let refused = bench.server.redeem(&code, wrong).await.unwrap();
            assert!(matches!(refused, Redeemed::Refused));
        }
        let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
        assert_eq!(
            matches!(redeemed, Redeemed::Login(_)),
            works,
            "{wrong_ones}"
        );
    }
}

#[tokio::test]
async fn a_code_ends_with_its_time() {
    let bench = bench().await;
    let code = code(&bench).await;
    bench.clock.advance(bench.server.rules.code_life);
    let redeemed = bench.server.redeem(&code, PROOF).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Refused));
}

#[tokio::test]
async fn of_a_hundred_at_once_one_has_the_login() {
    let bench = bench().await;
    let code = code(&bench).await;
    let all = (0..100).map(|_| bench.server.redeem(&code, PROOF));
    let ends = futures_util::future::join_all(all).await;
    let first = |end: &Result<Redeemed, _>| matches!(end, Ok(Redeemed::Login(_)));
    assert_eq!(ends.iter().filter(|end| first(end)).count(), 1);
}
