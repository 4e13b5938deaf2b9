//! Who may import whom.

use std::path::Path;

use gitlab_mcp_tests::{Workspace, root};
use serde_json::Value;

use crate::reachable::sources_below;

const PLUGIN_CRATES: [&str; 2] = ["gitlab-mcp-auth-plugins", "gitlab-mcp-tool-plugins"];

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The members of this workspace that `package` names itself, tests apart.
fn ours(package: &Value) -> Vec<&str> {
    let all = package["dependencies"].as_array().unwrap().iter();
    let built = all.filter(|one| one["kind"] != "dev" && one["path"].is_string());
    let mut names: Vec<&str> = built.map(|one| text(one, "name")).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_crate_imports_only_what_its_place_allows() {
    let workspace = Workspace::read();
    for package in workspace.members() {
        let name = text(package, "name");
        let allowed: &[&str] = match name {
            "gitlab-mcp-macros" | "mock-gitlab" => &[],
            "gitlab-mcp-core" => &["gitlab-mcp-macros"],
            "gitlab-mcp-auth-plugins" => &["gitlab-mcp-core", "gitlab-mcp-store"],
            "gitlab-mcp-store" | "gitlab-mcp-tool-plugins" => &["gitlab-mcp-core"],
            "gitlab-mcp" => &[
                "gitlab-mcp-auth-plugins",
                "gitlab-mcp-core",
                "gitlab-mcp-tool-plugins",
                "mock-gitlab",
            ],
            // The tests, and the examples: the contracts and the server, as users have them.
            _ => &["gitlab-mcp", "gitlab-mcp-core", "mock-gitlab"],
        };
        let found = ours(package);
        let beyond: Vec<_> = found.iter().filter(|one| !allowed.contains(one)).collect();
        assert!(beyond.is_empty(), "{name} imports {beyond:?}");
    }
}

#[test]
fn nobody_but_the_server_names_a_plugin_crate() {
    let workspace = Workspace::read();
    let naming: Vec<&str> = workspace
        .members()
        .into_iter()
        .filter(|package| {
            let all = package["dependencies"].as_array().unwrap().iter();
            let mut names = all.map(|one| text(one, "name"));
            names.any(|name| PLUGIN_CRATES.contains(&name))
        })
        .map(|package| text(package, "name"))
        .collect();
    assert_eq!(naming, ["gitlab-mcp"]);
    let files: Vec<String> = sources_below(&root().join("server/src"))
        .into_iter()
        .filter(|path| {
            let code = std::fs::read_to_string(path).unwrap();
            code.contains("gitlab_mcp_auth_plugins") || code.contains("gitlab_mcp_tool_plugins")
        })
        .map(|path| relative(&path))
        .collect();
    assert_eq!(files, ["server/src/plugins.rs"]);
}

#[test]
fn the_protocol_library_stays_in_the_server() {
    let workspace = Workspace::read();
    for crate_name in [
        "gitlab-mcp-core",
        "gitlab-mcp-auth-plugins",
        "gitlab-mcp-tool-plugins",
        "mock-gitlab",
    ] {
        let tree = workspace.tree(crate_name);
        assert!(
            tree.contains(&"serde_json".to_owned()),
            "{crate_name}: {tree:?}"
        );
        assert!(!tree.contains(&"rmcp".to_owned()), "{crate_name} uses rmcp");
    }
    assert!(workspace.tree("gitlab-mcp").contains(&"rmcp".to_owned()));
}

#[test]
fn only_the_mcp_layer_and_the_client_of_the_demo_name_the_protocol_library() {
    let library = concat!("rm", "cp::");
    // The last is a client like any other, written with this library.
    let homes = [
        "server/src/mcp/",
        "server/src/mcp.rs",
        "server/src/demo/",
        "tests/clients/oauth_rmcp.rs",
    ];
    let strays: Vec<String> = sources_below(&root())
        .into_iter()
        .filter(|path| std::fs::read_to_string(path).unwrap().contains(library))
        .map(|path| relative(&path))
        .filter(|path| !homes.iter().any(|home| path.starts_with(home)))
        .collect();
    assert_eq!(strays, Vec::<String>::new());
}

#[test]
fn one_version_of_each_crate_that_crosses_our_edges() {
    let tree = Workspace::read().tree("gitlab-mcp");
    for name in [
        "reqwest",
        "schemars",
        "serde_json",
        "http",
        "tokio",
        "axum",
        "rustls",
    ] {
        let count = tree.iter().filter(|one| *one == name).count();
        assert_eq!(count, 1, "{name} stands {count} times in the tree");
    }
}

pub(crate) fn relative(path: &Path) -> String {
    let root = root();
    path.strip_prefix(&root)
        .unwrap_or(path)
        .display()
        .to_string()
}
