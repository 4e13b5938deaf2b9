//! How a job looks from outside.

use serde_json::{Value, json};

use super::zip;
use crate::context::Cx;
use crate::rest::users::basic_by_id;
use crate::rest::{commits, pipelines, runners};
use crate::world::Job;

/// A job.
pub(super) fn job(cx: &Cx<'_>, job: &Job) -> Value {
    let project = cx.world.projects.get(&job.project);
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    let pipeline = cx.world.pipelines.get(&job.pipeline);
    let repository = cx.world.repositories.get(&job.project);
    let commit = pipeline.and_then(|one| repository.and_then(|r| r.commit(&one.sha)));
    let commit = project.and_then(|p| commit.map(|commit| commits::entity(cx, p, commit)));
    let seconds = |from: Option<crate::clock::Timestamp>, to: Option<crate::clock::Timestamp>| {
        let millis = to?.as_millis() - from?.as_millis();
        // Whole seconds with one decimal: exact in a double.
        Some(json!(
            f64::from(i32::try_from(millis / 100).unwrap_or(i32::MAX)) / 10.0
        ))
    };
    let duration = seconds(job.started_at, job.finished_at.or(Some(cx.now)));
    let queued = seconds(job.queued_at, job.started_at.or(Some(cx.now)));
    let mut value = json!({
        "id": job.id,
        "status": job.status,
        "stage": job.stage,
        "name": job.name,
        "ref": pipeline.map(|pipeline| &pipeline.r#ref),
        "tag": pipeline.is_some_and(|pipeline| pipeline.tag),
        "coverage": null,
        "allow_failure": job.allow_failure,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "erased_at": job.erased_at,
        "duration": duration,
        "queued_duration": queued,
        "user": basic_by_id(cx, job.user),
        "commit": commit,
        "pipeline": pipeline.map(|pipeline| pipelines::entity(cx, pipeline)),
        "web_url": cx.site.url(&format!("/{path}/-/jobs/{}", job.id)),
        "project": { "ci_job_token_scope_enabled": false },
        "artifacts": artifacts(job),
        "runner": runner(cx, job),
        "runner_manager": null,
        "artifacts_expire_at": null,
        "archived": false,
        "source": pipeline.map(|pipeline| &pipeline.source),
        "tag_list": job.tags,
    });
    if let Value::Object(all) = &mut value {
        if let Some(reason) = &job.failure_reason {
            all.insert("failure_reason".to_owned(), json!(reason));
        }
        if !job.artifacts.is_empty() {
            let size = zip::archive(&job.artifacts).len();
            let file = json!({ "filename": "artifacts.zip", "size": size });
            all.insert("artifacts_file".to_owned(), file);
        }
    }
    value
}

fn runner(cx: &Cx<'_>, job: &Job) -> Option<Value> {
    let runner = cx.world.runners.get(&job.runner?)?;
    Some(Value::Object(runners::entity::short(cx, runner)))
}

fn artifacts(job: &Job) -> Value {
    let mut list = Vec::new();
    if job.finished_at.is_some() && job.erased_at.is_none() {
        list.push(json!({
            "file_type": "trace",
            "size": job.log_size.unwrap_or_else(|| job.trace().len()),
            "filename": "job.log",
            "file_format": null,
        }));
    }
    if !job.artifacts.is_empty() {
        list.push(json!({
            "file_type": "archive",
            "size": zip::archive(&job.artifacts).len(),
            "filename": "artifacts.zip",
            "file_format": "zip",
        }));
    }
    Value::Array(list)
}

/// A job that starts a pipeline elsewhere: no runner, no artifacts.
pub(super) fn bridge(cx: &Cx<'_>, job: &Job) -> Value {
    let mut value = self::job(cx, job);
    if let Value::Object(all) = &mut value {
        for name in [
            "artifacts",
            "runner",
            "runner_manager",
            "tag_list",
            "artifacts_expire_at",
        ] {
            all.remove(name);
        }
        all.insert("downstream_pipeline".to_owned(), Value::Null);
    }
    value
}
