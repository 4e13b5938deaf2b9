//! Pipeline schedules. <https://docs.gitlab.com/api/pipeline_schedules/>

mod variables;

use std::time::Duration;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::freeze_periods::is_cron;
use super::pipelines;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{Home, NewPipeline, Pipeline, Project, Record};

pub(super) const KIND: &str = "pipeline schedule";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/pipeline_schedules", list);
    table.post("projects/:id/pipeline_schedules", create);
    let one = "projects/:id/pipeline_schedules/:schedule_id";
    table.get(one, get);
    table.put(one, update);
    table.delete(one, delete);
    table.post(&format!("{one}/play"), play);
    table.post(&format!("{one}/take_ownership"), take_ownership);
    table.get(&format!("{one}/pipelines"), run_by);
    variables::routes(table, one);
}

/// The next full hour stands for what the cron line says.
fn next_run(now: crate::Timestamp) -> crate::Timestamp {
    let into_hour = now.as_seconds().rem_euclid(3600);
    let left = u64::try_from(3600 - into_hour).unwrap_or(3600);
    now.plus(Duration::from_secs(left))
}

fn entity(cx: &Cx<'_>, schedule: &Record, whole: bool) -> Value {
    let mut value = json!({
        "id": schedule.id,
        "description": schedule.text("description"),
        "ref": schedule.text("ref"),
        "cron": schedule.text("cron"),
        "cron_timezone": schedule.text("cron_timezone"),
        "next_run_at": next_run(schedule.updated_at),
        "active": schedule.flag("active"),
        "created_at": schedule.created_at,
        "updated_at": schedule.updated_at,
        "owner": super::users::basic_by_id(cx, schedule.number("owner")),
        "inputs": [],
    });
    if let (true, Value::Object(all)) = (whole, &mut value) {
        let last = pipelines_of(cx, schedule).into_iter().next_back();
        let last = last.map(
            |one| json!({ "id": one.id, "sha": one.sha, "ref": one.r#ref, "status": one.status }),
        );
        all.insert("last_pipeline".to_owned(), json!(last));
        let shown = variables::shown(cx, schedule);
        all.insert("variables".to_owned(), shown);
    }
    value
}

fn pipelines_of<'a>(cx: &'a Cx<'_>, schedule: &Record) -> Vec<&'a Pipeline> {
    let ids = schedule.fields.get("pipelines").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().filter_map(Value::as_u64);
    ids.filter_map(|id| cx.world.pipelines.get(&id)).collect()
}

fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    pipelines::readable(cx)
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let scope = cx.params.choice("scope", &["active", "inactive"])?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = rows.filter(|one| match scope {
        Some("active") => one.flag("active"),
        Some(_) => !one.flag("active"),
        None => true,
    });
    let rows: Vec<&Record> = rows.collect();
    pagination::offset(cx, &rows, |one| entity(cx, one, false))
}

/// The schedule of the path.
fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let id = cx.number("schedule_id", "Pipeline Schedule")?;
    let found = cx.world.record(KIND, id);
    let found = found.filter(|one| one.home == Home::Project(project.id));
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Pipeline Schedule"))
}

/// The schedule, for its owner and for maintainers.
pub(super) fn writable(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let project = readable(cx)?;
    cx.require(&project, DEVELOPER)?;
    let schedule = find(cx, &project)?;
    let own = cx.caller.user == Some(schedule.number("owner"));
    if own || cx.level_in(&project) >= MAINTAINER {
        Ok(schedule)
    } else {
        Err(ApiError::forbidden())
    }
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let schedule = find(cx, &project)?;
    Ok(Answer::json(&entity(cx, &schedule, true)))
}

fn change(cx: &Cx<'_>, schedule: &mut Fields) -> Result<(), ApiError> {
    for name in ["description", "ref", "cron", "cron_timezone"] {
        if let Some(text) = cx.params.filled(name) {
            schedule.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(active) = cx.params.flag("active")? {
        schedule.insert("active".to_owned(), json!(active));
    }
    let cron = schedule.get("cron").and_then(Value::as_str);
    if !cron.is_some_and(is_cron) {
        return Err(ApiError::validation("cron", "is invalid syntax"));
    }
    let zone = schedule.get("cron_timezone").and_then(Value::as_str);
    let sane = |zone: &str| {
        zone.chars()
            .all(|c| c.is_ascii_alphanumeric() || " /_+-&().".contains(c))
    };
    if !zone.is_some_and(sane) {
        return Err(ApiError::validation("cron_timezone", "is invalid syntax"));
    }
    Ok(())
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    cx.require(&project, DEVELOPER)?;
    let author = cx.user()?.id;
    for name in ["description", "ref", "cron"] {
        cx.params.required(name)?;
    }
    let mut fields = Fields::new();
    fields.insert("cron_timezone".to_owned(), json!("UTC"));
    fields.insert("active".to_owned(), json!(true));
    fields.insert("owner".to_owned(), json!(author));
    change(cx, &mut fields)?;
    let home = Home::Project(project.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    let schedule = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, schedule, true)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut schedule = writable(cx)?;
    change(cx, &mut schedule.fields)?;
    schedule.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &schedule, true));
    cx.world.records.insert((KIND, schedule.id), schedule);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let schedule = writable(cx)?;
    cx.world.remove_record(KIND, schedule.id);
    Ok(Answer::no_content())
}

fn take_ownership(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    cx.require(&project, MAINTAINER)?;
    let user = cx.user()?.id;
    let mut schedule = find(cx, &project)?;
    schedule.set("owner", user);
    let answer = Answer::created(&entity(cx, &schedule, true));
    cx.world.records.insert((KIND, schedule.id), schedule);
    Ok(answer)
}

fn play(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    cx.require(&project, DEVELOPER)?;
    let user = cx.user()?.id;
    let mut schedule = find(cx, &project)?;
    let new = NewPipeline {
        project: project.id,
        r#ref: schedule.text("ref"),
        source: "schedule",
        user,
        variables: variables::pairs(cx, &schedule),
    };
    // GitLab starts the pipeline in the background: a problem is not told here.
    if let Ok(id) = cx.world.start_pipeline(new, cx.now) {
        let all = schedule.fields.entry("pipelines");
        if let Value::Array(ids) = all.or_insert_with(|| json!([])) {
            ids.push(json!(id));
        }
        cx.world.records.insert((KIND, schedule.id), schedule);
    }
    Ok(Answer::created(&json!({ "message": "201 Created" })))
}

fn run_by(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let schedule = find(cx, &project)?;
    let rows = pipelines_of(cx, &schedule);
    pagination::offset(cx, &rows, |one| pipelines::entity(cx, one))
}
