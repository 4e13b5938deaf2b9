//! Merge requests. <https://docs.gitlab.com/api/merge_requests/>

use serde_json::{Value, json};

use crate::context::Cx;
use crate::routes::RouteTable;
use crate::world::MergeRequest;

pub(crate) fn routes(_table: &mut RouteTable) {}

/// How a merge request looks in a list.
pub(crate) fn entity(cx: &Cx<'_>, mr: &MergeRequest) -> Value {
    let path = cx
        .world
        .projects
        .get(&mr.project)
        .map(|project| cx.world.project_path(project));
    let url = format!("/{}/-/merge_requests/{}", path.unwrap_or_default(), mr.iid);
    json!({
        "id": mr.id,
        "iid": mr.iid,
        "project_id": mr.project,
        "title": mr.title,
        "description": mr.description,
        "state": mr.state,
        "created_at": mr.created_at,
        "updated_at": mr.updated_at,
        "source_branch": mr.source_branch,
        "target_branch": mr.target_branch,
        "author": super::users::basic_by_id(cx, mr.author),
        "labels": mr.labels,
        "sha": mr.sha,
        "web_url": cx.site.url(&url),
    })
}
