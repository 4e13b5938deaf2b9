//! How commits and diffs look from outside.

use serde_json::{Map, Value, json};

use crate::context::Cx;
use crate::world::repository::{Commit, FileDiff};
use crate::world::{Project, Repository};

/// A commit.
pub(crate) fn entity(cx: &Cx<'_>, project: &Project, commit: &Commit) -> Value {
    let path = cx.world.project_path(project);
    json!({
        "id": commit.id,
        "short_id": commit.short_id(),
        "created_at": commit.committer.at,
        "parent_ids": commit.parents,
        "title": commit.title(),
        "message": commit.message,
        "author_name": commit.author.name,
        "author_email": commit.author.email,
        "authored_date": commit.author.at,
        "committer_name": commit.committer.name,
        "committer_email": commit.committer.email,
        "committed_date": commit.committer.at,
        "trailers": trailers(&commit.message),
        "extended_trailers": {},
        "web_url": cx.site.url(&format!("/{path}/-/commit/{}", commit.id)),
    })
}

/// A commit with the number of lines it changed.
pub(crate) fn with_stats(
    cx: &Cx<'_>,
    project: &Project,
    repository: &Repository,
    commit: &Commit,
) -> Value {
    let mut value = entity(cx, project, commit);
    let diffs = repository.diff_of(commit);
    let added: usize = diffs.iter().map(|diff| diff.added).sum();
    let removed: usize = diffs.iter().map(|diff| diff.removed).sum();
    if let Value::Object(all) = &mut value {
        let stats = json!({ "additions": added, "deletions": removed, "total": added + removed });
        all.insert("stats".to_owned(), stats);
    }
    value
}

/// `Key: value` lines in the last paragraph of a message.
fn trailers(message: &str) -> Map<String, Value> {
    let Some((_, last)) = message.trim_end().rsplit_once("\n\n") else {
        return Map::new();
    };
    let pairs: Option<Vec<(&str, &str)>> = last
        .lines()
        .map(|line| line.split_once(": ").filter(|(key, _)| !key.contains(' ')))
        .collect();
    let pairs = pairs.unwrap_or_default();
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect()
}

/// One changed file.
pub(crate) fn diff_entity(diff: &FileDiff, unified: bool) -> Value {
    json!({
        "diff": if unified { diff.unified() } else { diff.diff.clone() },
        "collapsed": false,
        "too_large": false,
        "new_path": diff.new_path,
        "old_path": diff.old_path,
        "a_mode": diff.a_mode,
        "b_mode": diff.b_mode,
        "new_file": diff.new_file,
        "renamed_file": diff.renamed_file,
        "deleted_file": diff.deleted_file,
        "generated_file": false,
    })
}
