//! Mutations. Each runs the REST handler that does the same, as the same caller.

mod links;
mod notes;
mod work_items;

use serde_json::{Map, Value, json};

use super::resolvers::Resolver;
use super::session::rest;
use super::shape::{self, number_of};
use super::timelogs;
use super::{Refusal, vulnerabilities};
use crate::context::Cx;
use crate::world::access::MAINTAINER;

type Arguments = Map<String, Value>;
pub(super) type Resolved = Result<Value, Refusal>;

/// Runs a mutation: what the caller got wrong stands in its payload, what they may not
/// see or do is an error of the whole.
macro_rules! mutation {
    ($work:expr) => {
        |cx, _, arguments| answer(arguments, $work(cx, input(arguments)))
    };
}

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Mutation.echoCreate", mutation!(echo)),
    ("Mutation.workItemCreate", mutation!(work_items::create)),
    ("Mutation.workItemUpdate", mutation!(work_items::update)),
    ("Mutation.workItemDelete", mutation!(work_items::delete)),
    ("Mutation.workItemConvert", mutation!(work_items::convert)),
    ("Mutation.workItemAddLinkedItems", mutation!(links::add)),
    (
        "Mutation.workItemRemoveLinkedItems",
        mutation!(links::remove),
    ),
    ("Mutation.createNote", mutation!(notes::create)),
    ("Mutation.updateNote", mutation!(notes::update)),
    ("Mutation.destroyNote", mutation!(notes::destroy)),
    ("Mutation.awardEmojiAdd", mutation!(notes::award)),
    ("Mutation.awardEmojiRemove", mutation!(notes::take_award)),
    ("Mutation.todoRestore", mutation!(restore_todo)),
    ("Mutation.issueMove", mutation!(work_items::relocate)),
    ("Mutation.timelogDelete", mutation!(timelogs::delete)),
    ("Mutation.timelineEventCreate", mutation!(timeline_event)),
    (
        "Mutation.updateDependencyProxySettings",
        mutation!(dependency_proxy),
    ),
    (
        "Mutation.vulnerabilityDismiss",
        mutation!(|cx, input| vulnerabilities::change(cx, input, "dismissed")),
    ),
    (
        "Mutation.vulnerabilityConfirm",
        mutation!(|cx, input| vulnerabilities::change(cx, input, "confirmed")),
    ),
    (
        "Mutation.vulnerabilityResolve",
        mutation!(|cx, input| vulnerabilities::change(cx, input, "resolved")),
    ),
    (
        "Mutation.vulnerabilityRevertToDetected",
        mutation!(|cx, input| vulnerabilities::change(cx, input, "detected")),
    ),
];

fn input(arguments: &Arguments) -> &Value {
    arguments.get("input").unwrap_or(&Value::Null)
}

/// The payload of a mutation, with `clientMutationId` and `errors`.
fn answer(arguments: &Arguments, result: Resolved) -> Resolved {
    let mut payload = match result {
        Ok(payload) => payload,
        Err(Refusal::Invalid(lines)) => json!({ "errors": lines }),
        Err(other) => return Err(other),
    };
    if let Value::Object(all) = &mut payload {
        let id = input(arguments).get("clientMutationId").cloned();
        all.insert("clientMutationId".to_owned(), id.unwrap_or_default());
        all.entry("errors").or_insert_with(|| json!([]));
    }
    Ok(payload)
}

fn echo(_: &mut Cx<'_>, input: &Value) -> Resolved {
    Ok(json!({
        "echoes": input.get("messages").cloned().unwrap_or_else(|| json!([])),
        "errors": input.get("errors").cloned().unwrap_or_else(|| json!([])),
    }))
}

fn restore_todo(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let id = number_of(shape::text(input, "id"), &["Todo"]).unwrap_or(0);
    if super::query::todo(cx, id).is_null() {
        return Err(Refusal::Missing);
    }
    if let Some(todo) = cx.world.todos.get_mut(&id) {
        todo.done = false;
    }
    Ok(json!({ "todo": super::query::todo(cx, id) }))
}

fn timeline_event(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let id = number_of(shape::text(input, "incidentId"), &["Issue", "WorkItem"]).unwrap_or(0);
    let issue = super::connection::issue(cx, id);
    let project = cx.world.projects.get(&shape::number(&issue, "project_id"));
    let may =
        project.is_some_and(|project| cx.level_in(project) >= crate::world::access::DEVELOPER);
    if !may || shape::text(&issue, "issue_type") != "incident" {
        return Err(Refusal::Missing);
    }
    let number = cx.world.next_id("timeline event");
    let tags = input
        .get("timelineEventTagNames")
        .and_then(Value::as_array)
        .cloned();
    let tags: Vec<Value> = tags
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(at, name)| json!({ "id": shape::gid("IncidentManagement::TimelineEventTag", at + 1), "name": name }))
        .collect();
    let author = cx.caller.user.and_then(|id| cx.world.users.get(&id));
    let event = json!({
        "id": shape::gid("IncidentManagement::TimelineEvent", number),
        "note": input.get("note"),
        "noteHtml": input.get("note"),
        "action": "comment",
        "editable": true,
        "occurredAt": input.get("occurredAt"),
        "createdAt": cx.now,
        "updatedAt": cx.now,
        "author": author.map(|user| crate::rest::users::basic(cx.site, user)),
        "timelineEventTags": tags,
    });
    let item = cx.world.work_items.entry(id).or_default();
    item.timeline.push(event.clone());
    Ok(json!({ "timelineEvent": event }))
}

fn dependency_proxy(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let found = cx
        .world
        .find_group(shape::text(input, "groupPath"))
        .cloned();
    let group = found.filter(|group| cx.level_in_group(group) >= MAINTAINER);
    let group = group.ok_or(Refusal::Missing)?;
    let old = cx.world.dependency_proxies.get(&group.id);
    let given = input
        .get("identity")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let identity = given.or_else(|| old.and_then(|proxy| proxy.identity.clone()));
    let enabled = input.get("enabled").and_then(Value::as_bool);
    let enabled = enabled.or(old.map(|proxy| proxy.enabled)).unwrap_or(true);
    let setting = json!({ "enabled": enabled, "identity": identity });
    let proxy = cx.world.dependency_proxies.entry(group.id).or_default();
    (proxy.enabled, proxy.identity) = (enabled, identity);
    Ok(json!({ "dependencyProxySetting": setting }))
}

/// The path of a work item by its global id, and its number.
fn item_at(cx: &mut Cx<'_>, id: &str) -> Result<(u64, String), Refusal> {
    let number = number_of(id, &["WorkItem", "Issue"]).ok_or(Refusal::Missing)?;
    let noteable = crate::world::Noteable::Issue(number);
    let path = super::notes::noteable_path(cx, &noteable).ok_or(Refusal::Missing)?;
    // It has to be there for the caller before it can be anything else.
    rest(cx, "GET", &path, None)?;
    Ok((number, path))
}
