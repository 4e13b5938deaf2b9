//! Commits through the API: several actions at once, all or nothing.
//! <https://docs.gitlab.com/api/commits/#create-a-commit-with-multiple-files-and-actions>

use base64::Engine;

use super::with_stats;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::branches::is_valid_name;
use crate::rest::conventions::parameters::Params;
use crate::world::access::DEVELOPER;
use crate::world::repository::{Change, Commit, Files, NewCommit, Person};
use crate::world::{Project, Repository};

/// A commit that is asked for, by the actions or by the files API.
pub(crate) struct Wanted {
    pub(crate) branch: String,
    pub(crate) message: String,
    pub(crate) changes: Vec<Change>,
    /// Files that must not have changed since this commit.
    pub(crate) unchanged_since: Vec<(String, String)>,
}

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let branch = cx.params.required("branch")?;
    let message = cx.params.required("commit_message")?;
    let actions = cx
        .params
        .objects("actions")
        .ok_or_else(|| ApiError::missing("actions"))?;
    let mut wanted = Wanted {
        branch,
        message,
        changes: Vec::new(),
        unchanged_since: Vec::new(),
    };
    for action in &actions {
        wanted.changes.push(change(action)?);
        if let (Some(path), Some(commit)) =
            (action.filled("file_path"), action.filled("last_commit_id"))
        {
            wanted.unchanged_since.push((path, commit));
        }
    }
    let id = commit(cx, &project, wanted)?;
    let repository = cx.repository(&project)?;
    let commit = repository
        .commit(&id)
        .ok_or_else(|| ApiError::not_found("Commit"))?;
    Ok(Answer::created(&with_stats(
        cx, &project, repository, commit,
    )))
}

fn change(action: &Params) -> Result<Change, ApiError> {
    const KINDS: [&str; 5] = ["create", "update", "delete", "move", "chmod"];
    let kind = action
        .choice("action", &KINDS)
        .map_err(|_| ApiError::not_a_choice("actions[0][action]"))?;
    let kind = kind.ok_or_else(|| ApiError::missing("actions[0][action]"))?;
    let path = action
        .filled("file_path")
        .ok_or_else(|| ApiError::missing("actions[0][file_path]"))?;
    let executable = action.is_set("execute_filemode")?;
    Ok(match kind {
        "create" => Change::Create {
            path,
            content: content(action)?.unwrap_or_default(),
            executable,
        },
        "update" => {
            let missing = || ApiError::missing("actions[0][content]");
            Change::Update {
                path,
                content: content(action)?.ok_or_else(missing)?,
            }
        }
        "delete" => Change::Delete { path },
        "chmod" => Change::Mode { path, executable },
        _ => {
            let from = action.filled("previous_path");
            let from = from.ok_or_else(|| ApiError::missing("actions[0][previous_path]"))?;
            Change::Move {
                from,
                path,
                content: content(action)?,
            }
        }
    })
}

/// The content of a file, `encoding` considered.
pub(crate) fn content(params: &Params) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(text) = params.text("content") else {
        return Ok(None);
    };
    match params.choice("encoding", &["text", "base64"])? {
        Some("base64") => {
            let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(plain);
            bytes
                .map(Some)
                .map_err(|_| ApiError::bad_request("content is not valid base64"))
        }
        _ => Ok(Some(text.into_bytes())),
    }
}

/// Makes the commit: from `start_branch` or `start_sha` on a new branch, or on top of
/// an existing one. Returns its id.
pub(crate) fn commit(
    cx: &mut Cx<'_>,
    project: &Project,
    wanted: Wanted,
) -> Result<String, ApiError> {
    let Wanted {
        branch,
        message,
        changes,
        unchanged_since,
    } = wanted;
    cx.require_push(project, &branch)?;
    let repository = cx.repository(project)?;
    let force = cx.params.is_set("force")?;
    let parent = parent(cx, repository, &branch, force)?.cloned();
    let committer = cx.person(&cx.user()?);
    let author = Person {
        name: cx
            .params
            .filled("author_name")
            .unwrap_or_else(|| committer.name.clone()),
        email: cx
            .params
            .filled("author_email")
            .unwrap_or_else(|| committer.email.clone()),
        at: cx.now,
    };
    if let Some(parent) = &parent {
        unchanged(repository, parent, &unchanged_since)?;
    }
    let repository = cx.repository_mut(project)?;
    let mut files = parent
        .as_ref()
        .map_or_else(Files::new, |parent| repository.files(parent));
    let applied = repository.apply(&mut files, &changes);
    applied.map_err(|error| ApiError::bad_request(&error.to_string()))?;
    let parents = parent.into_iter().map(|parent| parent.id).collect();
    let id = repository.write_commit(
        &files,
        NewCommit {
            parents,
            author,
            committer,
            message,
        },
    );
    repository.branches.insert(branch.clone(), id.clone());
    let by = cx.user()?.id;
    cx.world.pushed(project.id, &branch, by, cx.now);
    Ok(id)
}

fn parent<'a>(
    cx: &Cx<'_>,
    repository: &'a Repository,
    branch: &str,
    force: bool,
) -> Result<Option<&'a Commit>, ApiError> {
    let start = cx
        .params
        .filled("start_branch")
        .or_else(|| cx.params.filled("start_sha"));
    let head = repository
        .branches
        .get(branch)
        .and_then(|id| repository.commit(id));
    match (head, start) {
        (Some(head), None) => Ok(Some(head)),
        (Some(head), Some(start)) if !force && start != branch => {
            let same = repository
                .resolve(&start)
                .is_some_and(|commit| commit.id == head.id);
            let text = format!(
                "A branch called '{branch}' already exists. Switch to that branch in order to make changes"
            );
            if same {
                Ok(Some(head))
            } else {
                Err(ApiError::bad_request(&text))
            }
        }
        (_, Some(start)) if is_valid_name(branch) => match repository.resolve(&start) {
            Some(commit) => Ok(Some(commit)),
            None => Err(ApiError::bad_request("Cannot find start branch")),
        },
        (None, None) if repository.is_empty() && is_valid_name(branch) => Ok(None),
        _ => Err(ApiError::bad_request(
            "You can only create or edit files when you are on a branch",
        )),
    }
}

/// `last_commit_id`: refuses to overwrite what somebody else has changed meanwhile.
fn unchanged(
    repository: &Repository,
    head: &Commit,
    expectations: &[(String, String)],
) -> Result<(), ApiError> {
    for (path, expected) in expectations {
        let last = repository.last_commit_of(head, path);
        if last.is_some_and(|last| last.id != *expected) {
            let text = "You are attempting to update a file that has changed since you started editing it.";
            return Err(ApiError::bad_request(text));
        }
    }
    Ok(())
}
