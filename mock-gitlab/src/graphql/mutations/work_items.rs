//! Creating, changing, converting, moving and deleting work items.

use serde_json::{Map, Value, json};

use super::{Refusal, Resolved, item_at};
use crate::context::Cx;
use crate::graphql::resolvers::segment;
use crate::graphql::session::{one, rest};
use crate::graphql::shape::{number, number_of, text};
use crate::graphql::work_items::type_word;

pub(super) fn create(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let path = [text(input, "namespacePath"), text(input, "projectPath")]
        .into_iter()
        .find(|path| !path.is_empty())
        .ok_or_else(|| {
            Refusal::Error("One of namespacePath or projectPath is required".to_owned())
        })?;
    let project = one(cx, &format!("/projects/{}", segment(path)));
    if project.is_null() {
        return Err(Refusal::Missing);
    }
    let kind = type_word(text(input, "workItemTypeId")).ok_or(Refusal::Missing)?;
    let mut body = Map::new();
    body.insert("title".to_owned(), json!(text(input, "title")));
    body.insert("issue_type".to_owned(), json!(kind));
    for (name, own) in [
        ("description", "description"),
        ("confidential", "confidential"),
    ] {
        if let Some(value) = input.get(name).filter(|value| !value.is_null()) {
            body.insert(own.to_owned(), value.clone());
        }
    }
    widgets(cx, input, &mut body);
    let place = format!("/projects/{}/issues", number(&project, "id"));
    let made = rest(cx, "POST", &place, Some(Value::Object(body)))?.body;
    let id = number(&made, "id");
    extras(cx, id, input)?;
    Ok(json!({ "workItem": { "$issue": id } }))
}

pub(super) fn update(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let (id, path) = item_at(cx, text(input, "id"))?;
    let mut body = Map::new();
    for name in ["title", "confidential"] {
        if let Some(value) = input.get(name).filter(|value| !value.is_null()) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(event) = input.get("stateEvent").and_then(Value::as_str) {
        body.insert("state_event".to_owned(), json!(event.to_lowercase()));
    }
    if let Some(locked) = input.pointer("/notesWidget/discussionLocked") {
        body.insert("discussion_locked".to_owned(), locked.clone());
    }
    widgets(cx, input, &mut body);
    if body.is_empty() {
        // Even a change of nothing but widgets takes the right to change.
        let title = cx.world.issues.get(&id).map(|issue| issue.title.clone());
        body.insert("title".to_owned(), json!(title));
    }
    rest(cx, "PUT", &path, Some(Value::Object(body)))?;
    if let Some(estimate) = input.pointer("/timeTrackingWidget/timeEstimate") {
        let body = json!({ "duration": estimate });
        rest(cx, "POST", &format!("{path}/time_estimate"), Some(body))?;
    }
    extras(cx, id, input)?;
    Ok(json!({ "workItem": { "$issue": id } }))
}

/// The widgets that the issue itself holds.
fn widgets(cx: &Cx<'_>, input: &Value, body: &mut Map<String, Value>) {
    let given = |pointer: &str| input.pointer(pointer).cloned();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("description", given("/descriptionWidget/description"));
    set("weight", given("/weightWidget/weight"));
    set("due_date", given("/startAndDueDateWidget/dueDate"));
    let numbers = |value: Value, class: &str| -> Value {
        let ids = value.as_array().cloned().unwrap_or_default();
        let ids = ids
            .iter()
            .filter_map(|id| number_of(id.as_str()?, &[class]));
        json!(ids.collect::<Vec<u64>>())
    };
    set(
        "assignee_ids",
        given("/assigneesWidget/assigneeIds").map(|ids| numbers(ids, "User")),
    );
    let milestone = given("/milestoneWidget/milestoneId");
    let milestone = milestone.map(|id| id.as_str().and_then(|id| number_of(id, &["Milestone"])));
    set("milestone_id", milestone.map(|id| json!(id.unwrap_or(0))));
    let names = |value: Value| -> Value {
        let ids = value.as_array().cloned().unwrap_or_default();
        let ids = ids
            .iter()
            .filter_map(|id| number_of(id.as_str()?, &["Label", "ProjectLabel", "GroupLabel"]));
        let labels = ids.filter_map(|id| cx.world.labels.get(&id));
        json!(labels.map(|label| label.name.clone()).collect::<Vec<_>>())
    };
    set("labels", given("/labelsWidget/labelIds").map(names));
    set("add_labels", given("/labelsWidget/addLabelIds").map(names));
    set(
        "remove_labels",
        given("/labelsWidget/removeLabelIds").map(names),
    );
}

/// The widgets that the issue does not hold. Null takes a value away.
fn extras(cx: &mut Cx<'_>, id: u64, input: &Value) -> Result<(), Refusal> {
    let plain = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(parent) = input.pointer("/hierarchyWidget/parentId") {
        let parent = match parent.as_str() {
            Some(parent) => Some(item_at(cx, parent)?.0),
            None => None,
        };
        if parent == Some(id) {
            return Err(Refusal::Invalid(vec!["Parent cannot be itself".to_owned()]));
        }
        cx.world.work_items.entry(id).or_default().parent = parent;
    }
    let children = input
        .pointer("/hierarchyWidget/childrenIds")
        .and_then(Value::as_array);
    for child in children.into_iter().flatten() {
        let (child, _) = item_at(cx, child.as_str().unwrap_or_default())?;
        cx.world.work_items.entry(child).or_default().parent = Some(id);
    }
    if let Some(iteration) = input.pointer("/iterationWidget/iterationId") {
        let wanted = iteration.as_str();
        let wanted = wanted.and_then(|id| number_of(id, &["Iteration"]));
        let known = wanted.filter(|id| cx.world.iterations.contains_key(id));
        if wanted != known {
            return Err(Refusal::Missing);
        }
        cx.world.work_items.entry(id).or_default().iteration = known;
    }
    let item = cx.world.work_items.entry(id).or_default();
    if let Some(day) = input.pointer("/startAndDueDateWidget/startDate") {
        item.start_date = plain(day);
    }
    if let Some(health) = input.pointer("/healthStatusWidget/healthStatus") {
        item.health_status = plain(health);
    }
    if let Some(status) = input.pointer("/statusWidget/status") {
        let class = "WorkItems::Statuses::SystemDefined::Status";
        item.status = status.as_str().and_then(|id| number_of(id, &[class]));
    }
    Ok(())
}

pub(super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let (id, path) = item_at(cx, text(input, "id"))?;
    let project = cx.world.issues.get(&id).map_or(0, |issue| issue.project);
    rest(cx, "DELETE", &path, None)?;
    cx.world.work_items.remove(&id);
    let project = one(cx, &format!("/projects/{project}"));
    let namespace = crate::graphql::query::of_project(&project);
    Ok(json!({ "project": project, "namespace": namespace }))
}

pub(super) fn convert(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let (id, path) = item_at(cx, text(input, "id"))?;
    let kind = type_word(text(input, "workItemTypeId")).ok_or(Refusal::Missing)?;
    rest(cx, "PUT", &path, Some(json!({ "issue_type": kind })))?;
    Ok(json!({ "workItem": { "$issue": id } }))
}

pub(super) fn relocate(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let from = segment(text(input, "projectPath"));
    let target = one(
        cx,
        &format!("/projects/{}", segment(text(input, "targetProjectPath"))),
    );
    if target.is_null() {
        return Err(Refusal::Missing);
    }
    let path = format!(
        "/projects/{from}/issues/{}/move",
        segment(text(input, "iid"))
    );
    let body = json!({ "to_project_id": number(&target, "id") });
    let moved = rest(cx, "POST", &path, Some(body))?.body;
    Ok(json!({ "issue": { "$issue": number(&moved, "id") } }))
}
