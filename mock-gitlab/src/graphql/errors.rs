//! Errors in the words and shapes of GitLab.
//! <https://docs.gitlab.com/api/graphql/#error-handling>

use async_graphql::Response;
use serde_json::{Map, Value, json};

use super::limits::Weight;
use crate::answer::Answer;
use crate::error::ApiError;

/// What is not there and what may not be seen read alike.
pub(super) const NOT_AVAILABLE: &str = "The resource that you are attempting to access does not exist or you don't \
                                        have permission to perform this action";

/// An answer without a result: `{"errors":[{"message":…}]}`.
pub(super) fn only(message: &str) -> Value {
    json!({ "errors": [{ "message": message }] })
}

/// The same with a status.
pub(super) fn refuse(status: u16, message: &str) -> ApiError {
    Answer::json_with(status, &only(message)).into()
}

pub(super) fn syntax(error: &async_graphql::parser::Error) -> Value {
    let places: Vec<Value> = error
        .positions()
        .map(|place| json!({ "line": place.line, "column": place.column }))
        .collect();
    json!({ "errors": [{ "message": format!("Parse error: {error}"), "locations": places }] })
}

/// The refusal of a query that is too deep or too complex.
pub(super) fn too_heavy(weight: Weight, signed_in: bool) -> Option<Value> {
    let (complexity, depth) = if signed_in { (250, 20) } else { (200, 15) };
    if weight.complexity > complexity {
        let text = format!(
            "Query has complexity of {}, which exceeds max complexity of {complexity}",
            weight.complexity
        );
        return Some(only(&text));
    }
    (weight.depth > depth).then(|| {
        only(&format!(
            "Query has depth of {}, which exceeds max depth of {depth}",
            weight.depth
        ))
    })
}

/// The answer of the library in GitLab's shape: no `data` where nothing ran.
pub(super) fn translate(response: Response) -> Value {
    let ran = response.errors.iter().all(|error| !error.path.is_empty());
    let mut all = Map::new();
    let errors: Vec<Value> = response
        .errors
        .iter()
        .map(|error| {
            let mut value = serde_json::to_value(error).unwrap_or_default();
            if let Value::Object(own) = &mut value {
                undefined_field(&error.message, own);
            }
            value
        })
        .collect();
    if ran {
        let data = response.data.into_json().unwrap_or_default();
        all.insert("data".to_owned(), data);
    }
    if !errors.is_empty() {
        all.insert("errors".to_owned(), Value::Array(errors));
    }
    Value::Object(all)
}

/// `Field 'x' doesn't exist on type 'Y'`, as older versions say about newer fields.
fn undefined_field(message: &str, error: &mut Map<String, Value>) {
    let mut parts = message.split('"');
    let (Some("Unknown field "), Some(field), Some(" on type "), Some(owner)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let text = format!("Field '{field}' doesn't exist on type '{owner}'");
    error.insert("message".to_owned(), json!(text));
    error.insert("path".to_owned(), json!(["query", field]));
    error.insert(
        "extensions".to_owned(),
        json!({ "code": "undefinedField", "typeName": owner, "fieldName": field }),
    );
}
