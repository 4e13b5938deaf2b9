//! Rebasing. <https://docs.gitlab.com/api/merge_requests/#rebase-a-merge-request>

use serde_json::json;

use super::{find, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;

/// GitLab does it in the background; here it is done when the answer goes out.
pub(super) fn rebase(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let user = cx.user()?;
    if !cx.pushes_to(&project, &request.source_branch) {
        return Err(ApiError::forbidden_because("Cannot push to source branch"));
    }
    if !request.is_open() {
        return Err(ApiError::conflict("Failed to enqueue the rebase operation"));
    }
    // A rebase that fails says so in `merge_error` later, not in this answer.
    cx.world.rebase(request.id, user.id, cx.now).ok();
    Ok(Answer::json_with(
        202,
        &json!({ "rebase_in_progress": true }),
    ))
}
