//! `gitlab-mcp tools`: what a client would be shown. Needs no credential and no GitLab.

use std::process::ExitCode;

use gitlab_mcp_core::config::{Section, Sources};
use gitlab_mcp_core::tool::Entry;
use serde_json::{Value, json};

use super::print;
use crate::build::{Linked, StartError};
use crate::config::ToolsConfig;

/// Prints the enabled tools, or one tool.
pub(super) fn run(
    sources: &Sources,
    linked: &Linked,
    name: Option<&str>,
    as_json: bool,
) -> Result<ExitCode, StartError> {
    let mut reader = linked.reader(sources)?;
    let policy = ToolsConfig::read(&mut reader).resolve(&linked.catalog, &mut reader);
    reader.finish()?;
    let Some(policy) = policy else {
        return Ok(ExitCode::FAILURE);
    };
    if let Some(name) = name {
        let Some(entry) = linked.catalog.find(name) else {
            let nearest = linked.catalog.nearest(name, |_| true);
            let hint = nearest
                .map(|other| format!("; did you mean {other}?"))
                .unwrap_or_default();
            print::error(&format!("no tool is called {name}{hint}"));
            return Ok(ExitCode::FAILURE);
        };
        let state = match policy.decide(entry) {
            Ok(_) => "enabled".to_owned(),
            Err(refusal) => format!("not enabled: {}", refusal.reasons.join("; ")),
        };
        print::out(&one(entry, &state, as_json));
        return Ok(ExitCode::SUCCESS);
    }
    let listed: Vec<&Entry> = linked
        .catalog
        .entries()
        .iter()
        .filter(|entry| policy.lists(entry))
        .collect();
    if as_json {
        let list: Vec<Value> = listed.iter().map(|entry| describe(entry)).collect();
        print::out(&format!("{:#}", Value::Array(list)));
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = Vec::new();
    let mut set = "";
    for entry in &listed {
        if entry.set.id != set {
            set = entry.set.id;
            lines.push(format!("{set}: {}", entry.set.summary));
        }
        let summary = entry.schema.description.lines().next().unwrap_or_default();
        lines.push(format!("  {:<40} {summary}", entry.name()));
    }
    let count = listed.len();
    lines.push(format!(
        "\n{count} tools; GITLAB_TOOLSETS and GITLAB_TOOLS enable more"
    ));
    print::out(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(entry: &Entry) -> Value {
    json!({
        "name": entry.name(),
        "toolset": entry.set.id,
        "description": entry.schema.description,
        "inputSchema": entry.schema.public(),
        "effect": format!("{:?}", entry.tool.facts.effect).to_lowercase(),
        "crate": entry.tool.crate_name,
    })
}

fn one(entry: &Entry, state: &str, as_json: bool) -> String {
    let mut about = describe(entry);
    if as_json {
        if let Some(members) = about.as_object_mut() {
            members.insert("state".to_owned(), state.into());
        }
        return format!("{about:#}");
    }
    let route = entry
        .tool
        .route
        .map(|route| format!("\n{} /api/v4/{}", route.method, route.path));
    format!(
        "{} ({}, {state}){}\n\n{}\n\n{:#}",
        entry.name(),
        entry.set.id,
        route.unwrap_or_default(),
        entry.schema.description,
        Value::Object(entry.schema.public()),
    )
}
