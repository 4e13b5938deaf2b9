//! Branches. <https://docs.gitlab.com/api/branches/>

use serde_json::{Value, json};

use super::commits;
use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::repository::Change;
use crate::world::{Project, Repository};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("projects/:id/repository/branches", list)
        .also(&["read_repository"]);
    table.post("projects/:id/repository/branches", create);
    table
        .get("projects/:id/repository/branches/:branch", get)
        .also(&["read_repository"]);
    table.delete("projects/:id/repository/branches/:branch", delete);
    table.delete("projects/:id/repository/merged_branches", delete_merged);
}

/// How a branch looks from outside.
pub(crate) fn entity(cx: &Cx<'_>, project: &Project, repository: &Repository, name: &str) -> Value {
    let rules: Vec<_> = project
        .protected_branches
        .iter()
        .filter(|rule| rule.covers(name))
        .collect();
    let head = repository.branches.get(name);
    let commit = head.and_then(|id| repository.commit(id));
    let main = repository.resolve("HEAD");
    let merged = name != repository.default_branch
        && matches!((commit, main), (Some(c), Some(main)) if repository.contains(main, &c.id));
    let path = cx.world.project_path(project);
    json!({
        "name": name,
        "commit": commit.map(|commit| commits::entity(cx, project, commit)),
        "merged": merged,
        "protected": !rules.is_empty(),
        "developers_can_push": rules.iter().any(|rule| rule.push_level == DEVELOPER),
        "developers_can_merge": rules.iter().any(|rule| rule.merge_level == DEVELOPER),
        "can_push": cx.caller.user.is_some() && cx.pushes_to(project, name),
        "default": name == repository.default_branch,
        "web_url": cx.site.url(&format!("/{path}/-/tree/{name}")),
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let search = cx.params.filled("search");
    let repository = cx.repository(&project)?;
    let fits = |name: &&String| search.as_ref().is_none_or(|text| search_fits(text, name));
    let mut names: Vec<&String> = repository.branches.keys().filter(fits).collect();
    match cx
        .params
        .choice("sort", &["name_asc", "updated_asc", "updated_desc"])?
    {
        Some("updated_asc") => names.sort_by_key(|name| age(repository, name)),
        Some("updated_desc") => names.sort_by_key(|name| std::cmp::Reverse(age(repository, name))),
        _ => {}
    }
    pagination::offset(cx, &names, |name| entity(cx, &project, repository, name))
}

/// `^term` is a beginning, `term$` an end, everything else a part.
pub(crate) fn search_fits(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    match (text.strip_prefix('^'), text.strip_suffix('$')) {
        (Some(beginning), _) => name.starts_with(beginning),
        (None, Some(end)) => name.ends_with(end),
        (None, None) => name.contains(&text),
    }
}

fn age(repository: &Repository, name: &str) -> Option<crate::clock::Timestamp> {
    repository.resolve(name).map(|commit| commit.committer.at)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let name = cx.path.get("branch");
    if !repository.branches.contains_key(name) {
        return Err(ApiError::not_found("Branch"));
    }
    Ok(Answer::json(&entity(cx, &project, repository, name)))
}

/// The first branch of an empty repository needs a commit: GitLab makes one.
fn begin(cx: &mut Cx<'_>, project: &Project, branch: &str) -> Result<(), ApiError> {
    let person = cx.person(&cx.user()?);
    let file = Change::create("README.md", &format!("# {}\n", project.name));
    let repository = cx.repository_mut(project)?;
    let made = repository.commit_to(branch, &[file], &person, "Add README.md");
    made.map(|_| ())
        .map_err(|error| ApiError::bad_request(&error.to_string()))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let (branch, from) = (cx.params.required("branch")?, cx.params.required("ref")?);
    if !is_valid_name(&branch) {
        return Err(ApiError::bad_request("Branch name is invalid"));
    }
    let repository = cx.repository(&project)?;
    if repository.branches.contains_key(&branch) {
        return Err(ApiError::bad_request("Branch already exists"));
    }
    if repository.is_empty() && from == repository.default_branch {
        begin(cx, &project, &from)?;
    }
    let repository = cx.repository(&project)?;
    let Some(start) = repository.resolve(&from).map(|commit| commit.id.clone()) else {
        return Err(ApiError::bad_request(&format!(
            "Invalid reference name: {from}"
        )));
    };
    if project
        .protected_branches
        .iter()
        .any(|rule| rule.covers(&branch))
    {
        cx.require_push(&project, &branch)?;
    }
    cx.repository_mut(&project)?
        .branches
        .insert(branch.clone(), start);
    let repository = cx.repository(&project)?;
    Ok(Answer::created(&entity(cx, &project, repository, &branch)))
}

/// The rules of `git check-ref-format`.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let bad = [' ', '~', '^', ':', '?', '*', '[', '\\', '\x7f'];
    let odd_part = |part: &str| {
        part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some()
    };
    !name.is_empty()
        && name.len() <= 250
        && name != "@"
        && name != "HEAD"
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("@{")
        && !name.chars().any(|c| bad.contains(&c) || c.is_control())
        && !name.split('/').any(odd_part)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let name = cx.path.get("branch").to_owned();
    let repository = cx.repository(&project)?;
    if !repository.branches.contains_key(&name) {
        return Err(ApiError::not_found("Branch"));
    }
    if repository.default_branch == name {
        return Err(ApiError::message(405, "Cannot remove HEAD branch"));
    }
    if project
        .protected_branches
        .iter()
        .any(|rule| rule.covers(&name))
    {
        return Err(ApiError::message(405, "Protected branch cannot be deleted"));
    }
    cx.repository_mut(&project)?.branches.remove(&name);
    Ok(Answer::no_content())
}

fn delete_merged(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let repository = cx.repository_mut(&project)?;
    let main = repository.default_branch.clone();
    let Some(head) = repository.resolve("HEAD") else {
        return Ok(Answer::accepted());
    };
    let done: Vec<String> = repository
        .branches
        .iter()
        .filter(|(name, id)| {
            **name != main
                && !project
                    .protected_branches
                    .iter()
                    .any(|rule| rule.covers(name))
                && repository.contains(head, id)
        })
        .map(|(name, _)| name.clone())
        .collect();
    repository.branches.retain(|name, _| !done.contains(name));
    Ok(Answer::accepted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_follow_git() {
        for good in ["main", "feature/x", "v1.0", "ä"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in [
            "", "-x", "a b", "a..b", "a/", "/a", "a//b", "x.lock", ".a", "a~1", "HEAD",
        ] {
            assert!(!is_valid_name(bad), "{bad}");
        }
    }
}
