//! Issues and work items: one thing under two names.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::resolvers::{Resolver, text, texts};
use super::session::one;
use super::shape::{self, gid, id, number};
use crate::context::Cx;
use crate::world::Issue;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

/// Types of work items with their numbers: <https://docs.gitlab.com/development/work_items/>
const TYPES: [(&str, u64, &str); 5] = [
    ("Issue", 1, "issue"),
    ("Incident", 2, "incident"),
    ("Test Case", 3, "test_case"),
    ("Task", 5, "task"),
    ("Ticket", 9, "ticket"),
];

/// The statuses every instance comes with.
const STATUSES: [(u64, &str, &str, &str); 5] = [
    (1, "To do", "to_do", "#737278"),
    (2, "In progress", "in_progress", "#1f75cb"),
    (3, "Done", "done", "#108548"),
    (4, "Won't do", "canceled", "#DD2B0E"),
    (5, "Duplicate", "canceled", "#DD2B0E"),
];

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("WorkItem.state", |_, item, _| {
        Ok(json!(if shape::text(item, "state") == "closed" {
            "CLOSED"
        } else {
            "OPEN"
        }))
    }),
    ("WorkItem.namespace", |cx, item, _| {
        let project = one(cx, &format!("/projects/{}", number(item, "project_id")));
        Ok(super::query::of_project(&project))
    }),
    ("WorkItem.project", |cx, item, _| {
        Ok(one(
            cx,
            &format!("/projects/{}", number(item, "project_id")),
        ))
    }),
    ("WorkItem.workItemType", |_, item, _| {
        Ok(type_value(shape::text(item, "issue_type")))
    }),
    ("WorkItem.reference", reference),
    ("WorkItem.userDiscussionsCount", |_, item, _| {
        Ok(item.get("user_notes_count").cloned().unwrap_or_default())
    }),
    ("WorkItem.userPermissions", permissions),
    ("WorkItem.widgets", super::widgets::of),
    ("WorkItem.awardEmoji", |_, item, _| {
        Ok(super::notes::awards(item))
    }),
    ("WorkItemType.widgetDefinitions", definitions),
    ("Issue.type", |_, issue, _| {
        Ok(json!(shape::text(issue, "issue_type").to_uppercase()))
    }),
    ("Issue.labels", |cx, issue, _| Ok(labels(cx, issue))),
    ("Issue.reference", reference),
    ("Issue.timeEstimate", |_, issue, _| {
        Ok(time(issue, "time_estimate"))
    }),
    ("Issue.totalTimeSpent", |_, issue, _| {
        Ok(time(issue, "total_time_spent"))
    }),
    ("Issue.notes", |_, issue, _| {
        Ok(super::notes::notes_of(issue))
    }),
    ("Issue.discussions", |_, issue, _| {
        Ok(super::notes::discussions_of(issue, None))
    }),
    ("Project.incidentManagementTimelineEvents", timeline),
];

/// Where work items lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Project(u64),
    Group(u64),
}

/// The issues the caller may see that fit the arguments, newest first unless told.
pub(super) fn wanted(
    cx: &mut Cx<'_>,
    place: Option<Place>,
    arguments: &Arguments,
) -> Result<Vec<u64>, Refusal> {
    if place.is_none() && cx.caller.user.is_none() {
        return Err(Refusal::Missing);
    }
    let projects = projects_in(cx, place);
    let user = |name: &str| cx.world.find_user(name).map_or(0, |user| user.id);
    let author = text(arguments, "authorUsername").map(user);
    let assignees: Option<Vec<u64>> = texts(arguments, "assigneeUsernames")
        .map(|names| names.iter().map(|name| user(name)).collect());
    let state = text(arguments, "state").filter(|state| *state != "all");
    let types: Option<Vec<String>> = texts(arguments, "types")
        .map(|types| types.iter().map(|word| word.to_lowercase()).collect());
    let labels = texts(arguments, "labelName");
    let search = text(arguments, "search").map(str::to_lowercase);
    let mut iids = texts(arguments, "iids").unwrap_or_default();
    iids.extend(text(arguments, "iid").map(str::to_owned));
    let fits = |issue: &&Issue| {
        projects.contains(&issue.project)
            && state.is_none_or(|state| issue.state == state)
            && author.is_none_or(|author| issue.author == author)
            && assignees
                .as_ref()
                .is_none_or(|all| all.iter().all(|one| issue.assignees.contains(one)))
            && types
                .as_ref()
                .is_none_or(|types| types.contains(&issue.issue_type))
            && labels
                .as_ref()
                .is_none_or(|all| all.iter().all(|one| issue.labels.contains(one)))
            && search.as_ref().is_none_or(|text| {
                issue.title.to_lowercase().contains(text)
                    || issue.description.to_lowercase().contains(text)
            })
            && (iids.is_empty() || iids.iter().any(|iid| *iid == issue.iid.to_string()))
            && crate::rest::issues::shown(cx, issue)
    };
    let mut rows: Vec<&Issue> = cx.world.issues.values().filter(fits).collect();
    sort(&mut rows, text(arguments, "sort").unwrap_or("CREATED_DESC"));
    Ok(rows.into_iter().map(|issue| issue.id).collect())
}

fn projects_in(cx: &Cx<'_>, place: Option<Place>) -> Vec<u64> {
    let seen = cx
        .world
        .projects
        .values()
        .filter(|project| cx.sees_project(project));
    let inside = |project: &&crate::world::Project| match place {
        None => true,
        Some(Place::Project(id)) => project.id == id,
        Some(Place::Group(group)) => match project.namespace {
            crate::world::Namespace::Group(id) => cx.world.lies_below(id, group),
            crate::world::Namespace::User(_) => false,
        },
    };
    seen.filter(inside).map(|project| project.id).collect()
}

fn sort(rows: &mut [&Issue], order: &str) {
    let order = order.to_ascii_uppercase();
    match order.rsplit_once('_').map_or("", |(field, _)| field) {
        "UPDATED" => rows.sort_by_key(|issue| (issue.updated_at, issue.id)),
        "TITLE" => rows.sort_by_key(|issue| (issue.title.to_lowercase(), issue.id)),
        _ => rows.sort_by_key(|issue| (issue.created_at, issue.id)),
    }
    if order.ends_with("_DESC") {
        rows.reverse();
    }
}

/// The types, or the one asked for.
pub(super) fn types(arguments: &Arguments) -> Value {
    let name = text(arguments, "name").map(str::to_lowercase);
    let wanted = TYPES
        .iter()
        .filter(|(_, _, word)| name.as_ref().is_none_or(|name| name == word));
    wanted.map(|(_, _, word)| type_value(word)).collect()
}

fn type_value(word: &str) -> Value {
    let known = TYPES.iter().find(|(_, _, own)| *own == word);
    let (name, number, word) = known.copied().unwrap_or(("Issue", 1, "issue"));
    json!({
        "id": gid("WorkItems::Type", number),
        "name": name,
        "iconName": format!("work-item-{}", word.replace('_', "-")),
        "_word": word,
    })
}

/// The word of a type by its global id.
pub(super) fn type_word(id: &str) -> Option<&'static str> {
    let number = shape::number_of(id, &["WorkItems::Type"])?;
    let known = TYPES.iter().find(|(_, own, _)| *own == number);
    known.map(|(_, _, word)| *word)
}

/// A status by its number.
pub(super) fn status(number: u64) -> Value {
    let known = STATUSES.iter().find(|(own, ..)| *own == number);
    known.map_or(Value::Null, |(number, name, category, color)| {
        json!({
            "id": gid("WorkItems::Statuses::SystemDefined::Status", number),
            "name": name,
            "category": category.to_uppercase(),
            "color": color,
            "iconName": "status-waiting",
            "position": 0,
        })
    })
}

fn definitions(_: &mut Cx<'_>, _: &Value, _: &Arguments) -> Resolved {
    let kinds = super::widgets::KINDS.iter().map(|(word, _)| match *word {
        "STATUS" => json!({
            "__typename": "WorkItemWidgetDefinitionStatus",
            "type": word,
            "allowedStatuses": (1..=5).map(status).collect::<Vec<_>>(),
        }),
        "CUSTOM_FIELDS" => json!({
            "__typename": "WorkItemWidgetDefinitionCustomFields",
            "type": word,
            "customFieldValues": [],
        }),
        word => json!({ "__typename": "WorkItemWidgetDefinitionGeneric", "type": word }),
    });
    Ok(kinds.collect())
}

fn reference(_: &mut Cx<'_>, item: &Value, arguments: &Arguments) -> Resolved {
    let full = arguments.get("full").and_then(Value::as_bool) == Some(true);
    let kind = if full { "full" } else { "short" };
    let references = item.get("references");
    Ok(references
        .and_then(|all| all.get(kind))
        .cloned()
        .unwrap_or_default())
}

fn permissions(cx: &mut Cx<'_>, item: &Value, _: &Arguments) -> Resolved {
    let project = cx.world.projects.get(&number(item, "project_id")).cloned();
    let issue = cx.world.issues.get(&id(item));
    let level = project.as_ref().map_or(0, |project| cx.level_in(project));
    let may = match (&project, issue) {
        (Some(project), Some(issue)) => crate::rest::issues::changes_issue(cx, project, issue),
        _ => false,
    };
    Ok(json!({
        "readWorkItem": true,
        "updateWorkItem": may,
        "adminWorkItem": may,
        "deleteWorkItem": level >= crate::world::access::OWNER || level == crate::world::access::PLANNER,
        "createNote": cx.caller.user.is_some(),
    }))
}

fn time(issue: &Value, name: &str) -> Value {
    let stats = issue.get("time_stats");
    stats
        .and_then(|stats| stats.get(name))
        .cloned()
        .unwrap_or_default()
}

/// The labels an object of a project names.
pub(super) fn labels(cx: &mut Cx<'_>, parent: &Value) -> Value {
    let names = parent.get("labels").and_then(Value::as_array).cloned();
    let project = number(parent, "project_id").max(number(parent, "target_project_id"));
    let mut rows = Vec::new();
    for name in names.unwrap_or_default() {
        let name = name.as_str().unwrap_or_default();
        let place = format!(
            "/projects/{project}/labels/{}",
            super::resolvers::segment(name)
        );
        match one(cx, &place) {
            Value::Null => rows.push(
                json!({ "id": 0, "name": name, "color": "#737278", "text_color": "#FFFFFF" }),
            ),
            label => rows.push(label),
        }
    }
    Value::Array(rows)
}

fn timeline(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let wanted = text(arguments, "incidentId").unwrap_or_default();
    let wanted = shape::number_of(wanted, &["Issue", "WorkItem"]).unwrap_or(0);
    if super::connection::issue(cx, wanted).is_null() {
        return Err(Refusal::Missing);
    }
    let events = cx.world.work_items.get(&wanted);
    Ok(events.map_or_else(|| json!([]), |item| json!(item.timeline)))
}
