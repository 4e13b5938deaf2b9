//! The example servers: they start in front of the mock, and what they add works for a client.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::clients::{Language, command};
use crate::bench::{BEARER, Bench, PROJECT, Scene, listening};
use crate::report::{Lack, Outcome};
use crate::server::Server;

const LIMIT: Duration = Duration::from_mins(1);

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

/// Is refused without the mode's credential and served with it.
fn auth(bench: &Bench) -> Result<(), Outcome> {
    let mut client = command(bench, Language::Node, "example.mjs")?;
    let scene = Scene::start(bench)?;
    let example = auth_server(bench, &scene, bench.binaries()?.get("example-custom-auth")?)?;
    client.arg("auth");
    play(bench, client, &example)
}

fn auth_server(bench: &Bench, scene: &Scene, program: &Path) -> Result<Server, Lack> {
    let mut command = bench.clean(program);
    listening(&mut command);
    command.envs(scene.environment());
    Server::start(&mut command, bench.guard()).map_err(Lack::Broken)
}

fn play(bench: &Bench, mut client: Command, example: &Server) -> Result<(), Outcome> {
    client
        .env("GITLAB_MCP_TEST_URL", example.endpoint())
        .env("GITLAB_MCP_TEST_PROJECT", PROJECT);
    let done = bench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        return Ok(());
    }
    let server = example.tail();
    Err(Outcome::Failed(format!(
        "the server said\n{server}\nthe client said\n{}",
        done.describe()
    )))
}
