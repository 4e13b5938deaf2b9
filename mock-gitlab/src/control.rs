//! The control API of the mock, `/-/mock/`: what the library offers, for tests in
//! other languages. Loopback only, and never in the ledger.

mod edit;

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::faults::Fault;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("ledger", ledger);
    table.delete("ledger", clear_ledger);
    table.get("faults", faults);
    table.post("faults", add_faults);
    table.delete("faults", clear_faults);
    table.get("clock", clock);
    table.post("clock", advance);
    table.post("reset", reset);
    table.get("routes", list_routes);
    table.get("coverage", coverage);
    table.post("snapshots", snapshot);
    table.post("snapshots/:id/restore", restore);
    table.get("world", world);
    table.post("quirks", set_quirks);
    table.post("edit", edit::edit);
}

/// Which routes were hit, and which never.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn coverage(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let coverage = cx.shared.coverage.read(cx.routes());
    Ok(Answer::json(&coverage.to_json()))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn snapshot(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.shared.snapshots.take(cx.world);
    Ok(Answer::created(&json!({ "id": id.number() })))
}

fn restore(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.number("id", "Snapshot")?;
    let world = cx.shared.snapshots.get(id.into());
    *cx.world = world.ok_or_else(|| ApiError::not_found("Snapshot"))?;
    Ok(Answer::no_content())
}

/// How much there is of everything.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn world(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let world = &*cx.world;
    let users = world.users.values().map(|user| user.username.clone());
    let projects = world.projects.values();
    let projects = projects.map(|project| world.project_path(project));
    Ok(Answer::json(&json!({
        "users": users.collect::<Vec<_>>(),
        "groups": world.groups.keys().map(|id| world.group_path(*id)).collect::<Vec<_>>(),
        "projects": projects.collect::<Vec<_>>(),
        "issues": world.issues.len(),
        "merge_requests": world.merge_requests.len(),
        "notes": world.notes.len(),
        "pipelines": world.pipelines.len(),
        "jobs": world.jobs.len(),
        "tokens": world.tokens.len(),
        "now": cx.now,
    })))
}

/// `{"family_revocation": true, "device_interval": -1}`: names and values as in
/// `--quirk`.
fn set_quirks(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body: Value = serde_json::from_slice(&cx.request.body)
        .map_err(|error| ApiError::bad_request(&error.to_string()))?;
    let Value::Object(all) = body else {
        return Err(ApiError::bad_request("an object is wanted"));
    };
    let mut quirks = cx.world.quirks.clone();
    for (name, value) in all {
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        quirks
            .set(&name, &text)
            .map_err(|reason| ApiError::bad_request(&reason))?;
    }
    cx.world.quirks = quirks;
    Ok(Answer::no_content())
}

/// `?of=GET /api/v4/projects/*` narrows it down.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn ledger(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let all = cx.shared.ledger.all();
    let records = match cx.params.filled("of") {
        Some(glob) => all.of(&glob),
        None => all,
    };
    let records: Vec<Value> = records.iter().map(crate::ledger::Record::to_json).collect();
    Ok(Answer::json(&json!(records)))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn clear_ledger(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.shared.ledger.clear();
    Ok(Answer::no_content())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn faults(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(
        &json!({ "pending": cx.shared.faults.count(), "faults": cx.shared.faults.to_json() }),
    ))
}

/// One fault as an object, or several as `{"faults":[…]}`.
fn add_faults(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let body: Value = serde_json::from_slice(&cx.request.body)
        .map_err(|error| ApiError::bad_request(&error.to_string()))?;
    let written = match body {
        Value::Array(all) => all,
        Value::Object(mut one) => match one.remove("faults") {
            Some(Value::Array(all)) => all,
            _ => vec![Value::Object(one)],
        },
        _ => return Err(ApiError::bad_request("an object or a list is wanted")),
    };
    let faults: Result<Vec<Fault>, String> = written.into_iter().map(Fault::from_json).collect();
    for fault in faults.map_err(|reason| ApiError::bad_request(&reason))? {
        cx.shared.faults.add(fault);
    }
    Ok(Answer::created(
        &json!({ "pending": cx.shared.faults.count() }),
    ))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn clear_faults(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.shared.faults.clear();
    Ok(Answer::no_content())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn clock(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&json!({ "now": cx.shared.clock.now() })))
}

fn advance(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let seconds = cx.params.required_id("advance_seconds")?;
    cx.shared.clock.advance(Duration::from_secs(seconds));
    Ok(Answer::json(&json!({ "now": cx.shared.clock.now() })))
}

/// Back to the start: world, ledger, coverage and faults. The clock goes on.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn reset(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.shared.reset(cx.world);
    Ok(Answer::no_content())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn list_routes(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let routes: Vec<String> = cx
        .routes()
        .listing()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    Ok(Answer::json(&json!(routes)))
}
