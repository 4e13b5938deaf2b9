//! Discussions: threads and comments on issues and merge requests.
//! <https://docs.gitlab.com/api/discussions/>

mod position;

use serde_json::{Value, json};

use super::notes::{self, Draft, Target, entity, write};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{Discussion, Note, Noteable, Place};
pub(crate) use position::position;

pub(crate) fn routes(table: &mut RouteTable) {
    for place in [
        "projects/:id/issues/:iid",
        "projects/:id/merge_requests/:iid",
        "projects/:id/snippets/:snippet_id",
        "projects/:id/repository/commits/:sha",
        "groups/:id/epics/:epic_iid",
    ] {
        let all = format!("{place}/discussions");
        let one = format!("{all}/:discussion_id");
        table.get(&all, list);
        table.post(&all, create);
        table.get(&one, get);
        table.put(&one, resolve);
        table.post(&format!("{one}/notes"), reply);
        table.get(&format!("{one}/notes"), list_notes);
        table.get(&format!("{one}/notes/:note_id"), get_note);
        table.put(&format!("{one}/notes/:note_id"), update_note);
        table.delete(&format!("{one}/notes/:note_id"), notes::delete);
    }
}

fn shown<'a>(cx: &'a Cx<'_>, target: &Target, thread: &Discussion) -> Vec<&'a Note> {
    let notes = thread.notes.iter().filter_map(|id| cx.world.notes.get(id));
    notes.filter(|note| target.shows(cx, note)).collect()
}

fn render(cx: &Cx<'_>, target: &Target, thread: &Discussion) -> Value {
    let notes = shown(cx, target, thread);
    json!({
        "id": thread.id,
        "individual_note": thread.individual_note,
        "notes": notes.into_iter().map(|note| entity(cx, target, note)).collect::<Value>(),
    })
}

/// The thread a note stands in.
fn render_around(cx: &Cx<'_>, target: &Target, note: &Note) -> Value {
    let thread = cx.world.discussions.get(&note.discussion);
    thread.map_or(Value::Null, |thread| render(cx, target, thread))
}

fn find(cx: &Cx<'_>, target: &Target) -> Result<Discussion, ApiError> {
    let thread = cx.world.discussions.get(cx.path.get("discussion_id"));
    let thread = thread.filter(|thread| {
        thread.noteable == target.noteable && !shown(cx, target, thread).is_empty()
    });
    thread
        .cloned()
        .ok_or_else(|| ApiError::not_found("Discussion"))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let mut rows = cx.world.discussions_on(&target.noteable);
    rows.retain(|thread| !shown(cx, &target, thread).is_empty());
    pagination::offset(cx, &rows, |thread| render(cx, &target, thread))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let thread = find(cx, &target)?;
    Ok(Answer::json(&render(cx, &target, &thread)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    cx.params.required("body")?;
    let position = position(cx, &target)?;
    let draft = Draft::read(cx, Place::Thread(position))?;
    write(cx, &target, draft, render_around)
}

fn reply(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let thread = find(cx, &target)?;
    if shown(cx, &target, &thread).iter().all(|note| note.system) {
        return Err(ApiError::bad_request(
            "400 Bad request - Discussion can not be replied to",
        ));
    }
    let draft = Draft::read(cx, Place::Reply(thread.id))?;
    write(cx, &target, draft, entity)
}

fn list_notes(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let thread = find(cx, &target)?;
    let notes = shown(cx, &target, &thread);
    Ok(Answer::json(
        &notes
            .into_iter()
            .map(|note| entity(cx, &target, note))
            .collect(),
    ))
}

fn get_note(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    find(cx, &target)?;
    let note = notes::find(cx, &target)?;
    Ok(Answer::json(&entity(cx, &target, &note)))
}

/// Developers, the author of the issue or merge request, and whoever began the thread.
fn resolvable(cx: &Cx<'_>, target: &Target, thread: &Discussion) -> Result<(), ApiError> {
    let began = cx.world.first_note(&thread.id);
    let can = began.is_some_and(|note| note.resolvable);
    let me = cx.caller.user;
    let own = me == Some(target.author) || began.is_some_and(|note| me == Some(note.author));
    if !can {
        return Err(ApiError::bad_request(
            "400 Bad request - Discussion can not be resolved",
        ));
    }
    if own || target.level >= DEVELOPER {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn resolve(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let thread = find(cx, &target)?;
    let resolved = cx
        .params
        .flag("resolved")?
        .ok_or_else(|| ApiError::missing("resolved"))?;
    resolvable(cx, &target, &thread)?;
    let by = cx.user()?.id;
    cx.world
        .resolve_discussion(&thread.id, resolved.then_some((by, cx.now)));
    if resolved && !cx.world.has_open_threads(&target.noteable) && is_merge_request(&target) {
        cx.world
            .add_system_note(target.noteable.clone(), by, "resolved all threads", cx.now);
    }
    Ok(Answer::json(&render(cx, &target, &thread)))
}

fn is_merge_request(target: &Target) -> bool {
    matches!(target.noteable, Noteable::MergeRequest(_))
}

/// Either `body` or `resolved`.
fn update_note(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let thread = find(cx, &target)?;
    let mut note = notes::find(cx, &target)?;
    let (body, resolved) = (cx.params.text("body"), cx.params.flag("resolved")?);
    match (body, resolved) {
        (Some(_), Some(_)) => {
            return Err(ApiError::error(
                400,
                "body, resolved are mutually exclusive",
            ));
        }
        (None, None) => {
            return Err(ApiError::error(
                400,
                "body, resolved are missing, exactly one parameter must be provided",
            ));
        }
        (Some(_), None) => return notes::update(cx),
        (None, Some(resolved)) => {
            resolvable(cx, &target, &thread)?;
            if target.level < MAINTAINER && note.system {
                return Err(ApiError::forbidden());
            }
            note.resolved = resolved.then_some((cx.user()?.id, cx.now));
            cx.world.notes.insert(note.id, note.clone());
        }
    }
    Ok(Answer::json(&entity(cx, &target, &note)))
}
