//! Arguments made from a schema.

use gitlab_mcp_core::tool::Entry;
use serde_json::{Map, Value, json};

/// A value that fits a schema.
fn example(schema: &Value) -> Value {
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    match schema["type"].as_str() {
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => json!([example(&schema["items"])]),
        Some("object") => {
            let members = schema["properties"].as_object().cloned();
            let members = members.unwrap_or_default().into_iter();
            members.map(|(name, one)| (name, example(&one))).collect()
        }
        _ => json!("text"),
    }
}

/// Arguments that fit a tool: all of them, or only the required ones.
pub(crate) fn arguments(entry: &Entry, all: bool) -> Map<String, Value> {
    let required: Vec<&str> = entry.schema.required().collect();
    entry
        .schema
        .arguments()
        .filter(|(name, _)| all || required.contains(&name.as_str()))
        .map(|(name, one)| (name.clone(), example(&Value::Object(one.clone()))))
        .collect()
}
