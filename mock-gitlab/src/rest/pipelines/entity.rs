//! How a pipeline looks from outside.

use serde_json::{Value, json};

use crate::context::Cx;
use crate::rest::users::basic_by_id;
use crate::world::Pipeline;

/// A pipeline, as in lists.
pub(crate) fn entity(cx: &Cx<'_>, pipeline: &Pipeline) -> Value {
    json!({
        "id": pipeline.id,
        "iid": pipeline.iid,
        "project_id": pipeline.project,
        "sha": pipeline.sha,
        "ref": pipeline.r#ref,
        "status": pipeline.status,
        "source": pipeline.source,
        "created_at": pipeline.created_at,
        "updated_at": pipeline.updated_at,
        "web_url": cx.site.url(&path(cx, pipeline)),
        "name": null,
    })
}

fn path(cx: &Cx<'_>, pipeline: &Pipeline) -> String {
    let project = cx.world.projects.get(&pipeline.project);
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    format!("/{path}/-/pipelines/{}", pipeline.id)
}

/// One pipeline.
pub(crate) fn full_entity(cx: &Cx<'_>, pipeline: &Pipeline) -> Value {
    let mut value = entity(cx, pipeline);
    let repository = cx.world.repositories.get(&pipeline.project);
    let commit = repository.and_then(|repository| repository.commit(&pipeline.sha));
    let parent = commit.and_then(|commit| commit.parents.first()).cloned();
    let queued = pipeline
        .started_at
        .map(|at| at.as_seconds() - pipeline.created_at.as_seconds());
    let more = json!({
        "before_sha": parent.unwrap_or_else(|| "0".repeat(40)),
        "tag": pipeline.tag,
        "yaml_errors": null,
        "user": basic_by_id(cx, pipeline.user),
        "started_at": pipeline.started_at,
        "finished_at": pipeline.finished_at,
        "committed_at": null,
        "duration": pipeline.duration_seconds(),
        "queued_duration": queued,
        "coverage": null,
        "detailed_status": detailed_status(cx, pipeline),
        "archived": false,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
        all.extend(more);
    }
    value
}

fn detailed_status(cx: &Cx<'_>, pipeline: &Pipeline) -> Value {
    let (text, label) = match pipeline.status.as_str() {
        "success" => ("Passed", "passed"),
        "manual" => ("Blocked", "waiting for manual action"),
        "failed" => ("Failed", "failed"),
        "running" => ("Running", "running"),
        "pending" => ("Pending", "pending"),
        "canceled" => ("Canceled", "canceled"),
        "skipped" => ("Skipped", "skipped"),
        other => ("Created", other),
    };
    json!({
        "icon": format!("status_{}", pipeline.status),
        "text": text,
        "label": label,
        "group": pipeline.status,
        "tooltip": label,
        "has_details": true,
        "details_path": format!("{}{}", cx.site.base_path, path(cx, pipeline)),
        "illustration": null,
        "favicon": format!("/assets/ci_favicons/favicon_status_{}.png", pipeline.status),
    })
}
