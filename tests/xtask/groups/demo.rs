//! The demo that is part of the binary.

use std::time::Duration;

use crate::report::Outcome;
use crate::workbench::Workbench;

const LIMIT: Duration = Duration::from_mins(1);

/// Runs it once and looks for a merge request's diff and a note in what it shows.
pub(super) fn run(workbench: &mut Workbench) {
    workbench.case("demo/once", |workbench| {
        let program = workbench.binaries()?.get("gitlab-mcp")?;
        let done = workbench.run(workbench.clean(program).args(["demo", "--once"]), LIMIT)?;
        let shown = done.output.stdout();
        let failed = |what: &str| Err(Outcome::Failed(format!("{}\n{what}", done.describe())));
        if !done.succeeded() {
            return failed("the demo failed");
        }
        if !shows_a_diff(&shown) {
            return failed("the demo shows no diff of a merge request");
        }
        if !shows_a_new_note(&shown) {
            return failed("the demo shows no note that it added");
        }
        Ok(())
    });
}

/// A hunk's head, or lines both added and removed.
fn shows_a_diff(text: &str) -> bool {
    let starts = |sign: char| text.lines().any(|line| line.trim_start().starts_with(sign));
    text.contains("@@") || (starts('+') && starts('-'))
}

/// A line such as `note 42 added by alice: …`.
fn shows_a_new_note(text: &str) -> bool {
    text.lines()
        .any(|line| line.trim_start().starts_with("note ") && line.contains("added"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_has_a_hunk_or_both_signs() {
        assert!(shows_a_diff("  @@ -1 +1 @@"));
        assert!(shows_a_diff("  - old\n  + new"));
        assert!(!shows_a_diff("- a list\n- of things"));
    }

    #[test]
    fn the_name_of_a_tool_is_no_note() {
        assert!(shows_a_new_note("  note 42 added by alice: fine"));
        assert!(!shows_a_new_note("5. tools/call create_merge_request_note"));
    }
}
