//! GraphQL over the same world and permissions as REST.

mod limits;
mod reading;
mod vulnerabilities;
mod work_items;

use serde_json::{Value, json};

use crate::client::{Client, Reply};

/// Sends a query and returns the whole answer.
async fn send(client: &Client<'_>, query: &str, variables: Value) -> Reply {
    let body = json!({ "query": query, "variables": variables }).to_string();
    client
        .raw("POST", "/api/graphql", "application/json", &body)
        .await
        .unwrap()
}

/// The data of a query that has no errors.
#[track_caller]
fn data(reply: Reply) -> Value {
    let mut body = reply.expect(200).json();
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].take()
}

/// The message of the first error.
#[track_caller]
fn message(reply: Reply) -> String {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    drop(reply);
    let text = body["errors"][0]["message"].as_str();
    text.unwrap_or_else(|| panic!("no error: {body}"))
        .to_owned()
}
