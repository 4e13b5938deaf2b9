//! Vulnerabilities. <https://docs.gitlab.com/api/graphql/reference/#vulnerability>

use super::World;
use crate::clock::Timestamp;

/// A vulnerability that a scanner found.
#[derive(Clone, Debug)]
pub struct Vulnerability {
    /// Number on the instance.
    pub id: u64,
    /// The project it was found in.
    pub project: u64,
    /// What it is.
    pub title: String,
    /// More about it.
    pub description: String,
    /// What to do.
    pub solution: String,
    /// `critical`, `high`, `medium`, `low`, `info`, `unknown`.
    pub severity: String,
    /// `detected`, `confirmed`, `resolved`, `dismissed`.
    pub state: String,
    /// `sast`, `dependency_scanning`, …
    pub report_type: String,
    /// File and line.
    pub location: (String, u64),
    /// `CWE-190` and the like.
    pub identifier: String,
    /// When it was found.
    pub detected_at: Timestamp,
    /// When its state last changed, and by whom.
    pub changed: Option<(Timestamp, u64)>,
    /// Why it was dismissed.
    pub dismissal_reason: Option<String>,
    /// What was said with the last change.
    pub comment: Option<String>,
}

/// Severity, state, report, title, file, line, identifier.
type Plan = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u64,
    &'static str,
);

const FOUND: [Plan; 4] = [
    (
        "critical",
        "detected",
        "secret_detection",
        "Key of the shop in a test",
        "tests/tempo.rs",
        12,
        "CWE-798",
    ),
    (
        "high",
        "detected",
        "sast",
        "A tune that is too long overruns the cylinder",
        "src/cylinder.rs",
        41,
        "CWE-787",
    ),
    (
        "medium",
        "confirmed",
        "dependency_scanning",
        "Parser of tunes loops on an empty bar",
        "Cargo.lock",
        120,
        "CVE-2026-10018",
    ),
    (
        "low",
        "dismissed",
        "sast",
        "Crank speed is compared as text",
        "src/crank.rs",
        7,
        "CWE-1024",
    ),
];

impl World {
    /// What the scanners of a project found: for seeds.
    pub(crate) fn scan(&mut self, project: u64, now: Timestamp) {
        for (severity, state, report, title, file, line, identifier) in FOUND {
            let id = self.next_id("vulnerability");
            let found = Vulnerability {
                id,
                project,
                title: title.to_owned(),
                description: format!("{title}. Found in `{file}`."),
                solution: "Take it out, and wind again.".to_owned(),
                severity: severity.to_owned(),
                state: state.to_owned(),
                report_type: report.to_owned(),
                location: (file.to_owned(), line),
                identifier: identifier.to_owned(),
                detected_at: now,
                changed: None,
                dismissal_reason: (state == "dismissed").then(|| "used_in_tests".to_owned()),
                comment: None,
            };
            self.vulnerabilities.insert(id, found);
        }
    }
}
