//! Codes of GitLab, which GitLab checks.

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::heard::Heard;
use crate::authorization_server::bench::replicas::{REDIRECT, REFRESH};
use crate::authorization_server::bench::secret;
use crate::authorization_server::client::Registration;
use crate::gitlab_oauth::Authorization;

fn passthrough() -> Rules {
    Rules {
        flow: Flow::Passthrough,
        ..Rules::default()
    }
}

/// A code of GitLab, which alice's browser was sent back with.
async fn gitlab_code(replicas: &Replicas) -> String {
    let server = replicas.server();
    let url = server.application.authorize_url(&Authorization {
        redirect_uri: &url::Url::parse(REDIRECT).unwrap(),
        scopes: &server.rules.scopes,
        state: &secret("state-of-the-client"),
        verifier: &secret(VERIFIER),
    });
    let place = replicas
        .gitlab()
        .browser("alice")
        .approve(url.as_str())
        .await;
    let place = url::Url::parse(&place.unwrap()).unwrap();
    let code = place.query_pairs().find(|(name, _)| name == "code");
    let code = code.unwrap().1.into_owned();
    replicas.gitlab().log().clear();
    code
}

#[tokio::test]
async fn a_code_of_gitlab_becomes_tokens_of_ours() {
    let replicas = Replicas::with(passthrough(), 1).await;
    let code = gitlab_code(&replicas).await;
    let pair = replicas.token(0, &redemption(&code)).await.pair();
    assert!(pair.access.starts_with("gmat_"));
    assert!(replicas.verify(0, &pair.access).await.is_ok());
    let pair = replicas.refresh(0, &pair.refresh).await.pair();
    assert!(replicas.verify(0, &pair.access).await.is_ok());
    let again = replicas.token(0, &redemption(&code)).await;
    assert_eq!(again.word(), "400 invalid_grant");
}

#[tokio::test]
async fn a_client_whose_user_has_signed_in_is_remembered_as_long_as_the_login() {
    let replicas = Replicas::with(passthrough(), 1).await;
    for id in ["signed-in", "never-used"] {
        let client = Registration {
            id: id.to_owned(),
            name: id.to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            issued_at: replicas.server().tokens.now(),
            used_at: None,
        };
        replicas.server().remember_client(&client).await.unwrap();
    }
    let code = gitlab_code(&replicas).await;
    let form = but(&redemption(&code), "client_id", Some("signed-in"));
    let pair = replicas.token(0, &form).await.pair();
    replicas.pass(25 * 3600);
    let form = but(&refreshing(&pair.refresh), "client_id", Some("signed-in"));
    assert_eq!(replicas.token(0, &form).await.word(), "200");
    assert!(replicas.server().client("never-used").await.is_err());
}

#[tokio::test]
async fn the_audit_says_who_signed_in() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let replicas = Replicas::with(passthrough(), 1).await;
    let code = gitlab_code(&replicas).await;
    replicas.token(0, &redemption(&code)).await.pair();
    assert_eq!(heard.events(), ["login_completed ok", "token_issued ok"]);
    assert!(!heard.text().contains(&code));
}

#[tokio::test]
async fn what_we_can_check_never_reaches_gitlab() {
    let replicas = Replicas::with(passthrough(), 1).await;
    let code = gitlab_code(&replicas).await;
    let full = redemption(&code);
    for (name, value, expected) in [
        ("redirect_uri", None, "400 invalid_request"),
        (
            "redirect_uri",
            Some("https://evil.example/"),
            "400 invalid_grant",
        ),
        ("code_verifier", Some("short"), "400 invalid_grant"),
        ("client_id", Some("no-such-client"), "401 invalid_client"),
    ] {
        let answered = replicas.token(0, &but(&full, name, value)).await;
        assert_eq!(answered.word(), expected, "{name}");
    }
    assert_eq!(replicas.gitlab().log().count(), 0);
    let wrong = format!("{VERIFIER}x");
    let form = but(&full, "code_verifier", Some(&wrong));
    assert_eq!(replicas.token(0, &form).await.word(), "400 invalid_grant");
    assert_eq!(replicas.token(0, &full).await.word(), "200");
}

#[tokio::test]
async fn while_gitlab_is_away_the_code_stays_good() {
    let replicas = Replicas::with(passthrough(), 1).await;
    let code = gitlab_code(&replicas).await;
    replicas
        .gitlab()
        .faults()
        .add(Fault::status(503).on(REFRESH));
    let answered = replicas.token(0, &redemption(&code)).await;
    assert_eq!(answered.word(), "503 temporarily_unavailable");
    assert!(answered.headers.contains_key("retry-after"));
    replicas.gitlab().faults().clear();
    assert_eq!(replicas.token(0, &redemption(&code)).await.word(), "200");
}

#[tokio::test]
async fn a_person_outside_the_groups_gets_nothing() {
    let rules = Rules {
        groups: vec!["no-such-group".to_owned()],
        ..passthrough()
    };
    let replicas = Replicas::with(rules, 1).await;
    let code = gitlab_code(&replicas).await;
    let answered = replicas.token(0, &redemption(&code)).await;
    assert_eq!(answered.word(), "400 invalid_grant");
    assert!(
        answered.body["error_description"]
            .to_string()
            .contains("group")
    );
    assert_eq!(replicas.gitlab().log().of(REVOKE).count(), 1);
}
