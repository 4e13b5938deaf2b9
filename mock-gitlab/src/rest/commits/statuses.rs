//! Statuses of commits: the jobs of their pipelines, and what others report.
//! <https://docs.gitlab.com/api/commits/#commit-status>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::repositories::revision;
use crate::rest::conventions::resources::Fields;
use crate::rest::users::basic_by_id;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Project, Record};

const KIND: &str = "commit status";

fn reported(cx: &Cx<'_>, status: &Record) -> Value {
    let plain = |name: &str| status.fields.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": status.number("id"),
        "sha": status.text("sha"),
        "ref": plain("ref"),
        "status": status.text("status"),
        "name": status.text("name"),
        "target_url": plain("target_url"),
        "description": plain("description"),
        "created_at": status.created_at,
        "started_at": plain("started_at"),
        "finished_at": plain("finished_at"),
        "allow_failure": false,
        "coverage": plain("coverage"),
        "pipeline_id": plain("pipeline_id"),
        "author": basic_by_id(cx, status.author),
    })
}

pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let repository = cx.repository(&project)?;
    let sha = revision(repository, cx.path.get("sha"), "Commit")?
        .id
        .clone();
    let mut statuses: Vec<Value> = Vec::new();
    for job in cx
        .world
        .jobs
        .values()
        .filter(|job| job.project == project.id)
    {
        let Some(pipeline) = cx.world.pipelines.get(&job.pipeline) else {
            continue;
        };
        if pipeline.sha == sha {
            statuses.push(json!({
                "id": job.id, "sha": sha, "ref": pipeline.r#ref, "status": job.status,
                "name": job.name, "stage": job.stage, "target_url": null, "description": null,
                "created_at": job.created_at, "started_at": job.started_at,
                "finished_at": job.finished_at, "allow_failure": job.allow_failure,
                "coverage": null, "pipeline_id": pipeline.id,
                "author": basic_by_id(cx, job.user),
            }));
        }
    }
    let others = cx.world.records_in(KIND, Home::Project(project.id));
    let others = others.filter(|status| status.text("sha") == sha);
    statuses.extend(others.map(|status| reported(cx, status)));
    for name in ["stage", "name", "ref"] {
        if let Some(wanted) = cx.params.filled(name) {
            statuses.retain(|one| one.get(name).and_then(Value::as_str) == Some(&wanted));
        }
    }
    if let Some(id) = cx.params.id("pipeline_id")? {
        statuses.retain(|one| one.get("pipeline_id").and_then(Value::as_u64) == Some(id));
    }
    for status in &mut statuses {
        if let Value::Object(all) = status {
            all.remove("stage");
        }
    }
    pagination::offset(cx, &statuses, Value::clone)
}

/// A report under a name; a later one under the same name takes its place.
pub(super) fn report(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    const STATES: [&str; 6] = [
        "pending", "running", "success", "failed", "canceled", "skipped",
    ];
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let user = cx.user()?.id;
    let state = cx.params.choice("state", &STATES)?;
    let state = state.ok_or_else(|| ApiError::missing("state"))?;
    let repository = cx.repository(&project)?;
    let sha = revision(repository, cx.path.get("sha"), "Commit")?
        .id
        .clone();
    let holder = repository.branches.iter().find(|(_, head)| **head == sha);
    let name = cx.params.filled("ref");
    let name = name.or_else(|| holder.map(|(name, _)| name.clone()));
    let context = cx
        .params
        .filled("name")
        .or_else(|| cx.params.filled("context"));
    let context = context.unwrap_or_else(|| "default".to_owned());
    let home = Home::Project(project.id);
    let former = cx.world.records_in(KIND, home).find(|one| {
        one.text("sha") == sha
            && one.text("name") == context
            && one.fields.get("ref") == Some(&json!(name))
    });
    let former = former.cloned();
    if former
        .as_ref()
        .is_some_and(|one| one.text("status") == state)
        && state != "running"
    {
        let text = format!(
            "Cannot transition status via :{} from :{state}",
            event(state)
        );
        return Err(ApiError::bad_request(&text));
    }
    let mut fields = match &former {
        Some(one) => one.fields.clone(),
        None => begun(cx, &project, &sha, &context, name.as_deref())?,
    };
    settle(cx, &mut fields, state);
    let id = match former {
        Some(one) => {
            let id = one.id;
            cx.world
                .records
                .insert((KIND, id), Record { fields, ..one });
            id
        }
        None => cx.world.add_record(KIND, home, fields, user, cx.now),
    };
    let status = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&reported(cx, status)))
}

/// What every report says anew.
fn settle(cx: &Cx<'_>, fields: &mut Fields, state: &str) {
    fields.insert("status".to_owned(), json!(state));
    for name in ["target_url", "description", "coverage"] {
        if let Some(value) = cx.params.get(name) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    if state == "running" {
        fields.insert("started_at".to_owned(), json!(cx.now));
    } else if state != "pending" {
        fields.insert("finished_at".to_owned(), json!(cx.now));
    }
}

/// The fields of a status that is reported for the first time.
fn begun(
    cx: &mut Cx<'_>,
    project: &Project,
    sha: &str,
    context: &str,
    name: Option<&str>,
) -> Result<Fields, ApiError> {
    let pipelines = cx.world.pipelines.values().rev();
    let mut pipelines = pipelines.filter(|one| one.project == project.id && one.sha == sha);
    let newest = pipelines.next().map(|one| one.id);
    let pipeline = cx.params.id("pipeline_id")?.or(newest);
    let mut fields = Fields::new();
    fields.insert("id".to_owned(), json!(cx.world.next_id("job")));
    fields.insert("sha".to_owned(), json!(sha));
    fields.insert("ref".to_owned(), json!(name));
    fields.insert("name".to_owned(), json!(context));
    fields.insert("pipeline_id".to_owned(), json!(pipeline));
    Ok(fields)
}

/// The word of the state machine.
fn event(state: &str) -> &'static str {
    match state {
        "pending" => "enqueue",
        "running" => "run",
        "success" => "succeed",
        "failed" => "drop",
        "canceled" => "cancel",
        _ => "skip",
    }
}
