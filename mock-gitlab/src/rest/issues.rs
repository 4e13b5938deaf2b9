//! Issues. <https://docs.gitlab.com/api/issues/>

use serde_json::{Value, json};

use crate::context::Cx;
use crate::routes::RouteTable;
use crate::world::Issue;

pub(crate) fn routes(_table: &mut RouteTable) {}

/// How an issue looks in a list.
pub(crate) fn entity(cx: &Cx<'_>, issue: &Issue) -> Value {
    let path = cx
        .world
        .projects
        .get(&issue.project)
        .map(|project| cx.world.project_path(project));
    let url = format!("/{}/-/issues/{}", path.unwrap_or_default(), issue.iid);
    json!({
        "id": issue.id,
        "iid": issue.iid,
        "project_id": issue.project,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "labels": issue.labels,
        "author": super::users::basic_by_id(cx, issue.author),
        "confidential": issue.confidential,
        "web_url": cx.site.url(&url),
    })
}
