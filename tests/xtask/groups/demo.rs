//! The demo that is part of the binary.

use std::time::Duration;

use crate::bench::Bench;
use crate::report::Outcome;

const LIMIT: Duration = Duration::from_mins(1);

/// Runs it once and looks for a merge request's diff and a note in what it shows.
pub(super) fn run(bench: &mut Bench) {
    bench.case("demo/once", |bench| {
        let program = bench.binaries()?.get("gitlab-mcp")?;
        let done = bench.run(bench.clean(program).args(["demo", "--once"]), LIMIT)?;
        let shown = done.output.stdout();
        let failed = |what: &str| Err(Outcome::Failed(format!("{}\n{what}", done.describe())));
        if !done.succeeded() {
            return failed("the demo failed");
        }
        if !shows_a_diff(&shown) {
            return failed("the demo shows no diff of a merge request");
        }
        if !shown.to_lowercase().contains("note") {
            return failed("the demo shows no note");
        }
        Ok(())
    });
}

/// A hunk's head, or lines both added and removed.
fn shows_a_diff(text: &str) -> bool {
    let starts = |sign: char| text.lines().any(|line| line.trim_start().starts_with(sign));
    text.contains("@@") || (starts('+') && starts('-'))
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
}
