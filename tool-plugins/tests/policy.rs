//! Listing and calling obey the same rules, for every tool and every setting.

use gitlab_mcp_core::tool::{
    Catalog, Effect, Entry, ErrorCode, PermissionMode, Policy, PolicyInput, execute,
};
use regex::Regex;
use serde_json::{Value, json};

#[path = "registry/linked.rs"]
mod linked;
#[path = "registry/offline.rs"]
mod offline;

#[expect(clippy::unwrap_used, reason = "a test may end here")]
fn policy(input: PolicyInput, catalog: &Catalog) -> Policy {
    Policy::new(input, catalog).unwrap().0
}

/// Everything that is linked, unless `input` says otherwise.
fn everything() -> PolicyInput {
    PolicyInput {
        toolsets: Some(vec!["all".to_owned()]),
        ..PolicyInput::default()
    }
}

/// Every tool is listed and callable exactly when `expected` says so.
fn assert_allows(input: PolicyInput, expected: impl Fn(&Entry) -> bool) {
    let catalog = linked::catalog();
    let policy = policy(input, catalog);
    let wrong: Vec<String> = catalog
        .entries()
        .iter()
        .filter(|entry| {
            let (listed, callable) = (policy.lists(entry), policy.decide(entry).is_ok());
            (listed, callable) != (expected(entry), expected(entry))
        })
        .map(|entry| entry.name().to_owned())
        .collect();
    assert!(wrong.is_empty(), "decided otherwise: {}", wrong.join(", "));
}

#[test]
fn each_mode_allows_its_effects() {
    for (mode, allowed) in [
        (PermissionMode::ReadOnly, [true, false, false]),
        (PermissionMode::Modify, [true, true, false]),
        (PermissionMode::Full, [true, true, true]),
    ] {
        let input = PolicyInput {
            mode,
            ..everything()
        };
        assert_allows(input, |entry| match entry.tool.facts.effect {
            Effect::Read => allowed[0],
            Effect::Write => allowed[1],
            Effect::Delete => allowed[2],
        });
    }
}

#[test]
fn each_tool_set_brings_its_tools_and_those_that_are_also_in_it() {
    for set in linked::catalog().sets() {
        let id = set.set.id;
        let input = PolicyInput {
            toolsets: Some(vec![id.to_owned()]),
            ..PolicyInput::default()
        };
        assert_allows(input, |entry| {
            entry.set.id == id || entry.tool.facts.also_in.contains(&id)
        });
    }
}

#[test]
fn unconfigured_only_the_default_sets_are_there() {
    let on = [
        "branches",
        "issues",
        "labels",
        "merge_requests",
        "projects",
        "repositories",
        "users",
    ];
    let off = ["pipelines", "search"];
    for set in linked::catalog().sets() {
        let id = set.set.id;
        if on.contains(&id) || off.contains(&id) {
            assert_eq!(set.set.default, on.contains(&id), "{id}");
        }
    }
    assert_allows(PolicyInput::default(), |entry| {
        entry.set.default && !entry.tool.facts.on_request
    });
}

#[test]
fn one_tool_can_be_added_to_the_default_sets() {
    for entry in linked::catalog().entries() {
        let name = entry.name();
        let input = PolicyInput {
            tools: vec![name.to_owned()],
            ..PolicyInput::default()
        };
        assert_allows(input, |entry| {
            entry.name() == name || entry.set.default && !entry.tool.facts.on_request
        });
    }
}

#[test]
fn a_denied_pattern_wins_over_everything() {
    let input = PolicyInput {
        tools: vec!["delete_issue".to_owned()],
        denied_pattern: Some(Regex::new("^delete_").unwrap()),
        ..everything()
    };
    assert_allows(input, |entry| !entry.name().starts_with("delete_"));
}

#[test]
fn nothing_outside_an_allowed_pattern_or_list_exists() {
    let input = PolicyInput {
        allowed_pattern: Some(Regex::new("issue").unwrap()),
        ..everything()
    };
    assert_allows(input, |entry| entry.name().contains("issue"));
    let input = PolicyInput {
        allowed_tools: Some(vec!["whoami".to_owned(), "create_issue".to_owned()]),
        ..everything()
    };
    assert_allows(input, |entry| {
        matches!(entry.name(), "whoami" | "create_issue")
    });
}

#[test]
fn hidden_tools_are_callable_but_not_listed() {
    let catalog = linked::catalog();
    let input = PolicyInput {
        hidden: catalog
            .entries()
            .iter()
            .map(|entry| entry.name().to_owned())
            .collect(),
        ..everything()
    };
    let policy = policy(input, catalog);
    for entry in catalog.entries() {
        assert!(
            !policy.lists(entry) && policy.decide(entry).is_ok(),
            "{}",
            entry.name()
        );
    }
}

#[test]
fn the_mode_names_itself_in_the_refusal() {
    let catalog = linked::catalog();
    let input = PolicyInput {
        mode: PermissionMode::ReadOnly,
        ..everything()
    };
    let policy = policy(input, catalog);
    for entry in catalog.entries() {
        if let Err(refusal) = policy.decide(entry) {
            assert_eq!(refusal.code, ErrorCode::PermissionMode, "{}", entry.name());
        }
    }
}

/// How a call ends; what is let through ends at the missing credential.
#[expect(clippy::unwrap_used, reason = "a test may end here")]
async fn ends(name: &str, arguments: &Value, mode: PermissionMode) -> ErrorCode {
    let catalog = linked::catalog();
    let policy = policy(
        PolicyInput {
            mode,
            ..everything()
        },
        catalog,
    );
    let allowed = policy.decide(catalog.find(name).unwrap()).unwrap();
    let arguments = arguments.as_object().unwrap().clone();
    let answer = execute(allowed, arguments, &offline::context()).await;
    answer.unwrap_err().code
}

#[tokio::test]
async fn a_writing_tool_does_not_delete_where_deleting_is_forbidden() {
    let push = |file: Value| json!({ "project_id": 1, "branch": "b", "commit_message": "m", "files": [file] });
    let write = json!({ "project_id": 1, "branch": "b", "commit_message": "m", "content": "x",
        "file_path": "new", "previous_path": "old" });
    for (name, arguments, deletes) in [
        (
            "push_files",
            push(json!({ "file_path": "a", "action": "delete" })),
            true,
        ),
        (
            "push_files",
            push(json!({ "file_path": "a", "action": "move", "previous_path": "b" })),
            true,
        ),
        (
            "push_files",
            push(json!({ "file_path": "a", "content": "x" })),
            false,
        ),
        ("create_or_update_file", write, true),
    ] {
        let expected = if deletes {
            ErrorCode::PermissionMode
        } else {
            ErrorCode::Forbidden
        };
        assert_eq!(
            ends(name, &arguments, PermissionMode::Modify).await,
            expected,
            "{arguments}"
        );
        let full = ends(name, &arguments, PermissionMode::Full).await;
        assert_eq!(full, ErrorCode::Forbidden, "{arguments}");
    }
}
