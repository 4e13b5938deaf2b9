//! What a server keeps in memory: for each login and each session, and under floods.
//!
//! | file | what it does |
//! |---|---|
//! | `subject` | a server, the mock GitLab behind it, and its size |
//! | `logins` | thousands of logins and a full table of sessions, and what is left of them |
//! | `floods` | registrations, authorization requests and sessions without end |

mod floods;
mod logins;
mod subject;

use crate::report::Outcome;
use crate::workbench::Workbench;

type Case = (&'static str, fn(&Workbench) -> Result<(), Outcome>);

const CASES: [Case; 4] = [
    ("memory/logins-and-sessions", logins::play),
    ("memory/registrations", floods::registrations),
    (
        "memory/authorization-requests",
        floods::authorization_requests,
    ),
    ("memory/sessions", floods::sessions),
];

/// Runs its cases.
pub(super) fn run(workbench: &mut Workbench) {
    for (name, case) in CASES {
        workbench.case(name, |workbench| {
            if !subject::can_be_measured() {
                let reason = "this machine has no /proc/PID/status to read memory from";
                return Err(Outcome::Skipped(reason.to_owned()));
            }
            case(workbench)
        });
    }
}

/// The usual number, or that of a full flood.
fn size(usual: usize, full: usize) -> usize {
    if std::env::var_os("GITLAB_MCP_FULL_FLOOD").is_some() {
        full
    } else {
        usual
    }
}
