//! The official conformance suite: the fixture must pass everything but tasks, the product
//! everything but what its baseline lists.

mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use crate::report::{Lack, Outcome};
use crate::server::Server;
use crate::workbench::{Scene, Workbench, listening};
use verdict::Run;

const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const BASELINE: &str = "tests/conformance/product-baseline.yml";
const LIMIT: Duration = Duration::from_mins(3);

/// Runs both requirement sets against both servers.
pub(super) fn run(workbench: &mut Workbench) {
    let scene = Scene::start(workbench);
    let fixture = serve(workbench, &scene, "example-conformance-fixture");
    for revision in REVISIONS {
        workbench.case(&format!("conformance/fixture-{revision}"), |workbench| {
            suite(workbench, &fixture, "fixture", revision)?.all_passed()
        });
    }
    drop(fixture);
    let product = serve(workbench, &scene, "gitlab-mcp");
    for revision in REVISIONS {
        workbench.case(&format!("conformance/product-{revision}"), |workbench| {
            suite(workbench, &product, "product", revision)?.as_expected()
        });
    }
}

/// A server without authentication, since the suite can send no header.
fn serve(
    workbench: &Workbench,
    scene: &Result<Scene, Lack>,
    program: &str,
) -> Result<Server, Lack> {
    let scene = scene.as_ref().map_err(Clone::clone)?;
    let mut command = workbench.clean(workbench.binaries()?.get(program)?);
    listening(&mut command);
    command
        .env("GITLAB_AUTH_MODE", "none")
        .env("GITLAB_API_URL", scene.api_url());
    Server::start(&mut command, workbench.guard()).map_err(Lack::Broken)
}

/// Runs one requirement set; only the product has scenarios that it may fail.
fn suite(
    workbench: &Workbench,
    server: &Result<Server, Lack>,
    name: &str,
    revision: &str,
) -> Result<Run, Outcome> {
    let node = workbench.node()?;
    let server = server.as_ref().map_err(Clone::clone)?;
    let results = emptied(
        workbench
            .cache()
            .join(format!("conformance/{name}-{revision}")),
    )?;
    let mut command = workbench.clean(&node.program());
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
            .arg(workbench.root().join(BASELINE));
    }
    Ok(Run {
        done: workbench.run(&mut command, LIMIT)?,
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
