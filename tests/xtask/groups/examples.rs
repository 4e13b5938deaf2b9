//! The example servers: they start in front of the mock, and what they add works for a client.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::clients::{Language, command, failure};
use crate::bench::{BEARER, Bench, PROJECT, Scene, listening};
use crate::report::Outcome;
use crate::server::Server;

const LIMIT: Duration = Duration::from_mins(1);

/// What a client of the example's own auth mode sends.
const EXAMPLE_HEADERS: &str = r#"{"X-Example-User":"alice"}"#;

/// Runs both.
pub(super) fn run(bench: &mut Bench) {
    bench.case("examples/custom-toolset", toolset);
    bench.case("examples/custom-auth", auth);
}

/// Lists tools that the product has not, and calls them.
fn toolset(bench: &Bench) -> Result<(), Outcome> {
    let mut client = command(bench, Language::Node, "example.mjs")?;
    let scene = Scene::start(bench)?;
    let product = scene.product(bench, bench.binaries()?.get("gitlab-mcp")?)?;
    let example = scene.product(bench, bench.binaries()?.get("example-custom-toolset")?)?;
    client
        .arg("toolset")
        .env("GITLAB_MCP_TEST_PRODUCT_URL", product.endpoint());
    client.env("GITLAB_MCP_TEST_BEARER", BEARER);
    play(bench, client, &example)
}

/// Has a mode that the product has not; it refuses without that mode's credential and serves with
/// it.
fn auth(bench: &Bench) -> Result<(), Outcome> {
    let mut client = command(bench, Language::Node, "example.mjs")?;
    let scene = Scene::start(bench)?;
    let (product, program) = (
        bench.binaries()?.get("gitlab-mcp")?,
        bench.binaries()?.get("example-custom-auth")?,
    );
    let known = modes(bench, product)?;
    let added = modes(bench, program)?
        .into_iter()
        .find(|mode| !known.contains(mode));
    let mode = added.ok_or_else(|| "the example adds no auth mode".to_owned())?;
    let mut server = bench.clean(program);
    listening(&mut server);
    server
        .envs(scene.environment())
        .env("GITLAB_AUTH_MODE", mode);
    let example = Server::start(&mut server, bench.guard())?;
    client
        .arg("auth")
        .env("GITLAB_MCP_TEST_HEADERS", EXAMPLE_HEADERS);
    play(bench, client, &example)
}

/// The names of a binary's auth modes.
fn modes(bench: &Bench, program: &Path) -> Result<Vec<String>, String> {
    let done = bench.run(bench.clean(program).args(["auth-modes", "--json"]), LIMIT)?;
    let report: Value = serde_json::from_str(&done.output.stdout())
        .map_err(|error| format!("{}\nauth-modes --json: {error}", done.describe()))?;
    let modes = report["modes"].as_array().into_iter().flatten();
    Ok(modes
        .filter_map(|mode| mode["name"].as_str().map(str::to_owned))
        .collect())
}

fn play(bench: &Bench, mut client: Command, example: &Server) -> Result<(), Outcome> {
    client
        .env("GITLAB_MCP_TEST_URL", example.endpoint())
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT);
    let done = bench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        Ok(())
    } else {
        Err(failure(&done, example))
    }
}
