//! Real clients, each case a script of `tests/clients` with a server of its own to talk to over
//! stdio, or one that all share over HTTP.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::process::Finished;
use crate::report::{Lack, Outcome};
use crate::server::Server;
use crate::workbench::{BEARER, PROJECT, Scene, Workbench};

const LIMIT: Duration = Duration::from_mins(2);

/// A language of scripts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Language {
    Python,
    Node,
    /// A program of the workspace; the script is its name.
    Rust,
}

use Language::{Node, Python};

/// First word of the cases' names, language, script, and the words of each case.
const SCRIPTS: [(&str, Language, &str, &[&str]); 4] = [
    (
        "python",
        Python,
        "python_mcp.py",
        &[
            "http legacy",
            "http auto",
            "http 2026-07-28",
            "stdio legacy",
            "stdio auto",
        ],
    ),
    ("ts-1", Node, "ts_sdk_v1.mjs", &["http", "stdio"]),
    (
        "ts-2",
        Node,
        "ts_client_v2.mjs",
        &[
            "http default",
            "http auto",
            "http pinned",
            "stdio default",
            "stdio auto",
            "stdio pinned",
        ],
    ),
    (
        "inspector",
        Node,
        "inspector.mjs",
        &[
            "http legacy",
            "http auto",
            "http modern",
            "stdio legacy",
            "stdio auto",
            "stdio modern",
        ],
    ),
];

/// Runs every case, then ends the server as a service manager would.
pub(super) fn run(workbench: &mut Workbench) {
    let stage = Stage::set(workbench);
    for (client, language, script, cases) in SCRIPTS {
        for words in cases {
            workbench.case(
                &format!("clients/{client}-{}", words.replace(' ', "-")),
                |workbench| {
                    let command = command(workbench, language, script)?;
                    let stage = stage.as_ref().map_err(Clone::clone)?;
                    stage.play(workbench, command, words)
                },
            );
        }
    }
    workbench.case("clients/server-ends-on-sigterm", |_| {
        Ok(stage?.product.stop()?)
    });
}

/// The servers of all cases.
#[derive(Debug)]
struct Stage {
    scene: Scene,
    product: Server,
}

impl Stage {
    fn set(workbench: &Workbench) -> Result<Self, Lack> {
        let scene = Scene::start(workbench)?;
        let program = workbench.binaries()?.get("gitlab-mcp")?;
        let product = scene.product(workbench, program).map_err(Lack::Broken)?;
        Ok(Self { scene, product })
    }

    fn play(
        &self,
        workbench: &Workbench,
        mut command: Command,
        words: &str,
    ) -> Result<(), Outcome> {
        let program = workbench.binaries()?.get("gitlab-mcp")?;
        command.args(words.split(' '));
        settings(&mut command, &self.product, program, &self.scene);
        let done = workbench.run(&mut command, LIMIT)?;
        if done.succeeded() {
            return Ok(());
        }
        Err(failure(&done, &self.product))
    }
}

/// What both sides said.
pub(super) fn failure(client: &Finished, server: &Server) -> Outcome {
    let (client, server) = (client.describe(), server.tail());
    Outcome::Failed(format!("{client}\nthe end of the server's log\n{server}"))
}

/// An interpreter with a script of `tests/clients`.
pub(super) fn command(
    workbench: &Workbench,
    language: Language,
    script: &str,
) -> Result<Command, Lack> {
    let path = workbench.root().join("tests/clients").join(script);
    let mut command = match language {
        Language::Rust => return Ok(workbench.clean(workbench.binaries()?.get(script)?)),
        Python => {
            let python = workbench.python()?;
            let mut command = workbench.clean(&python.program());
            command.envs(python.environment());
            command
        }
        Node => {
            let node = workbench.node()?;
            let mut command = workbench.clean(&node.program());
            command.env("PATH", node.search_path());
            command.env("GITLAB_MCP_TEST_NODE_PACKAGES", node.folder());
            command.env("MCP_INSPECTOR_SECRET_STORE", "file");
            command
        }
    };
    command.arg(path);
    Ok(command)
}

/// What the scripts read from their environment.
fn settings(command: &mut Command, product: &Server, program: &Path, scene: &Scene) {
    let environment: serde_json::Map<_, _> = scene
        .environment()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    command
        .env("GITLAB_MCP_TEST_URL", product.endpoint())
        .env("GITLAB_MCP_TEST_BEARER", BEARER)
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT)
        .env("GITLAB_MCP_TEST_COMMAND", json!([program]).to_string())
        .env("GITLAB_MCP_TEST_ENV", json!(environment).to_string());
}
