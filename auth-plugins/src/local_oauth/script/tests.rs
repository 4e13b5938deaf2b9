//! Scripts that behave, and scripts that do not.

use std::fs;
use std::path::PathBuf;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::random::{OsRandom, token};

use super::*;

const TOKEN: &str = "canary-printed-0123456789";

/// A file for scripts to leave marks in; removed with it.
struct Marks(PathBuf);

impl Marks {
    fn new() -> Self {
        let name = format!("gitlab-mcp-script-{}", token(&OsRandom, 12));
        Self(std::env::temp_dir().join(name))
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn script_for(command: &str, timeout: Duration) -> (Arc<TokenScript>, Arc<ManualClock>) {
    let config = ScriptConfig {
        command: command.to_owned(),
        timeout,
        secret_variables: Vec::new(),
    };
    let clock = Arc::new(ManualClock::default());
    let script = TokenScript::new(config, Arc::clone(&clock) as Arc<dyn Clock>);
    (Arc::new(script), clock)
}

fn script(command: &str) -> (Arc<TokenScript>, Arc<ManualClock>) {
    script_for(command, Duration::from_secs(20))
}

fn shown(outcome: Outcome) -> Result<String, ScriptProblem> {
    outcome.map(|printed| printed.token.expose().to_owned())
}

/// Each run prints a token of its own and leaves a mark.
fn counting(marks: &Marks, life: &str) -> String {
    let file = marks.0.display();
    format!(
        "echo run >> {file}; n=$(wc -l < {file}); \
         printf '{{\"token\":\"printed-%d\"{life}}}' $n"
    )
}

#[tokio::test]
async fn a_token_may_be_printed_in_several_forms() {
    let printed = [
        format!("printf {TOKEN}"),
        format!("echo; echo '  {TOKEN}  '; echo"),
        format!("echo '\"{TOKEN}\"'"),
        format!(r#"echo '{{"access_token":"{TOKEN}"}}'"#),
        format!(r#"echo '{{"token":"{TOKEN}","expires_in":60}}'"#),
        format!(r#"echo '{{"access_token":"{TOKEN}","token":"other","more":[1]}}'"#),
        format!("echo complaint >&2; echo {TOKEN}"),
    ];
    for command in printed {
        let (script, _) = script(&command);
        assert_eq!(
            shown(script.fresh().await),
            Ok(TOKEN.to_owned()),
            "{command}"
        );
    }
}

#[tokio::test]
async fn a_failure_tells_the_exit_code_and_the_length_and_no_output() {
    let failed = |code, bytes| ScriptProblem::Failed { code, bytes };
    let no_token = |bytes| ScriptProblem::NoToken { bytes };
    let cases = [
        (format!("printf {TOKEN}; exit 3"), failed(3, TOKEN.len())),
        (format!("printf {TOKEN} >&2; exit 127"), failed(127, 0)),
        ("no-such-program-here".to_owned(), failed(127, 0)),
        (
            format!("printf {TOKEN}; kill -9 $$"),
            ScriptProblem::Killed { bytes: TOKEN.len() },
        ),
        ("true".to_owned(), no_token(0)),
        ("echo; echo".to_owned(), no_token(2)),
        ("echo two words".to_owned(), no_token(10)),
        ("printf 'one\\ntwo'".to_owned(), no_token(7)),
        (
            format!("printf '{{\"token\":\"{TOKEN}\"'"),
            no_token(TOKEN.len() + 11),
        ),
        ("printf '{}'".to_owned(), no_token(2)),
        ("printf '{\"token\":7}'".to_owned(), no_token(11)),
        ("printf '[\"t\"]'".to_owned(), no_token(5)),
        ("printf '\"\"'".to_owned(), no_token(2)),
        ("printf '\\377\\376'".to_owned(), no_token(2)),
        (
            "head -c 2097152 /dev/zero".to_owned(),
            ScriptProblem::TooMuch,
        ),
        ("yes canary".to_owned(), ScriptProblem::TooMuch),
    ];
    for (command, expected) in cases {
        let (script, _) = script(&command);
        let problem = shown(script.fresh().await).unwrap_err();
        assert_eq!(problem, expected, "{command}");
        let told = format!(
            "{problem:?} {} {script:?}",
            AuthError::from(problem.clone())
        );
        assert!(!told.contains("canary"), "{told}");
        assert!(told.contains("GITLAB_OAUTH_TOKEN_SCRIPT"), "{told}");
    }
}

#[tokio::test]
async fn a_script_that_takes_too_long_ends_with_everything_it_started() {
    let marks = Marks::new();
    let file = marks.0.display();
    let command = format!("sleep 600 & echo $! >> {file}; echo $$ >> {file}; wait");
    let (script, _) = script_for(&command, Duration::from_secs(1));
    let problem = shown(script.fresh().await).unwrap_err();
    assert_eq!(problem, ScriptProblem::TooSlow(1));
    let started = marks.lines();
    assert_eq!(started.len(), 2);
    let is_over = |id: &String| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Ended, and perhaps not yet waited for by whoever inherited it.
        stat.is_empty() || stat.contains(") Z ")
    };
    let all_over = async {
        while !started.iter().all(is_over) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), all_over).await;
    waited.expect("an end of all processes");
}

#[tokio::test]
async fn a_script_cannot_wait_for_input() {
    let (script, _) = script(&format!("cat; printf {TOKEN}"));
    assert_eq!(shown(script.fresh().await), Ok(TOKEN.to_owned()));
}

#[tokio::test]
async fn a_token_is_kept_to_its_end_and_printed_once_for_all() {
    let marks = Marks::new();
    let (script, clock) = script(&counting(&marks, ",\"expires_in\":100"));
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let script = Arc::clone(&script);
            tokio::spawn(async move { shown(script.fresh().await) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok("printed-1".to_owned()));
    }
    clock.advance(Duration::from_secs(89));
    assert_eq!(shown(script.fresh().await), Ok("printed-1".to_owned()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(shown(script.fresh().await), Ok("printed-2".to_owned()));
    assert_eq!(marks.lines().len(), 2);
}

#[tokio::test]
async fn a_token_without_an_end_is_kept_until_gitlab_refuses_it() {
    let marks = Marks::new();
    let (script, clock) = script(&counting(&marks, ""));
    let first = script.fresh().await.unwrap();
    clock.advance(Duration::from_hours(1000));
    assert_eq!(script.fresh().await.unwrap().number, first.number);
    let (one, two) = tokio::join!(script.renewed(first.number), script.renewed(first.number));
    let (one, two) = (one.unwrap().unwrap(), two.unwrap().unwrap());
    assert_eq!((one.number, one.token.expose()), (two.number, "printed-2"));
    assert!(one.number > first.number);
    // Refused at once as well: no second run within a second, and one after it.
    assert!(script.renewed(one.number).await.unwrap().is_none());
    assert_eq!(marks.lines().len(), 2);
    clock.advance(Duration::from_secs(1));
    let third = script.renewed(one.number).await.unwrap().unwrap();
    assert_eq!(third.token.expose(), "printed-3");
}

#[tokio::test]
async fn a_failing_script_runs_once_a_second_at_most() {
    let marks = Marks::new();
    let (script, clock) = script(&format!("echo run >> {}; exit 1", marks.0.display()));
    for runs in 1..=3 {
        for _ in 0..5 {
            script.fresh().await.unwrap_err();
        }
        assert_eq!(marks.lines().len(), runs);
        clock.advance(Duration::from_secs(1));
    }
}
