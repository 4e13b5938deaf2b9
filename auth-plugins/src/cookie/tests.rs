//! Configuration of the mode, and how cookies and a token share one number.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::clock::{Clock, ManualClock};
use gitlab_mcp_core::config::{Sources, load};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig};
use gitlab_mcp_core::random::{OsRandom, token};

use super::*;

const PAT: (&str, &str) = ("GITLAB_TOKEN", "glpat-canary-first");
const JOB: (&str, &str) = ("GITLAB_JOB_TOKEN", "glcbt-canary-job");

fn cookie_file() -> PathBuf {
    let path = std::env::temp_dir().join(format!("gitlab-mcp-mode-{}", token(&OsRandom, 12)));
    // A domain that is not the instance's: no warm-up would find anybody to talk to.
    fs::write(&path, "# nothing\n").unwrap();
    path
}

fn read(pairs: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
    let sources = Sources::new().variables(pairs.iter().copied());
    match load::<Config>(&sources, &[]) {
        Ok((config, warnings)) => {
            let warnings = warnings.iter().map(ToString::to_string);
            Ok((config, warnings.collect()))
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn build(pairs: &[(&str, &str)]) -> (Cookie, Arc<ManualClock>) {
    let (config, _) = read(pairs).unwrap();
    let clock = Arc::new(ManualClock::default());
    let context = BuildContext {
        instance: Instance::parse("https://gitlab.example").unwrap(),
        instances: Vec::new(),
        egress: Egress::new(&EgressConfig::default()).unwrap(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        random: Arc::new(OsRandom),
    };
    (Cookie::build(config, &context).await.unwrap(), clock)
}

/// What stands beside the file, the kind of credential, and how many warnings there are.
type Case = (&'static [(&'static str, &'static str)], HeaderKind, usize);

#[tokio::test]
async fn a_token_beside_the_cookies_is_sent_along_and_the_access_token_wins() {
    let path = cookie_file();
    let path = path.to_str().unwrap();
    let cases: [Case; 5] = [
        (&[], HeaderKind::Cookie, 0),
        (&[PAT], HeaderKind::PrivateToken, 0),
        (
            &[PAT, ("GITLAB_TOKEN_HEADER", "bearer")],
            HeaderKind::Bearer,
            0,
        ),
        (&[JOB], HeaderKind::JobToken, 0),
        (&[PAT, JOB], HeaderKind::PrivateToken, 1),
    ];
    for (beside, kind, warned) in cases {
        let pairs: Vec<_> = [("GITLAB_AUTH_COOKIE_PATH", path)]
            .into_iter()
            .chain(beside.iter().copied())
            .collect();
        let (_, warnings) = read(&pairs).unwrap();
        assert_eq!(warnings.len(), warned, "{warnings:?}");
        let (cookie, _) = build(&pairs).await;
        let caller = cookie.local().unwrap();
        let credential = cookie.credential(&caller).await.unwrap().unwrap();
        assert_eq!(credential.kind(), kind, "{beside:?}");
        assert!(!format!("{cookie:?} {credential:?}").contains("canary"));
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn mistakes_are_named_and_a_missing_file_is_none() {
    let problem = read(&[]).unwrap_err();
    assert!(problem.contains("GITLAB_AUTH_COOKIE_PATH"), "{problem}");
    let missing = ("GITLAB_AUTH_COOKIE_PATH", "/nowhere/cookies");
    let (_, warnings) = read(&[missing]).unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("does not exist"), "{warnings:?}");
    let file = cookie_file();
    fs::write(&file, "bad\n\nbad canary\n").unwrap();
    let present = ("GITLAB_AUTH_COOKIE_PATH", file.to_str().unwrap());
    let (_, warnings) = read(&[present]).unwrap();
    assert_eq!(
        warnings,
        ["GITLAB_AUTH_COOKIE_PATH: the lines 1, 3 hold no usable cookie"]
    );
    fs::remove_file(file).unwrap();
    let problem = read(&[missing, ("GITLAB_TOKEN", "short")]).unwrap_err();
    assert!(problem.contains("GITLAB_TOKEN"), "{problem}");
}

#[tokio::test]
async fn a_token_file_that_changed_renews_the_credential() {
    let (cookies, secret) = (cookie_file(), cookie_file());
    fs::write(&secret, "glpat-canary-first\n").unwrap();
    let (cookie, clock) = build(&[
        ("GITLAB_AUTH_COOKIE_PATH", cookies.to_str().unwrap()),
        ("GITLAB_TOKEN_FILE", secret.to_str().unwrap()),
    ])
    .await;
    let caller = cookie.local().unwrap();
    let first = cookie.credential(&caller).await.unwrap().unwrap().number();
    assert!(cookie.renew(&caller, first).await.unwrap().is_none());

    fs::write(&secret, "glpat-canary-second\n").unwrap();
    let newer = cookie
        .renew(&caller, first)
        .await
        .unwrap()
        .unwrap()
        .number();
    assert!(newer > first);
    assert!(cookie.renew(&caller, newer).await.unwrap().is_none());

    fs::write(&cookies, "# other\n").unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(cookie.renew(&caller, newer).await.unwrap().is_none());
    clock.advance(Duration::from_secs(1));
    assert!(cookie.renew(&caller, newer).await.unwrap().is_some());
    for path in [cookies, secret] {
        fs::remove_file(path).unwrap();
    }
}
