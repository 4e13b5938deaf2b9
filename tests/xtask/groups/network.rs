//! What the authorization server connects to when strangers and GitLab name addresses that are not
//! public: a network namespace of its own with a trap at each (`tests/network`).

use std::time::Duration;

use crate::packages::Namespaces;
use crate::report::{Outcome, say};
use crate::workbench::Workbench;

const LIMIT: Duration = Duration::from_mins(5);

/// Runs its case.
pub(super) fn run(workbench: &mut Workbench) {
    workbench.case("network/nothing-inside-is-reached", play);
}

fn play(workbench: &Workbench) -> Result<(), Outcome> {
    let namespaces = Namespaces::find(workbench.guard())?;
    let binaries = workbench.binaries()?;
    let mut command = workbench.clean(namespaces.program());
    command
        .args(namespaces.words())
        .args([binaries.get("network")?, binaries.get("gitlab-mcp")?])
        .env("GITLAB_MCP_TEST_LOGS", workbench.logs());
    let done = workbench.run(&mut command, LIMIT)?;
    if !done.succeeded() {
        return Err(Outcome::Failed(done.describe()));
    }
    say(&format!("   {}", done.output.stdout().trim()));
    Ok(())
}
