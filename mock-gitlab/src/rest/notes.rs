//! Notes on issues and merge requests. <https://docs.gitlab.com/api/notes/>

pub(crate) mod awards;
mod entity;
mod quick_actions;
mod target;
mod writing;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Note, Place};
pub(crate) use entity::entity;
pub(crate) use quick_actions::settle;
pub(crate) use target::Target;
pub(crate) use writing::{Draft, write};

pub(crate) fn routes(table: &mut RouteTable) {
    for below in [
        "projects/:id/issues/:iid",
        "projects/:id/merge_requests/:iid",
        "projects/:id/snippets/:snippet_id",
        "groups/:id/epics/:epic_iid",
    ] {
        let notes = format!("{below}/notes");
        table.get(&notes, list);
        table.post(&notes, create);
        table.get(&format!("{notes}/:note_id"), get);
        table.put(&format!("{notes}/:note_id"), update);
        table.delete(&format!("{notes}/:note_id"), delete);
        for place in [below.to_owned(), format!("{notes}/:note_id")] {
            let awards = format!("{place}/award_emoji");
            table.get(&awards, awards::list);
            table.post(&awards, awards::create);
            table.get(&format!("{awards}/:award_id"), awards::get);
            table.delete(&format!("{awards}/:award_id"), awards::delete);
        }
    }
}

/// The note in the path (`:note_id`), visible to the caller.
pub(crate) fn find(cx: &Cx<'_>, target: &Target) -> Result<Note, ApiError> {
    let id = cx.number("note_id", "Note")?;
    let note = cx.world.notes.get(&id);
    let note = note.filter(|note| note.noteable == target.noteable && target.shows(cx, note));
    note.cloned().ok_or_else(|| ApiError::not_found("Note"))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let filters = ["all_notes", "only_comments", "only_activity"];
    let only = cx.params.choice("activity_filter", &filters)?;
    let wanted = |note: &&Note| match only {
        Some("only_comments") => !note.system,
        Some("only_activity") => note.system,
        _ => true,
    };
    let notes = cx.world.notes_on(&target.noteable);
    let mut rows: Vec<&Note> = notes
        .filter(|note| target.shows(cx, note))
        .filter(wanted)
        .collect();
    match cx
        .params
        .choice("order_by", &["created_at", "updated_at"])?
    {
        Some("updated_at") => rows.sort_by_key(|note| (note.updated_at, note.id)),
        _ => rows.sort_by_key(|note| (note.created_at, note.id)),
    }
    if !cx.params.ascending(false)? {
        rows.reverse();
    }
    pagination::offset(cx, &rows, |note| entity(cx, &target, note))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let note = find(cx, &target)?;
    Ok(Answer::json(&entity(cx, &target, &note)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let draft = Draft::read(cx, Place::Comment)?;
    write(cx, &target, draft, entity)
}

/// The author, or maintainers.
pub(crate) fn changeable(cx: &Cx<'_>, target: &Target, note: &Note) -> Result<(), ApiError> {
    let own = cx.caller.user == Some(note.author);
    let may = !note.system && (own || target.level >= MAINTAINER);
    if may {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

pub(crate) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let mut note = find(cx, &target)?;
    changeable(cx, &target, &note)?;
    note.body = cx.params.required("body")?;
    note.updated_at = cx.now;
    cx.world.notes.insert(note.id, note.clone());
    Ok(Answer::json(&entity(cx, &target, &note)))
}

pub(crate) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let note = find(cx, &target)?;
    changeable(cx, &target, &note)?;
    cx.world.remove_note(note.id);
    Ok(Answer::no_content())
}
