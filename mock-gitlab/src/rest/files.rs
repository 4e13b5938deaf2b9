//! Files. <https://docs.gitlab.com/api/repository_files/>

mod write;

use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::commits;
use super::conventions::repositories::revision;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Project;
use crate::world::repository::{Commit, EXECUTABLE};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("projects/:id/repository/files/:file_path", get)
        .also(&["read_repository"]);
    table
        .head("projects/:id/repository/files/:file_path", head)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/files/:file_path/raw", raw)
        .also(&["read_repository"]);
    table
        .get("projects/:id/repository/files/:file_path/blame", blame)
        .also(&["read_repository"]);
    table.post("projects/:id/repository/files/:file_path", write::create);
    table.put("projects/:id/repository/files/:file_path", write::update);
    table.delete("projects/:id/repository/files/:file_path", write::delete);
}

/// A file at a revision.
struct File {
    path: String,
    r#ref: String,
    commit: String,
    last_commit: String,
    blob: String,
    executable: bool,
    content: std::sync::Arc<[u8]>,
}

impl File {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    fn sha256(&self) -> String {
        use std::fmt::Write;
        Sha256::digest(&self.content)
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                write!(text, "{byte:02x}").ok();
                text
            })
    }
}

/// The file in the path, at `ref`. Without `ref`, `HEAD` is meant.
fn wanted(cx: &Cx<'_>) -> Result<File, ApiError> {
    let project = cx.readable_project()?;
    let name = cx.params.filled("ref").unwrap_or_else(|| "HEAD".to_owned());
    let repository = cx.repository(&project)?;
    let commit = revision(repository, &name, "Commit")?;
    let path = cx.path.get("file_path");
    let hidden = || ApiError::not_found("File");
    let entry = repository
        .entry_at(commit, path)
        .filter(|entry| !entry.is_tree());
    let entry = entry.ok_or_else(hidden)?;
    let content = repository.blob(&entry.id).cloned().ok_or_else(hidden)?;
    let last = repository
        .last_commit_of(commit, path)
        .map_or(&commit.id, |last| &last.id);
    Ok(File {
        path: path.to_owned(),
        r#ref: name,
        commit: commit.id.clone(),
        last_commit: last.clone(),
        blob: entry.id.clone(),
        executable: entry.mode == EXECUTABLE,
        content,
    })
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let file = wanted(cx)?;
    Ok(Answer::json(&json!({
        "file_name": file.name(),
        "file_path": file.path,
        "size": file.content.len(),
        "encoding": "base64",
        "content_sha256": file.sha256(),
        "ref": file.r#ref,
        "blob_id": file.blob,
        "commit_id": file.commit,
        "last_commit_id": file.last_commit,
        "execute_filemode": file.executable,
        "content": base64::engine::general_purpose::STANDARD.encode(&file.content),
    })))
}

/// The same facts as `X-Gitlab-` headers.
fn headers(answer: Answer, file: &File) -> Answer {
    answer
        .header("X-Gitlab-Blob-Id", file.blob.as_str())
        .header("X-Gitlab-Commit-Id", file.commit.as_str())
        .header("X-Gitlab-Content-Sha256", file.sha256())
        .header("X-Gitlab-Encoding", "base64")
        .header("X-Gitlab-Execute-Filemode", file.executable.to_string())
        .header("X-Gitlab-File-Name", file.name())
        .header("X-Gitlab-File-Path", file.path.as_str())
        .header("X-Gitlab-Last-Commit-Id", file.last_commit.as_str())
        .header("X-Gitlab-Ref", file.r#ref.as_str())
        .header("X-Gitlab-Size", file.content.len().to_string())
}

fn head(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let file = wanted(cx)?;
    Ok(headers(Answer::bytes("application/json", ""), &file))
}

fn raw(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let file = wanted(cx)?;
    let name = file.name().replace(['"', '\\', '\r', '\n'], "_");
    let answer = Answer::bytes(raw_type(&file.content), file.content.to_vec()).header(
        "Content-Disposition",
        format!("inline; filename=\"{name}\""),
    );
    Ok(headers(answer, &file))
}

/// GitLab never serves code as something a browser would run.
pub(crate) fn raw_type(content: &[u8]) -> &'static str {
    let binary = content.contains(&0) || std::str::from_utf8(content).is_err();
    if binary {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}

fn blame(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let name = cx.params.filled("ref").unwrap_or_else(|| "HEAD".to_owned());
    let repository = cx.repository(&project)?;
    let commit = revision(repository, &name, "Commit")?;
    let hidden = || ApiError::not_found("File");
    let hunks = repository
        .blame(commit, cx.path.get("file_path"))
        .ok_or_else(hidden)?;
    let (first, last) = range(cx)?;
    let mut number = 0;
    let mut found = Vec::new();
    for hunk in hunks {
        let start = number + 1;
        number += hunk.lines.len();
        let lines: Vec<&String> = (start..=number)
            .zip(&hunk.lines)
            .filter(|(line, _)| (first..=last).contains(line))
            .map(|(_, text)| text)
            .collect();
        if let (false, Some(commit)) = (lines.is_empty(), repository.commit(&hunk.commit)) {
            found.push(json!({ "commit": blame_commit(cx, &project, commit), "lines": lines }));
        }
    }
    Ok(Answer::json(&json!(found)))
}

fn blame_commit(cx: &Cx<'_>, project: &Project, commit: &Commit) -> Value {
    commits::entity(cx, project, commit)
}

/// `range[start]` and `range[end]`: both or none, in order.
fn range(cx: &Cx<'_>) -> Result<(usize, usize), ApiError> {
    let Some(range) = cx.params.object("range") else {
        return Ok((1, usize::MAX));
    };
    let bound = |name: &str| {
        let missing = || ApiError::missing(&format!("range[{name}]"));
        let number = range.id(name)?.ok_or_else(missing)?;
        usize::try_from(number).map_err(|_| ApiError::invalid(name))
    };
    let (first, last) = (bound("start")?, bound("end")?);
    if first == 0 || last < first {
        return Err(ApiError::bad_request(
            "400 Bad request - range[start] must be less than or equal to range[end]",
        ));
    }
    Ok((first, last))
}
