//! Notes, discussions and reactions.

use serde_json::{Value, json};

use super::connection::list;
use super::resolvers::Resolver;
use super::session::one;
use super::shape::{self, gid, id, number, number_of};
use crate::context::Cx;
use crate::world::Noteable;

/// The classes a note may have in its global id.
pub(super) const NOTES: [&str; 3] = ["Note", "DiscussionNote", "DiffNote"];

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Note.url", |cx, note, _| {
        let place = note_path(cx, id(note)).and_then(|(_, parent)| {
            let parent = one(cx, &parent);
            Some(format!(
                "{}#note_{}",
                parent.get("web_url")?.as_str()?,
                id(note)
            ))
        });
        Ok(json!(place))
    }),
    ("Note.discussion", |cx, note, _| {
        let thread = cx
            .world
            .notes
            .get(&id(note))
            .map(|note| note.discussion.clone());
        let parent = note_path(cx, id(note)).map(|(_, parent)| parent);
        Ok(match (thread, parent) {
            (Some(thread), Some(parent)) => one(cx, &format!("{parent}/discussions/{thread}")),
            _ => Value::Null,
        })
    }),
    ("Note.awardEmoji", |cx, note, _| {
        let path = note_path(cx, id(note)).map(|(own, _)| own);
        Ok(path.map_or_else(|| json!([]), |path| list(format!("{path}/award_emoji"))))
    }),
    ("Discussion.replyId", |_, thread, _| {
        Ok(thread.get("id").cloned().unwrap_or_default())
    }),
    ("Discussion.createdAt", |_, thread, _| {
        Ok(first(thread, "created_at"))
    }),
    ("Discussion.resolvable", |_, thread, _| {
        Ok(first(thread, "resolvable"))
    }),
    ("Discussion.resolved", |_, thread, _| {
        Ok(first(thread, "resolved"))
    }),
    ("AwardEmoji.emoji", |_, award, _| {
        Ok(award.get("name").cloned().unwrap_or_default())
    }),
    ("AwardEmoji.description", |_, award, _| {
        Ok(award.get("name").cloned().unwrap_or_default())
    }),
];

fn first(thread: &Value, name: &str) -> Value {
    let notes = thread.get("notes").and_then(Value::as_array);
    let first = notes.and_then(|notes| notes.first());
    first
        .and_then(|note| note.get(name))
        .cloned()
        .unwrap_or_default()
}

/// The REST path of an issue or merge request.
pub(super) fn path_of(parent: &Value) -> String {
    let merges = parent.get("source_branch").is_some();
    let kind = if merges { "merge_requests" } else { "issues" };
    let project = number(parent, "project_id");
    format!("/projects/{project}/{kind}/{}", number(parent, "iid"))
}

/// The notes of an issue or merge request, oldest first.
pub(super) fn notes_of(parent: &Value) -> Value {
    list(format!("{}/notes?sort=asc", path_of(parent)))
}

/// Its threads.
pub(super) fn discussions_of(parent: &Value, sort: Option<&str>) -> Value {
    let sort = if sort == Some("CREATED_DESC") {
        "desc"
    } else {
        "asc"
    };
    list(format!("{}/discussions?sort={sort}", path_of(parent)))
}

/// Its reactions.
pub(super) fn awards(parent: &Value) -> Value {
    list(format!("{}/award_emoji", path_of(parent)))
}

/// The path of an issue or merge request by its global number.
pub(super) fn noteable_path(cx: &Cx<'_>, noteable: &Noteable) -> Option<String> {
    match noteable {
        Noteable::Issue(id) => {
            let issue = cx.world.issues.get(id)?;
            Some(format!("/projects/{}/issues/{}", issue.project, issue.iid))
        }
        Noteable::MergeRequest(id) => {
            let request = cx.world.merge_requests.get(id)?;
            Some(format!(
                "/projects/{}/merge_requests/{}",
                request.project, request.iid
            ))
        }
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => None,
    }
}

/// The paths of a note and of what it stands on.
pub(super) fn note_path(cx: &Cx<'_>, id: u64) -> Option<(String, String)> {
    let note = cx.world.notes.get(&id)?;
    let parent = noteable_path(cx, &note.noteable)?;
    Some((format!("{parent}/notes/{id}"), parent))
}

/// A note by its global id, if the caller may see it.
pub(super) fn by_gid(cx: &mut Cx<'_>, wanted: &str) -> Value {
    let path = number_of(wanted, &NOTES).and_then(|id| note_path(cx, id));
    path.map_or(Value::Null, |(own, _)| one(cx, &own))
}

/// What a global id of something that can be commented on means.
pub(super) fn noteable(id: &str) -> Option<Noteable> {
    number_of(id, &["Issue", "WorkItem"])
        .map(Noteable::Issue)
        .filter(|_| !id.contains("MergeRequest"))
        .or_else(|| number_of(id, &["MergeRequest"]).map(Noteable::MergeRequest))
}

/// The global id of a thread, without its prefix.
pub(super) fn thread_id(text: &str) -> &str {
    let prefixes = [
        "gid://gitlab/Discussion/",
        "gid://gitlab/DiffDiscussion/",
        "gid://gitlab/IndividualNoteDiscussion/",
    ];
    prefixes
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
}

/// A note as the payload of a mutation.
pub(super) fn payload(note: Value) -> Value {
    let class = match shape::text(&note, "type") {
        "" => "Note",
        other => other,
    }
    .to_owned();
    let number = number(&note, "id");
    let mut note = note;
    if let Value::Object(all) = &mut note {
        all.insert("_id".to_owned(), json!(number));
        all.insert("id".to_owned(), json!(gid(&class, number)));
    }
    note
}
