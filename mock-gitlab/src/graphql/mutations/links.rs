//! Links between work items.

use serde_json::{Value, json};

use super::{Resolved, item_at};
use crate::context::Cx;
use crate::graphql::session::{one, rest};
use crate::graphql::shape::{number, text};

fn targets(input: &Value) -> Vec<String> {
    let ids = input.get("workItemsIds").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    ids.map(str::to_owned).collect()
}

pub(super) fn add(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let (id, path) = item_at(cx, text(input, "id"))?;
    let kind = match text(input, "linkType") {
        "BLOCKS" => "blocks",
        "BLOCKED_BY" => "is_blocked_by",
        _ => "relates_to",
    };
    for target in targets(input) {
        let (other, _) = item_at(cx, &target)?;
        let other = cx
            .world
            .issues
            .get(&other)
            .map(|issue| (issue.project, issue.iid));
        let (project, iid) = other.unwrap_or_default();
        let body = json!({
            "target_project_id": project,
            "target_issue_iid": iid,
            "link_type": kind,
        });
        rest(cx, "POST", &format!("{path}/links"), Some(body))?;
    }
    let message = format!("Successfully linked ID(s): {}.", targets(input).join(", "));
    Ok(json!({ "workItem": { "$issue": id }, "message": message }))
}

pub(super) fn remove(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let (id, path) = item_at(cx, text(input, "id"))?;
    for target in targets(input) {
        let (other, _) = item_at(cx, &target)?;
        let links = one(cx, &format!("{path}/links"));
        let links = links.as_array().cloned().unwrap_or_default();
        let found = links.iter().find(|link| number(link, "id") == other);
        if let Some(link) = found.map(|link| number(link, "issue_link_id")) {
            rest(cx, "DELETE", &format!("{path}/links/{link}"), None)?;
        }
    }
    let message = format!(
        "Successfully unlinked ID(s): {}.",
        targets(input).join(", ")
    );
    Ok(json!({ "workItem": { "$issue": id }, "message": message }))
}
