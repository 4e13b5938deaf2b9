//! The token endpoint, row by row.

use super::*;
use crate::authorization_server::bench::replicas::{
    CLIENT, OTHER_CLIENT, REVOKE, Replicas, VERIFIER, answered, but, posted, redemption, refreshing,
};
use crate::authorization_server::rules::{Flow, Rules};

mod passthrough;
mod races;
mod refresh;

#[tokio::test]
async fn a_code_becomes_tokens_that_nobody_may_keep() {
    let replicas = Replicas::one().await;
    let (code, sid) = replicas.code().await;
    let answered = replicas.token(0, &redemption(&code)).await;
    let pair = answered.pair();
    assert_eq!(answered.body["token_type"], "Bearer");
    assert_eq!(answered.body["expires_in"], 3600);
    assert_eq!(answered.body["scope"], "api");
    assert_eq!(answered.body.as_object().unwrap().len(), 5);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("content-type", "application/json"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answered.headers[name], value);
    }
    let login = replicas.stored(&sid).await.unwrap();
    let subject = replicas.verify(0, &pair.access).await;
    assert_eq!(subject, Ok(login.subject.clone()));
    let text = answered.body.to_string();
    assert!(!text.contains(login.access.expose()));
    assert!(!text.contains(login.refresh.unwrap().expose()));
}

const LONG: &str = concat!(
    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
);

/// One parameter of a full redemption, what stands in its place, and the answer.
type Row = (&'static str, Option<&'static str>, &'static str);

const WRONG: &[Row] = &[
    ("grant_type", None, "400 invalid_request"),
    ("client_id", None, "400 invalid_request"),
    ("code", None, "400 invalid_request"),
    ("code_verifier", None, "400 invalid_request"),
    ("code_verifier", Some(""), "400 invalid_request"),
    ("grant_type", Some("password"), "400 unsupported_grant_type"),
    (
        "grant_type",
        Some("client_credentials"),
        "400 unsupported_grant_type",
    ),
    ("grant_type", Some("implicit"), "400 unsupported_grant_type"),
    (
        "grant_type",
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer"),
        "400 unsupported_grant_type",
    ),
    // The device grant is off by default.
    ("grant_type", Some(DEVICE), "400 unsupported_grant_type"),
    ("client_id", Some("no-such-client"), "401 invalid_client"),
    ("client_id", Some(OTHER_CLIENT), "400 invalid_grant"),
    ("client_secret", Some("anything"), "401 invalid_client"),
    ("client_assertion", Some("anything"), "401 invalid_client"),
    ("code", Some("gmac_unknown"), "400 invalid_grant"),
    ("code", Some("gmrt_of-another-kind"), "400 invalid_grant"),
    ("redirect_uri", None, "400 invalid_grant"),
    (
        "redirect_uri",
        Some("https://mcp.example:444/callback"),
        "400 invalid_grant",
    ),
    (
        "redirect_uri",
        Some("https://mcp.example/callback/"),
        "400 invalid_grant",
    ),
    (
        "resource",
        Some("https://other.example/mcp"),
        "400 invalid_target",
    ),
    (
        "resource",
        Some("https://mcp.example/mcp/../admin"),
        "400 invalid_target",
    ),
    (
        "resource",
        Some("https://mcp.example/mcp#x"),
        "400 invalid_target",
    ),
    // Four wrong verifiers: the fifth would end the code.
    (
        "code_verifier",
        Some("BjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        "400 invalid_grant",
    ),
    ("code_verifier", Some("short"), "400 invalid_grant"),
    ("code_verifier", Some(LONG), "400 invalid_grant"),
    (
        "code_verifier",
        Some("ünïcode-ünïcode-ünïcode-ünïcode-ünïcode-ün"),
        "400 invalid_grant",
    ),
];

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_and_the_code_stays_good() {
    assert_eq!(LONG.len(), 129);
    let replicas = Replicas::one().await;
    let (code, _) = replicas.code().await;
    let full = redemption(&code);
    for &(name, value, expected) in WRONG {
        let answered = replicas.token(0, &but(&full, name, value)).await;
        assert_eq!(answered.word(), expected, "{name} {value:?}");
        assert_eq!(answered.headers["cache-control"], "no-store");
    }
    assert_eq!(replicas.gitlab().log().count(), 0);
    let resource = but(&full, "resource", Some("https://MCP.example/mcp/"));
    assert_eq!(replicas.token(0, &resource).await.word(), "200");
}

#[tokio::test]
async fn parameters_stand_in_the_form_once_and_nowhere_else() {
    let replicas = Replicas::one().await;
    let (code, _) = replicas.code().await;
    let form = |text: &str| ("application/x-www-form-urlencoded", text.to_owned());
    let encoded = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(redemption(&code))
        .finish();
    let json = format!(r#"{{"grant_type":"authorization_code","code":"{code}"}}"#);
    let query = format!("/token?{encoded}");
    for (path, (content_type, body), expected) in [
        ("/token", form(""), "400 invalid_request"),
        ("/token", ("application/json", json), "415 invalid_request"),
        (
            "/token",
            ("multipart/form-data", encoded.clone()),
            "415 invalid_request",
        ),
        (
            "/token",
            form(&format!("{encoded}&code={code}")),
            "400 invalid_request",
        ),
        ("/token", form(&"a".repeat(70_000)), "413 invalid_request"),
        (query.as_str(), form(""), "400 invalid_request"),
        ("/token?code=x", form(&encoded), "400 invalid_request"),
        ("/token?", form(&encoded), "200"),
    ] {
        let request = Request::post(path)
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap();
        let response = Arc::clone(replicas.server()).token(request).await;
        assert_eq!(
            answered(response).await.word(),
            expected,
            "{path} {content_type}"
        );
    }
}

#[tokio::test]
async fn a_client_that_tries_basic_is_challenged_with_it() {
    let replicas = Replicas::one().await;
    let (code, _) = replicas.code().await;
    for (value, expected) in [
        ("Basic Y2xpZW50OnNlY3JldA==", "401 invalid_client"),
        ("basic !!!", "401 invalid_client"),
        ("Bearer whatever", "200"),
    ] {
        let mut request = posted("/token", &redemption(&code));
        let header = value.parse().unwrap();
        request.headers_mut().insert("authorization", header);
        let answered = answered(Arc::clone(replicas.server()).token(request).await).await;
        assert_eq!(answered.word(), expected, "{value}");
        let challenge = answered.headers.contains_key("www-authenticate");
        assert_eq!(challenge, expected != "200", "{value}");
    }
}

#[tokio::test]
async fn the_fifth_wrong_verifier_ends_a_code() {
    let replicas = Replicas::one().await;
    let wrong = format!("{VERIFIER}x");
    for (tries, expected) in [(4, "200"), (5, "400 invalid_grant")] {
        let (code, _) = replicas.code().await;
        let full = redemption(&code);
        for _ in 0..tries {
            let form = but(&full, "code_verifier", Some(&wrong));
            assert_eq!(replicas.token(0, &form).await.word(), "400 invalid_grant");
        }
        assert_eq!(replicas.token(0, &full).await.word(), expected);
    }
}

#[tokio::test]
async fn a_code_used_again_ends_the_login_only_with_proof_and_late() {
    let replicas = Replicas::one().await;
    let wrong = format!("{VERIFIER}x");
    for (seconds, proven, alive) in [(1, true, true), (11, true, false), (11, false, true)] {
        let (code, sid) = replicas.code().await;
        let full = redemption(&code);
        let pair = replicas.token(0, &full).await.pair();
        replicas.gitlab().log().clear();
        replicas.pass(seconds);
        let verifier = if proven { VERIFIER } else { &wrong };
        let again = but(&full, "code_verifier", Some(verifier));
        let answered = replicas.token(0, &again).await;
        assert_eq!(answered.word(), "400 invalid_grant");
        replicas.server().settle().await;
        assert_eq!(replicas.stored(&sid).await.is_some(), alive);
        assert_eq!(replicas.verify(0, &pair.access).await.is_ok(), alive);
        let revoked = replicas.gitlab().log().of(REVOKE).count();
        assert_eq!(revoked, usize::from(!alive));
    }
}

#[tokio::test]
async fn a_code_whose_login_ended_opens_nothing() {
    let replicas = Replicas::one().await;
    let (code, sid) = replicas.code().await;
    let login = replicas.stored(&sid).await.unwrap();
    replicas.server().end(login, "revoked").await.unwrap();
    let answered = replicas.token(0, &redemption(&code)).await;
    assert_eq!(answered.word(), "400 invalid_grant");
}

#[tokio::test]
async fn without_the_store_nothing_is_issued_and_nothing_is_lost() {
    let replicas = Replicas::one().await;
    let (code, _) = replicas.code().await;
    replicas.lines[0].cut(true);
    let answered = replicas.token(0, &redemption(&code)).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    assert!(answered.headers.contains_key("retry-after"));
    replicas.lines[0].cut(false);
    let pair = replicas.token(0, &redemption(&code)).await.pair();
    replicas.lines[0].cut(true);
    let answered = replicas.refresh(0, &pair.refresh).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    replicas.lines[0].cut(false);
    assert_eq!(replicas.refresh(0, &pair.refresh).await.word(), "200");
}

#[tokio::test]
async fn tokens_of_one_kind_do_not_stand_in_for_another() {
    let replicas = Replicas::one().await;
    let (code, _) = replicas.code().await;
    let (pair, sid) = replicas.signed_in().await;
    let login = replicas.stored(&sid).await.unwrap();
    for token in [
        pair.access.as_str(),
        &code,
        login.access.expose(),
        "",
        "gmrt_",
    ] {
        let answered = replicas.refresh(0, token).await;
        assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    }
    for code in [pair.access.as_str(), &pair.refresh] {
        let answered = replicas.token(0, &redemption(code)).await;
        assert_eq!(answered.word(), "400 invalid_grant");
    }
    assert_eq!(replicas.refresh(0, &pair.refresh).await.word(), "200");
    assert_eq!(replicas.token(0, &redemption(&code)).await.word(), "200");
}

#[tokio::test]
async fn polls_of_a_device_sign_in_use_up_nothing_that_others_need() {
    let replicas = Replicas::with(
        Rules {
            device: DeviceRule::On,
            ..Rules::default()
        },
        1,
    )
    .await;
    let strict = Rules {
        requests_per_minute: 5,
        ..replicas.server().rules.clone()
    };
    let server = replicas.bench().with_rules(strict);
    let poll = [
        ("grant_type", DEVICE),
        ("device_code", "unknown"),
        ("client_id", CLIENT),
    ];
    for _ in 0..9 {
        let polled = Arc::clone(&server).token(posted("/token", &poll)).await;
        assert_eq!(answered(polled).await.word(), "400 invalid_grant");
    }
    for expected in [&["400 invalid_grant"; 5][..], &["429 too_many_requests"]].concat() {
        let asked = Arc::clone(&server).token(posted("/token", &redemption("gmac_x")));
        assert_eq!(answered(asked.await).await.word(), expected);
    }
}
