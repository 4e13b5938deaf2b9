//! Every source file is part of some target: a file without its `mod` line is not compiled, and
//! nobody would notice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gitlab_mcp_tests::{Workspace, root};

use crate::workspace::relative;

/// Folders that hold no sources of ours.
const FOREIGN: [&str; 3] = ["target", "node_modules", "ui"];

/// Every `.rs` file below a folder, sorted.
pub(crate) fn sources_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = files_below(folder);
    found.retain(|path| path.extension().is_some_and(|kind| kind == "rs"));
    found
}

/// Every file below a folder, sorted; hidden and foreign folders are left out.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                open.push(path);
            } else if path.is_file() && !name.starts_with('.') {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The files that the `mod` lines of `file` name, when they are there.
fn modules_of(file: &Path, is_root: bool) -> Vec<PathBuf> {
    let code = std::fs::read_to_string(file).unwrap();
    let folder = file.parent().unwrap();
    let stem = file.file_stem().unwrap();
    let own = if is_root || stem == "mod" {
        folder.to_owned()
    } else {
        folder.join(stem)
    };
    let mut named = Vec::new();
    let mut elsewhere = None;
    for line in code.lines().map(str::trim) {
        if let Some(path) = line.strip_prefix("#[path = \"") {
            elsewhere = path.strip_suffix("\"]").map(|path| folder.join(path));
        } else if let Some(name) = module_named(line) {
            named.push(own.join(format!("{name}.rs")));
            named.push(own.join(name).join("mod.rs"));
            named.extend(elsewhere.take());
        }
    }
    named.retain(|path| path.is_file());
    named
}

/// The name in a line like `pub(crate) mod name;`.
fn module_named(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.split_once("mod ")?;
    let is_item = before.is_empty() || before.starts_with("pub");
    is_item.then(|| name.trim_start_matches("r#"))
}

#[test]
fn every_source_file_is_reachable_from_a_target() {
    let workspace = Workspace::read();
    let mut reached = BTreeSet::new();
    let mut open: Vec<(PathBuf, bool)> = Vec::new();
    for package in workspace.members() {
        let targets = package["targets"].as_array().unwrap().iter();
        open.extend(targets.map(|target| (target["src_path"].as_str().unwrap().into(), true)));
    }
    while let Some((file, is_root)) = open.pop() {
        if reached.insert(file.clone()) {
            let next = modules_of(&file, is_root).into_iter();
            open.extend(next.map(|path| (path, false)));
        }
    }
    assert!(reached.len() > 100, "only {} files", reached.len());
    let lost: Vec<String> = sources_below(&root())
        .into_iter()
        .filter(|path| !reached.contains(path))
        // A fuzz target is a workspace of its own, for another toolchain.
        .filter(|path| !path.components().any(|part| part.as_os_str() == "fuzz"))
        .map(|path| relative(&path))
        .collect();
    assert_eq!(lost, Vec::<String>::new());
}
