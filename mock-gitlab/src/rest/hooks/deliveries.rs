//! Testing a hook, and what was delivered.

use serde_json::{Value, json};

use super::hook;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::resources::{Fields, Spec};
use crate::world::{Home, Record};

const TRIGGERS: [&str; 13] = [
    "confidential_issues_events",
    "confidential_note_events",
    "deployment_events",
    "emoji_events",
    "issues_events",
    "job_events",
    "merge_requests_events",
    "note_events",
    "pipeline_events",
    "push_events",
    "releases_events",
    "resource_access_token_events",
    "tag_push_events",
];
const OTHER_TRIGGERS: [&str; 3] = [
    "wiki_page_events",
    "milestone_events",
    "feature_flag_events",
];

pub(super) fn test(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let hook = hook(cx, spec)?;
    let trigger = cx.path.get("trigger").to_owned();
    let known = TRIGGERS.iter().chain(&OTHER_TRIGGERS);
    let known = known.into_iter().any(|word| *word == trigger);
    if !known {
        return Err(ApiError::not_a_choice("trigger"));
    }
    deliver(cx, &hook, &trigger)?;
    Ok(Answer::created(&json!({ "message": "201 Created" })))
}

fn deliver(cx: &mut Cx<'_>, hook: &Record, trigger: &str) -> Result<(), ApiError> {
    let user = cx.user()?.id;
    let mut fields = Fields::new();
    fields.insert("trigger".to_owned(), json!(trigger));
    fields.insert("url".to_owned(), json!(hook.text("url")));
    let home = Home::Record("hook", hook.id);
    cx.world
        .add_record("hook delivery", home, fields, user, cx.now);
    Ok(())
}

pub(super) fn list(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let hook = hook(cx, spec)?;
    let home = Home::Record("hook", hook.id);
    let status = cx.params.filled("status");
    let fits = status
        .as_deref()
        .is_none_or(|word| matches!(word, "200" | "successful"));
    let rows = cx.world.records_in("hook delivery", home).rev();
    let rows: Vec<&Record> = rows.filter(|_| fits).collect();
    pagination::offset(cx, &rows, |record| event(record))
}

fn event(record: &Record) -> Value {
    let kind = record.text("trigger").trim_end_matches("_events");
    json!({
        "id": record.id,
        "url": record.text("url"),
        "trigger": record.text("trigger"),
        "request_headers": { "Content-Type": "application/json", "X-Gitlab-Event": kind },
        "request_data": { "object_kind": kind },
        "response_headers": {},
        "response_body": "",
        "execution_duration": 0.1,
        "response_status": "200",
    })
}

pub(super) fn resend(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let hook = hook(cx, spec)?;
    let id = cx.number("event_id", "Hook event")?;
    let former = cx.world.record("hook delivery", id);
    let former = former.filter(|one| one.home == Home::Record("hook", hook.id));
    let trigger = former.map(|one| one.text("trigger").to_owned());
    deliver(cx, &hook, &trigger.ok_or_else(ApiError::gone)?)?;
    Ok(Answer::created(&json!({ "response_status": 200 })))
}
