//! Writing notes and reacting to things.

use serde_json::{Value, json};

use super::{Refusal, Resolved};
use crate::context::Cx;
use crate::graphql::notes::{NOTES, note_path, noteable, noteable_path, payload, thread_id};
use crate::graphql::session::rest;
use crate::graphql::shape::{number, number_of, text};

pub(super) fn create(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let target = noteable(text(input, "noteableId"));
    let path = target.and_then(|target| noteable_path(cx, &target));
    let path = path.ok_or(Refusal::Missing)?;
    let place = match text(input, "discussionId") {
        "" => format!("{path}/notes"),
        thread => format!("{path}/discussions/{}/notes", thread_id(thread)),
    };
    let internal = input
        .get("internal")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let body = json!({ "body": text(input, "body"), "internal": internal });
    let note = rest(cx, "POST", &place, Some(body))?.body;
    // A note of nothing but quick actions leaves no note.
    if number(&note, "id") == 0 {
        return Ok(json!({ "note": null }));
    }
    Ok(json!({ "note": payload(note) }))
}

fn path(cx: &Cx<'_>, input: &Value) -> Result<String, Refusal> {
    let id = number_of(text(input, "id"), &NOTES).ok_or(Refusal::Missing)?;
    let (own, _) = note_path(cx, id).ok_or(Refusal::Missing)?;
    Ok(own)
}

pub(super) fn update(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let path = path(cx, input)?;
    let body = json!({ "body": text(input, "body") });
    let note = rest(cx, "PUT", &path, Some(body))?.body;
    Ok(json!({ "note": payload(note) }))
}

pub(super) fn destroy(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let path = path(cx, input)?;
    rest(cx, "DELETE", &path, None)?;
    Ok(json!({ "note": null }))
}

fn awardable(cx: &Cx<'_>, input: &Value) -> Result<String, Refusal> {
    let id = text(input, "awardableId");
    let note = number_of(id, &NOTES).filter(|_| id.contains("Note/"));
    let path = match note {
        Some(note) => note_path(cx, note).map(|(own, _)| own),
        None => noteable(id).and_then(|target| noteable_path(cx, &target)),
    };
    Ok(format!("{}/award_emoji", path.ok_or(Refusal::Missing)?))
}

pub(super) fn award(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let path = awardable(cx, input)?;
    let body = json!({ "name": text(input, "name") });
    let award = rest(cx, "POST", &path, Some(body))?.body;
    Ok(json!({ "awardEmoji": award }))
}

/// Takes the caller's own reaction back.
pub(super) fn take_award(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let path = awardable(cx, input)?;
    let all = rest(cx, "GET", &format!("{path}?per_page=100"), None)?.body;
    let all = all.as_array().cloned().unwrap_or_default();
    let own = all.iter().find(|award| {
        let user = award.get("user").map(|user| number(user, "id"));
        text(award, "name") == text(input, "name") && user == cx.caller.user
    });
    let id = own
        .map(|award| number(award, "id"))
        .ok_or(Refusal::Missing)?;
    rest(cx, "DELETE", &format!("{path}/{id}"), None)?;
    Ok(json!({ "awardEmoji": null }))
}
