//! What is refused, and who is told.

use super::*;

/// A page or JSON, nothing to follow, no cookie, and GitLab was not asked.
async fn refused_here(bench: &Bench, asking: &str, code: &str) {
    for accept in ["text/html", "*/*"] {
        let mut browser = bench.visitor();
        let seen = browser.get(asking, accept).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{asking}");
        assert!(seen.leads_to().is_none(), "{asking}");
        assert!(browser.cookies.is_empty(), "{asking}");
        if accept == "text/html" {
            assert!(seen.body.contains(code), "{asking}: {}", seen.body);
        } else {
            let json: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
            assert_eq!(json["error"], code, "{asking}");
        }
    }
    assert_eq!(bench.gitlab.log().count(), 0);
    assert_eq!(pending(bench).await, 0);
}

#[tokio::test]
async fn without_a_client_and_its_redirect_uri_nobody_is_redirected() {
    let bench = bench_of_web_client().await;
    let long_state = "s".repeat(2049);
    let long_query = "x".repeat(9000);
    let twice = |name: &str| format!("{}&{name}=x", asking(&[]));
    for (asked, code) in [
        (asking(&[("client_id", None)]), "invalid_request"),
        (asking(&[("client_id", Some("stranger"))]), "invalid_client"),
        (
            asking(&[("client_id", Some(&bench.server.application_id))]),
            "invalid_client",
        ),
        (asking(&[("redirect_uri", None)]), "invalid_request"),
        (asking(&[("redirect_uri", Some(""))]), "invalid_request"),
        (asking(&[("state", Some(&long_state))]), "invalid_request"),
        (asking(&[("scope", Some(&long_query))]), "invalid_request"),
        (format!("{}%ff", asking(&[])), "invalid_request"),
        (twice("client_id"), "invalid_request"),
        (twice("redirect_uri"), "invalid_request"),
        (twice("state"), "invalid_request"),
        (twice("code_challenge"), "invalid_request"),
        (twice("response_type"), "invalid_request"),
        ("/authorize".to_owned(), "invalid_request"),
    ] {
        refused_here(&bench, &asked, code).await;
    }
}

#[tokio::test]
async fn who_is_no_client_is_told_the_same_whoever_it_is() {
    let bench = bench_of_web_client().await;
    let application = bench.server.application_id.clone();
    let mut told = Vec::new();
    for id in [
        application.as_str(),
        "stranger",
        "AAAAAAAAAAAAAAAAAAAAAA",
        "1",
        "",
    ] {
        let asked = asking(&[("client_id", Some(id))]);
        told.push(bench.visitor().get(&asked, "*/*").await.body);
        let page = bench.visitor().open(&asked).await;
        assert!(!page.body.contains(&application), "{id}");
    }
    assert!(told.iter().take(4).all(|one| *one == told[0]), "{told:?}");
}

#[tokio::test]
async fn near_misses_of_a_redirect_uri_are_not_followed() {
    let bench = bench().await;
    bench
        .register(&["https://app.example/app/cb", "http://127.0.0.1/cb"])
        .await;
    for uri in [
        "https://app.example/app/cb/",
        "https://app.example/app/cb?x=1",
        "https://app.example/app/cb?",
        "https://app.example/app/cB",
        "https://APP.example/app/cb",
        "http://app.example/app/cb",
        "https://app.example:443/app/cb",
        "https://app.example:444/app/cb",
        "https://app.example/app/cb%2f",
        "https://app.example/app//cb",
        "https://app.example/app/..;/cb",
        "https://app.example/app/%2e%2e/cb",
        "https://app.example/app/cb#x",
        "https://app.example.evil.example/app/cb",
        "https://app.example@evil.example/app/cb",
        "https://a@b@app.example/app/cb",
        "https://app.example/app/c",
        "https://app.example/app/cbx",
        "//app.example/app/cb",
        "http://127.0.0.1:8080/other",
        "http://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.2:8080/cb",
        "http://localhost:8080/cb",
        "http://[::1]:8080/cb",
        "https://127.0.0.1/cb",
        "http://x@127.0.0.1/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1\\@evil.example/cb",
    ] {
        let asked = asking(&[("redirect_uri", Some(uri))]);
        refused_here(&bench, &asked, "invalid_request").await;
    }
    for uri in ["https://app.example/app/cb", "http://127.0.0.1:49152/cb"] {
        let asked = asking(&[("redirect_uri", Some(uri))]);
        assert!(bench.visitor().open(&asked).await.asks(), "{uri}");
    }
}

#[tokio::test]
async fn no_trick_of_the_corpus_redirects_anybody() {
    let bench = bench_with(Rules {
        requests_per_minute: 100_000,
        ..Rules::default()
    })
    .await;
    let own = "https://app.example/oauth/cb";
    bench.register(&[own]).await;
    let mut browser = bench.visitor();
    let mut tried = 0;
    for trick in tricks("app.example", "/oauth/cb") {
        if trick == own {
            continue;
        }
        // Once as a careful program sends it, once as it stands.
        let encoded = asking(&[("redirect_uri", Some(&trick))]);
        let rest = asking(&[("redirect_uri", None)]);
        let bare = format!("{rest}&redirect_uri={trick}");
        for address in [encoded, bare] {
            let Ok(uri) = address.parse::<http::Uri>() else {
                continue;
            };
            // Behind `#` and `&` nothing belongs to the redirect URI: what is left is the client's own.
            let query = uri.query().unwrap_or_default().as_bytes();
            let mut sent = url::form_urlencoded::parse(query);
            if sent.any(|(name, value)| name == "redirect_uri" && value == own) {
                continue;
            }
            let seen = browser.open(&address).await;
            assert!(seen.leads_to().is_none(), "{trick}");
            assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{trick}");
            tried += 1;
        }
    }
    assert!(tried >= 500, "{tried}");
    assert!(browser.cookies.is_empty());
    assert_eq!(pending(&bench).await, 0);
    let honest = asking(&[("redirect_uri", Some(own))]);
    assert!(browser.open(&honest).await.asks());
}

#[expect(clippy::too_many_lines, reason = "a table of refusals")]
#[tokio::test]
async fn the_client_learns_what_is_wrong_with_the_rest() {
    let bench = bench_of_web_client().await;
    let fragment = format!("{BASE}/mcp#x");
    let beyond = format!("{BASE}/mcp/../admin");
    let long = "c".repeat(129);
    let short = "c".repeat(42);
    let odd = "c".repeat(42) + "+";
    for (changes, code) in [
        (&[("response_type", None)][..], "invalid_request"),
        (
            &[("response_type", Some("token"))],
            "unsupported_response_type",
        ),
        (
            &[("response_type", Some("code token"))],
            "unsupported_response_type",
        ),
        (&[("response_mode", Some("fragment"))], "invalid_request"),
        (&[("response_mode", Some("form_post"))], "invalid_request"),
        (&[("code_challenge", None)], "invalid_request"),
        (&[("code_challenge", Some(&short))], "invalid_request"),
        (&[("code_challenge", Some(&long))], "invalid_request"),
        (&[("code_challenge", Some(&odd))], "invalid_request"),
        (&[("code_challenge_method", None)], "invalid_request"),
        (
            &[("code_challenge_method", Some("plain"))],
            "invalid_request",
        ),
        (
            &[("code_challenge_method", Some("S512"))],
            "invalid_request",
        ),
        (
            &[("resource", Some("https://other.example/mcp"))],
            "invalid_target",
        ),
        (&[("resource", Some(&fragment))], "invalid_target"),
        (&[("resource", Some(&beyond))], "invalid_target"),
        (&[("request", Some("e30."))], "request_not_supported"),
        (
            &[("request_uri", Some("https://evil.example/r"))],
            "request_uri_not_supported",
        ),
        (&[("prompt", Some("none"))], "interaction_required"),
        (&[("prompt", Some("login none"))], "interaction_required"),
        // The earlier check decides.
        (
            &[("response_type", Some("token")), ("code_challenge", None)],
            "unsupported_response_type",
        ),
        (
            &[
                ("resource", Some("https://other.example/")),
                ("code_challenge", None),
            ],
            "invalid_request",
        ),
    ] {
        let mut browser = bench.visitor();
        let seen = browser.open(&asking(changes)).await;
        assert_eq!(seen.status, StatusCode::FOUND, "{changes:?}");
        let location = seen.location().unwrap();
        assert!(location.as_str().starts_with(&format!("{REDIRECT}&")));
        assert_eq!(
            parameter(&location, "error").as_deref(),
            Some(code),
            "{changes:?}"
        );
        let description = parameter(&location, "error_description").unwrap();
        assert!(!description.is_empty() && description.len() <= 200);
        assert_eq!(
            parameter(&location, "state").unwrap(),
            "state of the client"
        );
        assert_eq!(parameter(&location, "iss").as_deref(), Some(BASE));
        assert_eq!(parameter(&location, "code"), None);
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(bench.gitlab.log().count(), 0);
}

#[tokio::test]
async fn an_app_is_told_by_a_page_that_leads_to_it() {
    let bench = bench().await;
    let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
    bench.register(&[uri]).await;
    let changes = [
        ("redirect_uri", Some(uri)),
        ("resource", Some("https://other.example")),
    ];
    let seen = bench.visitor().open(&asking(&changes)).await;
    assert!(seen.location().is_none());
    let location = seen.leads_to().unwrap();
    assert!(location.as_str().starts_with(uri));
    assert_eq!(
        parameter(&location, "error").as_deref(),
        Some("invalid_target")
    );
    assert_eq!(parameter(&location, "iss").as_deref(), Some(BASE));
}

#[tokio::test]
async fn without_a_redirect_uri_the_device_page_is_asked_about_where_there_is_one() {
    let rules = Rules {
        device: DeviceRule::Page,
        ..Rules::default()
    };
    let bench = bench_with(rules).await;
    bench.register(&[REDIRECT]).await;
    let device = |changes: &[(&'static str, Option<&'static str>)]| {
        let all = [&[("redirect_uri", None)], changes].concat();
        asking(&all)
    };
    let page = bench.visitor().open(&device(&[])).await;
    assert!(page.asks());
    assert!(page.body.contains("A code will be shown in this window"));
    // What is wrong is told here, in its own order.
    for (changes, code) in [
        (&[("client_id", None)][..], "invalid_request"),
        (
            &[("client_id", Some("stranger")), ("response_type", None)],
            "invalid_client",
        ),
        (
            &[("response_type", None), ("code_challenge", None)],
            "unsupported_response_type",
        ),
        (
            &[("response_type", Some("token"))],
            "unsupported_response_type",
        ),
        (
            &[("code_challenge", None), ("resource", Some("x"))],
            "invalid_request",
        ),
        (
            &[("resource", Some("https://other.example"))],
            "invalid_target",
        ),
    ] {
        refused_here(&bench, &device(changes), code).await;
    }
    let mut browser = bench.visitor();
    let page = browser.open(&device(&[])).await;
    let cancelled = browser.press(&page, "cancel").await;
    assert_eq!(cancelled.status, StatusCode::FORBIDDEN);
    assert!(cancelled.body.contains("Nobody was signed in"));
    assert_eq!(bench.gitlab.log().count(), 0);
    // Only an approval starts a device login.
    let page = browser.open(&device(&[])).await;
    let started = browser.press(&page, "approve").await;
    assert!(!started.asks());
    let asked = bench.gitlab.log().of("POST /oauth/authorize_device");
    assert_eq!(asked.count(), 1);
    assert_eq!(pending(&bench).await, 0);
}

#[tokio::test]
async fn an_address_that_asks_too_often_has_to_wait() {
    let bench = bench_with(Rules {
        requests_per_minute: 2,
        ..Rules::default()
    })
    .await;
    bench.register(&[REDIRECT]).await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    assert!(page.asks() && browser.open(&asking(&[])).await.asks());
    let refused = browser.open(&asking(&[])).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key("retry-after"));
    assert!(refused.body.contains("Too many requests"));
    let refused = browser.get(&asking(&[]), "*/*").await;
    assert!(refused.body.contains("too_many_requests"));
    // The answer to a page that was shown counts for itself.
    assert!(browser.press(&page, "approve").await.leads_to().is_some());
    browser.press(&page, "approve").await;
    let refused = browser.press(&page, "approve").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}
