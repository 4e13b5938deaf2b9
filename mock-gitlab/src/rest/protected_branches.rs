//! Protected branches. <https://docs.gitlab.com/api/protected_branches/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{self, DEVELOPER, MAINTAINER};
use crate::world::{Project, ProtectedBranch};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/protected_branches", list);
    table.post("projects/:id/protected_branches", create);
    table.get("projects/:id/protected_branches/:name", get);
    table.patch("projects/:id/protected_branches/:name", update);
    table.delete("projects/:id/protected_branches/:name", delete);
}

pub(crate) fn entity(rule: &ProtectedBranch) -> Value {
    let levels = |level: u8| {
        json!([{
            "id": rule.id,
            "access_level": level,
            "access_level_description": access::name(level),
            "deploy_key_id": null,
            "user_id": null,
            "group_id": null,
        }])
    };
    json!({
        "id": rule.id,
        "name": rule.name,
        "push_access_levels": levels(rule.push_level),
        "merge_access_levels": levels(rule.merge_level),
        "allow_force_push": rule.allow_force_push,
        "unprotect_access_levels": [],
        "code_owner_approval_required": rule.code_owner_approval_required,
        "inherited": false,
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let search = cx.params.filled("search").unwrap_or_default();
    let rules: Vec<_> = project
        .protected_branches
        .iter()
        .filter(|rule| rule.name.contains(&search))
        .collect();
    pagination::offset(cx, &rules, |rule| entity(rule))
}

fn find<'a>(cx: &Cx<'_>, project: &'a Project) -> Result<&'a ProtectedBranch, ApiError> {
    let name = cx.path.get("name");
    let found = project
        .protected_branches
        .iter()
        .find(|rule| rule.name == name);
    found.ok_or_else(ApiError::gone)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    Ok(Answer::json(&entity(find(cx, &project)?)))
}

/// `push_access_level`, or the first entry of `allowed_to_push`.
pub(crate) fn level(cx: &Cx<'_>, single: &str, list: &str) -> Result<Option<u8>, ApiError> {
    let listed = cx.params.objects(list).unwrap_or_default();
    let listed = listed
        .first()
        .map(|entry| entry.id("access_level"))
        .transpose()?
        .flatten();
    let Some(level) = cx.params.id(single)?.or(listed) else {
        return Ok(None);
    };
    let known = u8::try_from(level)
        .ok()
        .filter(|level| [0, 30, 40, 60].contains(level));
    known
        .map(Some)
        .ok_or_else(|| ApiError::not_a_choice(single))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let name = cx.params.required("name")?;
    let push = level(cx, "push_access_level", "allowed_to_push")?;
    let merge = level(cx, "merge_access_level", "allowed_to_merge")?;
    let force = cx.params.is_set("allow_force_push")?;
    let owners = cx.params.is_set("code_owner_approval_required")?;
    if project
        .protected_branches
        .iter()
        .any(|rule| rule.name == name)
    {
        return Err(ApiError::conflict(format!(
            "Protected branch '{name}' already exists"
        )));
    }
    cx.world.protect_branch(project.id, &name);
    let stored = cx.world.projects.get_mut(&project.id);
    let rule = stored.and_then(|project| project.protected_branches.last_mut());
    let rule = rule.ok_or_else(|| ApiError::not_found("Project"))?;
    rule.push_level = push.unwrap_or(MAINTAINER);
    rule.merge_level = merge.unwrap_or(MAINTAINER);
    rule.allow_force_push = force;
    rule.code_owner_approval_required = owners;
    Ok(Answer::created(&entity(rule)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(MAINTAINER)?;
    let id = find(cx, &project)?.id;
    let push = level(cx, "push_access_level", "allowed_to_push")?;
    let merge = level(cx, "merge_access_level", "allowed_to_merge")?;
    let force = cx.params.flag("allow_force_push")?;
    let owners = cx.params.flag("code_owner_approval_required")?;
    let rule = project
        .protected_branches
        .iter_mut()
        .find(|rule| rule.id == id);
    let rule = rule.ok_or_else(ApiError::gone)?;
    rule.push_level = push.unwrap_or(rule.push_level);
    rule.merge_level = merge.unwrap_or(rule.merge_level);
    rule.allow_force_push = force.unwrap_or(rule.allow_force_push);
    rule.code_owner_approval_required = owners.unwrap_or(rule.code_owner_approval_required);
    let answer = Answer::json(&entity(rule));
    cx.world.projects.insert(project.id, project);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(MAINTAINER)?;
    let id = find(cx, &project)?.id;
    project.protected_branches.retain(|rule| rule.id != id);
    cx.world.projects.insert(project.id, project);
    Ok(Answer::no_content())
}
