//! Milestones of projects and groups; routes take the global id.
//! <https://docs.gitlab.com/api/milestones/>

mod burndown;

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::PLANNER;
use crate::world::{Milestone, Namespace, Owner};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/milestones", |cx| list(cx, project));
    table.post("projects/:id/milestones", |cx| create(cx, project));
    table.get("projects/:id/milestones/:milestone_id", |cx| {
        get(cx, project)
    });
    table.put("projects/:id/milestones/:milestone_id", |cx| {
        update(cx, project)
    });
    table.delete("projects/:id/milestones/:milestone_id", |cx| {
        delete(cx, project)
    });
    table.get("projects/:id/milestones/:milestone_id/issues", |cx| {
        issues(cx, project)
    });
    table.get(
        "projects/:id/milestones/:milestone_id/merge_requests",
        |cx| merge_requests(cx, project),
    );
    table.get(
        "projects/:id/milestones/:milestone_id/burndown_events",
        |cx| burndown::events(cx, project),
    );
    table.post("projects/:id/milestones/:milestone_id/promote", promote);
    table.get("groups/:id/milestones", |cx| list(cx, group));
    table.post("groups/:id/milestones", |cx| create(cx, group));
    table.get("groups/:id/milestones/:milestone_id", |cx| get(cx, group));
    table.put("groups/:id/milestones/:milestone_id", |cx| {
        update(cx, group)
    });
    table.delete("groups/:id/milestones/:milestone_id", |cx| {
        delete(cx, group)
    });
    table.get("groups/:id/milestones/:milestone_id/issues", |cx| {
        issues(cx, group)
    });
    table.get("groups/:id/milestones/:milestone_id/merge_requests", |cx| {
        merge_requests(cx, group)
    });
    table.get(
        "groups/:id/milestones/:milestone_id/burndown_events",
        |cx| burndown::events(cx, group),
    );
}

type Resolve = fn(&Cx<'_>) -> Result<(Owner, u8), ApiError>;

fn project(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let project = cx.project()?;
    Ok((Owner::Project(project.id), cx.level_in(&project)))
}

fn group(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let group = cx.group()?;
    Ok((Owner::Group(group.id), cx.level_in_group(&group)))
}

/// How a milestone looks from outside, also inside issues and merge requests.
pub(crate) fn entity(cx: &Cx<'_>, milestone: &Milestone) -> Value {
    let (key, id, path) = match milestone.owner {
        Owner::Project(id) => {
            let path = cx
                .world
                .projects
                .get(&id)
                .map(|project| cx.world.project_path(project));
            ("project_id", id, format!("/{}", path.unwrap_or_default()))
        }
        Owner::Group(id) => (
            "group_id",
            id,
            format!("/groups/{}", cx.world.group_path(id)),
        ),
    };
    let today = cx.now.date();
    let expired = milestone.due_date.as_ref().is_some_and(|due| *due < today);
    json!({
        "id": milestone.id,
        "iid": milestone.iid,
        key: id,
        "title": milestone.title,
        "description": milestone.description,
        "state": milestone.state,
        "created_at": milestone.created_at,
        "updated_at": milestone.updated_at,
        "due_date": milestone.due_date,
        "start_date": milestone.start_date,
        "expired": expired,
        "web_url": cx.site.url(&format!("{path}/-/milestones/{}", milestone.iid)),
    })
}

/// The owners whose milestones a list shows.
fn owners(cx: &Cx<'_>, owner: Owner) -> Result<Vec<Owner>, ApiError> {
    let ancestors =
        cx.params.is_set("include_ancestors")? || cx.params.is_set("include_parent_milestones")?;
    let group = match owner {
        Owner::Group(id) => Some(id),
        Owner::Project(id) => match cx.world.projects.get(&id).map(|project| project.namespace) {
            Some(Namespace::Group(group)) => Some(group),
            _ => None,
        },
    };
    let mut owners = vec![owner];
    if let (true, Some(group)) = (ancestors, group) {
        owners.extend(cx.world.ancestry(group).map(|above| Owner::Group(above.id)));
    }
    if let (true, Owner::Group(top)) = (cx.params.is_set("include_descendants")?, owner) {
        let below = cx
            .world
            .groups
            .keys()
            .filter(|id| cx.world.lies_below(**id, top));
        owners.extend(below.map(|id| Owner::Group(*id)));
        owners.extend(
            cx.world
                .projects_below(top)
                .map(|project| Owner::Project(project.id)),
        );
    }
    Ok(owners)
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let owners = owners(cx, owner)?;
    let params = &cx.params;
    let iids = params.ids("iids")?.unwrap_or_default();
    let state = params
        .choice("state", &["all", "active", "closed"])?
        .filter(|s| *s != "all");
    let title = params.filled("title");
    let search = params.filled("search").unwrap_or_default().to_lowercase();
    let (before, after) = (
        params.time("updated_before")?,
        params.time("updated_after")?,
    );
    let fits = |milestone: &&Milestone| {
        owners.contains(&milestone.owner)
            && (iids.is_empty() || iids.contains(&milestone.iid))
            && state.is_none_or(|state| milestone.state == state)
            && title.as_ref().is_none_or(|title| milestone.title == *title)
            && (milestone.title.to_lowercase().contains(&search)
                || milestone.description.to_lowercase().contains(&search))
            && before.is_none_or(|bound| milestone.updated_at <= bound)
            && after.is_none_or(|bound| milestone.updated_at >= bound)
    };
    let mut found: Vec<&Milestone> = cx.world.milestones.values().filter(fits).collect();
    found.reverse();
    pagination::offset(cx, &found, |milestone| entity(cx, milestone))
}

fn find(cx: &Cx<'_>, owner: Owner) -> Result<Milestone, ApiError> {
    let id = cx.number("milestone_id", "Milestone")?;
    let found = cx
        .world
        .milestones
        .get(&id)
        .filter(|milestone| milestone.owner == owner);
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Milestone"))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    Ok(Answer::json(&entity(cx, &find(cx, owner)?)))
}

fn writable(cx: &Cx<'_>, resolve: Resolve) -> Result<Owner, ApiError> {
    let (owner, level) = resolve(cx)?;
    if level < PLANNER {
        Err(ApiError::forbidden())
    } else {
        Ok(owner)
    }
}

/// A date of the form `2026-11-30`; empty text and `null` clear it.
fn date(cx: &Cx<'_>, name: &str) -> Result<Option<String>, ApiError> {
    Ok(cx.params.time(name)?.map(crate::clock::Timestamp::date))
}

fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = writable(cx, resolve)?;
    let title = cx.params.required("title")?;
    if cx
        .world
        .milestones
        .values()
        .any(|m| m.owner == owner && m.title == title)
    {
        return Err(ApiError::validation("title", "has already been taken"));
    }
    let (start_date, due_date) = (date(cx, "start_date")?, date(cx, "due_date")?);
    let iid = match owner {
        Owner::Project(id) => cx.world.next_iid(id, "milestone"),
        Owner::Group(id) => cx.world.next_id(&format!("milestone of group {id}")),
    };
    let milestone = Milestone {
        id: cx.world.next_id("milestone"),
        iid,
        owner,
        title,
        description: cx.params.text("description").unwrap_or_default(),
        state: "active".to_owned(),
        start_date,
        due_date,
        created_at: cx.now,
        updated_at: cx.now,
    };
    cx.world.milestones.insert(milestone.id, milestone.clone());
    Ok(Answer::created(&entity(cx, &milestone)))
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = writable(cx, resolve)?;
    let mut milestone = find(cx, owner)?;
    if let Some(title) = cx.params.filled("title") {
        milestone.title = title;
    }
    if let Some(text) = cx.params.text("description") {
        milestone.description = text;
    }
    if cx.params.has("start_date") {
        milestone.start_date = date(cx, "start_date")?;
    }
    if cx.params.has("due_date") {
        milestone.due_date = date(cx, "due_date")?;
    }
    match cx.params.choice("state_event", &["close", "activate"])? {
        Some("close") => "closed".clone_into(&mut milestone.state),
        Some(_) => "active".clone_into(&mut milestone.state),
        None => {}
    }
    milestone.updated_at = cx.now;
    cx.world.milestones.insert(milestone.id, milestone.clone());
    Ok(Answer::json(&entity(cx, &milestone)))
}

fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = writable(cx, resolve)?;
    let id = find(cx, owner)?.id;
    cx.world.milestones.remove(&id);
    for issue in cx
        .world
        .issues
        .values_mut()
        .filter(|issue| issue.milestone == Some(id))
    {
        issue.milestone = None;
    }
    for mr in cx
        .world
        .merge_requests
        .values_mut()
        .filter(|mr| mr.milestone == Some(id))
    {
        mr.milestone = None;
    }
    Ok(Answer::no_content())
}

fn issues(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let id = find(cx, owner)?.id;
    let found: Vec<_> = super::search::visible_issues(cx)
        .filter(|i| i.milestone == Some(id))
        .collect();
    pagination::offset(cx, &found, |issue| super::issues::entity(cx, issue))
}

fn merge_requests(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let id = find(cx, owner)?.id;
    let found: Vec<_> = super::search::visible_merge_requests(cx)
        .filter(|mr| mr.milestone == Some(id))
        .collect();
    pagination::offset(cx, &found, |mr| super::merge_requests::entity(cx, mr))
}

/// Makes a project's milestone one of its group; it keeps its id.
fn promote(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(PLANNER)?;
    let Namespace::Group(group) = project.namespace else {
        return Err(ApiError::bad_request("Project does not belong to a group."));
    };
    let mut milestone = find(cx, Owner::Project(project.id))?;
    milestone.owner = Owner::Group(group);
    milestone.iid = cx.world.next_id(&format!("milestone of group {group}"));
    milestone.updated_at = cx.now;
    cx.world.milestones.insert(milestone.id, milestone.clone());
    Ok(Answer::created(&entity(cx, &milestone)))
}
