//! The cache of a group's dependency proxy. <https://docs.gitlab.com/api/dependency_proxy/>

use std::time::Duration;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;

/// How long a purge stands in the way of the next one.
const LEASE: Duration = Duration::from_hours(1);

pub(crate) fn routes(table: &mut RouteTable) {
    table.delete("groups/:id/dependency_proxy/cache", purge);
}

/// Empties the cache. The body is the status once more, as GitLab sends it.
fn purge(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let now = cx.now;
    let proxy = cx.world.dependency_proxies.entry(group.id).or_default();
    if proxy.purged_at.is_some_and(|last| now < last.plus(LEASE)) {
        return Err(ApiError::message(
            409,
            "This request has already been made. It may take some time to purge the dependency \
             proxy cache",
        ));
    }
    proxy.purged_at = Some(now);
    proxy.blobs.clear();
    Ok(Answer::json_with(202, &serde_json::json!(202)))
}
