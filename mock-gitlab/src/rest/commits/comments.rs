//! Comments on commits, and what else is said about one: sequence, signature.
//! <https://docs.gitlab.com/api/commits/#list-all-comments-for-a-commit>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::repositories::revision;
use crate::rest::notes::Target;
use crate::rest::users::basic_by_id;
use crate::world::{NewNote, Note, Place};

fn entity(cx: &Cx<'_>, note: &Note) -> Value {
    let at = |name: &str| {
        let position = note.position.as_ref();
        position.and_then(|position| position.get(name)).cloned()
    };
    json!({
        "note": note.body,
        "path": at("path"),
        "line": at("line"),
        "line_type": at("line_type"),
        "author": basic_by_id(cx, note.author),
        "created_at": note.created_at,
    })
}

pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let rows: Vec<&Note> = cx.world.notes_on(&target.noteable).collect();
    pagination::offset(cx, &rows, |note| entity(cx, note))
}

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let user = cx.user()?;
    target.writable()?;
    let body = cx.params.required("note")?;
    let path = cx.params.filled("path");
    let position = match &path {
        None => None,
        Some(path) => {
            let line = cx.params.id("line")?;
            let line = line.ok_or_else(|| ApiError::missing("line"))?;
            let kind = cx.params.choice("line_type", &["new", "old"])?;
            Some(json!({ "path": path, "line": line, "line_type": kind.unwrap_or("new") }))
        }
    };
    let new = NewNote {
        noteable: target.noteable,
        place: position.map_or(Place::Comment, |position| Place::Thread(Some(position))),
        author: user.id,
        body: &body,
        internal: false,
    };
    let id = cx.world.add_note(new, cx.now);
    let note = cx.world.notes.get(&id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, note)))
}

/// How many commits lie behind this one, itself included.
pub(super) fn sequence(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let first_parent = cx.params.is_set("first_parent")?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, cx.path.get("sha"), "Commit")?;
    let count = if first_parent {
        let parent = |one: &&crate::world::repository::Commit| {
            one.parents.first().and_then(|id| repository.commit(id))
        };
        std::iter::successors(Some(commit), parent).count()
    } else {
        repository.log(&[commit]).len()
    };
    Ok(Answer::json(&json!({ "count": count })))
}

/// Commits made through the API are not signed.
pub(super) fn signature(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    revision(repository, cx.path.get("sha"), "Commit")?;
    Err(ApiError::not_found("Signature"))
}
