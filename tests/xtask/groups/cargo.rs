//! What cargo itself checks.

use std::process::Command;
use std::time::Duration;

use crate::process::{Finished, timed};
use crate::report::{Outcome, Report};
use crate::workbench::Workbench;

const PROBE: Duration = Duration::from_mins(1);
const QUICK: Duration = Duration::from_mins(2);
const BUILD: Duration = Duration::from_mins(30);
const TEST: Duration = Duration::from_mins(45);

/// `cargo fmt`.
pub(super) fn format(workbench: &mut Workbench) {
    workbench.case("format", |workbench| {
        component(workbench, "fmt")?;
        run(workbench, &["fmt", "--all", "--check"], &[], QUICK)
    });
}

/// `cargo clippy`.
pub(super) fn lint(workbench: &mut Workbench) {
    workbench.case("lint", |workbench| {
        component(workbench, "clippy")?;
        let arguments = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        run(workbench, &arguments, &[], BUILD)
    });
}

/// `cargo doc`.
pub(super) fn docs(workbench: &mut Workbench) {
    workbench.case("docs", |workbench| {
        let warnings = [("RUSTDOCFLAGS", "-D warnings")];
        run(
            workbench,
            &["doc", "--quiet", "--no-deps", "--workspace"],
            &warnings,
            BUILD,
        )
    });
}

/// `cargo test` of everything.
pub(super) fn hermetic(workbench: &mut Workbench) {
    let arguments = ["test", "--workspace", "--no-fail-fast"];
    let mut command = workbench.cargo(&arguments);
    command.env("GITLAB_MCP_TEST_LOGS", workbench.logs());
    tested(workbench, "hermetic", &mut command);
}

/// Runs a `cargo test`, whose own sums are added to ours.
pub(super) fn tested(workbench: &mut Workbench, name: &str, command: &mut Command) {
    let (done, took) = timed(|| workbench.run(command, TEST));
    let (sums, problem) = match done {
        Ok(done) => {
            let sums = sums(&done.output.stdout());
            let ran = sums.passed + sums.failed > 0;
            (sums, (!done.succeeded() || !ran).then(|| failures(&done)))
        }
        Err(problem) => (Report::default(), Some(problem)),
    };
    let Some(problem) = problem else {
        return workbench.add(name, sums, took);
    };
    // The line stands for one failure: the first failed test, or that nothing ran.
    let rest = Report {
        failed: sums.failed.saturating_sub(1),
        ..sums
    };
    let outcome = Outcome::Failed(format!("{}\n{problem}", sums.closing_line()));
    workbench.record(name, took, &outcome);
    workbench.count(rest);
}

fn run(
    workbench: &Workbench,
    arguments: &[&str],
    environment: &[(&str, &str)],
    limit: Duration,
) -> Result<(), Outcome> {
    let mut command = workbench.cargo(arguments);
    let done = workbench.run(command.envs(environment.iter().copied()), limit)?;
    if done.succeeded() {
        Ok(())
    } else {
        Err(Outcome::Failed(done.describe()))
    }
}

/// A part of the toolchain that may not be installed.
fn component(workbench: &Workbench, name: &str) -> Result<(), Outcome> {
    let done = workbench.run(&mut workbench.cargo(&[name, "--version"]), PROBE)?;
    let reason = || Outcome::Skipped(format!("this toolchain has no cargo {name}"));
    if done.succeeded() {
        Ok(())
    } else {
        Err(reason())
    }
}

/// Adds up the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn sums(text: &str) -> Report {
    let mut sums = Report::default();
    for line in text.lines().filter(|line| line.starts_with("test result:")) {
        sums.passed += number_before(line, " passed");
        sums.failed += number_before(line, " failed");
        sums.skipped += number_before(line, " ignored");
    }
    sums
}

fn number_before(line: &str, word: &str) -> usize {
    let number = line
        .split_once(word)
        .and_then(|(before, _)| before.rsplit(' ').next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// What the failed tests said, or, where none ran, the end of the output.
fn failures(done: &Finished) -> String {
    let text = failed_tests(&done.output.stdout());
    if text.is_empty() {
        done.describe()
    } else {
        text
    }
}

/// The part of each binary's output from `failures:` to its result.
fn failed_tests(text: &str) -> String {
    let mut shown = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        inside = line == "failures:" || (inside && !line.starts_with("test result:"));
        if inside && !line.is_empty() {
            shown.push(line);
        }
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_all_binaries_add_up() {
        let text = "\
running 4 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s
";
        assert_eq!(
            sums(text),
            Report {
                passed: 13,
                failed: 2,
                skipped: 1
            }
        );
    }

    #[test]
    fn only_what_failed_tests_said_is_shown() {
        let text = "\
test a ... ok
test b ... FAILED

failures:

---- b stdout ----
no such tool

failures:
    b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
test c ... ok
";
        let shown = "failures:\n---- b stdout ----\nno such tool\nfailures:\n    b";
        assert_eq!(failed_tests(text), shown);
    }
}
