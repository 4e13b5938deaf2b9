//! Whose login comes back, and whose does not.

use super::*;

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
async fn guesses_from_one_address_are_stopped() {
    let rules = Rules {
        requests_per_minute: 5,
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    let mut browser = bench.visitor();
    for expected in [&[400; 5][..], &[429]].concat() {
        let seen = browser.open("/callback?state=guess&code=x").await;
        assert_eq!((seen.status.as_u16(), seen.location()), (expected, None));
    }
    assert_eq!(exchanges(&bench), 0);
}
