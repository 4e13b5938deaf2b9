//! Logins for which GitLab gives no refresh token: they end with its access token, and everybody who
//! can be told is told.

use std::time::Duration;

use super::*;
use crate::authorization_server::bench::heard::Heard;
use crate::authorization_server::bench::sealed::sealed;

const APP: &str = "cursor://anysphere.cursor-mcp/oauth/callback";
const HOUR: u64 = 3_600;
/// The manual clock of a bench starts at 14:13:20 of a day.
const TOLD: &str = "GitLab gave no refresh token, so you will be asked to sign in again in about 2 hours, at 16:13 UTC.";

/// A bench whose GitLab gives no refresh tokens, or does.
async fn bench_of(rules: Rules, gives: bool) -> Bench {
    let bench = bench_with(rules).await;
    let quirk = !gives;
    bench
        .gitlab
        .edit(|world| world.quirks.no_refresh_token = quirk);
    bench
}

fn access_life(hours: u64) -> Rules {
    Rules {
        access_life: Duration::from_secs(hours * HOUR),
        ..unlimited()
    }
}

/// How a browser ends that signs in for a client with this redirect URI, and what is logged.
async fn signed_in_to(redirect_uri: &str, gives: bool) -> (Seen, Heard) {
    let bench = bench_of(unlimited(), gives).await;
    bench.register_as("app", &[redirect_uri]).await;
    let asking = asking(&[
        ("client_id", Some("app")),
        ("redirect_uri", Some(redirect_uri)),
    ]);
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    (bench.visitor().sign_in(&asking, "alice").await, heard)
}

#[tokio::test]
async fn the_page_that_leads_back_to_an_app_says_when_to_sign_in_again() {
    let (page, _) = signed_in_to(APP, false).await;
    assert!(page.body.contains(TOLD), "{}", page.body);
    let (page, _) = signed_in_to(APP, true).await;
    assert!(page.leads_to().is_some());
    assert!(!page.body.contains("sign in again"), "{}", page.body);
}

#[tokio::test]
async fn the_audit_and_the_log_say_why_a_login_is_short() {
    for redirect_uri in [APP, REDIRECT] {
        let (_, heard) = signed_in_to(redirect_uri, false).await;
        let completed = "login_completed ok no_refresh_token".to_owned();
        assert!(heard.events().contains(&completed), "{:?}", heard.events());
        let text = heard.text();
        assert!(text.contains("GitLab gave no refresh token"), "{text}");
        assert!(text.contains("seconds=7200"), "{text}");
        let (_, heard) = signed_in_to(redirect_uri, true).await;
        let completed = "login_completed ok".to_owned();
        assert!(heard.events().contains(&completed), "{:?}", heard.events());
        assert!(!heard.text().contains("no refresh token"));
    }
}

#[tokio::test]
async fn nobody_is_promised_a_renewal_that_cannot_be() {
    // Of ours so many hours, of GitLab's token two: what is left of it, and whether more can follow.
    for (hours, gives, left, renewable) in [
        (1, true, 1, true),
        (4, true, 4, true),
        (1, false, 1, true),
        (2, false, 2, false),
        (4, false, 2, false),
    ] {
        let bench = bench_of(access_life(hours), gives).await;
        let turn = Turn::of(vec![Arc::clone(&bench.server)]);
        let client = turn.client().await;
        let code = turn.sign_in(&bench, &client, "alice").await.code;
        let answer = turn.redeem(&client, &code).await.body;
        let case = format!("{hours} {gives}: {answer}");
        assert_eq!(answer["expires_in"], left * HOUR, "{case}");
        assert_eq!(answer["refresh_token"].is_string(), renewable, "{case}");
        assert_eq!(answer.get("refresh_token").is_some(), renewable, "{case}");
    }
}

#[tokio::test]
async fn the_last_renewal_of_a_short_login_says_so() {
    let bench = bench_of(access_life(1), false).await;
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let (client, pair) = signed_in(&bench, &turn, "alice").await;
    bench.clock.advance(Duration::from_secs(HOUR + 60));
    let answer = turn.refresh(&client, &pair.refresh).await.body;
    assert_eq!(answer["expires_in"], HOUR - 60, "{answer}");
    assert!(answer.get("refresh_token").is_none(), "{answer}");
    let access = answer["access_token"].as_str().unwrap();
    assert!(turn.verifies(access).await);
    bench.clock.advance(Duration::from_secs(HOUR));
    assert!(!turn.verifies(access).await);
}

#[tokio::test]
async fn tokens_that_carry_their_login_end_with_the_first() {
    for (hours, told) in [(1, "in about 1 hour, at 15:13 UTC."), (4, TOLD)] {
        let rules = Rules {
            access_life: Duration::from_secs(hours * HOUR),
            ..sealed()
        };
        let bench = bench_of(rules, false).await;
        let turn = Turn::of(vec![Arc::clone(&bench.server)]);
        let body = format!(r#"{{"client_name":"Editor","redirect_uris":["{APP}"]}}"#);
        let request = Request::post("/register")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let client = answered(turn.next().register(request).await).await;
        let client = client.body["client_id"].as_str().unwrap().to_owned();
        let asking = asking(&[("client_id", Some(&client)), ("redirect_uri", Some(APP))]);
        let page = bench.visitor().sign_in(&asking, "alice").await;
        assert!(page.body.contains(told), "{}", page.body);
        let code = parameter(&page.leads_to().unwrap(), "code").unwrap();
        let mut form = redeeming(&client, &code);
        form[3].1 = APP;
        let answer = turn.token(&form).await.body;
        assert!(answer.get("refresh_token").is_none(), "{answer}");
        let left = answer["expires_in"].as_u64().unwrap();
        assert!(left <= hours.min(2) * HOUR, "{answer}");
    }
}
