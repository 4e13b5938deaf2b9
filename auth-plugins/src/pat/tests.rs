//! The header of the token, and its file over time.

use std::fs;
use std::path::Path;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};

use super::*;

const FIRST: &str = "glpat-canary-first";
const SECOND: &str = "glpat-canary-second";

fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
    match load::<Config>(&Sources::new().variables(pairs.iter().copied()), &[]) {
        Ok(_) => Vec::new(),
        Err(error) => error
            .to_string()
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect(),
    }
}

async fn build(pairs: &[(&str, &str)]) -> (Pat, Arc<ManualClock>) {
    let sources = Sources::new().variables(pairs.iter().copied());
    let (config, _) = load::<Config>(&sources, &[]).unwrap();
    let clock = Arc::new(ManualClock::default());
    let context = BuildContext {
        instance: Instance::parse("https://gitlab.example").unwrap(),
        instances: Vec::new(),
        egress: Egress::new(&EgressConfig::default()).unwrap(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        random: Arc::new(OsRandom),
    };
    (Pat::build(config, &context).await.unwrap(), clock)
}

async fn current(pat: &Pat) -> (u64, String) {
    let credential = pat
        .credential(&pat.local().unwrap())
        .await
        .unwrap()
        .unwrap();
    (credential.number().0, pat.held().token.expose().to_owned())
}

async fn renewed(pat: &Pat, rejected: u64) -> Option<u64> {
    let caller = pat.local().unwrap();
    let credential = pat.renew(&caller, Generation(rejected)).await.unwrap();
    credential.map(|credential| credential.number().0)
}

fn token_file() -> PathBuf {
    let path = std::env::temp_dir().join(format!("gitlab-mcp-pat-{}", token(&OsRandom, 12)));
    fs::write(&path, format!("{FIRST}\n")).unwrap();
    path
}

async fn build_with_file(path: &Path) -> (Pat, Arc<ManualClock>) {
    build(&[("GITLAB_TOKEN_FILE", path.to_str().unwrap())]).await
}

#[tokio::test]
async fn the_header_is_chosen_by_configuration() {
    let cases: [(&[(&str, &str)], HeaderKind); 5] = [
        (&[], HeaderKind::PrivateToken),
        (
            &[("GITLAB_TOKEN_HEADER", "Private-Token")],
            HeaderKind::PrivateToken,
        ),
        (&[("GITLAB_TOKEN_HEADER", "bearer")], HeaderKind::Bearer),
        (&[("GITLAB_IS_OLD", "true")], HeaderKind::PrivateToken),
        (
            &[("GITLAB_IS_OLD", "no"), ("GITLAB_TOKEN_HEADER", "bearer")],
            HeaderKind::Bearer,
        ),
    ];
    for (pairs, expected) in cases {
        let pairs: Vec<_> = pairs
            .iter()
            .copied()
            .chain([("GITLAB_TOKEN", FIRST)])
            .collect();
        let (pat, _) = build(&pairs).await;
        let credential = pat
            .credential(&pat.local().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(credential.kind(), expected, "{pairs:?}");
        assert!(!format!("{pat:?} {credential:?}").contains("canary"));
    }
}

#[test]
fn mistakes_are_named() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[],
            "GITLAB_PERSONAL_ACCESS_TOKEN (default): is required by the auth mode pat",
        ),
        (
            &[("GITLAB_TOKEN", "a b c d e f")],
            "GITLAB_TOKEN (environment): contains blanks or characters outside ASCII",
        ),
        (
            &[("GITLAB_TOKEN", FIRST), ("GITLAB_TOKEN_HEADER", "basic")],
            "GITLAB_TOKEN_HEADER (environment): expected one of private-token, bearer (got \"basic\")",
        ),
        (
            &[
                ("GITLAB_TOKEN", FIRST),
                ("GITLAB_TOKEN_HEADER", "bearer"),
                ("GITLAB_IS_OLD", "1"),
            ],
            "GITLAB_IS_OLD, GITLAB_TOKEN_HEADER (environment): the two ask for different headers",
        ),
    ];
    for (pairs, expected) in cases {
        assert_eq!(problems(pairs), [format!("  - {expected}")]);
    }
}

#[tokio::test]
async fn every_caller_is_the_server() {
    let (pat, _) = build(&[("GITLAB_TOKEN", FIRST)]).await;
    let (parts, ()) = http::Request::new(()).into_parts();
    let caller = pat.authenticate(&parts).await.unwrap();
    assert_eq!(caller.principal(), pat.local().unwrap().principal());
    assert_eq!(caller.principal().subject(), "static");
    assert_eq!(
        renewed(&pat, 0).await,
        None,
        "there is no file to read again"
    );
}

#[tokio::test]
async fn a_changed_file_is_read_after_ten_seconds_and_not_before() {
    let path = token_file();
    let (pat, clock) = build_with_file(&path).await;
    assert_eq!(current(&pat).await, (0, FIRST.to_owned()));
    fs::write(&path, SECOND).unwrap();
    clock.advance(Duration::from_millis(9_999));
    assert_eq!(current(&pat).await, (0, FIRST.to_owned()));
    clock.advance(Duration::from_millis(1));
    assert_eq!(current(&pat).await, (1, SECOND.to_owned()));
    clock.advance(LOOK_AGAIN);
    assert_eq!(current(&pat).await, (1, SECOND.to_owned()));
    fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_refused_token_is_looked_up_once_more() {
    let path = token_file();
    let (pat, _) = build_with_file(&path).await;
    assert_eq!(
        renewed(&pat, 0).await,
        None,
        "the file still holds the refused token"
    );
    fs::write(&path, SECOND).unwrap();
    assert_eq!(renewed(&pat, 0).await, Some(1));
    assert_eq!(
        renewed(&pat, 0).await,
        Some(1),
        "a request that left earlier gets the new one"
    );
    assert_eq!(renewed(&pat, 1).await, None);
    assert_eq!(current(&pat).await, (1, SECOND.to_owned()));
    fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_useless_file_leaves_the_token_in_force() {
    let path = token_file();
    let (pat, clock) = build_with_file(&path).await;
    for content in ["", "short", "two words of it"] {
        fs::write(&path, content).unwrap();
        clock.advance(LOOK_AGAIN);
        assert_eq!(current(&pat).await, (0, FIRST.to_owned()), "{content:?}");
        assert_eq!(renewed(&pat, 0).await, None, "{content:?}");
    }
    fs::remove_file(&path).unwrap();
    clock.advance(LOOK_AGAIN);
    assert_eq!(current(&pat).await, (0, FIRST.to_owned()));
    fs::write(&path, SECOND).unwrap();
    clock.advance(LOOK_AGAIN);
    assert_eq!(current(&pat).await, (1, SECOND.to_owned()));
    fs::remove_file(path).unwrap();
}
