//! What is printed: one line per case, the end of a failed step's output, and the closing line.
#![expect(clippy::print_stdout, reason = "a test runner talks on stdout")]

use std::time::Duration;

/// How a case ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should; the text is shown.
    Failed(String),
    /// It could not run here; the text says why.
    Skipped(String),
}

/// A tool that is not there, or does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lack {
    /// The machine has none: what needs it is skipped.
    Missing(String),
    /// It is there and fails: what needs it fails too.
    Broken(String),
}

impl From<Lack> for Outcome {
    fn from(lack: Lack) -> Self {
        match lack {
            Lack::Missing(reason) => Self::Skipped(reason),
            Lack::Broken(reason) => Self::Failed(reason),
        }
    }
}

/// The sums of the run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    /// Cases that ended as they should.
    pub(crate) passed: usize,
    /// Cases that did not.
    pub(crate) failed: usize,
    /// Cases that could not run here.
    pub(crate) skipped: usize,
}

impl Report {
    /// Counts and prints one case.
    pub(crate) fn case(&mut self, name: &str, took: Duration, outcome: &Outcome) {
        let seconds = took.as_secs_f32();
        match outcome {
            Outcome::Passed => {
                self.passed += 1;
                say(&format!("ok {name} ({seconds:.1} s)"));
            }
            Outcome::Failed(detail) => {
                self.failed += 1;
                say(&format!(
                    "FAILED {name} ({seconds:.1} s)\n{}",
                    indented(detail)
                ));
            }
            Outcome::Skipped(reason) => {
                self.skipped += 1;
                say(&format!("skipped {name}: {reason}"));
            }
        }
    }

    /// Adds the sums of a runner below us.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Whether nothing failed.
    pub(crate) const fn is_green(self) -> bool {
        self.failed == 0
    }

    /// The last line of the run.
    pub(crate) fn closing_line(self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_adds_up_all_cases() {
        let mut report = Report::default();
        report.case("a/b", Duration::ZERO, &Outcome::Passed);
        report.case("a/c", Duration::ZERO, &Outcome::Failed("why".to_owned()));
        report.case("a/d", Duration::ZERO, &Outcome::Skipped("why".to_owned()));
        report.add(Report {
            passed: 40,
            failed: 0,
            skipped: 2,
        });
        assert_eq!(report.closing_line(), "41 passed, 1 failed, 3 skipped");
        assert!(!report.is_green());
    }
}
