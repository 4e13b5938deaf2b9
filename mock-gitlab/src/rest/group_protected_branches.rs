//! Rules for the branches of every project of a group.
//! <https://docs.gitlab.com/api/group_protected_branches/>

use super::conventions::pagination;
use super::protected_branches::{entity, level};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Group, ProtectedBranch};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("groups/:id/protected_branches", list);
    table.post("groups/:id/protected_branches", create);
    table.get("groups/:id/protected_branches/:name", get);
    table.patch("groups/:id/protected_branches/:name", update);
    table.delete("groups/:id/protected_branches/:name", delete);
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let search = cx.params.filled("search").unwrap_or_default();
    let rules = group.protected_branches.iter();
    let rules: Vec<_> = rules.filter(|rule| rule.name.contains(&search)).collect();
    pagination::offset(cx, &rules, |rule| entity(rule))
}

fn position(cx: &Cx<'_>, group: &Group) -> Result<usize, ApiError> {
    let name = cx.path.get("name");
    let mut rules = group.protected_branches.iter();
    rules
        .position(|rule| rule.name == name)
        .ok_or_else(ApiError::gone)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let rule = group.protected_branches.get(position(cx, &group)?);
    Ok(Answer::json(&entity(rule.ok_or_else(ApiError::gone)?)))
}

fn changed(cx: &Cx<'_>, rule: ProtectedBranch) -> Result<ProtectedBranch, ApiError> {
    let push = level(cx, "push_access_level", "allowed_to_push")?;
    let merge = level(cx, "merge_access_level", "allowed_to_merge")?;
    let force = cx.params.flag("allow_force_push")?;
    let owners = cx.params.flag("code_owner_approval_required")?;
    Ok(ProtectedBranch {
        push_level: push.unwrap_or(rule.push_level),
        merge_level: merge.unwrap_or(rule.merge_level),
        allow_force_push: force.unwrap_or(rule.allow_force_push),
        code_owner_approval_required: owners.unwrap_or(rule.code_owner_approval_required),
        ..rule
    })
}

/// For groups at the top only, as GitLab has it.
fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    let name = cx.params.required("name")?;
    if group.parent.is_some() {
        return Err(ApiError::gone());
    }
    if group
        .protected_branches
        .iter()
        .any(|rule| rule.name == name)
    {
        let text = format!("Protected branch '{name}' already exists");
        return Err(ApiError::conflict(text));
    }
    let rule = ProtectedBranch {
        id: cx.world.next_id("protected branch"),
        name,
        push_level: MAINTAINER,
        merge_level: MAINTAINER,
        allow_force_push: false,
        code_owner_approval_required: false,
    };
    let rule = changed(cx, rule)?;
    let answer = Answer::created(&entity(&rule));
    group.protected_branches.push(rule);
    cx.world.groups.insert(group.id, group);
    Ok(answer)
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    let at = position(cx, &group)?;
    let rule = group.protected_branches.get_mut(at);
    let rule = rule.ok_or_else(ApiError::gone)?;
    *rule = changed(cx, rule.clone())?;
    let answer = Answer::json(&entity(rule));
    cx.world.groups.insert(group.id, group);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    let at = position(cx, &group)?;
    group.protected_branches.remove(at);
    cx.world.groups.insert(group.id, group);
    Ok(Answer::no_content())
}
