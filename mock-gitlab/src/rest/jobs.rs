//! Jobs and their logs. <https://docs.gitlab.com/api/jobs/>

use serde_json::{Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}

/// How a job looks from outside.
pub(crate) fn entity(cx: &Cx<'_>, id: u64) -> Result<Value, ApiError> {
    let job = cx
        .world
        .jobs
        .get(&id)
        .ok_or_else(|| ApiError::not_found("Job"))?;
    Ok(json!({
        "id": job.id,
        "status": job.status,
        "stage": job.stage,
        "name": job.name,
        "allow_failure": job.allow_failure,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "user": super::users::basic_by_id(cx, job.user),
        "pipeline": { "id": job.pipeline, "project_id": job.project },
    }))
}
