//! A person signs a program in at the authorization server: the consent page, GitLab's pages, and
//! the way back to the program, in every setting.

use std::time::Duration;

use crate::groups::clients::{Language, command};
use crate::report::Outcome;
use crate::workbench::{Folder, Scene, Workbench};

const LIMIT: Duration = Duration::from_mins(3);

/// Setting and what the person does.
const CASES: [(&str, &[&str]); 3] = [
    (
        "callback-proxy",
        &["approve", "cancel", "denied", "app", "app-cancel", "errors"],
    ),
    ("passthrough", &["approve", "cancel", "denied"]),
    (
        "session",
        &[
            "approve", "cancel", "denied", "app", "device", "plain", "errors",
        ],
    ),
];

/// Runs every case.
pub(super) fn run(workbench: &mut Workbench) {
    for (setting, words) in CASES {
        for word in words {
            let name = format!("browser/sign-in-{setting}-{word}");
            workbench.case(&name, |workbench| play(workbench, setting, word));
        }
    }
}

fn play(workbench: &Workbench, setting: &str, word: &str) -> Result<(), Outcome> {
    let chromium = workbench.chromium()?;
    let mut client = command(workbench, Language::Node, "browser_sign_in.mjs")?;
    let program = workbench.binaries()?.get("gitlab-mcp")?;
    let scene = Scene::start(workbench)?;
    let folder = Folder::new(workbench, "sign-in")?;
    client
        .args([setting, word])
        .env("GITLAB_MCP_TEST_CHROMIUM", chromium.program())
        .env("GITLAB_MCP_TEST_PROGRAM", program)
        .env("GITLAB_MCP_TEST_GITLAB", scene.base())
        .env("GITLAB_MCP_TEST_FOLDER", folder.path())
        .env("GITLAB_MCP_TEST_LOGS", workbench.logs())
        .env(
            "GITLAB_MCP_TEST_SCREENSHOTS",
            workbench.cache().join("screenshots"),
        );
    let done = workbench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(Outcome::Failed(done.describe()))
}
