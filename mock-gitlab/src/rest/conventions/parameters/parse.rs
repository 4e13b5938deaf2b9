//! From bytes to names and values: `x[]=`, `h[k]=`, JSON, forms, multipart.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Upload;
use super::multipart;
use crate::error::ApiError;
use crate::request::Request;

/// Deeper brackets are kept as plain text: nobody needs them, and recursion has a limit.
const MAX_DEPTH: usize = 6;

/// Reads `a=1&b[]=2`.
pub(super) fn pairs(text: &[u8]) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        insert(&mut all, &name, Value::String(value.into_owned()));
    }
    all
}

/// What a body holds: fields, and files by the name of their field.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) fields: Map<String, Value>,
    pub(super) files: BTreeMap<String, Upload>,
}

impl Body {
    fn of_fields(fields: Map<String, Value>) -> Self {
        Self {
            fields,
            files: BTreeMap::new(),
        }
    }
}

/// Reads the body by its content type.
pub(super) fn body(request: &Request) -> Result<Body, ApiError> {
    let kind = request
        .header("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if request.body.is_empty() {
        return Ok(Body::default());
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(Body::of_fields(pairs(&request.body)));
    }
    if kind.starts_with("multipart/form-data") {
        return Ok(multipart::read(request).unwrap_or_default());
    }
    if kind.starts_with("application/json") || kind.is_empty() {
        return match serde_json::from_slice(&request.body) {
            Ok(Value::Object(all)) => Ok(Body::of_fields(all)),
            Ok(_) => Ok(Body::default()),
            Err(_) => Err(ApiError::error(400, "Problems parsing JSON")),
        };
    }
    Ok(Body::default())
}

/// Puts a value where `a[b][]` says.
pub(super) fn insert(all: &mut Map<String, Value>, name: &str, value: Value) {
    let Some(keys) = keys(name) else {
        all.insert(name.to_owned(), value);
        return;
    };
    let Some((first, rest)) = keys.split_first() else {
        return;
    };
    let slot = all.entry((*first).to_owned()).or_insert(Value::Null);
    place(slot, rest, value);
}

/// `a[b][]` as `["a", "b", ""]`; none when the brackets make no sense.
fn keys(name: &str) -> Option<Vec<&str>> {
    let (first, mut rest) = name.split_at(name.find('[')?);
    let mut keys = vec![first];
    while !rest.is_empty() {
        let (key, after) = rest.strip_prefix('[')?.split_once(']')?;
        keys.push(key);
        rest = after;
    }
    (!first.is_empty() && keys.len() <= MAX_DEPTH).then_some(keys)
}

fn place(slot: &mut Value, keys: &[&str], value: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *slot = value;
        return;
    };
    if key.is_empty() {
        if !slot.is_array() {
            *slot = Value::Array(Vec::new());
        }
        let Value::Array(items) = slot else { return };
        // Rails starts the next object of `v[][key]=` when a key comes round again.
        let fits = |last: &Value| {
            let next = rest.first().filter(|next| !next.is_empty());
            next.is_some_and(|next| last.as_object().is_some_and(|all| !all.contains_key(*next)))
        };
        if let Some(last) = items.last_mut().filter(|last| fits(last)) {
            place(last, rest, value);
        } else {
            let mut item = Value::Null;
            place(&mut item, rest, value);
            items.push(item);
        }
    } else {
        if !slot.is_object() {
            *slot = Value::Object(Map::new());
        }
        if let Value::Object(all) = slot {
            place(
                all.entry((*key).to_owned()).or_insert(Value::Null),
                rest,
                value,
            );
        }
    }
}
