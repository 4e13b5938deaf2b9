//! The widgets of a work item.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::connection::issue_rows;
use super::resolvers::{Resolver, text, texts};
use super::session::one;
use super::shape::{self, gid, id, number};
use crate::context::Cx;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

/// Word and type of every widget.
pub(super) const KINDS: [(&str, &str); 17] = [
    ("DESCRIPTION", "WorkItemWidgetDescription"),
    ("ASSIGNEES", "WorkItemWidgetAssignees"),
    ("LABELS", "WorkItemWidgetLabels"),
    ("MILESTONE", "WorkItemWidgetMilestone"),
    ("ITERATION", "WorkItemWidgetIteration"),
    ("WEIGHT", "WorkItemWidgetWeight"),
    ("HEALTH_STATUS", "WorkItemWidgetHealthStatus"),
    ("START_AND_DUE_DATE", "WorkItemWidgetStartAndDueDate"),
    ("HIERARCHY", "WorkItemWidgetHierarchy"),
    ("LINKED_ITEMS", "WorkItemWidgetLinkedItems"),
    ("NOTES", "WorkItemWidgetNotes"),
    ("AWARD_EMOJI", "WorkItemWidgetAwardEmoji"),
    ("TIME_TRACKING", "WorkItemWidgetTimeTracking"),
    ("PARTICIPANTS", "WorkItemWidgetParticipants"),
    ("NOTIFICATIONS", "WorkItemWidgetNotifications"),
    ("STATUS", "WorkItemWidgetStatus"),
    ("CUSTOM_FIELDS", "WorkItemWidgetCustomFields"),
];

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("WorkItemWidgetLabels.labels", |cx, widget, _| {
        Ok(super::work_items::labels(cx, widget))
    }),
    ("WorkItemWidgetHierarchy.parent", |cx, widget, _| {
        let parent = cx
            .world
            .work_items
            .get(&id(widget))
            .and_then(|item| item.parent);
        Ok(parent.map_or(Value::Null, |id| super::connection::issue(cx, id)))
    }),
    ("WorkItemWidgetHierarchy.children", |cx, widget, _| {
        Ok(issue_rows(cx.world.children_of(id(widget))))
    }),
    ("WorkItemWidgetHierarchy.ancestors", |cx, widget, _| {
        let above = |id: &u64| cx.world.work_items.get(id).and_then(|item| item.parent);
        // A loop made by a test ends too.
        let mut chain: Vec<u64> = std::iter::successors(above(&id(widget)), above)
            .take(10)
            .collect();
        chain.reverse();
        Ok(issue_rows(chain))
    }),
    ("WorkItemWidgetLinkedItems.linkedItems", linked_items),
    ("WorkItemWidgetNotes.discussions", |_, widget, arguments| {
        Ok(super::notes::discussions_of(
            widget,
            text(arguments, "sort"),
        ))
    }),
    ("WorkItemWidgetAwardEmoji.awardEmoji", |_, widget, _| {
        Ok(super::notes::awards(widget))
    }),
    ("WorkItemWidgetTimeTracking.timelogs", |cx, widget, _| {
        Ok(super::timelogs::of_issue(cx, id(widget)))
    }),
    ("WorkItemWidgetParticipants.participants", |_, widget, _| {
        Ok(super::connection::list(format!(
            "{}/participants",
            path(widget)
        )))
    }),
];

fn path(item: &Value) -> String {
    format!(
        "/projects/{}/issues/{}",
        number(item, "project_id"),
        number(item, "iid")
    )
}

/// The widgets of a work item: each is the item again with a few fields of its own, so
/// that what lies below can be resolved when it is asked for.
pub(super) fn of(cx: &mut Cx<'_>, item: &Value, arguments: &Arguments) -> Resolved {
    let only = texts(arguments, "onlyTypes");
    let except = texts(arguments, "exceptTypes").unwrap_or_default();
    let wanted = KINDS.iter().filter(|(word, _)| {
        let word = (*word).to_owned();
        only.as_ref().is_none_or(|only| only.contains(&word)) && !except.contains(&word)
    });
    let mut widgets = Vec::new();
    for (word, type_name) in wanted {
        let mut widget = item.as_object().cloned().unwrap_or_default();
        if let Value::Object(own) = own(cx, item, word) {
            widget.extend(own);
        }
        widget.insert("__typename".to_owned(), json!(type_name));
        widget.insert("type".to_owned(), json!(word));
        widgets.push(Value::Object(widget));
    }
    Ok(Value::Array(widgets))
}

fn own(cx: &Cx<'_>, item: &Value, word: &str) -> Value {
    let extra = cx.world.work_items.get(&id(item));
    let count = |name: &str| number(item, name);
    match word {
        "ASSIGNEES" => json!({ "allowsMultipleAssignees": true, "canInviteMembers": false }),
        "LABELS" => json!({ "allowsScopedLabels": true }),
        "HEALTH_STATUS" => {
            json!({ "healthStatus": extra.and_then(|item| item.health_status.clone()) })
        }
        "START_AND_DUE_DATE" => json!({
            "startDate": extra.and_then(|item| item.start_date.clone()),
            "isFixed": true,
        }),
        "HIERARCHY" => json!({
            "hasChildren": !cx.world.children_of(id(item)).is_empty(),
            "hasParent": extra.is_some_and(|item| item.parent.is_some()),
        }),
        "LINKED_ITEMS" => json!({
            "blocked": count("blocking_issues_count") > 0,
            "blockedByCount": count("blocking_issues_count"),
            "blockingCount": 0,
        }),
        "TIME_TRACKING" => item.get("time_stats").map_or(Value::Null, |stats| {
            json!({
                "timeEstimate": stats.get("time_estimate"),
                "totalTimeSpent": stats.get("total_time_spent"),
            })
        }),
        "STATUS" => {
            let implied = if shape::text(item, "state") == "closed" {
                3
            } else {
                1
            };
            let number = extra.and_then(|item| item.status).unwrap_or(implied);
            json!({ "status": super::work_items::status(number) })
        }
        "CUSTOM_FIELDS" => json!({ "customFieldValues": [] }),
        _ => Value::Null,
    }
}

fn linked_items(cx: &mut Cx<'_>, widget: &Value, arguments: &Arguments) -> Resolved {
    let filter = text(arguments, "filter").map(|word| match word {
        "BLOCKS" => "blocks",
        "BLOCKED_BY" => "is_blocked_by",
        _ => "relates_to",
    });
    let links = one(cx, &format!("{}/links", path(widget)));
    let rows = links.as_array().cloned().unwrap_or_default();
    let fits = |row: &&Value| filter.is_none_or(|wanted| shape::text(row, "link_type") == wanted);
    Ok(rows
        .iter()
        .filter(fits)
        .map(|row| {
            let kind = match shape::text(row, "link_type") {
                "blocks" => "blocks",
                "is_blocked_by" => "is_blocked_by",
                _ => "relates_to",
            };
            json!({
                "linkId": gid("WorkItems::RelatedWorkItemLink", number(row, "issue_link_id")),
                "linkType": kind,
                "linkCreatedAt": row.get("link_created_at"),
                "linkUpdatedAt": row.get("link_updated_at"),
                "workItem": { "$issue": number(row, "id") },
            })
        })
        .collect())
}
