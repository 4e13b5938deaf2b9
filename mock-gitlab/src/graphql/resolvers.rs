//! Which field is resolved by what. Every other field is read from its parent.

use serde_json::{Map, Value};

use super::{
    Refusal, iterations, merge_requests, mutations, notes, pipelines, projects, query,
    vulnerabilities, widgets, work_items,
};
use crate::context::Cx;

/// The value of a field: context, parent and arguments in.
pub(super) type Resolver = fn(&mut Cx<'_>, &Value, &Map<String, Value>) -> Result<Value, Refusal>;

const TABLE: [&[(&str, Resolver)]; 10] = [
    query::TABLE,
    projects::TABLE,
    work_items::TABLE,
    widgets::TABLE,
    merge_requests::TABLE,
    pipelines::TABLE,
    notes::TABLE,
    vulnerabilities::TABLE,
    iterations::TABLE,
    mutations::TABLE,
];

/// The resolver of `Type.field`.
pub(super) fn of(owner: &str, field: &str) -> Option<Resolver> {
    let named = |name: &str| name.split_once('.') == Some((owner, field));
    let mut all = TABLE.iter().copied().flatten();
    all.find(|(name, _)| named(name))
        .map(|(_, resolver)| *resolver)
}

/// Every name of the table.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().copied().flatten().map(|(name, _)| *name)
}

/// A text argument that is there and not empty.
pub(super) fn text<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let value = arguments.get(name).and_then(Value::as_str);
    value.filter(|text| !text.is_empty())
}

/// A list of texts; a single text counts as a list, as GraphQL has it.
pub(super) fn texts(arguments: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    match arguments.get(name)? {
        Value::Array(items) => Some(
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
        ),
        Value::String(text) => Some(vec![text.clone()]),
        _ => None,
    }
}

/// A path with query parameters, percent-encoded.
pub(super) fn address(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// One path segment.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
