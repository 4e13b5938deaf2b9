//! `tools/list`, serialised once for each wire form. MCP 2026-07-28, server/tools.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use gitlab_mcp_core::tool::{Catalog, Effect, Entry, Policy};
use rmcp::model::{CacheScope, JsonObject, ListToolsResult, MetaObject, Tool, ToolAnnotations};
use serde_json::Value;

/// How long a client may keep a list.
pub(super) const TTL_MS: u64 = 60_000;

/// Which revision the bytes are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Without the members that 2026-07-28 added.
    Legacy,
    /// With `resultType`, caching hints and the server's identity.
    Modern,
}

/// The listed tools, as values and as bytes.
#[derive(Debug)]
pub(super) struct ToolList {
    tools: Vec<Tool>,
    with_headers: HashMap<&'static str, Tool>,
    legacy: Bytes,
    modern: Bytes,
}

impl ToolList {
    /// Lists what `policy` shows of `catalog`.
    pub(super) fn new(catalog: &Catalog, policy: &Policy, identity: &MetaObject) -> Self {
        let tools: Vec<Tool> = catalog
            .entries()
            .iter()
            .filter(|entry| policy.lists(entry))
            .map(described)
            .collect();
        let with_headers = catalog
            .entries()
            .iter()
            .filter(|entry| names_a_header(&Value::Object(entry.schema.object.clone())))
            .map(|entry| (entry.name(), described(entry)))
            .collect();
        let mut list = Self {
            tools,
            with_headers,
            legacy: Bytes::new(),
            modern: Bytes::new(),
        };
        list.legacy = to_bytes(&list.result(None));
        list.modern = to_bytes(&list.result(Some(identity)));
        list
    }

    /// The serialised result.
    pub(super) fn bytes(&self, form: Form) -> Bytes {
        match form {
            Form::Legacy => self.legacy.clone(),
            Form::Modern => self.modern.clone(),
        }
    }

    /// The result as a value; with the modern members when `identity` is given.
    pub(super) fn result(&self, identity: Option<&MetaObject>) -> ListToolsResult {
        let mut result = ListToolsResult::with_all_items(self.tools.clone());
        if let Some(identity) = identity {
            result.ttl_ms = Some(TTL_MS);
            result.cache_scope = Some(CacheScope::Private);
            result.meta = Some(identity.clone());
        } else {
            result.result_type = None;
        }
        result
    }

    /// True when an argument of the tool must be repeated in a header.
    pub(super) fn needs_headers(&self, name: &str) -> bool {
        self.with_headers.contains_key(name)
    }

    /// The tool, if any of its arguments must be repeated in a header.
    pub(super) fn with_headers(&self, name: &str) -> Option<Tool> {
        self.with_headers.get(name).cloned()
    }
}

fn described(entry: &Entry) -> Tool {
    let facts = &entry.tool.facts;
    let schema: Arc<JsonObject> = Arc::new(entry.schema.public());
    let read = facts.effect == Effect::Read;
    Tool::new(entry.name(), entry.schema.description.clone(), schema)
        .with_title(title(entry.name()))
        .with_annotations(ToolAnnotations::from_raw(
            None,
            Some(read),
            Some(facts.destructive),
            Some(facts.idempotent),
            Some(true),
        ))
}

/// `create_branch` becomes `Create branch`.
fn title(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn names_a_header(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.contains_key("x-mcp-header") || members.values().any(names_a_header)
        }
        Value::Array(items) => items.iter().any(names_a_header),
        _ => false,
    }
}

fn to_bytes(result: &ListToolsResult) -> Bytes {
    // Maps with text keys always serialise; an empty list is the honest fallback.
    serde_json::to_vec(result).map_or_else(|_| Bytes::from_static(br#"{"tools":[]}"#), Bytes::from)
}
