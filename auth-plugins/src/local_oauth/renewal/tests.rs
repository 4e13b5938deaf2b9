//! Renewal against the mock GitLab, which ends a pair of tokens the moment it is renewed.

use std::fs;
use std::os::unix::fs::symlink;

use gitlab_mcp_core::auth::AuthError;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_core::secret::Secret;
use mock_gitlab::{Fault, OAuthApplication, OAuthTokens as Pair};
use serde_json::json;

use super::*;

mod bench;

use bench::{Bench, process};

const RENEWALS: &str = "POST /oauth/token";
const LIFE: u64 = 7200;

async fn access(held: &Arc<Held>) -> Result<String, Problem> {
    let present = held.fresh().await?;
    Ok(present.tokens.access.expose().to_owned())
}

fn number(held: &Held) -> Generation {
    held.present().unwrap().number
}

#[tokio::test]
async fn a_living_token_is_used_without_asking_gitlab() {
    let (bench, pair) = Bench::with_life(301).await;
    for _ in 0..3 {
        assert_eq!(access(&bench.held).await, Ok(pair.access.clone()));
    }
    assert_eq!(bench.gitlab.log().count(), 0);
    assert_eq!(bench.names(), ["token.json"]);
}

#[tokio::test]
async fn without_a_file_a_person_has_to_sign_in() {
    let bench = Bench::new().await;
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    let pair = bench.grant();
    bench.write(&pair, LIFE);
    assert_eq!(access(&bench.held).await, Ok(pair.access));
}

#[tokio::test]
async fn a_due_token_is_renewed_once_for_all_and_saved() {
    let (bench, old) = Bench::with_life(300).await;
    let calls: Vec<_> = (0..24)
        .map(|_| {
            let held = Arc::clone(&bench.held);
            tokio::spawn(async move { access(&held).await })
        })
        .collect();
    let mut seen = Vec::new();
    for call in calls {
        seen.push(call.await.unwrap().unwrap());
    }
    seen.dedup();
    assert_eq!(seen, [bench.written().access]);
    assert_ne!(bench.written(), old);
    assert!(bench.is_alive(&seen[0]) && !bench.is_alive(&old.access));
    assert_eq!(bench.renewals(), 1);
    bench.pass(LIFE - 301);
    access(&bench.held).await.unwrap();
    assert_eq!(bench.renewals(), 1);
    bench.pass(1);
    access(&bench.held).await.unwrap();
    assert_eq!(bench.renewals(), 2);
}

#[tokio::test]
async fn five_refusals_at_once_renew_once() {
    let (bench, _) = Bench::with_life(LIFE).await;
    access(&bench.held).await.unwrap();
    let rejected = number(&bench.held);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let held = Arc::clone(&bench.held);
            tokio::spawn(async move { held.renewed(rejected).await.unwrap().unwrap().number })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Generation(rejected.0 + 1));
    }
    assert_eq!(bench.renewals(), 1);
    // The same refusal told late renews nothing either.
    bench.held.renewed(rejected).await.unwrap().unwrap();
    assert_eq!(bench.renewals(), 1);
}

#[tokio::test]
async fn gitlab_away_leaves_a_living_token_in_use_and_asks_nobody_to_sign_in() {
    for fault in [
        Fault::status(503),
        Fault::status(500),
        Fault::status(429),
        Fault::reset_before_headers(),
        Fault::html_page(),
    ] {
        let (bench, old) = Bench::with_life(200).await;
        bench.gitlab.faults().add(fault.on(RENEWALS));
        assert_eq!(access(&bench.held).await, Ok(old.access.clone()));
        assert_eq!(access(&bench.held).await, Ok(old.access.clone()));
        assert_eq!(bench.renewals(), 1, "a pause between two tries");
        bench.pass(200);
        assert_eq!(access(&bench.held).await, Err(Problem::Transient));
        assert_eq!(bench.written(), old);
        bench.gitlab.faults().clear();
        assert_ne!(access(&bench.held).await, Ok(old.access));
    }
}

#[tokio::test]
async fn a_refused_token_is_an_error_while_gitlab_cannot_renew() {
    let (bench, old) = Bench::with_life(LIFE).await;
    access(&bench.held).await.unwrap();
    let fault = Fault::status(503).on(RENEWALS).times(1);
    bench.gitlab.faults().add(fault);
    let rejected = number(&bench.held);
    let answer = bench.held.renewed(rejected).await.map(|_| ());
    assert_eq!(answer, Err(Problem::Transient));
    let renewed = bench.held.renewed(rejected).await.unwrap().unwrap();
    assert_ne!(renewed.tokens.access.expose(), old.access);
}

#[tokio::test]
async fn a_spent_refresh_token_is_set_aside_and_a_person_signs_in() {
    let (bench, old) = Bench::with_life(100).await;
    bench.gitlab.edit(|world| world.quirks.refuse_refreshes = 1);
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.names(), ["token.json.lock", "token.json.stale"]);
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.renewals(), 1);
    let next = bench.grant();
    bench.held.store(tokens(&next)).await;
    assert_eq!(access(&bench.held).await, Ok(next.access.clone()));
    assert_eq!(bench.written(), next);
    assert_ne!(next, old);
}

#[tokio::test]
async fn what_another_process_saved_is_used_instead_of_renewing() {
    // Two processes with a token that is due.
    let (bench, _) = Bench::with_life(200).await;
    let other = bench.other_process();
    let (one, two) = tokio::join!(access(&bench.held), access(&other));
    assert_eq!(one, two);
    assert_eq!(bench.renewals(), 1);
    // Both hold the pair, and GitLab refuses it to both.
    let (first, second) = (number(&bench.held), number(&other));
    let (one, two) = tokio::join!(bench.held.renewed(first), other.renewed(second));
    let (one, two) = (one.unwrap().unwrap(), two.unwrap().unwrap());
    assert!(one.tokens.is(&two.tokens));
    assert_eq!(bench.renewals(), 2);
}

#[tokio::test]
async fn a_program_without_our_lock_may_win_the_race() {
    let (bench, _) = Bench::with_life(100).await;
    let fault = Fault::latency(Duration::from_millis(300)).on(RENEWALS);
    bench.gitlab.faults().add(fault);
    bench.gitlab.edit(|world| world.quirks.refuse_refreshes = 1);
    let held = Arc::clone(&bench.held);
    let call = tokio::spawn(async move { access(&held).await });
    // The request is under way: its lock exists, and its answer takes its time.
    while !bench.folder.join("token.json.lock").exists() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let winner = bench.grant();
    bench.write(&winner, LIFE);
    assert_eq!(call.await.unwrap(), Ok(winner.access));
    assert!(!bench.names().contains(&"token.json.stale".to_owned()));
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_lose_the_rotation() {
    let (bench, _) = Bench::with_life(LIFE).await;
    access(&bench.held).await.unwrap();
    for round in 1..=200 {
        let rejected = number(&bench.held);
        let held = Arc::clone(&bench.held);
        let call = tokio::spawn(async move { held.renewed(rejected).await.map(|_| ()) });
        // Gone at a different point each time, from before the first step on.
        for _ in 0..round % 40 {
            tokio::task::yield_now().await;
        }
        call.abort();
        bench.held.renewed(rejected).await.unwrap().unwrap();
        let held = bench.held.present().unwrap();
        assert_eq!(held.tokens.access.expose(), bench.written().access);
        assert!(bench.is_alive(held.tokens.access.expose()), "round {round}");
        assert_eq!(bench.renewals(), round);
    }
}

#[tokio::test]
async fn shutdown_waits_for_the_renewal_under_way() {
    let (bench, old) = Bench::with_life(LIFE).await;
    access(&bench.held).await.unwrap();
    let fault = Fault::latency(Duration::from_millis(100)).on(RENEWALS);
    bench.gitlab.faults().add(fault);
    let (held, rejected) = (Arc::clone(&bench.held), number(&bench.held));
    let call = tokio::spawn(async move { held.renewed(rejected).await.map(|_| ()) });
    while !bench.folder.join("token.json.lock").exists() {
        tokio::task::yield_now().await;
    }
    call.abort();
    bench.held.settled().await;
    assert_ne!(bench.written(), old);
    assert!(bench.is_alive(&bench.written().access));
}

#[tokio::test]
async fn shutdown_does_not_wait_for_the_lock_of_another_process() {
    let (bench, _) = Bench::with_life(0).await;
    let locked = bench.held.file.lock().await.unwrap();
    let held = Arc::clone(&bench.held);
    let call = tokio::spawn(async move { access(&held).await });
    while bench.held.present().is_none() {
        tokio::task::yield_now().await;
    }
    let settled = tokio::time::timeout(Duration::from_secs(5), bench.held.settled());
    settled.await.expect("an end before the lock is free");
    assert_eq!(call.await.unwrap(), Err(Problem::Transient));
    assert_eq!(bench.renewals(), 0);
    drop(locked);
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let (bench, old) = Bench::with_life(100).await;
    bench
        .gitlab
        .edit(|world| world.quirks.no_refresh_token = true);
    let renewed = access(&bench.held).await.unwrap();
    assert_ne!(renewed, old.access);
    let kept = Pair {
        access: renewed,
        refresh: old.refresh,
    };
    assert_eq!(bench.written(), kept);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_used_to_its_end() {
    let (bench, pair) = Bench::with_life(100).await;
    let members = fs::read_to_string(bench.path()).unwrap();
    fs::write(bench.path(), members.replace("refresh_token", "unknown")).unwrap();
    assert_eq!(access(&bench.held).await, Ok(pair.access.clone()));
    bench.pass(99);
    assert_eq!(access(&bench.held).await, Ok(pair.access));
    bench.pass(1);
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.renewals(), 0);
    // Refused before its end, it is not tried again and again.
    let (bench, _) = Bench::with_life(LIFE).await;
    let members = fs::read_to_string(bench.path()).unwrap();
    fs::write(bench.path(), members.replace("refresh_token", "unknown")).unwrap();
    access(&bench.held).await.unwrap();
    let rejected = number(&bench.held);
    assert!(bench.held.renewed(rejected).await.unwrap().is_none());
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.names(), ["token.json.lock", "token.json.stale"]);
}

#[tokio::test]
async fn a_file_without_tokens_is_kept_under_another_name() {
    let bench = Bench::new().await;
    fs::write(bench.path(), "garbage").unwrap();
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.names(), ["token.json.bad", "token.json.lock"]);
}

#[tokio::test]
async fn a_file_that_is_not_to_be_trusted_is_an_error_with_a_remedy() {
    let (bench, pair) = Bench::with_life(LIFE).await;
    let elsewhere = bench.folder.join("elsewhere");
    fs::rename(bench.path(), &elsewhere).unwrap();
    symlink(&elsewhere, bench.path()).unwrap();
    let problem = access(&bench.held).await.unwrap_err();
    let Some(AuthError::Unusable { problem, remedy }) = problem.into_auth_error() else {
        panic!("another error");
    };
    assert!(problem.contains("symbolic link"), "{problem}");
    assert!(remedy.contains("GITLAB_OAUTH_TOKEN_PATH"), "{remedy}");
    assert!(!problem.contains("token.json"), "{problem}");
    fs::rename(&elsewhere, bench.path()).unwrap();
    assert_eq!(access(&bench.held).await, Ok(pair.access));
}

#[tokio::test]
async fn where_nothing_can_be_written_nothing_is_renewed() {
    let (bench, pair) = Bench::with_life(100).await;
    // Stands where the lock would be made, as a directory without write permission does.
    fs::create_dir(bench.folder.join("token.json.lock")).unwrap();
    assert_eq!(access(&bench.held).await, Ok(pair.access.clone()));
    bench.pass(100);
    assert!(matches!(access(&bench.held).await, Err(Problem::File(_))));
    assert_eq!((bench.renewals(), bench.written()), (0, pair));
}

#[tokio::test]
async fn tokens_that_cannot_be_saved_are_good_for_this_process() {
    let (bench, old) = Bench::with_life(100).await;
    let obstacle = bench.folder.join("token.json.tmp");
    fs::create_dir(&obstacle).unwrap();
    let second = access(&bench.held).await.unwrap();
    assert_eq!(bench.written(), old);
    // The file holds a dead pair; it is not taken for news.
    let rejected = number(&bench.held);
    let third = bench.held.renewed(rejected).await.unwrap().unwrap();
    assert_ne!(third.tokens.access.expose(), second);
    assert!(bench.is_alive(third.tokens.access.expose()));
    fs::remove_dir(&obstacle).unwrap();
    let fourth = bench.held.renewed(third.number).await.unwrap().unwrap();
    assert_eq!(bench.written().access, fourth.tokens.access.expose());
}

#[tokio::test]
async fn who_deletes_the_file_has_signed_out() {
    let (bench, pair) = Bench::with_life(LIFE).await;
    access(&bench.held).await.unwrap();
    fs::remove_file(bench.path()).unwrap();
    assert_eq!(access(&bench.held).await, Ok(pair.access));
    let rejected = number(&bench.held);
    assert!(bench.held.renewed(rejected).await.unwrap().is_none());
    assert_eq!(access(&bench.held).await, Err(Problem::SignedOut));
    assert_eq!(bench.renewals(), 0);
}

#[tokio::test]
async fn a_wrong_application_is_told_and_costs_no_token() {
    let (bench, old) = Bench::with_life(100).await;
    let id = bench.application.client_id.clone();
    bench.gitlab.edit(|world| {
        let mut all = world.applications.values_mut();
        let own = all.find(|application| application.uid == id).unwrap();
        own.confidential = true;
    });
    assert_eq!(access(&bench.held).await, Ok(old.access.clone()));
    bench.pass(100);
    let problem = access(&bench.held).await.unwrap_err();
    assert_eq!(problem, Problem::Refused("invalid_client".to_owned()));
    let error = problem.into_auth_error().unwrap().to_string();
    assert!(error.contains("GITLAB_OAUTH_CLIENT_ID"), "{error}");
    assert_eq!(bench.written(), old);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_not_released_is_a_tool_error() {
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-busy-{}", token(&OsRandom, 12)));
    fs::create_dir(&folder).unwrap();
    let members = json!({
        "access_token": "a", "refresh_token": "b", "expires_in": 1, "created_at": 1,
    });
    fs::write(folder.join("token.json"), members.to_string()).unwrap();
    let application = OAuthApplication {
        client_id: "app".to_owned(),
        client_secret: String::new(),
    };
    let clock = Arc::new(ManualClock::default());
    let held = process("http://127.0.0.1:1", &application, &clock, &folder);
    let locked = held.file.lock().await.unwrap();
    let error = access(&held).await.unwrap_err().into_auth_error().unwrap();
    assert!(
        error.to_string().contains("another process is renewing"),
        "{error}"
    );
    drop(locked);
    assert_eq!(access(&held).await, Err(Problem::Transient));
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn nothing_shows_a_token() {
    let (bench, pair) = Bench::with_life(LIFE).await;
    let present = bench.held.fresh().await.unwrap();
    let shown = format!("{:?} {present:?} {:?}", bench.held, bench.held.state());
    assert!(!shown.contains(&pair.access) && !shown.contains(&pair.refresh));
}

fn tokens(pair: &Pair) -> Tokens {
    let (access, refresh) = (pair.access.clone(), pair.refresh.clone());
    Tokens {
        access: Secret::parse(access, 1).unwrap(),
        refresh: Secret::parse(refresh, 1).ok(),
        expires_in: Some(Duration::from_secs(LIFE)),
        scope: None,
    }
}
