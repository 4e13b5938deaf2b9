//! The way back from GitLab: an honest sign-in from end to end, and everything that must not become
//! one.

use std::time::Duration;

use mock_gitlab::{Fault, Payload};

use super::*;
use crate::authorization_server::bench::browser::*;
use crate::authorization_server::bench::*;
use crate::authorization_server::codes::{Proof, Redeemed};
use crate::authorization_server::grant::{Code, Login, Pending};
use crate::authorization_server::rules::Rules;

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
        .login(&redeemed.sid)
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
async fn a_state_that_is_not_open_is_told_so_and_disturbs_nobody() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let gitlab = browser.approve(&asking(&[])).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    for address in [
        "/callback",
        "/callback?code=x",
        "/callback?state=&code=x",
        "/callback?state=unknown&code=x",
        "/callback?state=unknown&error=access_denied",
        "/callback?state=state+of+the+client&code=x",
    ] {
        let seen = browser.open(address).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{address}");
        assert!(seen.leads_to().is_none());
        assert!(seen.body.contains("Unknown or expired state"), "{address}");
    }
    let twice = browser.open(&format!("{back}&code=other")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert!(twice.leads_to().is_none());
    assert_eq!(exchanges(&bench), 0);
    // The honest one goes on, and once.
    let seen = browser.open(back.as_str()).await;
    assert!(parameter(&seen.location().unwrap(), "code").is_some());
    let again = browser.open(back.as_str()).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("Unknown or expired state"));
    assert!(again.body.contains("already finished"));
    assert_eq!(exchanges(&bench), 1);
    assert_eq!(stored(&bench).await, (1, 1));
}

#[tokio::test]
async fn after_ten_minutes_a_login_on_its_way_is_over() {
    let bench = bench_of_web_client().await;
    for (after, works) in [(599, true), (600, false)] {
        let mut browser = bench.visitor();
        let gitlab = browser.approve(&asking(&[])).await;
        let back = browser.authorize_as("alice", &gitlab).await;
        bench.clock.advance(Duration::from_secs(after));
        let seen = browser.open(back.as_str()).await;
        assert_eq!(seen.location().is_some(), works, "{after}");
        assert_eq!(seen.body.contains("Unknown or expired state"), !works);
    }
}

#[tokio::test]
async fn another_browser_ends_the_login_without_an_exchange() {
    let bench = bench_of_web_client().await;
    let mut attacker = bench.visitor();
    let gitlab = attacker.approve(&asking(&[])).await;
    // The victim follows the attacker's link to GitLab and comes back with a code of its own.
    let mut victim = bench.visitor();
    victim.approve(&asking(&[])).await;
    let back = victim.authorize_as("bob", &gitlab).await;
    let seen = victim.open(back.as_str()).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(seen.leads_to().is_none());
    assert_eq!(exchanges(&bench), 0);
    let state = parameter(&gitlab, "state").unwrap();
    let gone = bench.server.records.get::<Pending>(&state).await.unwrap();
    assert!(gone.is_none());
    // It is over for the attacker as well.
    let seen = attacker.open(back.as_str()).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert_eq!(stored(&bench).await, (0, 0));
}

#[tokio::test]
async fn the_code_of_another_login_is_worth_nothing() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let first = browser.approve(&asking(&[])).await;
    let second = browser.approve(&asking(&[])).await;
    let first = browser.authorize_as("alice", &first).await;
    let second = browser.authorize_as("bob", &second).await;
    let code = parameter(&second, "code").unwrap();
    let state = parameter(&first, "state").unwrap();
    let seen = browser
        .open(&format!("/callback?state={state}&code={code}"))
        .await;
    assert_eq!(error_of(&seen), "server_error");
    assert_eq!(stored(&bench).await, (0, 0));
}

#[tokio::test]
async fn gitlab_says_who_it_is_or_nothing() {
    for (issuer, works) in [("on", true), ("https://evil.example", false)] {
        let bench = bench_of_web_client().await;
        bench
            .gitlab
            .edit(|world| world.quirks.callback_issuer = Some(issuer.to_owned()));
        let mut browser = bench.visitor();
        let seen = browser.sign_in(&asking(&[]), "alice").await;
        assert_eq!(seen.location().is_some(), works, "{issuer}");
        assert_eq!(exchanges(&bench), usize::from(works));
        assert_eq!(stored(&bench).await.0, u64::from(works));
    }
}

#[tokio::test]
async fn what_gitlab_says_about_an_error_stays_here() {
    let bench = bench_of_web_client().await;
    for (word, expected) in [
        ("access_denied", "access_denied"),
        ("invalid_scope", "server_error"),
        ("<script>", "server_error"),
    ] {
        let mut browser = bench.visitor();
        let gitlab = browser.approve(&asking(&[])).await;
        let state = parameter(&gitlab, "state").unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &state)
            .append_pair("error", word)
            .append_pair("error_description", "canary text of GitLab")
            .append_pair("error_uri", "https://canary.example/")
            .finish();
        let seen = browser.open(&format!("/callback?{query}")).await;
        assert_eq!(error_of(&seen), expected, "{word}");
        assert!(!seen.location().unwrap().as_str().contains("canary"));
        assert_eq!(browser.cookies.len(), 1);
    }
    // A person who says no at GitLab.
    let mut browser = bench.visitor();
    let at = browser.approve(&asking(&[])).await;
    let mut gitlab = bench.gitlab.browser("alice");
    let back = gitlab.deny(at.as_str()).await.unwrap();
    let seen = browser.open(&back).await;
    assert_eq!(error_of(&seen), "access_denied");
    assert_eq!(exchanges(&bench), 0);
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_stores_nothing() {
    let bench = bench_of_web_client().await;
    let faults = [
        (Fault::status(500), "temporarily_unavailable"),
        (Fault::status(502).as_html(), "temporarily_unavailable"),
        (Fault::status(429).as_json(), "temporarily_unavailable"),
        (Fault::html_page(), "temporarily_unavailable"),
        (Fault::truncated_body(), "temporarily_unavailable"),
        (Fault::reset_before_headers(), "temporarily_unavailable"),
        (Fault::bad_payload(Payload::Huge), "temporarily_unavailable"),
        (
            Fault::bad_payload(Payload::Empty),
            "temporarily_unavailable",
        ),
        (
            Fault::redirect(302, "https://sso.example/"),
            "temporarily_unavailable",
        ),
    ];
    for (fault, expected) in faults {
        let name = format!("{fault:?}");
        bench.gitlab.faults().add(fault.on("POST /oauth/token"));
        let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
        bench.gitlab.faults().clear();
        assert_eq!(error_of(&seen), expected, "{name}");
        assert_eq!(stored(&bench).await, (0, 0), "{name}");
    }
    for life in [
        serde_json::json!(0),
        serde_json::json!(1_000_000_000_000_000_000_u64),
    ] {
        bench
            .gitlab
            .edit(|world| world.quirks.expires_in = Some(life.clone()));
        let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
        assert_eq!(error_of(&seen), "server_error", "{life}");
        assert_eq!(stored(&bench).await, (0, 0), "{life}");
    }
    bench.gitlab.edit(|world| world.quirks.expires_in = None);
    let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
    assert!(parameter(&seen.location().unwrap(), "code").is_some());
}

#[tokio::test]
async fn who_somebody_is_must_be_known() {
    let bench = bench_of_web_client().await;
    for (status, expected) in [(503, "temporarily_unavailable"), (403, "server_error")] {
        for route in ["GET /oauth/token/info", "GET /api/v4/user"] {
            let fault = Fault::status(status).as_json();
            bench.gitlab.faults().add(fault.on(route));
        }
        let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
        bench.gitlab.faults().clear();
        assert_eq!(error_of(&seen), expected, "{status}");
        assert_eq!(stored(&bench).await, (0, 0), "{status}");
    }
    // One of the two is enough.
    bench
        .gitlab
        .faults()
        .add(Fault::status(401).as_json().on("GET /oauth/token/info"));
    let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
    assert!(parameter(&seen.location().unwrap(), "code").is_some());
}

#[tokio::test]
async fn an_application_that_gitlab_forgot_is_the_operator_s_affair() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let gitlab = browser.approve(&asking(&[])).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    bench.gitlab.edit(|world| {
        for application in world.applications.values_mut() {
            application.uid = "gone".to_owned();
        }
    });
    let seen = browser.open(back.as_str()).await;
    assert_eq!(error_of(&seen), "server_error");
    let location = seen.location().unwrap();
    let description = parameter(&location, "error_description").unwrap();
    assert!(description.contains("tell the people who run it"));
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
