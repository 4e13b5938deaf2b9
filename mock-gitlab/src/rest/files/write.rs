//! Writing single files: each is a commit of its own.

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::commits::actions::{Wanted, commit, content};
use crate::world::access::DEVELOPER;
use crate::world::repository::Change;

/// Commits one change and answers with path and branch.
fn write(cx: &mut Cx<'_>, change: Change) -> Result<(String, String), ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let branch = cx.params.required("branch")?;
    let message = cx.params.required("commit_message")?;
    let path = cx.path.get("file_path").to_owned();
    let expected = cx.params.filled("last_commit_id");
    let unchanged_since = expected
        .map(|commit| (path.clone(), commit))
        .into_iter()
        .collect();
    let wanted = Wanted {
        branch: branch.clone(),
        message,
        changes: vec![change],
        unchanged_since,
    };
    commit(cx, &project, wanted)?;
    Ok((path, branch))
}

fn new_content(cx: &Cx<'_>) -> Result<Vec<u8>, ApiError> {
    content(&cx.params)?.ok_or_else(|| ApiError::missing("content"))
}

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let change = Change::Create {
        path: cx.path.get("file_path").to_owned(),
        content: new_content(cx)?,
        executable: cx.params.is_set("execute_filemode")?,
    };
    let (path, branch) = write(cx, change)?;
    Ok(Answer::created(
        &json!({ "file_path": path, "branch": branch }),
    ))
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let path = cx.path.get("file_path").to_owned();
    let change = Change::Update {
        path,
        content: new_content(cx)?,
    };
    let (path, branch) = write(cx, change)?;
    Ok(Answer::json(
        &json!({ "file_path": path, "branch": branch }),
    ))
}

pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let change = Change::Delete {
        path: cx.path.get("file_path").to_owned(),
    };
    write(cx, change)?;
    Ok(Answer::no_content())
}
