//! What holds for every tool, whoever writes it. Each test collects all failures.

use std::collections::BTreeSet;

use gitlab_mcp_core::gitlab::{Instance, Method};
use gitlab_mcp_core::tool::{
    Action, Answers, Effect, Entry, ErrorCode, Paging, Policy, PolicyInput, ToolSettings, execute,
};
use serde_json::{Map, Value};

#[path = "registry/example.rs"]
mod example;
#[path = "registry/linked.rs"]
mod linked;
#[path = "registry/offline.rs"]
mod offline;
#[path = "registry/shown.rs"]
mod shown;

use example::arguments;
use linked::catalog;
use shown::shown;

/// Bytes of `tools/list` with nothing configured.
const MOST_BYTES: usize = 90 * 1024;

/// Collects what `check` finds in every tool and fails with all of it.
fn every_tool(check: impl Fn(&Entry, &mut Vec<String>)) {
    let mut failures = Vec::new();
    for entry in catalog().entries() {
        let mut found = Vec::new();
        check(entry, &mut found);
        failures.extend(
            found
                .into_iter()
                .map(|text| format!("{}: {text}", entry.name())),
        );
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn is_sentence(text: &str) -> bool {
    let starts = text.chars().next().is_some_and(|c| !c.is_lowercase());
    starts && text.ends_with('.')
}

fn holes(entry: &Entry) -> Vec<&'static str> {
    let path = entry.tool.route.map_or("", |route| route.path);
    let hole = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
    path.split('/').filter_map(hole).collect()
}

#[test]
fn names_are_words_joined_by_underscores() {
    every_tool(|entry, failures| {
        let name = entry.name();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || !name.chars().all(legal) || !(2..=64).contains(&name.len()) {
            failures.push("not a legal name".to_owned());
        }
    });
    let names: Vec<&str> = catalog().entries().iter().map(Entry::name).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len());
}

#[test]
fn descriptions_are_short_sentences() {
    every_tool(|entry, failures| {
        let text = &entry.schema.description;
        let first = text.lines().next().unwrap_or_default();
        if !is_sentence(text) || first.chars().count() > 80 {
            failures.push(format!("description: {text:?}"));
        }
        for (name, schema) in entry.schema.arguments() {
            let text = schema.get("description").and_then(Value::as_str);
            if !text.is_some_and(is_sentence) {
                failures.push(format!("argument {name}: {text:?}"));
            }
        }
    });
}

/// Members no client should have to understand, anywhere in a schema.
fn knots(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_name = place.ends_with("/properties");
                let knot = matches!(
                    name.as_str(),
                    "$ref" | "$defs" | "title" | "$schema" | "writeOnly"
                );
                if knot && !is_name || name.starts_with("x-") {
                    found.push(format!("{place}/{name}"));
                }
                knots(member, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                knots(item, &format!("{place}/{index}"), found);
            }
        }
        Value::Null => found.push(format!("{place} is null")),
        Value::String(text) if text == "null" => found.push(format!("{place} is \"null\"")),
        _ => {}
    }
}

#[test]
fn schemas_are_flat() {
    every_tool(|entry, failures| {
        let schema = Value::Object(entry.schema.public());
        knots(&schema, "", failures);
        for combinator in ["anyOf", "oneOf", "allOf"] {
            if schema.get(combinator).is_some() {
                failures.push(format!("{combinator} at the top"));
            }
        }
        let names: BTreeSet<&str> = entry
            .schema
            .arguments()
            .map(|(name, _)| name.as_str())
            .collect();
        for required in entry.schema.required().filter(|name| !names.contains(name)) {
            failures.push(format!("requires `{required}`, which it does not have"));
        }
        for (name, one) in entry.schema.arguments() {
            if !one.contains_key("type") {
                failures.push(format!("argument {name} has no type"));
            }
        }
    });
}

#[test]
fn effects_fit_methods() {
    every_tool(|entry, failures| {
        let facts = &entry.tool.facts;
        let Some(route) = entry.tool.route else {
            return;
        };
        let fits = match route.method {
            Method::Get => facts.effect == Effect::Read,
            Method::Delete => facts.effect == Effect::Delete,
            Method::Post | Method::Put | Method::Patch => facts.effect != Effect::Read,
        };
        if !fits {
            failures.push(format!("{} but {:?}", route.method, facts.effect));
        }
        if route.method == Method::Delete && facts.answers == Answers::Text {
            failures.push("a deletion that answers text".to_owned());
        }
    });
}

#[test]
fn what_deletes_is_called_destructive() {
    every_tool(|entry, failures| {
        let facts = &entry.tool.facts;
        if facts.effect == Effect::Delete && !facts.destructive {
            failures.push("deletes but is not destructive".to_owned());
        }
        if facts.effect == Effect::Read && (facts.destructive || facts.admin) {
            failures.push("reads but is destructive or admin".to_owned());
        }
    });
}

#[test]
fn every_hole_is_a_required_argument() {
    every_tool(|entry, failures| {
        let required: Vec<&str> = entry.schema.required().collect();
        failures.extend(
            holes(entry)
                .into_iter()
                .filter(|hole| !required.contains(hole))
                .map(|hole| format!("{{{hole}}} is not required")),
        );
    });
}

#[test]
fn lists_take_a_page_and_say_how_they_are_paged() {
    every_tool(|entry, failures| {
        let takes_page = entry.schema.arguments().any(|(name, _)| name == "per_page");
        let paged = entry.tool.facts.paging != Paging::None;
        if takes_page != paged {
            failures.push(format!("per_page: {takes_page}, paged: {paged}"));
        }
    });
}

#[test]
fn further_tool_sets_exist() {
    let catalog = catalog();
    let ids: Vec<&str> = catalog.sets().iter().map(|entry| entry.set.id).collect();
    every_tool(|entry, failures| {
        let others = entry.tool.facts.also_in;
        failures.extend(
            others
                .iter()
                .filter(|id| !ids.contains(id) || **id == entry.set.id)
                .map(|id| format!("is also in `{id}`")),
        );
    });
    for set in catalog.sets() {
        assert!(set.tools > 0, "the tool set {} is empty", set.set.id);
    }
}

#[test]
fn requests_leave_no_hole_open() {
    let instance = Instance::parse("https://gitlab.example").unwrap();
    let settings = ToolSettings::default();
    every_tool(|entry, failures| {
        let Action::Rest(request) = entry.tool.action else {
            return;
        };
        // Updates want a change, so only the full set has to make a request.
        let given = arguments(entry, true);
        let prepared = entry.rules.prepare(given, &instance, &settings);
        match prepared.and_then(|arguments| request(Value::Object(arguments))) {
            Ok(request) if request.path().as_str().contains(['{', '}']) => {
                failures.push(request.to_string());
            }
            Ok(_) => {}
            Err(error) => failures.push(error.to_string()),
        }
    });
}

/// Runs a tool as the server does, up to the network.
#[expect(clippy::unwrap_used, reason = "a test may end here")]
async fn run(entry: &Entry, given: Map<String, Value>) -> Result<(), (ErrorCode, String)> {
    let catalog = catalog();
    let input = PolicyInput {
        toolsets: Some(vec!["all".to_owned()]),
        ..PolicyInput::default()
    };
    let (policy, _) = Policy::new(input, catalog).unwrap();
    let allowed = policy.decide(entry).unwrap();
    match execute(allowed, given, &offline::context()).await {
        Ok(_) => Ok(()),
        Err(error) => Err((error.code, error.to_string())),
    }
}

#[tokio::test]
async fn examples_of_all_arguments_reach_every_tool() {
    let mut failures = Vec::new();
    for entry in catalog().entries() {
        for all in [true, false] {
            // The rules have checked the types: whatever the struct itself refuses has no name.
            if let Err((_, text)) = run(entry, arguments(entry, all)).await
                && text.contains(" /: ")
            {
                failures.push(format!("{}: {text}", entry.name()));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[tokio::test]
async fn without_arguments_the_missing_ones_are_named_and_nothing_is_sent() {
    let mut failures = Vec::new();
    for entry in catalog().entries() {
        let Some(first) = entry.schema.required().next() else {
            continue;
        };
        match run(entry, Map::new()).await {
            Err((ErrorCode::InvalidParams, text)) if text.contains(&format!("/{first}")) => {}
            other => failures.push(format!("{}: {other:?}", entry.name())),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
#[expect(clippy::print_stdout, reason = "shown by --nocapture")]
fn the_default_list_is_small() {
    let catalog = catalog();
    let (policy, _) = Policy::new(PolicyInput::default(), catalog).unwrap();
    let size = |entry: &Entry| shown(entry).to_string().len() + 1;
    let listed: Vec<&Entry> = catalog
        .entries()
        .iter()
        .filter(|entry| policy.lists(entry))
        .collect();
    let bytes: usize = listed.iter().map(|entry| size(entry)).sum();
    let all: usize = catalog.entries().iter().map(size).sum();
    println!(
        "default: {} tools, {bytes} bytes; all: {} tools, {all} bytes",
        listed.len(),
        catalog.entries().len(),
    );
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}
