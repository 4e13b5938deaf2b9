//! External status checks. <https://docs.gitlab.com/api/status_checks/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{Field, Fields, Place, Resource, Spec, routes as five};
use super::merge_requests;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Record};

struct StatusChecks;

impl Resource for StatusChecks {
    const SPEC: Spec = Spec {
        kind: "status check",
        word: "",
        fields: &[
            Field::text("name").required(),
            Field::text("external_url").required(),
            Field::text("shared_secret").secret(),
        ],
        parameter: "check_id",
        unique: &["name", "external_url"],
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<StatusChecks>(table, "projects/:id/external_status_checks");
    let one = "projects/:id/merge_requests/:iid";
    table.get(&format!("{one}/status_checks"), of_merge_request);
    table.post(&format!("{one}/status_check_responses"), respond);
    table.post(&format!("{one}/status_checks/:check_id/retry"), retry);
}

fn check(
    cx: &mut Cx<'_>,
    place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let url = fields.get("external_url").and_then(Value::as_str);
    if !url.is_some_and(|url| url.starts_with("http://") || url.starts_with("https://")) {
        let text = "is blocked: Only allowed schemes are http, https";
        return Err(ApiError::validation("external_url", text));
    }
    if let Some(ids) = cx.params.ids("protected_branch_ids")? {
        let project = match place.home {
            Home::Project(id) => cx.world.projects.get(&id),
            _ => None,
        };
        let known = |id: &u64| {
            project.is_some_and(|one| one.protected_branches.iter().any(|rule| rule.id == *id))
        };
        if !ids.iter().all(known) {
            let text = "all must exist within the project.";
            return Err(ApiError::validation("protected_branches", text));
        }
        fields.insert("protected_branch_ids".to_owned(), json!(ids));
    }
    Ok(())
}

fn branches(cx: &Cx<'_>, one: &Record) -> Vec<(u64, String)> {
    let Home::Project(id) = one.home else {
        return Vec::new();
    };
    let ids = one.fields.get("protected_branch_ids");
    let ids = ids.and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<u64> = ids.filter_map(Value::as_u64).collect();
    let rules = cx
        .world
        .projects
        .get(&id)
        .map(|one| &one.protected_branches);
    let rules = rules.into_iter().flatten();
    rules
        .filter(|rule| ids.contains(&rule.id))
        .map(|rule| (rule.id, rule.name.clone()))
        .collect()
}

fn view(cx: &Cx<'_>, one: &Record, all: &mut Fields) {
    if let Home::Project(id) = one.home {
        all.insert("project_id".to_owned(), json!(id));
    }
    let hmac = !one.text("shared_secret").is_empty();
    all.insert("hmac".to_owned(), json!(hmac));
    let branches = branches(cx, one)
        .into_iter()
        .map(|(id, name)| json!({ "id": id, "name": name }));
    all.insert("protected_branches".to_owned(), branches.collect());
}

/// `passed`, `failed` or `pending` for each check and the head of the merge request.
fn of_merge_request(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = merge_requests::find(cx)?;
    let checks = cx
        .world
        .records_in(StatusChecks::SPEC.kind, Home::Project(request.project));
    let checks: Vec<&Record> = checks
        .filter(|one| {
            let branches = branches(cx, one);
            branches.is_empty()
                || branches
                    .iter()
                    .any(|(_, name)| *name == request.target_branch)
        })
        .collect();
    let home = Home::MergeRequest(request.id);
    pagination::offset(cx, &checks, |one| {
        let mut answers = cx.world.records_in("status check response", home).rev();
        let last = answers
            .find(|answer| answer.number("check") == one.id && answer.text("sha") == request.sha);
        let status = last.map_or("pending", |answer| answer.text("status"));
        json!({ "id": one.id, "name": one.text("name"),
                "external_url": one.text("external_url"), "status": status })
    })
}

fn respond(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let request = merge_requests::find(cx)?;
    let user = cx.user()?.id;
    let id = cx.params.required_id("external_status_check_id")?;
    let sha = cx.params.required("sha")?;
    let status = cx
        .params
        .choice("status", &["pending", "passed", "failed"])?
        .ok_or_else(|| ApiError::missing("status"))?;
    let one = cx.world.record(StatusChecks::SPEC.kind, id);
    let one = one.filter(|one| one.home == Home::Project(project.id));
    let one = one.cloned().ok_or_else(ApiError::gone)?;
    if sha != request.sha {
        return Err(ApiError::conflict("'sha' is no longer the head SHA"));
    }
    let mut fields = Fields::new();
    fields.insert("check".to_owned(), json!(id));
    fields.insert("sha".to_owned(), json!(sha));
    fields.insert("status".to_owned(), json!(status));
    let home = Home::MergeRequest(request.id);
    let kind = "status check response";
    let made = cx.world.add_record(kind, home, fields, user, cx.now);
    Ok(Answer::created(&json!({
        "id": made,
        "merge_request": merge_requests::entity(cx, &request),
        "external_status_check": { "id": one.id, "name": one.text("name"),
            "external_url": one.text("external_url") },
    })))
}

fn retry(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let request = merge_requests::find(cx)?;
    let id = cx.number("check_id", "Status Check")?;
    let one = cx.world.record(StatusChecks::SPEC.kind, id);
    if one.is_none_or(|one| one.home != Home::Project(project.id)) {
        return Err(ApiError::gone());
    }
    let home = Home::MergeRequest(request.id);
    let answers = cx.world.records_in("status check response", home);
    let failed: Vec<u64> = answers
        .filter(|answer| answer.number("check") == id && answer.text("status") == "failed")
        .map(|answer| answer.id)
        .collect();
    if failed.is_empty() {
        return Err(ApiError::message(
            422,
            "External status check must be failed",
        ));
    }
    for answer in failed {
        cx.world.remove_record("status check response", answer);
    }
    Ok(Answer::json_with(
        202,
        &json!({ "message": "202 Accepted" }),
    ))
}
