//! Sign-ins that no store remembers, over replicas that share nothing but keys.

use std::time::Duration;

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::browser::{asking, parameter};
use crate::authorization_server::bench::replicas::{LIFE, REFRESH, REVOKE};
use crate::authorization_server::bench::sealed::{Apart, sealed};
use crate::authorization_server::client::Registration;
use crate::authorization_server::grant::{Code, Pending};
use crate::authorization_server::rules::{Flow, Rules};

mod damage;

#[tokio::test]
async fn every_step_of_a_sign_in_may_meet_another_replica() {
    let apart = Apart::with(sealed()).await;
    let client = apart.client().await;
    assert!(client.starts_with("v1.cid."));
    let code = apart.code(&client, "alice").await;
    let pair = apart.redeem(0, &client, &code).await.pair();
    let alice = apart.bench.gitlab.user("alice").id().to_string();
    for at in [0, 1] {
        assert_eq!(apart.verify(at, &pair.access).await, Ok(alice.clone()));
        let records = &apart.servers[at].records;
        assert_eq!(records.count::<Registration>().await, Ok(0));
        assert_eq!(records.count::<Pending>().await, Ok(0));
        assert_eq!(records.count::<Code>().await, Ok(0));
        assert_eq!(records.count::<Login>().await, Ok(0));
    }
    let next = apart.refresh(1, &client, &pair.refresh).await.pair();
    assert_eq!(apart.verify(0, &next.access).await, Ok(alice));
}

#[tokio::test]
async fn no_token_of_gitlab_can_be_read_by_its_client() {
    let apart = Apart::with(sealed()).await;
    let client = apart.client().await;
    let code = apart.code(&client, "alice").await;
    let answered = apart.redeem(0, &client, &code).await;
    let pair = answered.pair();
    let verified = apart.servers[0]
        .verify(
            &crate::authorization_server::bench::replicas::base(),
            &pair.access,
        )
        .await
        .unwrap();
    let url = url::Url::parse(&format!("{}/user", apart.servers[0].instance.api_url())).unwrap();
    let (_, header) = verified.credential.header_for(&url).unwrap().unwrap();
    let token = header.to_str().unwrap().strip_prefix("Bearer ").unwrap();
    for text in [answered.body.to_string(), code, client] {
        assert!(!text.contains(token));
    }
    for name in ["access_token", "refresh_token"] {
        assert!(answered.body[name].as_str().unwrap().len() <= 4096);
    }
}

#[tokio::test]
async fn a_code_or_state_is_good_once_in_each_replica_and_once_at_gitlab() {
    let apart = Apart::with(sealed()).await;
    let client = apart.client().await;
    let mut browser = apart.bench.visitor();
    let gitlab = browser.approve(&Apart::asking(&client)).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    let cookies = browser.cookies.clone();
    let seen = browser.open(back.as_str()).await;
    let code = parameter(&seen.location().unwrap(), "code").unwrap();
    // The same browser once more: here the state was used, there GitLab's code was.
    browser.cookies.clone_from(&cookies);
    let again = browser.open(back.as_str()).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.location(), None);
    browser.cookies = cookies;
    browser.server = Arc::clone(&apart.servers[1]);
    let elsewhere = browser.open(back.as_str()).await.location().unwrap();
    assert_eq!(parameter(&elsewhere, "code"), None);
    assert_eq!(
        parameter(&elsewhere, "error").as_deref(),
        Some("server_error")
    );
    assert_eq!(apart.redeem(0, &client, &code).await.word(), "200");
    let again = apart.redeem(0, &client, &code).await;
    assert_eq!(again.word(), "400 invalid_grant");
}

#[tokio::test]
async fn another_browser_ends_a_sign_in_at_the_replica_it_meets() {
    let apart = Apart::with(sealed()).await;
    let client = apart.client().await;
    let mut browser = apart.bench.visitor();
    let gitlab = browser.approve(&Apart::asking(&client)).await;
    let back = browser.authorize_as("alice", &gitlab).await;
    apart.bench.gitlab.log().clear();
    let mut other = apart.bench.visitor();
    let refused = other.open(back.as_str()).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (403, None));
    let late = browser.open(back.as_str()).await;
    assert_eq!((late.status.as_u16(), late.location()), (400, None));
    assert_eq!(apart.renewals(), 0);
}

#[tokio::test]
async fn of_two_refreshes_one_wins_at_gitlab_and_a_repetition_gets_the_same_pair() {
    let apart = Apart::with(sealed()).await;
    let (client, pair) = apart.signed_in().await;
    let both = (0..8).map(|_| apart.refresh(0, &client, &pair.refresh));
    for answered in futures_util::future::join_all(both).await {
        assert!(apart.verify(1, &answered.pair().access).await.is_ok());
    }
    assert_eq!(apart.renewals(), 1);
    let elsewhere = apart.refresh(1, &client, &pair.refresh).await;
    assert_eq!(elsewhere.word(), "400 invalid_grant");
    apart.pass(9);
    let soon = apart.refresh(0, &client, &pair.refresh).await.pair();
    apart.pass(2);
    let late = apart.refresh(0, &client, &pair.refresh).await;
    assert_eq!(late.word(), "400 invalid_grant");
    // Whoever has the newest goes on.
    assert_eq!(apart.refresh(0, &client, &soon.refresh).await.word(), "200");
}

#[tokio::test]
async fn while_gitlab_is_away_the_refresh_token_stays_good() {
    let apart = Apart::with(sealed()).await;
    let (client, pair) = apart.signed_in().await;
    let fault = Fault::status(503).on(REFRESH);
    apart.bench.gitlab.faults().add(fault);
    let answered = apart.refresh(0, &client, &pair.refresh).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    assert!(answered.headers.contains_key("retry-after"));
    apart.bench.gitlab.faults().clear();
    assert_eq!(apart.refresh(1, &client, &pair.refresh).await.word(), "200");
}

#[tokio::test]
async fn tokens_end_before_those_of_gitlab_and_logins_with_their_time() {
    let mut rules = sealed();
    rules.access_life = Duration::from_hours(24);
    rules.idle_life = Duration::from_hours(10);
    rules.longest_life = Duration::from_hours(15);
    let apart = Apart::with(rules).await;
    let client = apart.client().await;
    let code = apart.code(&client, "alice").await;
    let answered = apart.redeem(0, &client, &code).await;
    assert_eq!(answered.body["expires_in"], LIFE - 60);
    let pair = answered.pair();
    apart.pass(LIFE - 60 + 30);
    let late = apart.verify(0, &pair.access).await;
    assert_eq!(late, Err(VerifyError::Invalid));
    apart.pass(7 * 3600);
    let second = apart.refresh(0, &client, &pair.refresh).await.pair();
    apart.pass(6 * 3600 + 60);
    // The idle time begins again with each use, the longest life does not.
    let ended = apart.refresh(0, &client, &second.refresh).await;
    assert_eq!(ended.word(), "400 invalid_grant");
}

#[tokio::test]
async fn a_login_that_nobody_uses_ends() {
    let mut rules = sealed();
    rules.idle_life = Duration::from_hours(2);
    let apart = Apart::with(rules).await;
    for (seconds, expected) in [(7199, "200"), (7200, "400 invalid_grant")] {
        let (client, pair) = apart.signed_in().await;
        apart.pass(seconds);
        let answered = apart.refresh(0, &client, &pair.refresh).await;
        assert_eq!(answered.word(), expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_login_outlives_the_client_id_it_began_with() {
    let apart = Apart::with(sealed()).await;
    let (client, pair) = apart.signed_in().await;
    apart.pass(24 * 3600);
    let page = apart.bench.visitor().open(&Apart::asking(&client)).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None));
    assert!(page.body.contains("invalid_client"));
    assert_eq!(apart.refresh(0, &client, &pair.refresh).await.word(), "200");
}

#[tokio::test]
async fn what_is_given_back_is_dead_here_and_at_gitlab() {
    for kind in ["access", "refresh"] {
        let apart = Apart::with(sealed()).await;
        let (client, pair) = apart.signed_in().await;
        let other = apart.client().await;
        let token = match kind {
            "access" => &pair.access,
            _ => &pair.refresh,
        };
        // Somebody else's client changes nothing.
        assert_eq!(apart.revoke(0, &other, token).await.word(), "200");
        assert!(apart.verify(0, &pair.access).await.is_ok());
        assert_eq!(apart.revoke(0, &client, token).await.word(), "200");
        apart.servers[0].settle().await;
        assert_eq!(apart.bench.gitlab.log().of(REVOKE).count(), 1, "{kind}");
        if kind == "access" {
            let dead = apart.verify(0, &pair.access).await;
            assert_eq!(dead, Err(VerifyError::Invalid));
        }
        let ended = apart.refresh(1, &client, &pair.refresh).await;
        assert_eq!(ended.word(), "400 invalid_grant", "{kind}");
    }
}

#[tokio::test]
async fn a_token_that_gitlab_refused_is_refused_from_then_on() {
    let apart = Apart::with(sealed()).await;
    let (_, pair) = apart.signed_in().await;
    let base = crate::authorization_server::bench::replicas::base();
    let verified = apart.servers[0].verify(&base, &pair.access).await.unwrap();
    let Behind::Token(jti) = verified.behind else {
        panic!("{:?}", verified.behind);
    };
    apart.servers[0].end_token(&jti).await.unwrap();
    let refused = apart.verify(0, &pair.access).await;
    assert_eq!(refused, Err(VerifyError::Invalid));
    assert!(apart.verify(1, &pair.access).await.is_ok());
}

#[tokio::test]
async fn whoever_leaves_the_group_is_shut_out_during_use() {
    let mut rules = sealed();
    rules.groups = vec!["company".to_owned()];
    rules.group_recheck = Duration::from_mins(10);
    rules.access_life = Duration::from_hours(1);
    let apart = Apart::with(rules).await;
    apart.bench.group_of_alice("company", None);
    let (client, pair) = apart.signed_in().await;
    apart.pass(599);
    assert!(apart.verify(0, &pair.access).await.is_ok());
    assert_eq!(apart.bench.gitlab.log().of(GROUPS).count(), 0);
    // While GitLab does not say, the last answer counts.
    apart
        .bench
        .gitlab
        .faults()
        .add(Fault::status(503).on(GROUPS));
    apart.pass(1);
    assert!(apart.verify(0, &pair.access).await.is_ok());
    apart.bench.gitlab.faults().clear();
    apart
        .bench
        .gitlab
        .faults()
        .add(Fault::status(403).on(GROUPS));
    assert!(apart.verify(0, &pair.access).await.is_ok());
    apart.pass(30);
    let denied = apart.verify(0, &pair.access).await;
    assert_eq!(denied, Err(VerifyError::Denied));
    apart.servers[0].settle().await;
    let ended = apart.refresh(1, &client, &pair.refresh).await;
    assert_eq!(ended.word(), "400 invalid_grant");
}

const GROUPS: &str = "GET /api/v4/groups";

#[tokio::test]
async fn a_person_outside_the_groups_is_refused_at_the_refresh() {
    let mut rules = sealed();
    rules.groups = vec!["company".to_owned()];
    let apart = Apart::with(rules).await;
    apart.bench.group_of_alice("company", None);
    let (client, pair) = apart.signed_in().await;
    apart
        .bench
        .gitlab
        .faults()
        .add(Fault::status(503).on(GROUPS));
    let unsure = apart.refresh(0, &client, &pair.refresh).await;
    assert_eq!(unsure.word(), "503 temporarily_unavailable");
    apart.bench.gitlab.faults().clear();
    // What GitLab handed out meanwhile is not lost.
    apart.pass(30);
    let pair = apart.refresh(0, &client, &pair.refresh).await.pair();
    apart
        .bench
        .gitlab
        .faults()
        .add(Fault::status(403).on(GROUPS));
    let denied = apart.refresh(0, &client, &pair.refresh).await;
    assert_eq!(denied.word(), "400 invalid_grant");
    assert!(denied.body.to_string().contains("group"));
    assert_eq!(apart.bench.gitlab.log().of(REVOKE).count(), 1);
}

#[tokio::test]
async fn passthrough_needs_no_code_of_ours() {
    let rules = Rules {
        flow: Flow::Passthrough,
        ..sealed()
    };
    let apart = Apart::with(rules).await;
    let registered = apart.register(0, &["https://mcp.example/callback"]).await;
    let client = registered.body["client_id"].as_str().unwrap().to_owned();
    let tokens = apart.bench.upstream_tokens("alice").await;
    let beginning = crate::authorization_server::logins::Beginning {
        issuer: crate::authorization_server::bench::BASE,
        client: &client,
        method: crate::authorization_server::grant::Method::Browser,
    };
    let login = apart.servers[1].begin(tokens, beginning).await.unwrap();
    let base = crate::authorization_server::bench::replicas::base();
    let response = apart.servers[1].issue_self_contained(&base, login).unwrap();
    let pair = crate::authorization_server::bench::replicas::answered(response)
        .await
        .pair();
    assert!(apart.verify(0, &pair.access).await.is_ok());
    assert_eq!(apart.refresh(0, &client, &pair.refresh).await.word(), "200");
}

#[tokio::test]
async fn a_request_that_is_too_long_to_be_carried_is_refused_on_a_page() {
    let apart = Apart::with(sealed()).await;
    let long = format!("https://app.example/cb?{}", "x".repeat(900));
    let registered = apart.register(0, &[&long]).await;
    let client = registered.body["client_id"].as_str().unwrap().to_owned();
    let state = "s".repeat(2048);
    let asking = asking(&[
        ("client_id", Some(&client)),
        ("redirect_uri", Some(&long)),
        ("state", Some(&state)),
    ]);
    let mut browser = apart.bench.visitor();
    let page = browser.open(&asking).await;
    assert!(page.asks());
    let refused = browser
        .press(&page, crate::authorization_server::page::field::APPROVE)
        .await;
    assert_eq!((refused.status.as_u16(), refused.leads_to()), (400, None));
    assert!(refused.body.contains("too long"), "{}", refused.body);
}
