//! Health checks. <https://docs.gitlab.com/administration/monitoring/health_check/>

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("-/health", |_| Ok(Answer::text(200, "GitLab OK")));
    table.get("-/liveness", alive);
    table.get("-/readiness", alive);
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn alive(_cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&json!({ "status": "ok" })))
}
