//! Projects. <https://docs.gitlab.com/api/projects/>

mod administration;
pub(crate) mod change;
mod entity;
mod filters;
mod forks;
mod settings;
mod templates;

pub(crate) use entity::{full, namespace, short};
pub(crate) use filters::{filtered, visible_projects};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Project;
use crate::world::access::OWNER;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects", list);
    table.post("projects", change::create);
    table.get("users/:user_id/projects", of_user);
    table.get("projects/:id", get).job_token();
    table.put("projects/:id", change::update);
    table.delete("projects/:id", delete);
    table.post("projects/:id/restore", restore);
    table.post("projects/:id/fork", forks::fork);
    table.get("projects/:id/forks", forks::list);
    table.post("projects/:id/archive", |cx| set_archived(cx, true));
    table.post("projects/:id/unarchive", |cx| set_archived(cx, false));
    table.post("projects/:id/star", |cx| star(cx, true));
    table.post("projects/:id/unstar", |cx| star(cx, false));
    table.put("projects/:id/transfer", change::transfer);
    table.get("projects/:id/languages", languages);
    table.get("projects/:id/users", users);
    table.post("projects/:id/fork/:forked_from_id", forks::relate);
    table.delete("projects/:id/fork", forks::unrelate);
    administration::routes(table);
    templates::routes(table);
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let projects = filtered(cx, visible_projects(cx))?;
    answer(cx, projects)
}

fn of_user(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx
        .world
        .find_user(cx.path.get("user_id"))
        .map(|user| user.id);
    let user = user.ok_or_else(|| ApiError::not_found("User"))?;
    let mut projects = visible_projects(cx);
    projects.retain(|project| project.namespace == crate::world::Namespace::User(user));
    let projects = filtered(cx, projects)?;
    answer(cx, projects)
}

/// A list of projects: short for anonymous callers and with `simple=true`.
pub(crate) fn answer(cx: &Cx<'_>, projects: Vec<Project>) -> Result<Answer, ApiError> {
    let simple = cx.params.is_set("simple")? || cx.caller.user.is_none();
    pagination::offset_or_keyset(
        cx,
        projects,
        |project| project.id,
        |project| {
            if simple {
                short(cx, project)
            } else {
                full(cx, project)
            }
        },
    )
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let mut value = if cx.caller.user.is_some() {
        full(cx, &project)
    } else {
        short(cx, &project)
    };
    entity::with_details(cx, &project, &mut value)?;
    Ok(Answer::json(&value))
}

/// Deletion is a mark first; a marked project goes for good with
/// `permanently_remove=true` and its full path.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(OWNER)?;
    if project.marked_for_deletion_on.is_none() {
        let today = cx.now.date();
        if let Some(project) = cx.world.projects.get_mut(&project.id) {
            project.marked_for_deletion_on = Some(today);
        }
        return Ok(Answer::accepted());
    }
    if !cx.params.is_set("permanently_remove")? {
        return Err(ApiError::bad_request(
            "Project has been already marked for deletion",
        ));
    }
    if cx.params.text("full_path").as_deref() != Some(&cx.world.project_path(&project)) {
        return Err(ApiError::bad_request(
            "`full_path` is incorrect. You must enter the complete path for the project.",
        ));
    }
    cx.world.remove_project(project.id);
    Ok(Answer::accepted())
}

fn restore(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(OWNER)?;
    project.marked_for_deletion_on = None;
    cx.world.projects.insert(project.id, project.clone());
    Ok(Answer::created(&full(cx, &project)))
}

fn set_archived(cx: &mut Cx<'_>, archived: bool) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(OWNER)?;
    project.archived = archived;
    cx.world.projects.insert(project.id, project.clone());
    Ok(Answer::created(&full(cx, &project)))
}

/// 304 when the star is already there, or already gone.
fn star(cx: &mut Cx<'_>, on: bool) -> Result<Answer, ApiError> {
    let mut project = cx.project()?;
    let mut user = cx.user()?;
    let changes = if on {
        user.starred.insert(project.id)
    } else {
        user.starred.remove(&project.id)
    };
    if !changes {
        return Ok(Answer::json_with(304, &serde_json::Value::Null));
    }
    project.star_count = if on {
        project.star_count + 1
    } else {
        project.star_count.saturating_sub(1)
    };
    cx.world.users.insert(user.id, user);
    cx.world.projects.insert(project.id, project.clone());
    Ok(Answer::created(&full(cx, &project)))
}

/// Shares of bytes by file ending; only the few languages of the seeds are known.
fn languages(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    const KNOWN: [(&str, &str); 8] = [
        (".rs", "Rust"),
        (".py", "Python"),
        (".html", "HTML"),
        (".css", "CSS"),
        (".sh", "Shell"),
        (".js", "JavaScript"),
        (".rb", "Ruby"),
        (".go", "Go"),
    ];
    let project = cx.readable_project()?;
    let mut sizes = std::collections::BTreeMap::new();
    let repository = cx.world.repositories.get(&project.id);
    if let Some((repository, head)) = repository.and_then(|r| Some((r, r.resolve("HEAD")?))) {
        for (path, entry) in repository.files(head) {
            let known = KNOWN.iter().find(|(ending, _)| path.ends_with(ending));
            if let (Some((_, language)), Some(blob)) = (known, repository.blob(&entry.blob)) {
                *sizes.entry(*language).or_insert(0) += u32::try_from(blob.len()).unwrap_or(0);
            }
        }
    }
    let total: u32 = sizes.values().sum();
    let share = |size: u32| (f64::from(size) * 10_000.0 / f64::from(total.max(1))).round() / 100.0;
    let shares: serde_json::Map<_, _> = sizes
        .into_iter()
        .map(|(name, size)| (name.to_owned(), share(size).into()))
        .collect();
    Ok(Answer::json(&shares.into()))
}

fn users(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let users: Vec<_> = cx
        .world
        .users
        .values()
        .filter(|user| cx.world.project_level(user.id, &project) > 0)
        .filter(|user| super::users::matches_search(user, &search, false))
        .collect();
    pagination::offset(cx, &users, |user| super::users::basic(cx.site, user))
}
