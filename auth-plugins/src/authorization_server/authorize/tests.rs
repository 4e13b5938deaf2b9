//! What becomes of authorization requests: the order of the checks, who is told, and that nothing
//! a client says widens what GitLab is asked for.

use http::{Method, StatusCode};

use super::*;
use crate::authorization_server::bench::browser::*;
use crate::authorization_server::bench::*;
use crate::authorization_server::grant::Pending;
use crate::authorization_server::redirect_uri::tests::tricks;
use crate::authorization_server::rules::{Configured, DeviceRule, Rules};

mod refusals;

/// A bench whose client has one redirect URI on the web.
async fn bench_of_web_client() -> Bench {
    let bench = bench().await;
    bench.register(&[REDIRECT]).await;
    bench
}

async fn pending(bench: &Bench) -> u64 {
    bench.server.records.count::<Pending>().await.unwrap()
}

#[tokio::test]
async fn an_honest_request_is_asked_about() {
    let bench = bench_of_web_client().await;
    let resource = format!("{BASE}/mcp");
    for changes in [
        &[][..],
        &[("state", None)],
        &[("response_mode", Some("query"))],
        &[("resource", Some(BASE))],
        &[("resource", Some(&resource))],
        &[("resource", Some("HTTPS://MCP.EXAMPLE/mcp/"))],
        &[("prompt", Some("login consent"))],
        &[("scope", Some("ai_workflows claudeai read_user"))],
        &[("nonce", Some("x")), ("acr_values", Some("y"))],
    ] {
        let seen = bench.visitor().open(&asking(changes)).await;
        assert!(seen.asks(), "{changes:?}: {seen:?}");
    }
    // The page is all there is: nothing was remembered, and GitLab heard nothing.
    assert_eq!(pending(&bench).await, 0);
    assert_eq!(bench.gitlab.log().count(), 0);
}

#[tokio::test]
async fn gitlab_is_asked_for_the_configured_scopes_whatever_the_client_wants() {
    let many: Vec<String> = (0..25).map(|number| format!("scope{number}")).collect();
    let many = many.join(" ");
    for configured in [&["api"][..], &["read_api"], &["api", "read_user"]] {
        let rules = Rules {
            scopes: configured.iter().map(|&scope| scope.to_owned()).collect(),
            ..Rules::default()
        };
        let bench = bench_with(rules).await;
        bench.register(&[REDIRECT]).await;
        for scope in [
            None,
            Some("ai_workflows"),
            Some("read_user"),
            Some("sudo api"),
            Some(&many),
        ] {
            let asked = asking(&[("scope", scope), ("resource", Some(BASE))]);
            let gitlab = bench.visitor().approve(&asked).await;
            let scopes = parameter(&gitlab, "scope").unwrap();
            assert_eq!(scopes, configured.join(" "), "{scope:?}");
            assert_eq!(parameter(&gitlab, "resource"), None);
            assert_ne!(
                parameter(&gitlab, "state").as_deref(),
                Some("state of the client")
            );
            assert_ne!(
                parameter(&gitlab, "code_challenge").as_deref(),
                Some(CHALLENGE)
            );
            assert_eq!(
                parameter(&gitlab, "redirect_uri").unwrap(),
                format!("{BASE}/callback")
            );
        }
    }
}

#[tokio::test]
async fn looking_changes_nothing() {
    let rules = Rules {
        consent: ConsentRule::Off,
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    bench.register(&[REDIRECT]).await;
    let mut browser = bench.visitor();
    let head = http::Request::builder()
        .method(Method::HEAD)
        .uri(asking(&[]));
    let seen = browser.send(head.body(Body::empty()).unwrap()).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::OK, None));
    browser.headers.push(("sec-purpose", "prefetch".to_owned()));
    let seen = browser.open(&asking(&[])).await;
    assert_eq!(seen.location(), None);
    assert_eq!(pending(&bench).await, 0);
    browser.headers.pop();
    assert!(browser.open(&asking(&[])).await.location().is_some());
    assert_eq!(pending(&bench).await, 1);
}

#[tokio::test]
async fn a_client_of_the_operator_may_do_without_the_page() {
    let accepted = Rules::default().redirects.accept(REDIRECT).unwrap();
    for skips_consent in [true, false] {
        let rules = Rules {
            configured: vec![Configured {
                id: CLIENT.to_owned(),
                name: "Own".to_owned(),
                redirect_uris: vec![accepted.clone()],
                skips_consent,
                secret: None,
            }],
            ..Rules::default()
        };
        let bench = bench_with(rules).await;
        let mut browser = bench.visitor();
        let seen = browser.open(&asking(&[])).await;
        assert_eq!(seen.asks(), !skips_consent);
        assert_eq!(seen.location().is_some(), skips_consent);
        if skips_consent {
            // The login is bound to this browser all the same.
            assert_eq!(browser.cookies.len(), 1);
            let back = browser
                .authorize_as("alice", &seen.location().unwrap())
                .await;
            let stranger = bench.visitor().open(back.as_str()).await;
            assert_eq!(stranger.status, StatusCode::FORBIDDEN);
        }
    }
}

#[tokio::test]
async fn without_consent_rules_nothing_is_asked_and_nothing_is_bound() {
    let rules = Rules {
        consent: ConsentRule::Off,
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    bench.register(&[REDIRECT]).await;
    let mut browser = bench.visitor();
    let seen = browser.open(&asking(&[])).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(browser.cookies.is_empty());
    let back = browser
        .authorize_as("alice", &seen.location().unwrap())
        .await;
    let ended = bench.visitor().open(back.as_str()).await;
    assert!(parameter(&ended.location().unwrap(), "code").is_some());
}

/// GitLab answers the client itself.
fn passthrough(consent: ConsentRule) -> Rules {
    Rules {
        flow: Flow::Passthrough,
        consent,
        ..Rules::default()
    }
}

#[tokio::test]
async fn passing_through_gitlab_gets_the_client_s_own_words_and_our_application() {
    for consent in [ConsentRule::Required, ConsentRule::AtGitLab] {
        let bench = bench_with(passthrough(consent)).await;
        bench.register(&[REDIRECT]).await;
        let asked = asking(&[("scope", Some("sudo")), ("resource", Some(BASE))]);
        let mut browser = bench.visitor();
        let gitlab = if consent == ConsentRule::Required {
            browser.approve(&asked).await
        } else {
            browser.open(&asked).await.location().unwrap()
        };
        let expected = [
            ("client_id", bench.server.application_id.as_str()),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "api"),
            ("state", "state of the client"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let sent: Vec<(String, String)> = gitlab.query_pairs().into_owned().collect();
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(sent, expected);
        assert!(gitlab.as_str().starts_with(bench.gitlab.url()));
        assert_eq!(pending(&bench).await, 0);
        // There is nothing to come back to.
        let callback = browser.open("/callback?state=x&code=y").await;
        assert_eq!(callback.status, StatusCode::NOT_FOUND);
        // GitLab names no issuer, so an error of ours does not either.
        let refused = asking(&[("resource", Some("https://other.example"))]);
        let location = browser.open(&refused).await.location().unwrap();
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some("invalid_target")
        );
        assert_eq!(parameter(&location, "iss"), None);
    }
}

#[tokio::test]
async fn gitlab_s_own_prompt_is_not_enough_where_codes_come_to_us() {
    let rules = Rules {
        consent: ConsentRule::AtGitLab,
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    bench.register(&[REDIRECT]).await;
    assert!(bench.visitor().open(&asking(&[])).await.asks());
}
