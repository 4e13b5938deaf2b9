//! Search on the instance, below a group, below a project.
//! <https://docs.gitlab.com/api/search/>

mod code;

use serde_json::Value;

use super::conventions::pagination;
use super::{issues, merge_requests, milestones, projects, users};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::PLANNER;
use crate::world::{Issue, MergeRequest, Milestone, Owner, Project};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("search", everywhere);
    table.get("projects/:id/search", in_project);
    table.get("projects/:id/-/search", in_project);
    table.get("groups/:id/search", in_group);
    table.get("groups/:id/-/search", in_group);
}

const SCOPES: [&str; 10] = [
    "projects",
    "issues",
    "merge_requests",
    "milestones",
    "snippet_titles",
    "users",
    "blobs",
    "commits",
    "wiki_blobs",
    "notes",
];

fn everywhere(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let projects = projects::visible_projects(cx);
    search(cx, &projects)
}

fn in_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    search(cx, &[project])
}

fn in_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let below = cx
        .world
        .projects_below(group.id)
        .filter(|project| cx.sees_project(project));
    let projects: Vec<Project> = below.cloned().collect();
    search(cx, &projects)
}

fn search(cx: &Cx<'_>, within: &[Project]) -> Result<Answer, ApiError> {
    let text = cx.params.required("search")?.to_lowercase();
    let scope = cx
        .params
        .choice("scope", &SCOPES)?
        .ok_or_else(|| ApiError::missing("scope"))?;
    let has = |project: u64| within.iter().any(|known| known.id == project);
    let state = cx.params.filled("state").filter(|state| state != "all");
    let in_state = |actual: &str| state.as_ref().is_none_or(|state| actual == state);
    let found = |parts: &[&str]| parts.iter().any(|part| part.to_lowercase().contains(&text));
    let rows: Vec<Value> = match scope {
        "projects" => within
            .iter()
            .filter(|project| found(&[&project.name, &project.path, &project.description]))
            .map(|project| projects::short(cx, project))
            .collect(),
        "issues" => visible_issues(cx)
            .filter(|i| has(i.project) && in_state(&i.state) && found(&[&i.title, &i.description]))
            .map(|issue| issues::entity(cx, issue))
            .collect(),
        "merge_requests" => visible_merge_requests(cx)
            .filter(|mr| {
                has(mr.project) && in_state(&mr.state) && found(&[&mr.title, &mr.description])
            })
            .map(|mr| merge_requests::entity(cx, mr))
            .collect(),
        "milestones" => cx
            .world
            .milestones
            .values()
            .filter(|m| belongs(cx, m, within) && found(&[&m.title, &m.description]))
            .map(|milestone| milestones::entity(cx, milestone))
            .collect(),
        "users" => cx
            .world
            .users
            .values()
            .filter(|user| users::matches_search(user, &text, cx.is_admin()))
            .map(|user| users::basic(cx.site, user))
            .collect(),
        "blobs" => code::blobs(cx, within)?,
        "commits" => code::commits(cx, within, &text)?,
        _ => Vec::new(),
    };
    pagination::offset(cx, &rows, Value::clone)
}

fn belongs(cx: &Cx<'_>, milestone: &Milestone, within: &[Project]) -> bool {
    match milestone.owner {
        Owner::Project(id) => within.iter().any(|project| project.id == id),
        Owner::Group(id) => within.iter().any(|project| match project.namespace {
            crate::world::Namespace::Group(group) => cx.world.lies_below(group, id),
            crate::world::Namespace::User(_) => false,
        }),
    }
}

/// The issues the caller may see: confidential ones only with a hand in them.
pub(crate) fn visible_issues<'a>(cx: &'a Cx<'_>) -> impl Iterator<Item = &'a Issue> {
    cx.world.issues.values().filter(|issue| {
        let Some(project) = cx.world.projects.get(&issue.project) else {
            return false;
        };
        let involved = |user| issue.author == user || issue.assignees.contains(&user);
        let secret = issue.confidential
            && cx.level_in(project) < PLANNER
            && !cx.caller.user.is_some_and(involved);
        cx.sees_project(project) && !secret
    })
}

/// The merge requests the caller may see.
pub(crate) fn visible_merge_requests<'a>(cx: &'a Cx<'_>) -> impl Iterator<Item = &'a MergeRequest> {
    cx.world.merge_requests.values().filter(|mr| {
        cx.world
            .projects
            .get(&mr.project)
            .is_some_and(|project| cx.reads_code(project))
    })
}
