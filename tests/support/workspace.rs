//! The workspace as cargo and the file system see it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The platform this is built on, as the compiler names it.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.expect("rustc names its host").to_owned()
}

/// What `cargo metadata` says.
#[derive(Debug)]
pub struct Workspace(Value);

impl Workspace {
    /// Asks cargo, without the network and for this platform alone: a machine that has only built
    /// the workspace holds no crates of other platforms.
    ///
    /// # Panics
    /// When cargo does not answer.
    pub fn read() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline"])
            .args(["--filter-platform", &host()])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stderr);
        Self(serde_json::from_slice(&output.stdout).unwrap_or_else(|_| unreachable!("{text}")))
    }

    /// The packages of this workspace.
    pub fn members(&self) -> Vec<&Value> {
        let ids = list(&self.0["workspace_members"]);
        let packages = list(&self.0["packages"]);
        let ours = packages
            .iter()
            .filter(|package| ids.contains(&package["id"]));
        ours.collect()
    }

    /// The packages that `name` uses when it is built, through others too; its tests do not count.
    pub fn tree(&self, name: &str) -> Vec<String> {
        let packages = list(&self.0["packages"]);
        let name_of = |id: &Value| {
            let package = packages.iter().find(|package| &package["id"] == id);
            package
                .and_then(|package| package["name"].as_str())
                .unwrap_or_default()
        };
        let nodes = list(&self.0["resolve"]["nodes"]);
        let mut open: Vec<&Value> = nodes
            .iter()
            .map(|node| &node["id"])
            .filter(|id| name_of(id) == name)
            .collect();
        let mut seen: Vec<&Value> = Vec::new();
        while let Some(id) = open.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let node = nodes.iter().find(|node| &node["id"] == id);
            let edges = node.map(|node| list(&node["deps"])).unwrap_or_default();
            let built = edges.iter().filter(|edge| {
                list(&edge["dep_kinds"])
                    .iter()
                    .any(|one| one["kind"] != "dev")
            });
            open.extend(built.map(|edge| &edge["pkg"]));
        }
        seen.into_iter().map(|id| name_of(id).to_owned()).collect()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
