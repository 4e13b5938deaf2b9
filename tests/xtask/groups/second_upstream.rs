//! People sign in through OAuth servers that are not ours, so that what the product takes for granted
//! about GitLab is not what our mock takes for granted as well: `oidc-provider`, which knows nothing of
//! GitLab, and Doorkeeper, which GitLab is made of.

mod doorkeeper;

use std::process::Command;
use std::time::Duration;

use super::clients::{Language, command, failure};
use crate::report::Outcome;
use crate::server::Server;
use crate::workbench::{Folder, Workbench};

const LIMIT: Duration = Duration::from_mins(2);

/// Setting of the product, and how the person signs in.
const CASES: [(&str, &str); 4] = [
    ("callback-proxy", "redirect"),
    ("callback-proxy", "device"),
    ("session", "redirect"),
    ("session", "device"),
];

/// Runs every case.
pub(super) fn run(workbench: &mut Workbench) {
    for (setting, way) in CASES {
        let name = format!("second-upstream/{setting}-{way}");
        workbench.case(&name, |workbench| play(workbench, setting, way));
    }
    doorkeeper::run(workbench);
}

fn play(workbench: &Workbench, setting: &str, way: &str) -> Result<(), Outcome> {
    let mut upstream = command(workbench, Language::Node, "second_upstream.mjs")?;
    let mut client = command(workbench, Language::Node, "second_upstream_sign_in.mjs")?;
    let folder = Folder::new(workbench, "second-upstream")?;
    let upstream = Server::start(&mut upstream, workbench.guard())?;
    client.args([setting, way]);
    finish(workbench, client, &upstream, &folder, LIMIT)
}

/// Runs a script against an upstream.
fn finish(
    workbench: &Workbench,
    mut client: Command,
    upstream: &Server,
    folder: &Folder,
    limit: Duration,
) -> Result<(), Outcome> {
    client
        .env(
            "GITLAB_MCP_TEST_PROGRAM",
            workbench.binaries()?.get("gitlab-mcp")?,
        )
        .env("GITLAB_MCP_TEST_GITLAB", upstream.base())
        .env("GITLAB_MCP_TEST_FOLDER", folder.path())
        .env("GITLAB_MCP_TEST_LOGS", workbench.logs());
    let done = workbench.run(&mut client, limit)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(failure(&done, upstream))
}
