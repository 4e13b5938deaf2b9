//! Positions in a diff, checked and completed.
//! <https://docs.gitlab.com/api/discussions/#create-a-new-thread-in-the-merge-request-diff>

use serde_json::{Map, Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::parameters::Params;
use crate::rest::notes::Target;
use crate::world::repository::FileDiff;
use crate::world::{Noteable, line_code};

/// What GitLab says about a line the diff does not show.
const OUTSIDE: &str =
    "400 Bad request - Note {:line_code=>[\"can't be blank\", \"must be a valid line code\"]}";

/// The `position` of a request, `None` when there is none.
pub(crate) fn position(cx: &Cx<'_>, target: &Target) -> Result<Option<Value>, ApiError> {
    let Some(position) = cx.params.object("position") else {
        return Ok(None);
    };
    let Noteable::MergeRequest(id) = target.noteable else {
        return Ok(None);
    };
    let request = cx
        .world
        .merge_requests
        .get(&id)
        .ok_or_else(ApiError::gone)?;
    check_shape(&position)?;
    let head = position.text("head_sha").unwrap_or_default();
    let base = position.text("base_sha").unwrap_or_default();
    let version =
        request.versions.iter().rev().find(|version| {
            version.head == head && (version.base == base || version.start == base)
        });
    let outside = || ApiError::bad_request(OUTSIDE);
    let version = version.ok_or_else(outside)?;
    let (old_path, new_path) = (position.filled("old_path"), position.filled("new_path"));
    let files = cx.world.diff_of_version(request, version);
    let file = files.iter().find(|file| {
        new_path.as_ref().map_or_else(
            || old_path.as_ref() == Some(&file.old_path),
            |path| *path == file.new_path,
        )
    });
    let file = file.ok_or_else(outside)?;
    let mut value = json!({
        "base_sha": version.base,
        "start_sha": version.start,
        "head_sha": version.head,
        "old_path": file.old_path,
        "new_path": file.new_path,
        "position_type": position.text("position_type"),
    });
    if let Value::Object(all) = &mut value
        && position.text("position_type").as_deref() == Some("text")
    {
        lines(&position, file, all)?;
    }
    Ok(Some(value))
}

fn check_shape(position: &Params) -> Result<(), ApiError> {
    let names = ["base_sha", "start_sha", "head_sha", "position_type"];
    let missing = names.iter().filter(|name| position.filled(name).is_none());
    let missing: Vec<String> = missing
        .map(|name| format!("position[{name}] is missing"))
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::error(400, &missing.join(", ")));
    }
    position
        .choice("position_type", &["text", "image", "file"])
        .map_err(|_| ApiError::not_a_choice("position[position_type]"))?;
    Ok(())
}

/// Adds the line, its code and, for several lines, the range.
fn lines(position: &Params, file: &FileDiff, all: &mut Map<String, Value>) -> Result<(), ApiError> {
    let outside = || ApiError::bad_request(OUTSIDE);
    let (old, new) = (position.id("old_line")?, position.id("new_line")?);
    let code = line_code(file, old, new).ok_or_else(outside)?;
    all.insert("old_line".to_owned(), json!(old));
    all.insert("new_line".to_owned(), json!(new));
    all.insert("line_code".to_owned(), json!(code));
    let range = position.get("line_range").cloned();
    let range = range.unwrap_or_else(|| {
        let kind = match (old, new) {
            (None, Some(_)) => json!("new"),
            (Some(_), None) => json!("old"),
            _ => Value::Null,
        };
        let end = json!({ "line_code": code, "type": kind, "old_line": old, "new_line": new });
        json!({ "start": end, "end": end })
    });
    all.insert("line_range".to_owned(), range);
    Ok(())
}
