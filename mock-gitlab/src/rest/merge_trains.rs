//! Merge trains. <https://docs.gitlab.com/api/merge_trains/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::merge_requests;
use super::users::basic_by_id;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, REPORTER};
use crate::world::{Home, Project, Record};

const KIND: &str = "merge train car";

pub(crate) fn routes(table: &mut RouteTable) {
    let base = "projects/:id/merge_trains";
    table.get(base, all);
    table.get(&format!("{base}/:target_branch"), of_branch);
    let one = format!("{base}/merge_requests/:iid");
    table.get(&one, get);
    table.post(&one, add);
}

/// A car is merged when its merge request is, and waits as long as that is open.
fn state(cx: &Cx<'_>, car: &Record) -> &'static str {
    let request = cx.world.merge_requests.get(&car.number("merge_request"));
    match request.map(|request| request.state.as_str()) {
        Some("merged") => "merged",
        Some("opened") => "fresh",
        _ => "skip_merged",
    }
}

fn entity(cx: &Cx<'_>, car: &Record) -> Value {
    let request = cx.world.merge_requests.get(&car.number("merge_request"));
    let state = state(cx, car);
    let merged_at = request.and_then(|request| request.merged_at);
    json!({
        "id": car.id,
        "merge_request": request.map(|request| json!({
            "id": request.id, "iid": request.iid, "project_id": request.project,
            "title": request.title, "description": request.description,
            "state": request.state, "created_at": request.created_at,
            "updated_at": request.updated_at,
        })),
        "user": basic_by_id(cx, car.author),
        "pipeline": null,
        "created_at": car.created_at,
        "updated_at": car.updated_at,
        "target_branch": request.map(|request| &request.target_branch),
        "status": state,
        "merged_at": merged_at,
        "duration": merged_at.map(|at| at.as_seconds() - car.created_at.as_seconds()),
    })
}

fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    cx.project_as(REPORTER)
}

fn page(cx: &Cx<'_>, fits: impl Fn(&Record) -> bool) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let scope = cx.params.choice("scope", &["active", "complete"])?;
    let cars = cx.world.records_in(KIND, Home::Project(project.id));
    let cars = cars.filter(|car| {
        let complete = state(cx, car) != "fresh";
        fits(car) && scope.is_none_or(|scope| (scope == "complete") == complete)
    });
    let mut cars: Vec<&Record> = cars.collect();
    if !cx.params.ascending(false)? {
        cars.reverse();
    }
    pagination::offset(cx, &cars, |car| entity(cx, car))
}

fn all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    page(cx, |_| true)
}

fn of_branch(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let branch = cx.path.get("target_branch");
    page(cx, |car| {
        let request = cx.world.merge_requests.get(&car.number("merge_request"));
        request.is_some_and(|request| request.target_branch == branch)
    })
}

fn car(cx: &Cx<'_>) -> Result<Option<Record>, ApiError> {
    let request = merge_requests::find(cx)?;
    let mut cars = cx.world.records_in(KIND, Home::Project(request.project));
    let found = cars.find(|car| car.number("merge_request") == request.id);
    Ok(found.cloned())
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    readable(cx)?;
    let car = car(cx)?.ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity(cx, &car)))
}

fn add(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let user = cx.user()?.id;
    let request = merge_requests::find(cx)?;
    let enabled = project.settings.get("merge_trains_enabled") == Some(&json!(true));
    if !enabled || cx.world.merge_status(&request, cx.now) != "mergeable" {
        return Err(ApiError::bad_request("Failed to merge"));
    }
    if cx
        .params
        .filled("sha")
        .is_some_and(|sha| sha != request.sha)
    {
        return Err(ApiError::conflict(
            "SHA does not match HEAD of source branch",
        ));
    }
    if car(cx)?.is_some() {
        return Err(ApiError::conflict("Merge request is already in a train"));
    }
    let mut fields = Fields::new();
    fields.insert("merge_request".to_owned(), json!(request.id));
    let home = Home::Project(project.id);
    let id = cx.world.add_record(KIND, home, fields, user, cx.now);
    let car = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&json!([entity(cx, car)])))
}
