//! The client against the mock GitLab, which is another hand's OAuth provider.

use gitlab_mcp_core::gitlab::EgressConfig;
use mock_gitlab::{Clock, Fault, MockGitlab, OAuthApplication, Payload};
use serde_json::json;

use super::*;

const START: &str = "2026-11-01T09:00:00Z";

async fn gitlab() -> MockGitlab {
    let builder = MockGitlab::builder().clock(Clock::manual(START));
    builder.start().await.unwrap()
}

fn application(gitlab: &MockGitlab) -> OAuthApplication {
    gitlab
        .oauth_app("editor")
        .redirect("http://127.0.0.1/callback")
        .scopes(&["api", "read_api"])
        .confidential(false)
        .create()
}

fn client(gitlab: &MockGitlab, client_id: &str) -> GitLabOAuth {
    client_at(gitlab.url(), client_id)
}

fn client_at(url: &str, client_id: &str) -> GitLabOAuth {
    let instance = Instance::parse(url).unwrap();
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    GitLabOAuth::new(&instance, None, client_id, None, egress).unwrap()
}

fn secret<K: Kind>(text: &str) -> Secret<K> {
    Secret::parse(text.to_owned(), 1).unwrap()
}

fn verifier() -> Secret<Verifier> {
    secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
}

/// Goes through the consent page and hands back the code.
async fn code(gitlab: &MockGitlab, client: &GitLabOAuth, scopes: &[&str]) -> Secret<Code> {
    let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    let url = client.authorize_url(&Authorization {
        redirect_uri: &callback(),
        scopes: &scopes,
        state: &secret("state-of-this-test"),
        verifier: &verifier(),
    });
    let place = gitlab.browser("alice").approve(url.as_str()).await.unwrap();
    let place = Url::parse(&place).unwrap();
    let value = |name: &str| {
        let mut pairs = place.query_pairs();
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    assert_eq!(value("state"), "state-of-this-test");
    secret(&value("code"))
}

fn callback() -> Url {
    Url::parse("http://127.0.0.1:4321/callback").unwrap()
}

#[tokio::test]
async fn a_code_becomes_tokens_which_can_be_refreshed_described_and_revoked() {
    let gitlab = gitlab().await;
    let application = application(&gitlab);
    let client = client(&gitlab, &application.client_id);
    let code = code(&gitlab, &client, &["api"]).await;

    let first = client
        .exchange(&code, &callback(), &verifier())
        .await
        .unwrap();
    assert_eq!(first.scope.as_deref(), Some("api"));
    assert_eq!(first.expires_in, Some(Duration::from_hours(2)));

    let refresh = first.refresh.unwrap();
    let second = client.refresh(&refresh).await.unwrap();
    let info = client.token_info(&second.access).await.unwrap();
    assert_eq!(info.scopes, ["api"]);
    assert_eq!(info.application.as_deref(), Some(&*application.client_id));
    assert_eq!(info.user, Some(gitlab.user("alice").id()));

    let refused = |word: &str| GrantError::Refused(word.to_owned());
    assert_eq!(
        client.refresh(&refresh).await.unwrap_err(),
        refused("invalid_grant")
    );
    client.revoke(&second.access).await.unwrap();
    assert_eq!(
        client.token_info(&second.access).await.unwrap_err(),
        refused("invalid_token")
    );
}

#[tokio::test]
async fn a_code_needs_its_own_verifier() {
    let gitlab = gitlab().await;
    let client = client(&gitlab, &application(&gitlab).client_id);
    let code = code(&gitlab, &client, &["api"]).await;
    let other = secret("another-verifier-that-is-long-enough-to-count-0");
    let refused = client.exchange(&code, &callback(), &other).await;
    let expected = GrantError::Refused("invalid_grant".to_owned());
    assert_eq!(refused.unwrap_err(), expected);
    assert!(
        client
            .exchange(&code, &callback(), &verifier())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_confidential_application_shows_its_secret() {
    let gitlab = gitlab().await;
    let application = gitlab
        .oauth_app("confidential")
        .redirect("http://127.0.0.1/callback")
        .create();
    let with_secret = |text: &str| {
        GitLabOAuth::new(
            &Instance::parse(gitlab.url()).unwrap(),
            None,
            &application.client_id,
            Some(secret(text)),
            Egress::new(&EgressConfig::default()).unwrap(),
        )
        .unwrap()
    };
    let client = with_secret(&application.client_secret);
    let code = code(&gitlab, &client, &["api"]).await;
    let wrong = with_secret("gloas-wrong");
    let refused = wrong.exchange(&code, &callback(), &verifier()).await;
    let expected = GrantError::Refused("invalid_client".to_owned());
    assert_eq!(refused.unwrap_err(), expected);
    let tokens = client.exchange(&code, &callback(), &verifier()).await;
    assert!(tokens.is_ok());
}

#[tokio::test]
async fn only_an_error_code_of_gitlab_decides() {
    let cases = [
        Fault::status(500),
        Fault::status(502).as_html(),
        Fault::status(503).as_json(),
        Fault::status(408).as_json(),
        Fault::status(429).as_json(),
        Fault::status(404).as_json(),
        Fault::status(400).as_html(),
        Fault::html_page(),
        Fault::redirect(302, "https://sso.example/"),
        Fault::truncated_body(),
        Fault::reset_before_headers(),
    ];
    let gitlab = gitlab().await;
    let client = client(&gitlab, &application(&gitlab).client_id);
    for fault in cases {
        let name = format!("{fault:?}");
        gitlab.faults().add(fault.on("POST /oauth/token").times(1));
        let error = client.refresh(&secret("refresh-0")).await.unwrap_err();
        assert_eq!(error, GrantError::Transient, "{name}");
        gitlab.faults().clear();
    }
    let error = client.refresh(&secret("refresh-0")).await.unwrap_err();
    assert_eq!(error, GrantError::Refused("invalid_grant".to_owned()));
    let nobody = client_at("http://127.0.0.1:1", "app");
    let error = nobody.refresh(&secret("refresh-0")).await.unwrap_err();
    assert_eq!(error, GrantError::Transient);
}

#[tokio::test]
async fn a_revocation_needs_no_words_but_the_page_of_a_proxy_is_none() {
    let gitlab = gitlab().await;
    let client = client(&gitlab, &application(&gitlab).client_id);
    let token = secret::<GitLabToken>("access-0");
    assert_eq!(client.revoke(&token).await, Ok(()));
    for (fault, expected) in [
        (Fault::bad_payload(Payload::Empty), Ok(())),
        (
            Fault::bad_payload(Payload::InvalidJson),
            Err(GrantError::Transient),
        ),
        (Fault::html_page(), Err(GrantError::Transient)),
        (Fault::status(503), Err(GrantError::Transient)),
    ] {
        let name = format!("{fault:?}");
        gitlab.faults().add(fault.on("POST /oauth/revoke").times(1));
        assert_eq!(client.revoke(&token).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_life_that_is_no_number_does_not_cost_the_tokens() {
    for (value, expected) in [
        (json!(-1), Some(0)),
        (json!("-1"), Some(0)),
        (json!(1.5), None),
        (json!("7200"), Some(7200)),
        (json!("soon"), None),
        (json!([1]), None),
        (json!(60), Some(60)),
    ] {
        let gitlab = gitlab().await;
        let client = client(&gitlab, &application(&gitlab).client_id);
        let code = code(&gitlab, &client, &["api"]).await;
        gitlab.edit(|world| world.quirks.expires_in = Some(value.clone()));
        let tokens = client.exchange(&code, &callback(), &verifier()).await;
        let life = tokens.unwrap().expires_in.map(|life| life.as_secs());
        assert_eq!(life, expected, "{value}");
    }
}

#[test]
fn only_a_bearer_token_is_one() {
    for (kind, works) in [
        ("Bearer", true),
        ("bearer", true),
        ("mac", false),
        ("DPoP", false),
    ] {
        let answer = json!({ "access_token": "a", "token_type": kind });
        let answer: BasicTokenResponse = serde_json::from_value(answer).unwrap();
        assert_eq!(tokens(&answer).is_ok(), works, "{kind}");
    }
}

#[tokio::test]
async fn a_device_is_let_in_once_somebody_typed_its_code() {
    let gitlab = gitlab().await;
    let client = client(&gitlab, &application(&gitlab).client_id);
    let grant = client.authorize_device(&["api".to_owned()]).await.unwrap();
    assert_eq!(
        grant.verification_uri,
        format!("{}/oauth/device", gitlab.url())
    );
    let pending = client.poll_device(&grant.code).await.unwrap_err();
    let refused = |word: &str| GrantError::Refused(word.to_owned());
    assert_eq!(pending, refused("authorization_pending"));
    let hasty = client.poll_device(&grant.code).await.unwrap_err();
    assert_eq!(hasty, refused("slow_down"));

    let mut browser = gitlab.browser("alice");
    browser.device(&grant.user_code).await.unwrap();
    gitlab.clock().advance(grant.interval);
    let tokens = client.poll_device(&grant.code).await.unwrap();
    assert!(tokens.refresh.is_some());
}

#[tokio::test]
async fn the_interval_is_one_to_sixty_seconds() {
    for (value, expected) in [
        (json!(null), 5),
        (json!(0), 5),
        (json!(-1), 5),
        (json!(1), 1),
        (json!(1_000_000_000), 60),
    ] {
        let gitlab = gitlab().await;
        let client = client(&gitlab, &application(&gitlab).client_id);
        gitlab.edit(|world| world.quirks.device_interval = Some(value.clone()));
        let grant = client.authorize_device(&["api".to_owned()]).await.unwrap();
        assert_eq!(grant.interval, Duration::from_secs(expected), "{value}");
    }
}

#[tokio::test]
async fn a_gitlab_without_the_device_grant_says_why() {
    let gitlab = gitlab().await;
    let client = client(&gitlab, &application(&gitlab).client_id);
    let scopes = ["api".to_owned()];
    gitlab
        .faults()
        .add(Fault::status(404).on("POST /oauth/authorize_device"));
    let error = client.authorize_device(&scopes).await.unwrap_err();
    assert_eq!(error, DeviceError::NotThere);

    gitlab.faults().clear();
    let off = gitlab.oauth_app("off").device(false).create();
    let client = self::client(&gitlab, &off.client_id);
    let error = client.authorize_device(&scopes).await.unwrap_err();
    assert_eq!(
        error,
        DeviceError::Grant(GrantError::Refused("invalid_client".to_owned()))
    );
    let off = gitlab
        .oauth_app("off")
        .device(false)
        .confidential(false)
        .create();
    let client = self::client(&gitlab, &off.client_id);
    let error = client.authorize_device(&scopes).await.unwrap_err();
    assert_eq!(error, DeviceError::SwitchedOff);
}

#[test]
fn the_page_is_where_the_browser_reaches_gitlab() {
    let inside = Instance::parse("http://gitlab.internal/git").unwrap();
    let outside = Instance::parse("https://gitlab.example/git").unwrap();
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let client = GitLabOAuth::new(&inside, Some(&outside), "app", None, egress).unwrap();
    let url = client.authorize_url(&Authorization {
        redirect_uri: &callback(),
        scopes: &["read_api".to_owned(), "read_user".to_owned()],
        state: &secret("the-state"),
        verifier: &verifier(),
    });
    assert!(
        url.as_str()
            .starts_with("https://gitlab.example/git/oauth/authorize?")
    );
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.sort();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(
        pairs,
        [
            ("client_id", "app"),
            // The example of RFC 7636 appendix B.
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            ),
            ("code_challenge_method", "S256"),
            ("redirect_uri", "http://127.0.0.1:4321/callback"),
            ("response_type", "code"),
            ("scope", "read_api read_user"),
            ("state", "the-state"),
        ]
    );
}
