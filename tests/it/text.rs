//! What stands in the files of this repository, and how much of it.

use std::path::Path;

use gitlab_mcp_tests::root;

use crate::reachable::{files_below, sources_below};
use crate::workspace::relative;

/// A file this long has more than one subject.
const LONGEST: usize = 600;
/// Names that say nothing.
const NAMELESS: [&str; 6] = ["utils", "util", "helpers", "common", "misc", "types"];
/// Where lock files may point.
const REGISTRIES: [&str; 1] = ["github.com"];

#[test]
fn no_source_file_is_longer_than_its_subject() {
    let long: Vec<String> = sources_below(&root())
        .into_iter()
        .filter_map(|path| {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            (lines > LONGEST).then(|| format!("{}: {lines} lines", relative(&path)))
        })
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn every_source_file_is_named_for_what_it_holds() {
    let nameless = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        NAMELESS.contains(&stem.as_ref())
    };
    let found: Vec<String> = sources_below(&root())
        .into_iter()
        .filter(|path| nameless(path))
        .map(|path| relative(&path))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_source_file_says_in_its_first_line_what_it_is() {
    let silent: Vec<String> = sources_below(&root())
        .into_iter()
        .filter(|path| !std::fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| relative(&path))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn no_file_holds_a_machine_path_or_a_note_to_self() {
    // Written in two parts, so that this file is clean.
    let banned = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("// TO", "DO"),
        concat!("TO", "DO:"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let mut found = Vec::new();
    for path in files_below(&root()) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{}: {word}", relative(&path), number + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn lock_files_point_at_public_registries_only() {
    let locks = ["Cargo.lock", "package-lock.json", "pylock.toml", "uv.lock"];
    let mut found = Vec::new();
    for path in files_below(&root()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !locks.contains(&name.as_ref()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split("://").skip(1) {
            let host = rest.split(['/', '"', '#']).next().unwrap_or_default();
            if !REGISTRIES.contains(&host) {
                found.push(format!("{}: {host}", relative(&path)));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
