//! `gitlab-mcp auth-modes`: every registered way to sign in, and which one would be used.

use std::process::ExitCode;

use gitlab_mcp_core::auth::{self, AuthDescriptor, SelectedBy};
use gitlab_mcp_core::config::Sources;
use serde_json::{Value, json};

use super::print;
use crate::build::{Linked, StartError};

/// Prints the modes.
pub(super) fn run(
    sources: &Sources,
    linked: &Linked,
    as_json: bool,
) -> Result<ExitCode, StartError> {
    let mut reader = linked.reader(sources)?;
    let selected = auth::choose(&linked.modes, &mut reader);
    let (name, because) = match &selected {
        Some((mode, because)) => (Some(mode.name), because.as_str()),
        None => (
            None,
            "the present configuration selects none; `gitlab-mcp config check` says why",
        ),
    };
    if as_json {
        let modes: Vec<Value> = linked.modes.iter().map(to_json).collect();
        let report = json!({ "modes": modes, "selected": name, "because": because });
        print::out(&format!("{report:#}"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines: Vec<String> = linked
        .modes
        .iter()
        .map(|mode| describe(mode, Some(mode.name) == name))
        .collect();
    let name = name.map_or_else(|| "none;".to_owned(), |name| format!("{name}, because"));
    lines.push(format!("\nselected: {name} {because}"));
    print::out(&lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn describe(mode: &AuthDescriptor, selected: bool) -> String {
    format!(
        "{} {:<22} {}\n    {}\n    reads: {}\n    transports: {}   crate: {}",
        if selected { '*' } else { ' ' },
        mode.name,
        mode.summary,
        selected_by(mode),
        variables(mode).join(", "),
        transports(mode).join(", "),
        mode.crate_name,
    )
}

fn to_json(mode: &AuthDescriptor) -> Value {
    json!({
        "name": mode.name,
        "summary": mode.summary,
        "selected_by": selected_by(mode),
        "variables": variables(mode),
        "transports": transports(mode),
        "crate": mode.crate_name,
    })
}

fn selected_by(mode: &AuthDescriptor) -> String {
    let named = format!("GITLAB_AUTH_MODE={}", mode.name);
    match mode.selected_by {
        SelectedBy::NameOnly => format!("selected by {named}"),
        SelectedBy::Switch(setting) => {
            format!("selected by {named} or {}=true", setting.variable())
        }
        SelectedBy::Credential { setting, .. } => {
            format!("selected by {named} or by setting {}", setting.variable())
        }
    }
}

fn variables(mode: &AuthDescriptor) -> Vec<&'static str> {
    mode.settings
        .iter()
        .map(|setting| setting.variable())
        .collect()
}

fn transports(mode: &AuthDescriptor) -> Vec<&'static str> {
    [
        ("stdio", mode.transports.stdio),
        ("http", mode.transports.http),
    ]
    .into_iter()
    .filter_map(|(name, served)| served.then_some(name))
    .collect()
}
