//! The command line as a process: exit codes, streams, and no secret on any of them.

use gitlab_mcp_tests::{Canary, Process};
use mock_gitlab::MockGitlab;

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Process {
    // Somewhere without a configuration file of the developer.
    Process::new(PROGRAM, arguments)
        .env(&[
            ("HOME", "/nonexistent"),
            ("XDG_CONFIG_HOME", "/nonexistent"),
        ])
        .env(variables)
}

#[tokio::test]
async fn a_configuration_that_is_wrong_ends_with_1_and_a_command_line_that_is_wrong_with_2() {
    let secret = ("GITLAB_TOKEN", "glpat-canary-77aa41");
    let canary = Canary::watch(secret.1);
    for (arguments, variables, code) in [
        (vec!["config", "check"], vec![secret], 0),
        (vec!["config", "print"], vec![secret], 0),
        (vec!["config", "print", "--json"], vec![secret], 0),
        (vec!["auth-modes"], vec![], 0),
        (vec!["tools"], vec![], 0),
        (vec!["--version"], vec![], 0),
        (vec!["--help"], vec![], 0),
        (vec![], vec![], 1),
        (vec!["config", "check"], vec![], 1),
        (vec![], vec![secret, ("PORT", "nine")], 1),
        (vec!["stdio"], vec![secret, ("MAX_SESSIONS", "0")], 1),
        (vec![], vec![secret, ("STREAMABLE_HTTP", "true")], 1),
        (vec!["serve", "--port"], vec![secret], 2),
        (vec!["--no-such-flag"], vec![secret], 2),
        (vec!["no-such-command"], vec![secret], 2),
        (
            vec!["tools", "--json", "--no-such-flag=glpat-canary-77aa41"],
            vec![],
            2,
        ),
    ] {
        let finished = run(&arguments, &variables).run().await;
        let what = format!("{arguments:?} {variables:?} {finished:?}");
        assert_eq!(finished.code, Some(code), "{what}");
        assert_eq!(finished.stdout.is_empty(), code != 0, "{what}");
        assert_eq!(finished.stderr.is_empty(), code == 0, "{what}");
        if !arguments.iter().any(|one| one.contains(secret.1)) {
            canary.assert_silent(&finished.everything());
        }
    }
}

#[tokio::test]
async fn every_mistake_stands_on_a_line_of_its_own() {
    let wrong = [
        ("PORT", "nine"),
        ("MAX_SESSIONS", "0"),
        ("GITLAB_API_URL", "gitlab"),
    ];
    let finished = run(&["config", "check"], &wrong).run().await;
    assert_eq!(finished.code, Some(1));
    let mut lines = finished.stderr.lines();
    let head = lines.next().unwrap();
    assert!(
        head.starts_with("configuration is invalid ("),
        "{finished:?}"
    );
    for (name, _) in wrong {
        let told = finished
            .stderr
            .matches(&format!("  - {name} (environment): "))
            .count();
        assert_eq!(told, 1, "{name}: {finished:?}");
    }
}

#[tokio::test]
async fn check_says_who_the_token_is_and_fails_when_gitlab_does_not_take_it() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let url = ("GITLAB_API_URL", gitlab.url());
    let token = gitlab.user("alice").pat(&["api"]);
    let finished = run(&["check"], &[url, ("GITLAB_TOKEN", &token)])
        .run()
        .await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("alice"), "{finished:?}");
    assert!(!finished.everything().contains(&token), "{finished:?}");

    gitlab.token(&token).revoke();
    let finished = run(&["check"], &[url, ("GITLAB_TOKEN", &token)])
        .run()
        .await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.everything().contains(&token), "{finished:?}");
}
