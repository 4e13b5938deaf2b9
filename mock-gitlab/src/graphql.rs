//! `POST /api/graphql`. <https://docs.gitlab.com/api/graphql/>

use async_graphql::parser::parse_query;
use async_graphql::parser::types::DocumentOperations;
use serde_json::Value;

use crate::request::Request;

/// The name of the operation a request asks for, if it has one.
pub(crate) fn operation_name(request: &Request) -> Option<String> {
    if request.path != "/api/graphql" {
        return None;
    }
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    if let Some(name) = body.get("operationName").and_then(Value::as_str) {
        return Some(name.to_owned());
    }
    let document = parse_query(body.get("query")?.as_str()?).ok()?;
    match document.operations {
        DocumentOperations::Single(_) => None,
        DocumentOperations::Multiple(all) => {
            let mut names = all.keys();
            names
                .next()
                .filter(|_| names.len() == 0)
                .map(ToString::to_string)
        }
    }
}
