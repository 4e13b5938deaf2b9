//! What GitLab says in an error body, whatever its shape, in one bounded line.
//! <https://docs.gitlab.com/api/rest/troubleshooting/#error-messages>

use serde_json::Value;

use crate::tool::{FieldProblem, mask_tokens};

/// Longest part of GitLab's words that is passed on, in bytes.
const LONGEST: usize = 2_048;

/// The body as JSON. What is no JSON becomes its text; a page says nothing.
pub(super) fn read(body: &[u8], html: bool) -> Value {
    if html {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

/// GitLab's `message` may be a text, a list, or an object of lists; `error` may stand beside it.
pub(super) fn message_of(body: &Value) -> Option<String> {
    if let Value::String(text) = body {
        let text = text.trim();
        return (!text.is_empty()).then(|| text.to_owned());
    }
    let description = body.get("error_description").and_then(Value::as_str);
    if let Some(text) = description {
        return Some(text.to_owned());
    }
    body.get("message")
        .and_then(flat)
        .or_else(|| body.get("error").and_then(flat))
        .or_else(|| body.get("errors").and_then(flat))
}

fn flat(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().filter_map(flat).collect();
            Some(parts.join("; "))
        }
        Value::Object(members) => {
            let parts: Vec<String> = members
                .iter()
                .filter_map(|(name, member)| Some(format!("{name}: {}", flat(member)?)))
                .collect();
            Some(parts.join("; "))
        }
        _ => None,
    }
}

/// The fields of a `message` that is an object.
pub(super) fn fields_of(body: &Value) -> Vec<FieldProblem> {
    let members = body
        .get("message")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    members
        .filter_map(|(name, text)| {
            Some(FieldProblem {
                pointer: format!("/{name}"),
                expected: bounded(&flat(text)?),
            })
        })
        .collect()
}

/// One line, at most [`LONGEST`] bytes, without control or invisible characters, no token.
pub(super) fn bounded(text: &str) -> String {
    let clean = crate::tool::visible(text).replace(['\n', '\r'], " ");
    let mut clean = mask_tokens(&clean).unwrap_or(clean);
    if clean.len() > LONGEST {
        let end = (0..=LONGEST)
            .rev()
            .find(|end| clean.is_char_boundary(*end))
            .unwrap_or(0);
        clean.truncate(end);
        clean.push('…');
    }
    clean
}
