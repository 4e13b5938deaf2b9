//! The consent page and its answer: what it says, who may answer it, how often, and when it is not
//! shown again.

use std::time::Duration;

use super::*;
use crate::authorization_server::bench::browser::*;
use crate::authorization_server::bench::*;
use crate::authorization_server::grant::Pending;
use crate::authorization_server::rules::Rules;

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
    assert_eq!(state.len(), 43);
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

/// Changes to an honest answer.
type Change = (&'static str, fn(&mut Vec<(String, String)>));

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(key, _)| key != name);
    fields.push((name.to_owned(), value.to_owned()));
}

#[tokio::test]
async fn an_answer_that_is_not_the_browser_s_own_changes_nothing() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    let (transaction, csrf) = (page.field(field::TRANSACTION), page.field(field::CSRF));
    let honest = || {
        [
            (field::TRANSACTION, transaction.as_str()),
            (field::CSRF, csrf.as_str()),
            (field::DECISION, field::APPROVE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    };
    let changes: [Change; 9] = [
        ("no token", |all| all.retain(|(key, _)| key != field::CSRF)),
        ("another token", |all| {
            set(all, field::CSRF, &"A".repeat(43))
        }),
        ("a token and more", |all| {
            let longer = format!("{}A", all[1].1);
            set(all, field::CSRF, &longer);
        }),
        ("no form", |all| {
            all.retain(|(key, _)| key != field::TRANSACTION);
        }),
        ("a changed form", |all| {
            let changed: String = all[0].1.chars().rev().collect();
            set(all, field::TRANSACTION, &changed);
        }),
        ("no decision", |all| {
            all.retain(|(key, _)| key != field::DECISION);
        }),
        ("another decision", |all| set(all, field::DECISION, "yes")),
        ("the decision twice", |all| {
            all.push((field::DECISION.to_owned(), field::CANCEL.to_owned()));
        }),
        ("an access token as form", |all| {
            set(all, field::TRANSACTION, "gmat_AAAA");
        }),
    ];
    for (name, change) in changes {
        let mut fields = honest();
        change(&mut fields);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let seen = browser.post(&fields).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{name}");
        assert!(seen.leads_to().is_none(), "{name}");
    }
    let fields = honest();
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", BASE), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json")],
    ] {
        let seen = browser.post_with(&fields, headers).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    // Another browser: without a cookie, with its own, and with its own token beside a foreign form.
    let mut other = bench.visitor();
    assert_eq!(other.post(&fields).await.status, StatusCode::FORBIDDEN);
    let foreign = other.open(&asking(&[])).await;
    assert_eq!(other.post(&fields).await.status, StatusCode::FORBIDDEN);
    let mixed = [
        (field::TRANSACTION, transaction.as_str()),
        (field::CSRF, &foreign.field(field::CSRF)),
        (field::DECISION, field::APPROVE),
    ];
    assert_eq!(other.post(&mixed).await.status, StatusCode::FORBIDDEN);
    assert_eq!(pending(&bench).await, 0);
    assert_eq!(bench.gitlab.log().count(), 0);
    // The honest browser still can, and only once.
    let headers = [("origin", BASE), ("sec-fetch-site", "same-origin")];
    let sent = browser.post_with(&fields, &headers).await;
    assert!(sent.leads_to().is_some(), "{sent:?}");
    let again = browser.post_with(&fields, &headers).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(pending(&bench).await, 1);
}

#[tokio::test]
async fn a_form_is_good_for_ten_minutes() {
    let bench = bench_of_web_client().await;
    for (after, works) in [(599, true), (600, false)] {
        let mut browser = bench.visitor();
        let page = browser.open(&asking(&[])).await;
        bench.clock.advance(Duration::from_secs(after));
        let sent = browser.press(&page, field::APPROVE).await;
        assert_eq!(sent.leads_to().is_some(), works, "{after}");
    }
}

#[tokio::test]
async fn two_pages_may_be_open_at_once() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let first = browser.open(&asking(&[])).await;
    let second = browser.open(&asking(&[])).await;
    for page in [&first, &second] {
        let sent = browser.press(page, field::APPROVE).await;
        assert!(sent.leads_to().is_some());
    }
    assert_eq!(pending(&bench).await, 2);
}

#[tokio::test]
async fn a_form_of_one_purpose_opens_nowhere_else() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    let sealed = page.field(field::TRANSACTION);
    let elsewhere = Base::parse("https://other.example").unwrap();
    let here = Base::parse(BASE).unwrap();
    let word = page.field(field::CSRF);
    assert!(bench.server.open_form(&here, &word, &sealed).is_some());
    assert!(bench.server.open_form(&elsewhere, &word, &sealed).is_none());
    let callback = format!("/callback?state={sealed}&code=x");
    assert_eq!(
        browser.open(&callback).await.status,
        StatusCode::BAD_REQUEST
    );
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

/// A bench on which approvals may be remembered.
async fn remembering() -> Bench {
    let bench = bench_with(remembering_rules()).await;
    bench.register(&[REDIRECT, "http://127.0.0.1/cb"]).await;
    bench
}

fn remembering_rules() -> Rules {
    Rules {
        remember_days: 30,
        ..Rules::default()
    }
}

async fn approve_and_remember(browser: &mut Browser<'_>, asked: &str) {
    let page = browser.open(asked).await;
    let (transaction, csrf) = (page.field(field::TRANSACTION), page.field(field::CSRF));
    let sent = browser
        .post(&[
            (field::TRANSACTION, &transaction),
            (field::CSRF, &csrf),
            (field::DECISION, field::APPROVE),
            (field::REMEMBER, "1"),
        ])
        .await;
    assert!(sent.leads_to().is_some(), "{sent:?}");
}

#[tokio::test]
async fn a_remembered_approval_is_used_for_the_same_request_only() {
    let bench = remembering().await;
    bench.register_as("another", &[REDIRECT]).await;
    let mut browser = bench.visitor();
    approve_and_remember(&mut browser, &asking(&[])).await;
    let seen = browser.open(&asking(&[("state", Some("other"))])).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(
        seen.location()
            .unwrap()
            .as_str()
            .starts_with(bench.gitlab.url())
    );
    for changed in [
        &[("redirect_uri", Some("http://127.0.0.1:1234/cb"))][..],
        &[("client_id", Some("another"))],
    ] {
        assert!(browser.open(&asking(changed)).await.asks(), "{changed:?}");
    }
    bench.clock.advance(Duration::from_hours(24 * 30));
    assert!(browser.open(&asking(&[])).await.asks());
}

#[tokio::test]
async fn another_site_cannot_use_a_remembered_approval() {
    let bench = remembering().await;
    let mut browser = bench.visitor();
    approve_and_remember(&mut browser, &asking(&[])).await;
    for (site, asks) in [
        (Some("none"), false),
        (Some("same-origin"), false),
        (Some("same-site"), true),
        (Some("cross-site"), true),
        (None, true),
    ] {
        let sent = site.map(|site| ("sec-fetch-site", site.to_owned()));
        browser.headers = sent.into_iter().collect();
        assert_eq!(browser.open(&asking(&[])).await.asks(), asks, "{site:?}");
    }
}

#[tokio::test]
async fn what_is_not_ticked_signed_or_offered_is_not_remembered() {
    // Not ticked.
    let bench = remembering().await;
    let mut browser = bench.visitor();
    browser.approve(&asking(&[])).await;
    assert!(browser.open(&asking(&[])).await.asks());
    // Forged: each byte of it.
    approve_and_remember(&mut browser, &asking(&[])).await;
    let (name, value) = browser
        .cookies
        .iter()
        .find(|(name, _)| name.contains("approved"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .unwrap();
    for at in 0..value.len() {
        let mut bytes = value.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(bytes).unwrap();
        browser.cookies.insert(name.clone(), forged);
        assert!(browser.open(&asking(&[])).await.asks(), "{at}");
    }
    browser.cookies.insert(name, value);
    assert!(!browser.open(&asking(&[])).await.asks());
    // Not offered, so not taken.
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    approve_and_remember(&mut browser, &asking(&[])).await;
    assert!(browser.open(&asking(&[])).await.asks());
}

#[tokio::test]
async fn a_document_client_and_wider_scopes_are_asked_again() {
    let bench = remembering().await;
    let server = &bench.server;
    let registered = server.client(CLIENT).await.unwrap();
    let base = Base::parse(BASE).unwrap();
    let request = Request {
        issuer: BASE.to_owned(),
        client: CLIENT.to_owned(),
        client_name: registered.name.clone(),
        redirect_uri: Some(REDIRECT.to_owned()),
        state: None,
        challenge: CHALLENGE.to_owned(),
        resource: None,
    };
    let cookie = server.remember(&base, &request).unwrap();
    let cookie = cookie
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::COOKIE, cookie.parse().unwrap());
    headers.insert("sec-fetch-site", "none".parse().unwrap());
    assert!(server.remembers(&base, &registered, &request, &headers));
    let document = Client {
        origin: Origin::Document {
            host: "app.example".to_owned(),
        },
        ..registered.clone()
    };
    assert!(!server.remembers(&base, &document, &request, &headers));
    let elsewhere = Base::parse("https://other.example").unwrap();
    assert!(!server.remembers(&elsewhere, &registered, &request, &headers));
    let device = Request {
        redirect_uri: None,
        ..request.clone()
    };
    assert!(!server.remembers(&base, &registered, &device, &headers));
    let with_scopes = |scopes: &[&str]| {
        with_rules(
            &bench,
            Rules {
                scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
                ..remembering_rules()
            },
        )
    };
    let same = with_scopes(&["api"]);
    assert!(same.remembers(&base, &registered, &request, &headers));
    let wider = with_scopes(&["api", "sudo"]);
    assert!(!wider.remembers(&base, &registered, &request, &headers));
}

/// The server of a bench after the operator changed the rules.
fn with_rules(bench: &Bench, rules: Rules) -> Arc<AuthorizationServer> {
    let server = &bench.server;
    AuthorizationServer::new(crate::authorization_server::Parts {
        site: server.site.clone(),
        rules,
        instance: server.instance.clone(),
        browser: server.browser.clone(),
        application: server.application.clone(),
        application_id: server.application_id.clone(),
        egress: server.egress.clone(),
        keys: Arc::clone(&server.keys),
        store: Arc::clone(server.records.store()),
        clock: Arc::clone(&server.clock),
        random: Arc::clone(&server.random),
    })
}
