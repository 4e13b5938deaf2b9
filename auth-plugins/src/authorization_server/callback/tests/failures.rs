//! What the client is told when nobody was signed in.

use super::*;

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
        serde_json::json!(-1),
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
async fn an_answer_that_is_not_what_it_says_stores_nothing() {
    let bench = bench_of_web_client().await;
    let renamed = |field| Fault::drift(Drift::Drop).field(field);
    let retyped = |field| Fault::drift(Drift::Retype).field(field);
    for fault in [
        renamed("access_token"),
        renamed("token_type"),
        Fault::drift(Drift::Null).field("access_token"),
        retyped("access_token"),
        Fault::drift(Drift::Enum).field("token_type"),
        Fault::bad_payload(Payload::InvalidUtf8),
        Fault::bad_payload(Payload::InvalidJson),
        Fault::bad_payload(Payload::NotANumber),
        Fault::bad_payload(Payload::Deep),
        Fault::bad_payload(Payload::GzipBomb),
        Fault::bad_payload(Payload::WrongEncoding),
        Fault::cut_json(),
        Fault::cut_chunk(),
        Fault::reset_mid_body(),
    ] {
        let name = format!("{fault:?}");
        bench.gitlab.faults().add(fault.on("POST /oauth/token"));
        let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
        bench.gitlab.faults().clear();
        let error = error_of(&seen);
        assert!(
            matches!(error.as_str(), "server_error" | "temporarily_unavailable"),
            "{name}: {error}"
        );
        assert_eq!(stored(&bench).await, (0, 0), "{name}");
    }
    let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
    assert!(parameter(&seen.location().unwrap(), "code").is_some());
    assert_eq!(stored(&bench).await, (1, 1));
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
async fn whoever_is_in_no_allowed_group_gets_no_code_and_gitlab_s_token_is_revoked() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let bench = bench_with(Rules {
        groups: vec!["no-such-group".to_owned()],
        ..Rules::default()
    })
    .await;
    bench.register(&[REDIRECT]).await;
    let seen = bench.visitor().sign_in(&asking(&[]), "alice").await;
    assert_eq!(error_of(&seen), "access_denied");
    assert_eq!(stored(&bench).await, (0, 0));
    let told = "group_denied refused not_in_an_allowed_group".to_owned();
    assert!(heard.events().contains(&told));
    assert_eq!(bench.gitlab.log().of("POST /oauth/revoke").count(), 1);
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
