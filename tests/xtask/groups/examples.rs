//! The example servers: they start in front of the mock, and what they add works for a client.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::clients::{Language, command, failure};
use crate::report::Outcome;
use crate::server::Server;
use crate::workbench::{BEARER, PROJECT, Scene, TOKEN, Workbench, listening};

const LIMIT: Duration = Duration::from_mins(1);

/// The example's own auth mode: a gateway with this secret names the user.
const GATEWAY: &str = "gateway";
const GATEWAY_SECRET: &str = "secret-of-the-gateway-in-the-black-box-tests";
const USER: &str = "alice";

/// Runs both.
pub(super) fn run(workbench: &mut Workbench) {
    workbench.case("examples/custom-toolset", toolset);
    workbench.case("examples/custom-auth", auth);
}

/// Lists tools that the product has not, and calls them.
fn toolset(workbench: &Workbench) -> Result<(), Outcome> {
    let mut client = command(workbench, Language::Node, "example.mjs")?;
    let scene = Scene::start(workbench)?;
    let product = scene.product(workbench, workbench.binaries()?.get("gitlab-mcp")?)?;
    let example = scene.product(
        workbench,
        workbench.binaries()?.get("example-custom-toolset")?,
    )?;
    client
        .arg("toolset")
        .env("GITLAB_MCP_TEST_PRODUCT_URL", product.endpoint());
    client.env("GITLAB_MCP_TEST_BEARER", BEARER);
    play(workbench, client, &example)
}

/// Has a mode that the product has not; it refuses without that mode's credential and serves with
/// it.
fn auth(workbench: &Workbench) -> Result<(), Outcome> {
    let mut client = command(workbench, Language::Node, "example.mjs")?;
    let scene = Scene::start(workbench)?;
    let product = workbench.binaries()?.get("gitlab-mcp")?;
    let program = workbench.binaries()?.get("example-custom-auth")?;
    let gateway = GATEWAY.to_owned();
    if modes(workbench, product)?.contains(&gateway)
        || !modes(workbench, program)?.contains(&gateway)
    {
        return Err(Outcome::Failed(format!(
            "{GATEWAY} is no addition of the example"
        )));
    }
    let mut server = workbench.clean(program);
    listening(&mut server);
    server
        .env("GITLAB_API_URL", scene.api_url())
        .env("GATEWAY_SECRET", GATEWAY_SECRET);
    server.env(
        "GATEWAY_TOKEN_DIRECTORY",
        tokens(workbench).map_err(|error| error.to_string())?,
    );
    let example = Server::start(&mut server, workbench.guard())?;
    let bearer = format!("Bearer {GATEWAY_SECRET}");
    let headers = json!({ "Authorization": bearer, "X-Forwarded-User": USER });
    client
        .arg("auth")
        .env("GITLAB_MCP_TEST_HEADERS", headers.to_string());
    play(workbench, client, &example)
}

/// A directory with the user's token, readable by us alone.
fn tokens(workbench: &Workbench) -> io::Result<PathBuf> {
    let directory = workbench.cache().join(GATEWAY);
    let file = directory.join(USER);
    fs::create_dir_all(&directory)?;
    fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    fs::write(&file, TOKEN)?;
    fs::set_permissions(&file, Permissions::from_mode(0o600))?;
    Ok(directory)
}

/// The names of a binary's auth modes.
fn modes(workbench: &Workbench, program: &Path) -> Result<Vec<String>, String> {
    let done = workbench.run(
        workbench.clean(program).args(["auth-modes", "--json"]),
        LIMIT,
    )?;
    let report: Value = serde_json::from_str(&done.output.stdout())
        .map_err(|error| format!("{}\nauth-modes --json: {error}", done.describe()))?;
    let modes = report["modes"].as_array().into_iter().flatten();
    Ok(modes
        .filter_map(|mode| mode["name"].as_str().map(str::to_owned))
        .collect())
}

fn play(workbench: &Workbench, mut client: Command, example: &Server) -> Result<(), Outcome> {
    client
        .env("GITLAB_MCP_TEST_URL", example.endpoint())
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT);
    let done = workbench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        Ok(())
    } else {
        Err(failure(&done, example))
    }
}
