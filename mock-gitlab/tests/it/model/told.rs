//! What the mock said, beside what the model says.

use serde_json::Value;

use super::rules::Model;
use crate::client::Reply;

/// The error says where the two part.
pub(super) type Told = Result<(), String>;

pub(super) fn same(reply: &Reply, expected: u16) -> Told {
    if reply.status == expected {
        return Ok(());
    }
    Err(format!(
        "the model says {expected}, the mock {}: {}",
        reply.status,
        reply.text()
    ))
}

pub(super) fn number(value: &Value) -> u64 {
    value["id"].as_u64().expect("an id")
}

pub(super) fn pick(all: &[&'static str], at: usize) -> &'static str {
    all[at % all.len()]
}

/// The actor or subject a number chooses.
pub(super) fn person(model: &Model, at: usize) -> (u64, String) {
    let (id, name) = model
        .users
        .iter()
        .nth(at % model.users.len())
        .expect("somebody");
    (*id, name.clone())
}
