//! The official conformance suite: the fixture must pass everything but tasks, the product
//! everything but what its baseline lists.

use std::path::Path;
use std::time::Duration;

use crate::bench::{Bench, Scene, listening};
use crate::process::Finished;
use crate::report::{Lack, Outcome};
use crate::server::Server;

const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const BASELINE: &str = "tests/conformance/product-baseline.yml";
const LIMIT: Duration = Duration::from_mins(3);
const ALLOWED: &str = "tasks-";

/// Runs both requirement sets against both servers.
pub(super) fn run(bench: &mut Bench) {
    let scene = Scene::start(bench);
    let fixture = serve(bench, &scene, "example-conformance-fixture");
    for revision in REVISIONS {
        bench.case(&format!("conformance/fixture-{revision}"), |bench| {
            let done = suite(bench, &fixture, revision, None)?;
            judge(&done)
        });
    }
    drop(fixture);
    let product = serve(bench, &scene, "gitlab-mcp");
    let baseline = bench.root().join(BASELINE);
    for revision in REVISIONS {
        bench.case(&format!("conformance/product-{revision}"), |bench| {
            let done = suite(bench, &product, revision, Some(&baseline))?;
            if done.succeeded() {
                Ok(())
            } else {
                Err(Outcome::Failed(done.describe()))
            }
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

fn suite(
    bench: &Bench,
    server: &Result<Server, Lack>,
    revision: &str,
    baseline: Option<&Path>,
) -> Result<Finished, Outcome> {
    let node = bench.node()?;
    let server = server.as_ref().map_err(Clone::clone)?;
    let mut command = bench.clean(&node.program());
    command
        .env("PATH", node.search_path())
        .arg(node.folder().join(SUITE));
    command.args([
        "server",
        "--url",
        &server.endpoint(),
        "--requirements",
        revision,
        "-o",
    ]);
    command.arg(bench.cache().join("conformance"));
    if let Some(baseline) = baseline {
        command.arg("--expected-failures").arg(baseline);
    }
    Ok(bench.run(&mut command, LIMIT)?)
}

/// Exit code 0 and no failing line but those of tasks: the suite does not count all it runs.
fn judge(done: &Finished) -> Result<(), Outcome> {
    let failing = failing(&done.output.stdout());
    if done.succeeded() && failing.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(format!(
        "{}\nfailing: {}",
        done.describe(),
        failing.join(", ")
    )))
}

/// The scenarios of lines such as `✗ tools-list: 3 passed, 1 failed`.
fn failing(text: &str) -> Vec<String> {
    let crossed = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("✗ "));
    let names = crossed.filter_map(|line| line.split([':', ' ']).next());
    let mut names: Vec<_> = names
        .filter(|name| !name.starts_with(ALLOWED))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_lines_are_named_once_and_tasks_are_left_out() {
        let text = "\
=== SUMMARY ===
✓ ping: 2 passed, 0 failed
✗ tools-list: 3 passed, 1 failed
✗ tasks-lifecycle: 2 passed, 7 failed
Not scored for 2026-07-28: 13 scenario(s) run, 11 failing.
  ✗ tasks-lifecycle (extension)
  ✗ json-schema-2020-12 (pending)
  ✗ tools-list (pending)
";
        assert_eq!(failing(text), ["json-schema-2020-12", "tools-list"]);
    }
}
