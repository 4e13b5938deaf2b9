//! The official conformance suite: the fixture must pass everything but tasks, the product
//! everything but what its baseline lists.

mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use crate::bench::{Bench, Scene, listening};
use crate::report::{Lack, Outcome};
use crate::server::Server;
use verdict::Run;

const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const BASELINE: &str = "tests/conformance/product-baseline.yml";
const LIMIT: Duration = Duration::from_mins(3);

/// Runs both requirement sets against both servers.
pub(super) fn run(bench: &mut Bench) {
    let scene = Scene::start(bench);
    let fixture = serve(bench, &scene, "example-conformance-fixture");
    for revision in REVISIONS {
        bench.case(&format!("conformance/fixture-{revision}"), |bench| {
            suite(bench, &fixture, "fixture", revision)?.all_passed()
        });
    }
    drop(fixture);
    let product = serve(bench, &scene, "gitlab-mcp");
    for revision in REVISIONS {
        bench.case(&format!("conformance/product-{revision}"), |bench| {
            suite(bench, &product, "product", revision)?.as_expected()
        });
    }
}

/// A server without authentication, since the suite can send no header.
fn serve(bench: &Bench, scene: &Result<Scene, Lack>, program: &str) -> Result<Server, Lack> {
    let scene = scene.as_ref().map_err(Clone::clone)?;
    let mut command = bench.clean(bench.binaries()?.get(program)?);
    listening(&mut command);
    command
        .env("GITLAB_AUTH_MODE", "none")
        .env("GITLAB_API_URL", scene.api_url());
    Server::start(&mut command, bench.guard()).map_err(Lack::Broken)
}

/// Runs one requirement set; only the product has scenarios that it may fail.
fn suite(
    bench: &Bench,
    server: &Result<Server, Lack>,
    name: &str,
    revision: &str,
) -> Result<Run, Outcome> {
    let node = bench.node()?;
    let server = server.as_ref().map_err(Clone::clone)?;
    let results = emptied(bench.cache().join(format!("conformance/{name}-{revision}")))?;
    let mut command = bench.clean(&node.program());
    command.env("PATH", node.search_path()).env("NO_COLOR", "1");
    command
        .arg(node.folder().join(SUITE))
        .args(["server", "--url", &server.endpoint()]);
    command
        .args(["--requirements", revision, "--output-dir"])
        .arg(&results);
    if name == "product" {
        command
            .arg("--expected-failures")
            .arg(bench.root().join(BASELINE));
    }
    Ok(Run {
        done: bench.run(&mut command, LIMIT)?,
        results,
    })
}

fn emptied(folder: PathBuf) -> Result<PathBuf, Outcome> {
    if folder.exists() {
        let removed = std::fs::remove_dir_all(&folder);
        removed.map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(folder)
}
