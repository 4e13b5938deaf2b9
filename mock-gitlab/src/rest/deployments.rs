//! Deployments. <https://docs.gitlab.com/api/deployments/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::repositories::revision;
use super::conventions::resources::Fields;
use super::{commits, environments, merge_requests, users};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{Home, Project, Record};

const KIND: &str = "deployment";
const STATUSES: [&str; 6] = [
    "created", "running", "success", "failed", "canceled", "blocked",
];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/deployments", list).job_token();
    table.post("projects/:id/deployments", create).job_token();
    let one = "projects/:id/deployments/:deployment_id";
    table.get(one, get).job_token();
    table.put(one, update).job_token();
    table.delete(one, delete);
    table.get(&format!("{one}/merge_requests"), merged);
    table.post(&format!("{one}/approval"), approve);
}

fn entity(cx: &Cx<'_>, project: &Project, deployment: &Record) -> Value {
    let environment = cx
        .world
        .record(environments::KIND, deployment.number("environment"));
    let sha = deployment.text("sha");
    let commit = cx
        .world
        .repositories
        .get(&project.id)
        .and_then(|one| one.commit(sha));
    let deployable =
        commit.map(|commit| json!({ "id": null, "commit": commits::entity(cx, project, commit) }));
    json!({
        "id": deployment.id,
        "iid": deployment.number("iid"),
        "ref": deployment.text("ref"),
        "sha": sha,
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at,
        "status": deployment.text("status"),
        "user": users::basic_by_id(cx, deployment.author),
        "environment": environment.map(|one| environments::entity(cx, one, false)),
        "deployable": deployable,
        "pending_approval_count": 0,
        "approvals": deployment.fields.get("approvals").cloned().unwrap_or_else(|| json!([])),
    })
}

/// The newest deployment to an environment that succeeded.
pub(super) fn last_of(cx: &Cx<'_>, environment: &Record) -> Option<Value> {
    let Home::Project(id) = environment.home else {
        return None;
    };
    let project = cx.world.projects.get(&id)?;
    let mut all = cx.world.records_in(KIND, environment.home).rev();
    let last = all.find(|one| {
        one.number("environment") == environment.id && one.text("status") == "success"
    })?;
    Some(entity(cx, project, last))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let status = cx.params.choice("status", &STATUSES)?;
    let environment = cx.params.filled("environment");
    let orders = [
        "id",
        "iid",
        "created_at",
        "updated_at",
        "finished_at",
        "ref",
    ];
    let order = cx.params.choice("order_by", &orders)?.unwrap_or("id");
    let after = cx.params.time("updated_after")?;
    let before = cx.params.time("updated_before")?;
    let name_of = |one: &Record| {
        let found = cx
            .world
            .record(environments::KIND, one.number("environment"));
        found.map_or("", |found| found.text("name"))
    };
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = rows.filter(|one| {
        status.is_none_or(|status| one.text("status") == status)
            && environment.as_ref().is_none_or(|name| name_of(one) == name)
            && after.is_none_or(|bound| one.updated_at >= bound)
            && before.is_none_or(|bound| one.updated_at <= bound)
    });
    let mut rows: Vec<&Record> = rows.collect();
    match order {
        "updated_at" | "finished_at" => rows.sort_by_key(|one| (one.updated_at, one.id)),
        "ref" => rows.sort_by_key(|one| (one.text("ref"), one.id)),
        _ => {}
    }
    if !cx.params.ascending(true)? {
        rows.reverse();
    }
    pagination::offset(cx, &rows, |one| entity(cx, &project, one))
}

fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let id = cx.number("deployment_id", "Deployment")?;
    let found = cx.world.record(KIND, id);
    let found = found.filter(|one| one.home == Home::Project(project.id));
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Deployment"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let deployment = find(cx, &project)?;
    Ok(Answer::json(&entity(cx, &project, &deployment)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let author = cx.user()?.id;
    let environment = cx.params.required("environment")?;
    let sha = cx.params.required("sha")?;
    let name = cx.params.required("ref")?;
    let tag = cx.params.flag("tag")?;
    tag.ok_or_else(|| ApiError::missing("tag"))?;
    let status = cx.params.choice("status", &STATUSES)?;
    let status = status.ok_or_else(|| ApiError::missing("status"))?;
    let repository = cx.repository(&project)?;
    let commit = revision(repository, &sha, "Commit")
        .map_err(|_| ApiError::validation("sha", "The commit does not exist"))?;
    let sha = commit.id.clone();
    let environment = environments::ensure(cx, &project, &environment, author);
    let mut fields = Fields::new();
    let iid = cx.world.next_iid(project.id, KIND);
    fields.insert("iid".to_owned(), json!(iid));
    fields.insert("environment".to_owned(), json!(environment));
    fields.insert("sha".to_owned(), json!(sha));
    fields.insert("ref".to_owned(), json!(name));
    fields.insert("status".to_owned(), json!(status));
    let home = Home::Project(project.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    let deployment = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, &project, deployment)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let mut deployment = find(cx, &project)?;
    let status = cx.params.choice("status", &STATUSES)?;
    let status = status.ok_or_else(|| ApiError::missing("status"))?;
    if deployment.text("status") == status {
        let text = format!("Status is already {status}");
        return Err(ApiError::bad_request(&text));
    }
    deployment.set("status", status);
    deployment.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &project, &deployment));
    cx.world.records.insert((KIND, deployment.id), deployment);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let deployment = find(cx, &project)?;
    if deployment.text("status") == "running" {
        return Err(ApiError::bad_request("Cannot destroy running deployment"));
    }
    let newest = cx
        .world
        .records_in(KIND, Home::Project(project.id))
        .rev()
        .find(|one| {
            one.number("environment") == deployment.number("environment")
                && one.text("status") == "success"
        });
    if newest.is_some_and(|one| one.id == deployment.id) {
        return Err(ApiError::bad_request(
            "Deployment currently deployed to environment",
        ));
    }
    cx.world.remove_record(KIND, deployment.id);
    Ok(Answer::no_content())
}

/// Merge requests whose merge commits the deployment has and the one before it had not.
fn merged(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let deployment = find(cx, &project)?;
    let before = cx
        .world
        .records_in(KIND, Home::Project(project.id))
        .rev()
        .find(|one| {
            one.id < deployment.id
                && one.number("environment") == deployment.number("environment")
                && one.text("status") == "success"
        });
    let repository = cx.repository(&project)?;
    let head = repository.commit(deployment.text("sha"));
    let former = before.and_then(|one| repository.commit(one.text("sha")));
    let part = |sha: &str| {
        head.is_some_and(|head| repository.contains(head, sha))
            && !former.is_some_and(|former| repository.contains(former, sha))
    };
    let rows = cx.world.merge_requests.values().filter(|request| {
        let sha = request.merge_commit_sha.as_ref();
        request.project == project.id && sha.is_some_and(|sha| part(sha))
    });
    let rows: Vec<_> = rows.collect();
    pagination::offset(cx, &rows, |request| merge_requests::entity(cx, request))
}

fn approve(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let user = cx.user()?;
    let mut deployment = find(cx, &project)?;
    let status = cx.params.choice("status", &["approved", "rejected"])?;
    let status = status.ok_or_else(|| ApiError::missing("status"))?;
    if deployment.text("status") != "blocked" {
        return Err(ApiError::bad_request(
            "This deployment is not waiting for approvals.",
        ));
    }
    let approval = json!({
        "user": users::basic_by_id(cx, user.id),
        "status": status,
        "created_at": cx.now,
        "comment": cx.params.text("comment"),
    });
    let former = deployment.fields.get("approvals").and_then(Value::as_array);
    let mut all = former.cloned().unwrap_or_default();
    all.push(approval.clone());
    deployment.set("approvals", Value::Array(all));
    let next = if status == "approved" {
        "created"
    } else {
        "failed"
    };
    deployment.set("status", next);
    cx.world.records.insert((KIND, deployment.id), deployment);
    Ok(Answer::created(&approval))
}
