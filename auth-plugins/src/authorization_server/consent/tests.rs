//! The consent page and its answer: what it says, who may answer it, how often, and when it is not
//! shown again.

use std::time::Duration;

use super::*;
use crate::authorization_server::bench::browser::*;
use crate::authorization_server::bench::*;
use crate::authorization_server::grant::Pending;
use crate::authorization_server::rules::Rules;

mod answers;
mod remembered;

async fn bench_of_web_client() -> Bench {
    let bench = bench().await;
    bench.register(&[REDIRECT]).await;
    bench
}

async fn pending(bench: &Bench) -> u64 {
    bench.server.records.count::<Pending>().await.unwrap()
}

#[tokio::test]
async fn the_page_says_who_asks_and_sets_no_cookie_but_the_form_s() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    for text in [
        "Editor via GitLab MCP Server",
        "unverified",
        "app.example",
        "https://app.example/cb?tenant=1",
        bench.server.instance.host(),
        "Read and change everything",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://app.example;"),
        "{policy}"
    );
    assert_eq!(page.headers["cache-control"], "no-store");
    // One word, the same as in the form: neither the request nor anything about a login.
    assert_eq!(browser.cookies.len(), 1);
    let (_, word) = browser.cookies.first_key_value().unwrap();
    assert_eq!(*word, page.field(field::CSRF));
    assert_eq!(word.len(), 43);
}

#[tokio::test]
async fn a_hostile_name_stays_text() {
    let bench = bench().await;
    let hostile = "<script>alert(1)</script>\"onload=x \u{202e}evil";
    let registration = crate::authorization_server::client::Registration {
        id: CLIENT.to_owned(),
        name: hostile.to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        issued_at: START,
        used_at: None,
    };
    let records = &bench.server.records;
    let life = Duration::from_hours(1);
    records.put_new(CLIENT, &registration, life).await.unwrap();
    let page = bench.visitor().open(&asking(&[])).await;
    assert!(page.asks());
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(!page.body.contains('\u{202e}'));
}

#[tokio::test]
async fn whoever_approves_is_sent_to_gitlab_with_a_cookie_of_the_login() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let gitlab = browser.approve(&asking(&[])).await;
    assert!(gitlab.as_str().starts_with(bench.gitlab.url()));
    assert_eq!(pending(&bench).await, 1);
    assert_eq!(browser.cookies.len(), 2);
    let state = parameter(&gitlab, "state").unwrap();
    assert_eq!(state.len(), 91);
    // The cookie is not the state, and the store holds only its digest.
    assert!(browser.cookies.values().all(|value| *value != state));
    let found = bench.server.records.get::<Pending>(&state).await.unwrap();
    let digest = found.unwrap().record.browser.unwrap();
    assert!(browser.cookies.values().all(|value| *value != digest));
}

#[tokio::test]
async fn cancel_tells_the_client() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    let sent = browser.press(&page, field::CANCEL).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let location = sent.location().unwrap();
    assert!(location.as_str().starts_with(&format!("{REDIRECT}&")));
    for (name, value) in [
        ("error", "access_denied"),
        ("state", "state of the client"),
        ("iss", BASE),
    ] {
        assert_eq!(parameter(&location, name).as_deref(), Some(value));
    }
    assert_eq!(pending(&bench).await, 0);
    assert_eq!(bench.gitlab.log().count(), 0);
    // The form is used up: it cannot be approved after all.
    let again = browser.press(&page, field::APPROVE).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_oldest_login_on_its_way_makes_room() {
    let bench = bench_of_web_client().await;
    let mut states = Vec::new();
    for _ in 0..4 {
        let gitlab = bench.visitor().approve(&asking(&[])).await;
        states.push(parameter(&gitlab, "state").unwrap());
        bench.clock.advance(Duration::from_secs(1));
    }
    bench.server.make_room(4).await.unwrap_or_else(|_| panic!());
    assert_eq!(pending(&bench).await, 3);
    let records = &bench.server.records;
    let oldest = records.get::<Pending>(&states[0]).await.unwrap();
    assert!(oldest.is_none());
    for state in &states[1..] {
        assert!(records.get::<Pending>(state).await.unwrap().is_some());
    }
}
