//! Who is let in, with whose token, and what a rotation does.

use std::fs;
use std::path::Path;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};

use super::*;

const PROOF: &str = "canary-gateway-0123456789abcdef01";
const ALICE: &str = "glpat-canary-alice";
const BOB: &str = "glpat-canary-bob";

/// A directory with the tokens of alice and bob, removed when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("gitlab-mcp-gateway-{}", token(&OsRandom, 12)));
        fs::create_dir(&path).unwrap();
        fs::write(path.join("alice"), format!("{ALICE}\n")).unwrap();
        fs::write(path.join("bob@example.org"), BOB).unwrap();
        fs::write(path.join("empty"), "").unwrap();
        Self(path)
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [
            ("GATEWAY_TOKEN_DIRECTORY", self.0.to_str().unwrap()),
            ("GATEWAY_SECRET", PROOF),
        ]
    }

    async fn gateway(&self) -> Gateway {
        let sources = Sources::new().variables(self.variables());
        let (config, _) = load::<Config>(&sources, &[]).unwrap();
        let context = BuildContext {
            instance: Instance::parse("https://gitlab.example").unwrap(),
            instances: Vec::new(),
            egress: Egress::new(&EgressConfig::default()).unwrap(),
            clock: Arc::new(ManualClock::default()),
            random: Arc::new(OsRandom),
        };
        Gateway::build(config, &context).await.unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn request(headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn from_gateway(user: &str) -> Parts {
    request(&[
        ("authorization", &format!("Bearer {PROOF}")),
        ("x-forwarded-user", user),
    ])
}

fn problems(pairs: &[(&str, &str)]) -> String {
    let sources = Sources::new().variables(pairs.iter().copied());
    load::<Config>(&sources, &[]).unwrap_err().to_string()
}

#[tokio::test]
async fn each_user_acts_with_the_token_in_their_file() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    for (user, expected) in [("alice", ALICE), ("bob@example.org", BOB)] {
        let caller = gateway.authenticate(&from_gateway(user)).await.unwrap();
        assert_eq!(caller.principal().subject(), format!("gateway:{user}"));
        let credential = gateway.credential(&caller).await.unwrap().unwrap();
        assert_eq!(credential.kind(), HeaderKind::Bearer);
        let (token, _) = gateway
            .tokens
            .of(&User::parse(user).unwrap())
            .await
            .unwrap();
        assert!(token.matches(expected));
        assert!(!format!("{gateway:?} {caller:?} {credential:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_user_header_without_the_secret_lets_nobody_in() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    let wrong = format!("Bearer {PROOF}x");
    let basic = format!("Basic {PROOF}");
    let cases: [&[(&str, &str)]; 5] = [
        &[("x-forwarded-user", "alice")],
        &[("x-forwarded-user", "alice"), ("authorization", &wrong)],
        &[("x-forwarded-user", "alice"), ("authorization", &basic)],
        &[("x-forwarded-user", "alice"), ("authorization", PROOF)],
        &[],
    ];
    for headers in cases {
        let answer = gateway.authenticate(&request(headers)).await;
        assert!(
            matches!(answer, Err(AuthError::Unauthorized(_))),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn names_that_are_not_plain_are_refused() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    fs::write(directory.0.join(".hidden"), ALICE).unwrap();
    let long = "a".repeat(65);
    let names = [
        "",
        "carol",
        "../alice",
        "..",
        "./alice",
        "/etc/passwd",
        "a/b",
        "a\\b",
        ".hidden",
        "-a",
        "alice bob",
        "%2e%2e",
        &long,
    ];
    for name in names {
        let answer = gateway.authenticate(&from_gateway(name)).await;
        assert!(matches!(answer, Err(AuthError::Denied { .. })), "{name:?}");
    }
}

#[tokio::test]
async fn a_header_that_stands_twice_is_malformed() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    let proof = format!("Bearer {PROOF}");
    for doubled in [
        ("authorization", proof.as_str()),
        ("x-forwarded-user", "alice"),
    ] {
        let mut parts = from_gateway("bob@example.org");
        let name: HeaderName = doubled.0.parse().unwrap();
        parts.headers.append(name, doubled.1.parse().unwrap());
        let answer = gateway.authenticate(&parts).await;
        assert!(
            matches!(answer, Err(AuthError::Malformed { .. })),
            "{doubled:?}"
        );
    }
}

#[tokio::test]
async fn a_replaced_file_renews_the_credential_once() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    let caller = gateway.authenticate(&from_gateway("alice")).await.unwrap();
    let rejected = gateway.credential(&caller).await.unwrap().unwrap().number();
    assert!(gateway.renew(&caller, rejected).await.unwrap().is_none());
    fs::write(directory.0.join("alice"), "glpat-canary-alice-2").unwrap();
    let renewed = gateway.renew(&caller, rejected).await.unwrap().unwrap();
    assert!(renewed.number() > rejected);
    assert!(
        gateway
            .renew(&caller, renewed.number())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_file_without_a_token_is_a_passing_failure() {
    let directory = Directory::new();
    let gateway = directory.gateway().await;
    fs::write(directory.0.join("short"), "abc").unwrap();
    for user in ["empty", "short"] {
        let answer = gateway.authenticate(&from_gateway(user)).await;
        assert_eq!(
            answer.unwrap_err(),
            AuthError::Unavailable { retry_after: RETRY }
        );
    }
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let directory = Directory::new();
    let [place, proof] = directory.variables();
    let missing = Path::new(place.1).join("missing");
    let cases: [(&[(&str, &str)], &str); 5] = [
        (
            &[proof],
            "GATEWAY_TOKEN_DIRECTORY (default): is required by the auth mode gateway",
        ),
        (
            &[place],
            "GATEWAY_SECRET (default): is required by the auth mode gateway",
        ),
        (
            &[
                ("GATEWAY_TOKEN_DIRECTORY", missing.to_str().unwrap()),
                proof,
            ],
            "GATEWAY_TOKEN_DIRECTORY (environment): is not a directory",
        ),
        (
            &[place, ("GATEWAY_SECRET", "short")],
            "GATEWAY_SECRET (environment): too short, needs at least 32 characters",
        ),
        (
            &[place, proof, ("GATEWAY_USER_HEADER", "no header")],
            "GATEWAY_USER_HEADER (environment): is not the name of a header",
        ),
    ];
    for (pairs, expected) in cases {
        let shown = problems(pairs);
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
