//! Changelogs from the trailers of commits.
//! <https://docs.gitlab.com/api/repositories/#generate-changelog-data>

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::repositories::revision;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::repository::{Change, Commit};
use crate::world::{Project, Repository};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/repository/changelog", notes);
    table.post("projects/:id/repository/changelog", commit);
    table.put(
        "projects/:id/repository/submodules/:submodule",
        update_submodule,
    );
}

/// The category a commit names in its last lines: `Changelog: added`.
fn category(commit: &Commit, trailer: &str) -> Option<String> {
    let lines = commit.message.lines().rev();
    let mut lines = lines.take_while(|line| !line.trim().is_empty());
    lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let same = name.trim().eq_ignore_ascii_case(trailer);
        same.then(|| value.trim().to_owned())
    })
}

/// The commits up to `to`: from `from` on, or since the newest tag that looks like an
/// earlier version.
fn since<'a>(
    cx: &Cx<'_>,
    repository: &'a Repository,
    to: &'a Commit,
    number: &str,
) -> Result<Vec<&'a Commit>, ApiError> {
    if let Some(from) = cx.params.filled("from") {
        let from = revision(repository, &from, "Commit")?;
        return Ok(repository.between(from, to));
    }
    let mut tags = repository.tags.iter().rev().filter(|(name, tag)| {
        let plain = name.trim_start_matches('v');
        plain != number
            && plain.starts_with(|c: char| c.is_ascii_digit())
            && repository.contains(to, &tag.commit)
    });
    let from = tags
        .next()
        .and_then(|(_, tag)| repository.commit(&tag.commit));
    Ok(match from {
        Some(from) => repository.between(from, to),
        None => repository.log(&[to]),
    })
}

fn written(cx: &Cx<'_>, project: &Project) -> Result<(String, String), ApiError> {
    let version = cx.params.required("version")?;
    let number = version.trim_start_matches('v').to_owned();
    let numeric = number.starts_with(|c: char| c.is_ascii_digit());
    if !numeric || number.split('.').count() < 3 {
        return Err(ApiError::message(
            422,
            "Failed to generate the changelog: The version does not follow semantic versioning",
        ));
    }
    let trailer = cx.params.filled("trailer");
    let trailer = trailer.unwrap_or_else(|| "Changelog".to_owned());
    let repository = cx.repository(project)?;
    let to = cx
        .params
        .filled("to")
        .or_else(|| cx.params.filled("branch"));
    let to = to.unwrap_or_else(|| repository.default_branch.clone());
    let to = revision(repository, &to, "Commit")?;
    let commits = since(cx, repository, to, &number)?;
    let day = cx.params.time("date")?.unwrap_or(cx.now).date();
    let path = cx.world.project_path(project);
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for commit in commits.iter().rev() {
        let Some(category) = category(commit, &trailer) else {
            continue;
        };
        let line = format!(
            "- [{}]({})\n",
            commit.title(),
            cx.site.url(&format!("/{path}/-/commit/{}", commit.id))
        );
        match sections.iter_mut().find(|(name, _)| *name == category) {
            Some((_, lines)) => lines.push(line),
            None => sections.push((category, vec![line])),
        }
    }
    let mut text = format!("## {number} ({day})\n\n");
    if sections.is_empty() {
        text.push_str("No changes.\n");
    }
    for (name, lines) in sections {
        let count = lines.len();
        let plural = if count == 1 { "change" } else { "changes" };
        let lines = lines.concat();
        text = format!("{text}### {name} ({count} {plural})\n\n{lines}\n");
    }
    Ok((number, text))
}

fn notes(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let (_, text) = written(cx, &project)?;
    Ok(Answer::json(&json!({ "notes": text })))
}

/// Puts the section on top of the changelog file of a branch.
fn commit(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let user = cx.user()?;
    let (number, text) = written(cx, &project)?;
    let default = cx.repository(&project)?.default_branch.clone();
    let branch = cx.params.filled("branch").unwrap_or(default);
    cx.require_push(&project, &branch)?;
    let file = cx.params.filled("file");
    let file = file.unwrap_or_else(|| "CHANGELOG.md".to_owned());
    let message = cx.params.filled("message");
    let message = message.unwrap_or_else(|| format!("Add changelog for version {number}"));
    let repository = cx.repository(&project)?;
    let head = repository.resolve(&branch);
    let former = head
        .and_then(|head| repository.entry_at(head, &file))
        .and_then(|entry| repository.blob(&entry.id))
        .map(|blob| String::from_utf8_lossy(blob).into_owned());
    let change = match former {
        Some(former) => Change::update(&file, &format!("{text}\n{former}")),
        None => Change::create(&file, &text),
    };
    let person = cx.person(&user);
    let made = cx
        .repository_mut(&project)?
        .commit_to(&branch, &[change], &person, &message);
    made.map_err(|error| ApiError::message(422, error.to_string()))?;
    cx.world.pushed(project.id, &branch, user.id, cx.now);
    Ok(Answer::json(&json!(200)))
}

/// The repositories of this world hold files only: no path is a submodule.
fn update_submodule(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let branch = cx.params.required("branch")?;
    let sha = cx.params.required("commit_sha")?;
    cx.require_push(&project, &branch)?;
    let hex = sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sha.len() != 40 || !hex {
        return Err(ApiError::bad_request("Invalid params"));
    }
    Err(ApiError::bad_request("Invalid submodule path"))
}
