//! What a user belongs to and has. <https://docs.gitlab.com/api/users/>

use serde_json::{Value, json};

use super::admin::wanted;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::projects;
use crate::routes::RouteTable;
use crate::world::{Member, Namespace, User};

pub(super) fn routes(table: &mut RouteTable) {
    table
        .get("users/:id/memberships", list)
        .also(&["read_user"]);
    table
        .get("users/:id/associations_count", count)
        .also(&["read_user"]);
    table.get("users/:id/starred_projects", starred);
    table.get("users/:id/contributed_projects", contributed);
}

/// Direct memberships, for administrators.
fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let user = wanted(cx)?;
    let kind = cx.params.choice("type", &["Project", "Namespace"])?;
    let own = |members: &[Member]| {
        let mut members = members.iter();
        members
            .find(|member| member.user == user.id)
            .map(|member| member.level)
    };
    let row = |id: u64, name: &str, kind: &str, level: u8| {
        json!({
            "source_id": id,
            "source_name": name,
            "source_type": kind,
            "access_level": level,
        })
    };
    let groups = cx.world.groups.values().filter_map(|group| {
        let level = own(&group.members)?;
        Some(row(group.id, &group.name, "Namespace", level))
    });
    let projects = cx.world.projects.values().filter_map(|project| {
        let level = own(&project.members)?;
        Some(row(project.id, &project.name, "Project", level))
    });
    let mut all: Vec<Value> = groups.chain(projects).collect();
    all.retain(|row| kind.is_none_or(|kind| row.get("source_type") == Some(&json!(kind))));
    pagination::offset(cx, &all, Clone::clone)
}

fn count(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let caller = cx.user()?;
    let user = wanted(cx)?;
    if caller.id != user.id && !caller.admin {
        return Err(ApiError::forbidden());
    }
    let world = &cx.world;
    let has = |members: &[Member]| members.iter().any(|member| member.user == user.id);
    Ok(Answer::json(&json!({
        "groups_count": world.groups.values().filter(|group| has(&group.members)).count(),
        "projects_count": world.projects.values().filter(|project| has(&project.members)).count(),
        "issues_count": world.issues.values().filter(|issue| issue.author == user.id).count(),
        "merge_requests_count":
            world.merge_requests.values().filter(|mr| mr.author == user.id).count(),
    })))
}

/// The user in the path, by number or name, unless others may not look at their profile.
fn seen(cx: &Cx<'_>) -> Result<User, ApiError> {
    let user = cx.world.find_user(cx.path.get("id")).cloned();
    let user = user.ok_or_else(|| ApiError::not_found("User"))?;
    let private = user.details.get("private_profile") == Some(&json!(true));
    if private && cx.caller.user != Some(user.id) && !cx.is_admin() {
        return Err(ApiError::not_found("User"));
    }
    Ok(user)
}

fn starred(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = seen(cx)?;
    let mut found = projects::visible_projects(cx);
    found.retain(|project| user.starred.contains(&project.id));
    let found = projects::filtered(cx, found)?;
    projects::answer(cx, found)
}

/// Projects of others in which the user opened something.
fn contributed(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = seen(cx)?;
    let mut found = projects::visible_projects(cx);
    found.retain(|project| {
        let mut issues = cx.world.issues.values();
        let mut merge_requests = cx.world.merge_requests.values();
        project.namespace != Namespace::User(user.id)
            && (issues.any(|i| i.project == project.id && i.author == user.id)
                || merge_requests.any(|mr| mr.project == project.id && mr.author == user.id))
    });
    let found = projects::filtered(cx, found)?;
    projects::answer(cx, found)
}
