//! Writing a note: quick actions first, then what is left of the text.

use serde_json::{Value, json};

use super::{Target, settle};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::{OWNER, PLANNER};
use crate::world::{NewNote, Note, Noteable, Place};

/// A note as the parameters ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) place: Place,
    pub(crate) internal: bool,
    pub(crate) created_at: Option<Timestamp>,
}

impl Draft {
    /// `body`, `internal` (or `confidential`) and `created_at`.
    pub(crate) fn read(cx: &Cx<'_>, place: Place) -> Result<Self, ApiError> {
        Ok(Self {
            body: cx.params.required("body")?,
            place,
            internal: cx.params.is_set("internal")? || cx.params.is_set("confidential")?,
            created_at: cx.params.time("created_at")?,
        })
    }
}

/// Executes quick actions and writes what is left. A text of quick actions alone
/// leaves no note: 202 with what changed.
pub(crate) fn write(
    cx: &mut Cx<'_>,
    target: &Target,
    draft: Draft,
    render: fn(&Cx<'_>, &Target, &Note) -> Value,
) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    target.writable()?;
    if draft.internal && target.level < PLANNER {
        return Err(ApiError::forbidden());
    }
    let before = cx.world.watched(&target.noteable);
    let done = settle(cx, target, &draft.body);
    if let Some(before) = before {
        cx.world
            .write_history(&target.noteable, &before, user.id, cx.now);
    }
    if done.rest.trim().is_empty() && !done.summary.is_empty() {
        return Ok(Answer::json_with(
            202,
            &json!({ "commands_changes": done.changes, "summary": done.summary }),
        ));
    }
    let dated = draft.created_at.filter(|_| target.level >= OWNER);
    let new = NewNote {
        noteable: target.noteable.clone(),
        place: draft.place,
        author: user.id,
        body: &done.rest,
        internal: draft.internal,
    };
    let id = cx.world.add_note(new, dated.unwrap_or(cx.now));
    touch(cx, target);
    let note = cx.world.notes.get(&id).ok_or_else(ApiError::gone)?;
    let mut value = render(cx, target, note);
    if let Value::Object(all) = &mut value
        && all.contains_key("commands_changes")
    {
        all.insert("commands_changes".to_owned(), Value::Object(done.changes));
    }
    Ok(Answer::created(&value))
}

fn touch(cx: &mut Cx<'_>, target: &Target) {
    let now = cx.now;
    match target.noteable {
        Noteable::Issue(id) => {
            if let Some(issue) = cx.world.issues.get_mut(&id) {
                issue.updated_at = now;
            }
        }
        Noteable::MergeRequest(id) => {
            if let Some(request) = cx.world.merge_requests.get_mut(&id) {
                request.updated_at = now;
            }
        }
        Noteable::Snippet(id) => {
            if let Some(snippet) = cx.world.record_mut("snippet", id) {
                snippet.updated_at = now;
            }
        }
        Noteable::Commit(..) | Noteable::Epic(_) => {}
    }
}
