//! Draft notes: a review only its author sees until it is published.
//! <https://docs.gitlab.com/api/draft_notes/>

use serde_json::{Value, json};

use super::find;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::discussions::position;
use crate::rest::notes::{Target, settle};
use crate::routes::RouteTable;
use crate::world::{DraftNote, MergeRequest, NewNote, Place};

pub(super) fn routes(table: &mut RouteTable, one: &str) {
    let all = format!("{one}/draft_notes");
    table.get(&all, list);
    table.post(&all, create);
    table.post(&format!("{all}/bulk_publish"), publish_all);
    table.get(&format!("{all}/:draft_note_id"), get);
    table.put(&format!("{all}/:draft_note_id"), update);
    table.delete(&format!("{all}/:draft_note_id"), delete);
    table.put(&format!("{all}/:draft_note_id/publish"), publish);
}

fn entity(request: &MergeRequest, draft: &DraftNote) -> Value {
    let code = draft
        .position
        .as_ref()
        .and_then(|position| position.get("line_code"));
    json!({
        "id": draft.id,
        "author_id": draft.author,
        "merge_request_id": request.id,
        "resolve_discussion": draft.resolve_discussion,
        "discussion_id": draft.discussion,
        "note": draft.body,
        "commit_id": draft.commit_id,
        "line_code": code,
        "position": draft.position.clone().unwrap_or_else(|| json!({
            "base_sha": null, "start_sha": null, "head_sha": null, "old_path": null,
            "new_path": null, "position_type": "text", "old_line": null, "new_line": null,
            "line_range": null,
        })),
    })
}

/// The caller's own drafts.
fn own(cx: &Cx<'_>) -> Result<(MergeRequest, Vec<DraftNote>), ApiError> {
    let user = cx.user()?;
    let request = find(cx)?;
    let drafts = request
        .drafts
        .iter()
        .filter(|draft| draft.author == user.id);
    let drafts = drafts.cloned().collect();
    Ok((request, drafts))
}

fn one(cx: &Cx<'_>) -> Result<(MergeRequest, DraftNote), ApiError> {
    let id = cx.number("draft_note_id", "Draft Note")?;
    let (request, drafts) = own(cx)?;
    let draft = drafts.into_iter().find(|draft| draft.id == id);
    Ok((request, draft.ok_or_else(ApiError::gone)?))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (request, drafts) = own(cx)?;
    pagination::offset(cx, &drafts, |draft| entity(&request, draft))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (request, draft) = one(cx)?;
    Ok(Answer::json(&entity(&request, &draft)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let (request, _) = own(cx)?;
    target.writable()?;
    let body = cx.params.required("note")?;
    let discussion = cx.params.filled("in_reply_to_discussion_id");
    let known = |id: &String| {
        let thread = cx.world.discussions.get(id);
        thread.is_some_and(|thread| thread.noteable == target.noteable)
    };
    if discussion.as_ref().is_some_and(|id| !known(id)) {
        return Err(ApiError::not_found("Discussion"));
    }
    let draft = DraftNote {
        author: cx.user()?.id,
        body,
        discussion,
        resolve_discussion: cx.params.is_set("resolve_discussion")?,
        commit_id: cx.params.filled("commit_id"),
        position: position(cx, &target)?,
        id: cx.world.next_id("draft note"),
    };
    let value = entity(&request, &draft);
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.drafts.push(draft);
    }
    Ok(Answer::created(&value))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let (request, mut draft) = one(cx)?;
    draft.body = cx.params.required("note")?;
    if cx.params.has("position") {
        draft.position = position(cx, &target)?;
    }
    let drafts = cx
        .world
        .merge_requests
        .get_mut(&request.id)
        .map(|request| &mut request.drafts);
    if let Some(stored) = drafts
        .into_iter()
        .flatten()
        .find(|other| other.id == draft.id)
    {
        stored.clone_from(&draft);
    }
    Ok(Answer::json(&entity(&request, &draft)))
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (request, draft) = one(cx)?;
    remove(cx, &request, &draft);
    Ok(Answer::no_content())
}

fn remove(cx: &mut Cx<'_>, request: &MergeRequest, draft: &DraftNote) {
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.drafts.retain(|other| other.id != draft.id);
    }
}

/// Makes a note of a draft.
fn release(cx: &mut Cx<'_>, target: &Target, request: &MergeRequest, draft: &DraftNote) {
    remove(cx, request, draft);
    let done = settle(cx, target, &draft.body);
    let place = match (&draft.discussion, &draft.position) {
        (Some(thread), _) => Place::Reply(thread.clone()),
        (None, position @ Some(_)) => Place::Thread(position.clone()),
        (None, None) => Place::Thread(None),
    };
    if !done.rest.trim().is_empty() {
        let new = NewNote {
            noteable: target.noteable.clone(),
            place,
            author: draft.author,
            body: &done.rest,
            internal: false,
        };
        cx.world.add_note(new, cx.now);
    }
    if let Some(thread) = draft
        .discussion
        .as_ref()
        .filter(|_| draft.resolve_discussion)
    {
        cx.world
            .resolve_discussion(thread, Some((draft.author, cx.now)));
    }
}

fn publish(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let (request, draft) = one(cx)?;
    release(cx, &target, &request, &draft);
    Ok(Answer::no_content())
}

/// Publishes everything the caller has; a summary and a verdict may come along.
fn publish_all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let (request, drafts) = own(cx)?;
    let user = cx.user()?.id;
    let states = ["approved", "requested_changes", "reviewed"];
    let verdict = cx.params.choice("reviewer_state", &states)?;
    let internal = cx.params.is_set("internal")?;
    let note = cx.params.filled("note");
    for draft in &drafts {
        release(cx, &target, &request, draft);
    }
    if let Some(note) = note {
        let new = NewNote {
            noteable: target.noteable.clone(),
            place: Place::Comment,
            author: user,
            body: &note,
            internal,
        };
        cx.world.add_note(new, cx.now);
    }
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        if verdict == Some("requested_changes") {
            request.approved_by.retain(|other| *other != user);
            request.changes_requested_by.retain(|other| *other != user);
            request.changes_requested_by.push(user);
        } else if verdict.is_some() {
            request.changes_requested_by.retain(|other| *other != user);
        }
    }
    Ok(Answer::no_content())
}
