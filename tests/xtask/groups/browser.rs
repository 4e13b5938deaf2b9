//! A person signs in with a real browser, as the README says: at the mock's pages, with the server
//! as a process that has nothing but the documented settings; for its own use (`local-oauth`), and
//! for that of other programs (`sign_in`). And the pages of our own.

mod pages;
mod sign_in;

use std::time::Duration;

use super::clients::{Language, command};
use crate::report::Outcome;
use crate::workbench::{Folder, PROJECT, Scene, Workbench};

const LIMIT: Duration = Duration::from_mins(2);

/// The mock's public application.
const CLIENT_ID: &str = "6d63702d7075626c69632d6c61726b737075722d6170706c69636174696f6e31";

/// Script and word of each case.
const CASES: [(&str, &str); 6] = [
    ("browser_local.mjs", "waiting"),
    ("browser_local.mjs", "link"),
    ("browser_local.mjs", "elicitation"),
    ("browser_local.mjs", "denied"),
    ("browser_device.mjs", "code"),
    ("browser_device.mjs", "link"),
];

/// Runs every case.
pub(super) fn run(workbench: &mut Workbench) {
    for (script, word) in CASES {
        let name = script.trim_end_matches(".mjs").replace('_', "/");
        workbench.case(&format!("{name}-{word}"), |workbench| {
            play(workbench, script, word)
        });
    }
    sign_in::run(workbench);
    pages::run(workbench);
}

fn play(workbench: &Workbench, script: &str, word: &str) -> Result<(), Outcome> {
    let chromium = workbench.chromium()?;
    let mut client = command(workbench, Language::Node, script)?;
    let scene = Scene::start(workbench)?;
    let folder = Folder::new(workbench, "browser")?;
    client
        .arg(word)
        .env("GITLAB_MCP_TEST_CHROMIUM", chromium.program())
        .env(
            "GITLAB_MCP_TEST_PROGRAM",
            workbench.binaries()?.get("gitlab-mcp")?,
        )
        .env("GITLAB_MCP_TEST_GITLAB", scene.api_url())
        .env("GITLAB_MCP_TEST_CLIENT_ID", CLIENT_ID)
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT)
        .env("GITLAB_MCP_TEST_FOLDER", folder.path());
    let done = workbench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(Outcome::Failed(done.describe()))
}
