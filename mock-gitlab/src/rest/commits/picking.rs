//! Cherry-picks and reverts. <https://docs.gitlab.com/api/commits/#cherry-pick-a-commit>

use serde_json::json;

use super::entity;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::repositories::revision;
use crate::world::access::DEVELOPER;
use crate::world::repository::{Commit, Files, Merged, NewCommit};

pub(super) fn cherry_pick(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    pick(cx, false)
}

pub(super) fn revert(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    pick(cx, true)
}

fn refusal(undone: bool, code: &str) -> ApiError {
    let (verb, done) = if undone {
        ("revert", "reverted")
    } else {
        ("cherry-pick", "cherry-picked")
    };
    let text = format!(
        "Sorry, we cannot {verb} this commit automatically. This commit may already have been \
         {done}, or a more recent commit may have updated some of its content."
    );
    let body = json!({ "message": text, "error_code": code });
    Answer::json_with(400, &body).into()
}

fn message(cx: &Cx<'_>, commit: &Commit, undone: bool) -> String {
    if let Some(message) = cx.params.filled("message") {
        return message;
    }
    if undone {
        format!(
            "Revert \"{}\"\n\nThis reverts commit {}",
            commit.title(),
            commit.id
        )
    } else {
        format!(
            "{}\n\n(cherry picked from commit {})",
            commit.message, commit.id
        )
    }
}

fn pick(cx: &mut Cx<'_>, undone: bool) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let user = cx.user()?;
    let branch = cx.params.required("branch")?;
    let dry = cx.params.is_set("dry_run")?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, cx.path.get("sha"), "Commit")?.clone();
    let head = repository.branches.get(&branch);
    let head = head.and_then(|id| repository.commit(id)).cloned();
    let head = head.ok_or_else(|| ApiError::not_found("Branch"))?;
    cx.require_push(&project, &branch)?;
    let files: Files = match cx.repository(&project)?.pick(&head, &commit, undone) {
        Merged::Conflict(_) => return Err(refusal(undone, "conflict")),
        Merged::Clean(files) => files,
    };
    if files == cx.repository(&project)?.files(&head) {
        return Err(refusal(undone, "empty"));
    }
    if dry {
        return Ok(Answer::json(&json!({ "dry_run": "success" })));
    }
    let committer = cx.person(&user);
    let author = if undone {
        committer.clone()
    } else {
        commit.author.clone()
    };
    let new = NewCommit {
        parents: vec![head.id],
        author,
        committer,
        message: message(cx, &commit, undone),
    };
    let repository = cx.repository_mut(&project)?;
    let id = repository.write_commit(&files, new);
    repository.branches.insert(branch.clone(), id.clone());
    cx.world.pushed(project.id, &branch, user.id, cx.now);
    let made = cx.repository(&project)?.commit(&id);
    let made = made.ok_or_else(|| ApiError::not_found("Commit"))?;
    Ok(Answer::created(&entity(cx, &project, made)))
}
