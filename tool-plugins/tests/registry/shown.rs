//! A tool as a model sees it.

use gitlab_mcp_core::tool::{Effect, Entry};
use serde_json::{Value, json};

/// What a model is shown of a tool.
pub(crate) fn shown(entry: &Entry) -> Value {
    let facts = &entry.tool.facts;
    json!({
        "name": entry.name(),
        "title": title(entry.name()),
        "description": entry.schema.description,
        "inputSchema": entry.schema.public(),
        "annotations": {
            "readOnlyHint": facts.effect == Effect::Read,
            "destructiveHint": facts.destructive,
            "idempotentHint": facts.idempotent,
            "openWorldHint": true,
        },
    })
}

fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let (first, rest) = words.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
