//! What a run of the suite says, and which checks of which scenarios said it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::Finished;
use crate::report::Outcome;

/// Scenarios of an extension that we do not offer.
const ALLOWED: &str = "tasks-";
const UNEXPECTED: &str = "Unexpected failures (not in baseline)";
const SUMMARY: &str = "\nTotal: ";

/// One run with one requirement set.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) done: Finished,
    /// The folder with a file of checks for each scenario.
    pub(super) results: PathBuf,
}

impl Run {
    /// Exit code 0, and no failing line but those of tasks: the suite does not count all it runs.
    pub(super) fn all_passed(&self) -> Result<(), Outcome> {
        let failing = failing(&self.done.output.stdout());
        if self.done.succeeded() && failing.is_empty() {
            return Ok(());
        }
        Err(self.explain(&failing))
    }

    /// Exit code 0: nothing failed but the scenarios of the baseline, and all of those did.
    pub(super) fn as_expected(&self) -> Result<(), Outcome> {
        if self.done.succeeded() {
            return Ok(());
        }
        let text = self.done.output.stdout();
        let unexpected = text.split_once(UNEXPECTED).map_or("", |(_, rest)| rest);
        Err(self.explain(&failing(unexpected)))
    }

    fn explain(&self, failing: &[String]) -> Outcome {
        let text = self.done.output.stdout();
        let Some((_, summary)) = text.rsplit_once(SUMMARY) else {
            return Outcome::Failed(self.done.describe());
        };
        let checks: Vec<_> = failing
            .iter()
            .flat_map(|scenario| checks(&self.results, scenario))
            .collect();
        Outcome::Failed(format!("total: {summary}\n{}", checks.join("\n")))
    }
}

/// The scenarios of lines such as `✗ tools-list: 3 passed, 1 failed`, or, from the comparison with
/// the baseline, a single check: `✗ tools-list:some-check`.
fn failing(text: &str) -> Vec<String> {
    let crossed = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("✗ "));
    let names = crossed.filter_map(|line| line.split(' ').next());
    let names = names.map(|name| name.trim_end_matches(':'));
    let mut names: Vec<_> = names
        .filter(|name| !name.starts_with(ALLOWED))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The failed checks of a scenario, or the one named behind it.
fn checks(results: &Path, failing: &str) -> Vec<String> {
    let (scenario, only) = failing.split_once(':').unwrap_or((failing, ""));
    let folders = std::fs::read_dir(results).into_iter().flatten().flatten();
    let prefix = format!("server-{scenario}-2");
    let folders =
        folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(&prefix));
    folders
        .filter_map(|folder| std::fs::read(folder.path().join("checks.json")).ok())
        .filter_map(|bytes| serde_json::from_slice::<Vec<Value>>(&bytes).ok())
        .flatten()
        .filter(|check| matches!(text(check, "status"), "FAILURE" | "WARNING"))
        .filter(|check| only.is_empty() || text(check, "id") == only)
        .map(|check| {
            let (id, status) = (text(&check, "id"), text(&check, "status"));
            format!("{scenario}:{id} {status} {}", text(&check, "errorMessage"))
        })
        .collect()
}

fn text<'a>(check: &'a Value, name: &str) -> &'a str {
    check[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_lines_are_named_once_and_tasks_are_left_out() {
        let text = "\
=== SUMMARY ===
✓ ping: 2 passed, 0 failed
✗ tools-list: 3 passed, 1 failed
✗ tasks-lifecycle: 2 passed, 7 failed
Not scored for 2026-07-28: 13 scenario(s) run, 11 failing.
  ✗ tasks-lifecycle (extension)
  ✗ json-schema-2020-12 (pending)
  ✗ tools-list (pending)
";
        assert_eq!(failing(text), ["json-schema-2020-12", "tools-list"]);
        assert_eq!(
            failing("  ✗ tools-list:one-check"),
            ["tools-list:one-check"]
        );
    }
}
