//! Trees, blobs, comparisons and merge bases.
//! <https://docs.gitlab.com/api/repositories/>

#[cfg(feature = "archives")]
pub(crate) mod archive;
mod changelog;

use base64::Engine;
use serde_json::{Value, json};

use super::commits::{self, diff_entity};
use super::conventions::pagination;
use super::conventions::repositories::revision;
use super::files::raw_type;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::repository::{TreeEntry, blob_id};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("projects/:id/repository/tree", tree)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/blobs/:sha", blob)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/blobs/:sha/raw", raw_blob)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/compare", compare)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/merge_base", merge_base)
        .also(&["read_repository"]);
    table.get("projects/:id/repository/contributors", contributors);
    #[cfg(feature = "archives")]
    archive::routes(table);
    changelog::routes(table);
}

fn tree_entity((path, entry): &(String, &TreeEntry)) -> Value {
    json!({
        "id": entry.id,
        "name": entry.name,
        "type": if entry.is_tree() { "tree" } else { "blob" },
        "path": path,
        "mode": entry.mode,
    })
}

fn tree(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let name = cx.params.filled("ref").unwrap_or_else(|| "HEAD".to_owned());
    let path = cx.params.text("path").unwrap_or_default();
    let recursive = cx.params.is_set("recursive")?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, &name, "Tree")?;
    let entries = repository.list(commit, &path, recursive);
    let entries = entries.ok_or_else(|| ApiError::not_found("invalid revision or path"))?;
    if cx.params.text("pagination").as_deref() == Some("keyset") {
        return pagination::by_cursor(
            cx,
            &entries,
            "page_token",
            |(path, _)| blob_id(path.as_bytes()),
            tree_entity,
        );
    }
    pagination::offset(cx, &entries, tree_entity)
}

fn blob_content(cx: &Cx<'_>) -> Result<(String, Vec<u8>), ApiError> {
    let project = cx.readable_project()?;
    let sha = cx.path.get("sha").to_owned();
    let blob = cx
        .repository(&project)?
        .blob(&sha)
        .ok_or_else(|| ApiError::not_found("Blob"))?;
    Ok((sha, blob.to_vec()))
}

fn blob(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (sha, content) = blob_content(cx)?;
    Ok(Answer::json(&json!({
        "size": content.len(),
        "encoding": "base64",
        "content": base64::engine::general_purpose::STANDARD.encode(&content),
        "sha": sha,
    })))
}

fn raw_blob(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, content) = blob_content(cx)?;
    Ok(Answer::bytes(raw_type(&content), content))
}

/// Against the merge base, or directly with `straight=true`.
fn compare(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let (from, to) = (cx.params.required("from")?, cx.params.required("to")?);
    let straight = cx.params.is_set("straight")?;
    let unified = cx.params.is_set("unidiff")?;
    let source = match cx.params.filled("from_project_id") {
        Some(id) => cx.project_named(&id)?,
        None => project.clone(),
    };
    if !cx.reads_code(&source) {
        return Err(ApiError::not_found("Project"));
    }
    let repository = cx.repository(&project)?;
    let start = revision(repository, &from, "Ref")?;
    let end = revision(repository, &to, "Ref")?;
    let base = if straight {
        Some(start)
    } else {
        repository.merge_base(start, end)
    };
    let base = base.unwrap_or(start);
    let mut commits = repository.between(base, end);
    commits.reverse();
    let diffs = repository.diff_between(base, end);
    let rendered: Vec<Value> = commits
        .iter()
        .map(|commit| commits::entity(cx, &project, commit))
        .collect();
    let path = cx.world.project_path(&project);
    let dots = if straight { ".." } else { "..." };
    Ok(Answer::json(&json!({
        "commit": rendered.last(),
        "commits": rendered,
        "diffs": diffs.iter().map(|diff| diff_entity(diff, unified)).collect::<Vec<_>>(),
        "compare_timeout": false,
        "compare_same_ref": start.id == end.id,
        "web_url": cx.site.url(&format!("/{path}/-/compare/{from}{dots}{to}")),
    })))
}

fn merge_base(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let names = cx
        .params
        .list("refs")
        .ok_or_else(|| ApiError::missing("refs"))?;
    if names.len() < 2 {
        return Err(ApiError::bad_request(
            "400 Bad request - Provide at least 2 refs",
        ));
    }
    let repository = cx.repository(&project)?;
    let unknown = |name: &str| {
        ApiError::bad_request(&format!("400 Bad request - Could not find ref: {name}"))
    };
    let mut base = None;
    for name in &names {
        let commit = repository.resolve(name).ok_or_else(|| unknown(name))?;
        base = match base {
            None => Some(commit),
            Some(base) => {
                let common = repository.merge_base(base, commit);
                Some(common.ok_or_else(|| ApiError::not_found("Merge Base"))?)
            }
        };
    }
    let base = base.ok_or_else(|| ApiError::not_found("Merge Base"))?;
    Ok(Answer::json(&commits::entity(cx, &project, base)))
}

fn contributors(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let log = repository
        .resolve("HEAD")
        .map(|head| repository.log(&[head]))
        .unwrap_or_default();
    let mut people: std::collections::BTreeMap<(&str, &str), u64> =
        std::collections::BTreeMap::new();
    for commit in log.iter().filter(|commit| commit.parents.len() < 2) {
        *people
            .entry((&commit.author.name, &commit.author.email))
            .or_default() += 1;
    }
    let people: Vec<_> = people.into_iter().collect();
    pagination::offset(
        cx,
        &people,
        |((name, email), commits)| json!({ "name": name, "email": email, "commits": commits, "additions": 0, "deletions": 0 }),
    )
}
