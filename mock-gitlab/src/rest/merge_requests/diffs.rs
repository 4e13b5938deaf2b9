//! What a merge request changes, in all the shapes GitLab offers.
//! <https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs>

use serde_json::{Value, json};

use super::{entity, find, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::commits;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;
use crate::world::repository::FileDiff;
use crate::world::{DiffVersion, MergeRequest};

/// A diff above this size comes without its text.
const TOO_LARGE: usize = 200 * 1024;
/// A diff above this size is folded.
const COLLAPSED: usize = 100 * 1024;

pub(super) fn routes(table: &mut RouteTable, one: &str) {
    table.get(&format!("{one}/diffs"), diffs);
    table.get(&format!("{one}/changes"), changes);
    table.get(&format!("{one}/raw_diffs"), raw);
    table.get(&format!("{one}/versions"), versions);
    table.get(&format!("{one}/versions/:version_id"), version);
    table.get(&format!("{one}/conflicts"), conflicts);
}

fn file(diff: &FileDiff, unified: bool) -> Value {
    let mut value = commits::diff_entity(diff, unified);
    let folded = diff.diff.len() > COLLAPSED;
    if let Value::Object(all) = &mut value
        && folded
    {
        let large = diff.diff.len() > TOO_LARGE;
        all.insert("too_large".to_owned(), json!(large));
        all.insert("collapsed".to_owned(), json!(!large));
        all.insert("diff".to_owned(), json!(""));
    }
    value
}

fn diffs(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let unified = cx.params.is_set("unidiff")?;
    let rows = cx.world.diff_of_merge_request(&request);
    pagination::offset(cx, &rows, |diff| file(diff, unified))
}

/// The older form: the merge request itself with every file inside.
fn changes(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let unified = cx.params.is_set("unidiff")?;
    let mut value = entity::single(cx, &request);
    let rows = cx.world.diff_of_merge_request(&request);
    if let Value::Object(all) = &mut value {
        all.insert(
            "changes".to_owned(),
            rows.iter().map(|diff| file(diff, unified)).collect(),
        );
        all.insert("overflow".to_owned(), json!(false));
    }
    Ok(Answer::json(&value))
}

/// As `git diff` prints it.
fn raw(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let mut text = String::new();
    for diff in cx.world.diff_of_merge_request(&request) {
        let (old, new) = (&diff.old_path, &diff.new_path);
        text.extend(["diff --git a/", old, " b/", new, "\n"]);
        if diff.new_file {
            text.extend(["new file mode ", diff.b_mode, "\n"]);
        } else if diff.deleted_file {
            text.extend(["deleted file mode ", diff.a_mode, "\n"]);
        }
        text.push_str(&diff.unified());
    }
    Ok(Answer::text(200, text))
}

fn version_entity(request: &MergeRequest, version: &DiffVersion) -> Value {
    json!({
        "id": version.id,
        "head_commit_sha": version.head,
        "base_commit_sha": version.base,
        "start_commit_sha": version.start,
        "created_at": version.created_at,
        "merge_request_id": request.id,
        "state": "collected",
        "real_size": "1",
        "patch_id_sha": null,
    })
}

fn with_size(cx: &Cx<'_>, request: &MergeRequest, version: &DiffVersion) -> Value {
    let mut value = version_entity(request, version);
    let size = cx.world.diff_of_version(request, version).len();
    if let Value::Object(all) = &mut value {
        all.insert("real_size".to_owned(), json!(size.to_string()));
    }
    value
}

/// Newest first.
fn versions(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let rows: Vec<&DiffVersion> = request.versions.iter().rev().collect();
    pagination::offset(cx, &rows, |version| with_size(cx, &request, version))
}

fn version(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let id = cx.number("version_id", "Version")?;
    let unified = cx.params.is_set("unidiff")?;
    let found = request.versions.iter().find(|version| version.id == id);
    let found = found.ok_or_else(ApiError::gone)?;
    let mut value = with_size(cx, &request, found);
    let (commits, files) = (
        cx.world.commits_of_version(&request, found),
        cx.world.diff_of_version(&request, found),
    );
    if let Value::Object(all) = &mut value {
        let commits = commits
            .iter()
            .map(|commit| commits::entity(cx, &project, commit));
        all.insert("commits".to_owned(), commits.collect());
        all.insert(
            "diffs".to_owned(),
            files.iter().map(|diff| file(diff, unified)).collect(),
        );
    }
    Ok(Answer::json(&value))
}

/// The files in conflict; not part of GitLab's documented API.
fn conflicts(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    find(cx)?;
    Err(ApiError::no_route())
}
