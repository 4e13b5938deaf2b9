//! Every way to sign in: started by its environment alone, used by a real client as the right user.

use std::time::Duration;

use serde_json::Value;

use super::clients::{Language, command};
use crate::report::{Lack, Outcome};
use crate::workbench::{PROJECT, Scene, Workbench};

const LIMIT: Duration = Duration::from_mins(2);

/// Mode and transport of each case.
const CASES: [(&str, &str); 10] = [
    ("pat", "stdio"),
    ("pat", "http"),
    ("job-token", "stdio"),
    ("job-token", "http"),
    ("none", "stdio"),
    ("none", "http"),
    ("cookie", "stdio"),
    ("cookie", "http"),
    ("remote-authorization", "http"),
    ("local-oauth", "stdio"),
];

/// Modes whose clients sign their users in: the group `oauth` tries each with each client.
const ELSEWHERE: [&str; 2] = ["mcp-oauth", "oauth-session"];

/// Runs every case against one mock.
pub(super) fn run(workbench: &mut Workbench) {
    let scene = Scene::start(workbench);
    for (mode, transport) in CASES {
        workbench.case(&format!("modes/{mode}-{transport}"), |workbench| {
            let scene = scene.as_ref().map_err(Clone::clone)?;
            play(workbench, scene, mode, transport)
        });
    }
    workbench.case("modes/each-is-tried", |workbench| {
        for mode in registered(workbench)? {
            let tried = CASES.iter().any(|(tried, _)| *tried == mode);
            if !tried && !ELSEWHERE.contains(&mode.as_str()) {
                return Err(Outcome::Failed(format!("no case tries the mode {mode}")));
            }
        }
        Ok(())
    });
}

fn play(workbench: &Workbench, scene: &Scene, mode: &str, transport: &str) -> Result<(), Outcome> {
    let mut command = command(workbench, Language::Python, "modes.py")?;
    command
        .args([mode, transport])
        .env("GITLAB_MCP_TEST_GITLAB", scene.base())
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT)
        .env("GITLAB_MCP_TEST_LOGS", workbench.logs())
        .env("GITLAB_MCP_TEST_PROGRAM", program(workbench)?);
    let done = workbench.run(&mut command, LIMIT)?;
    if done.succeeded() {
        Ok(())
    } else {
        Err(Outcome::Failed(done.describe()))
    }
}

fn program(workbench: &Workbench) -> Result<&std::path::Path, Lack> {
    workbench.binaries()?.get("gitlab-mcp")
}

/// The names that `gitlab-mcp auth-modes` prints.
fn registered(workbench: &Workbench) -> Result<Vec<String>, Outcome> {
    let mut command = workbench.clean(program(workbench)?);
    let done = workbench.run(command.args(["auth-modes", "--json"]), LIMIT)?;
    let said = done.output.stdout();
    let report: Value = serde_json::from_str(&said)
        .map_err(|error| Outcome::Failed(format!("auth-modes --json: {error}\n{said}")))?;
    let modes = report.get("modes").and_then(Value::as_array);
    let names = modes
        .into_iter()
        .flatten()
        .filter_map(|mode| mode.get("name"));
    Ok(names.filter_map(Value::as_str).map(str::to_owned).collect())
}
