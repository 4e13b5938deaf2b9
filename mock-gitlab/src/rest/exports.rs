//! Export and import of projects and groups: asked for, done a moment later by the
//! clock. <https://docs.gitlab.com/api/project_import_export/>

mod bundle;
mod groups;
mod import;

use std::time::Duration;

use serde_json::{Value, json};

use super::conventions::resources::Fields;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Project, Record};

const KIND: &str = "export";
/// Until a worker takes it up.
const TO_START: Duration = Duration::from_secs(1);
/// Until the archive is there.
const TO_FINISH: Duration = Duration::from_secs(3);

pub(crate) fn routes(table: &mut RouteTable) {
    table.post("projects/:id/export", start);
    table.get("projects/:id/export", status);
    table.get("projects/:id/export/download", download);
    import::routes(table);
    groups::routes(table);
}

/// Where something asked for at `since` stands by now.
pub(super) fn progress(since: Timestamp, now: Timestamp) -> &'static str {
    if now < since.plus(TO_START) {
        "queued"
    } else if now < since.plus(TO_FINISH) {
        "started"
    } else {
        "finished"
    }
}

fn last(cx: &Cx<'_>, home: Home) -> Option<Record> {
    cx.world.records_in(KIND, home).next_back().cloned()
}

/// What is exported is what is there when it is asked for.
fn start(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let user = cx.user()?.id;
    let home = Home::Project(project.id);
    let bytes = bundle::of_project(cx, &project)?;
    if let Some(former) = last(cx, home) {
        cx.world.remove_record(KIND, former.id);
    }
    keep(cx, home, user, bytes);
    Ok(Answer::json_with(
        202,
        &json!({ "message": "202 Accepted" }),
    ))
}

fn keep(cx: &mut Cx<'_>, home: Home, user: u64, bytes: Vec<u8>) {
    let id = cx.world.add_record(KIND, home, Fields::new(), user, cx.now);
    if let Some(export) = cx.world.record_mut(KIND, id) {
        export.content = Some(bytes.into());
    }
}

fn status_of(cx: &Cx<'_>, export: Option<&Record>) -> &'static str {
    export.map_or("none", |export| progress(export.created_at, cx.now))
}

fn status(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let export = last(cx, Home::Project(project.id));
    let status = status_of(cx, export.as_ref());
    let mut value = named(cx, &project);
    if let Value::Object(all) = &mut value {
        all.insert("export_status".to_owned(), json!(status));
        if status == "finished" {
            let api = format!("/projects/{}/export/download", project.id);
            let web = format!("/{}/download_export", cx.world.project_path(&project));
            let links = json!({ "api_url": cx.site.api_url(&api), "web_url": cx.site.url(&web) });
            all.insert("_links".to_owned(), links);
        }
    }
    Ok(Answer::json(&value))
}

/// The few fields exports and imports show of a project.
fn named(cx: &Cx<'_>, project: &Project) -> Value {
    let whole = super::projects::short(cx, project);
    let field = |name: &str| whole.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": project.id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": field("name_with_namespace"),
        "path": project.path,
        "path_with_namespace": field("path_with_namespace"),
        "created_at": project.created_at,
    })
}

/// The archive, once it is there.
fn file(cx: &Cx<'_>, export: Option<&Record>, name: &str) -> Result<Answer, ApiError> {
    let ready = export.filter(|export| progress(export.created_at, cx.now) == "finished");
    let content = ready.and_then(|export| export.content.clone());
    let missing = || ApiError::message(404, "404 Not found or has expired");
    let content = content.ok_or_else(missing)?;
    let answer = Answer::bytes("application/gzip", content.to_vec());
    let disposition = format!("attachment; filename=\"{name}_export.tar.gz\"");
    Ok(answer.header("Content-Disposition", disposition))
}

fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let export = last(cx, Home::Project(project.id));
    file(cx, export.as_ref(), &project.path)
}
