//! How a note looks from outside.

use serde_json::{Map, Value, json};

use super::Target;
use crate::context::Cx;
use crate::rest::users::basic_by_id;
use crate::world::{Note, Noteable};

/// A note.
pub(crate) fn entity(cx: &Cx<'_>, target: &Target, note: &Note) -> Value {
    let (id, kind) = match &note.noteable {
        Noteable::Issue(id) => (json!(id), "Issue"),
        Noteable::MergeRequest(id) => (json!(id), "MergeRequest"),
        Noteable::Commit(..) => (Value::Null, "Commit"),
        Noteable::Snippet(id) => (json!(id), "Snippet"),
        Noteable::Epic(id) => (json!(id), "Epic"),
    };
    let thread = cx.world.discussions.get(&note.discussion);
    let alone = thread.is_none_or(|thread| thread.individual_note);
    let form = match (&note.position, alone) {
        (Some(_), _) => json!("DiffNote"),
        (None, false) => json!("DiscussionNote"),
        (None, true) => Value::Null,
    };
    let mut value = json!({
        "id": note.id,
        "type": form,
        "body": note.body,
        "author": basic_by_id(cx, note.author),
        "created_at": note.created_at,
        "updated_at": note.updated_at,
        "system": note.system,
        "noteable_id": id,
        "noteable_type": kind,
        "project_id": target.project.as_ref().map(|project| project.id),
        "resolvable": note.resolvable,
        "confidential": note.internal,
        "internal": note.internal,
        "imported": false,
        "imported_from": "none",
        "noteable_iid": target.iid,
        "commands_changes": {},
    });
    if let Value::Object(all) = &mut value {
        review(cx, note, all);
    }
    value
}

/// What only notes that can be resolved or stand in a diff have.
fn review(cx: &Cx<'_>, note: &Note, all: &mut Map<String, Value>) {
    if note.resolvable {
        let by = note.resolved.map(|(user, _)| basic_by_id(cx, user));
        all.insert("resolved".to_owned(), json!(note.resolved.is_some()));
        all.insert("resolved_by".to_owned(), json!(by));
        all.insert(
            "resolved_at".to_owned(),
            json!(note.resolved.map(|(_, at)| at)),
        );
    }
    if let Some(position) = &note.position {
        let head = position.get("head_sha").cloned().unwrap_or_default();
        all.insert("commit_id".to_owned(), head);
        all.insert("position".to_owned(), position.clone());
        let suggestions = note.suggestions.iter().map(|suggestion| {
            json!({
                "id": suggestion.id,
                "from_line": suggestion.from_line,
                "to_line": suggestion.to_line,
                "appliable": !suggestion.applied,
                "applied": suggestion.applied,
                "from_content": cx.world.suggested_lines(note, suggestion),
                "to_content": suggestion.to_content,
            })
        });
        all.insert("suggestions".to_owned(), suggestions.collect());
    }
}
