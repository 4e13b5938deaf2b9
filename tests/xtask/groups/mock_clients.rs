//! Clients of GitLab's API against the mock: what they expect of a GitLab, the mock must do.

use std::process::Command;
use std::time::Duration;

use crate::report::{Outcome, say};
use crate::workbench::Workbench;

const LIMIT: Duration = Duration::from_mins(20);
const SUMS: &str = "python-gitlab in all: ";
const PLAYED: &str = "acceptance through ";

/// Runs python-gitlab's own functional tests, those of its library and of its command line,
/// and the acceptance list through two clients.
pub(super) fn run(workbench: &mut Workbench) {
    functional_suite(workbench);
    workbench.case("mock-clients/python-gitlab-acceptance", |workbench| {
        let suite = workbench.suite()?;
        let script = workbench
            .root()
            .join("tests/clients/python_gitlab/acceptance.py");
        let mut command = workbench.clean(&suite.python().program());
        command
            .envs(suite.python().environment())
            .arg(script)
            .arg("--mock")
            .arg(workbench.binaries()?.get("mock-gitlab")?);
        acceptance(workbench, &mut command)
    });
    workbench.case("mock-clients/gitbeaker-acceptance", |workbench| {
        let node = workbench.node()?;
        let mut command = workbench.clean(&node.program());
        command
            .env("PATH", node.search_path())
            .env("GITLAB_MCP_TEST_NODE_PACKAGES", node.folder())
            .env(
                "GITLAB_MCP_TEST_MOCK",
                workbench.binaries()?.get("mock-gitlab")?,
            )
            .arg(workbench.root().join("tests/clients/gitbeaker.mjs"));
        acceptance(workbench, &mut command)
    });
}

/// Runs a script that plays the acceptance list, and repeats its sums.
fn acceptance(workbench: &Workbench, command: &mut Command) -> Result<(), Outcome> {
    let done = workbench.run(command, LIMIT)?;
    let said = done.output.stdout();
    let sums = said.lines().find(|line| line.starts_with(PLAYED));
    match sums {
        Some(sums) if done.succeeded() => {
            say(sums);
            Ok(())
        }
        _ => {
            let lines = said.lines();
            let different = lines.filter(|line| line.contains("\"different\""));
            let different: Vec<&str> = different.collect();
            Err(Outcome::Failed(format!(
                "{}\n{}",
                different.join("\n"),
                done.describe()
            )))
        }
    }
}

fn functional_suite(workbench: &mut Workbench) {
    workbench.case("mock-clients/python-gitlab", |workbench| {
        let suite = workbench.suite()?;
        let script = workbench.root().join("tests/clients/python_gitlab/run.py");
        let mut command = workbench.clean(&suite.python().program());
        command
            .envs(suite.python().environment())
            .arg(script)
            .arg("--mock")
            .arg(workbench.binaries()?.get("mock-gitlab")?)
            .arg("--suite")
            .arg(suite.folder());
        let done = workbench.run(&mut command, LIMIT)?;
        let said = done.output.stdout();
        let sums = said.lines().find(|line| line.starts_with(SUMS));
        match sums {
            Some(sums) if done.succeeded() => {
                say(sums);
                Ok(())
            }
            _ => Err(Outcome::Failed(format!(
                "{}\n{}",
                unexpected(&said),
                done.describe()
            ))),
        }
    });
}

/// The cases that did not end as they should, one per line.
fn unexpected(said: &str) -> String {
    let lines = said.lines();
    let lines = lines.filter(|line| line.starts_with("FAILED ") || line.starts_with("ERROR "));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cases_of_the_summary_are_named() {
        let said = "E   a reason\nFAILED tests/a.py::one - why\nERROR tests/b.py::two\n3 passed\n";
        assert_eq!(
            unexpected(said),
            "FAILED tests/a.py::one - why\nERROR tests/b.py::two"
        );
    }
}
