//! Approvals that a browser keeps.

use super::*;

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
