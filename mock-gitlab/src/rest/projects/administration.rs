//! Keeping house: storage, statistics, housekeeping, stars, and where a project could go.
//! <https://docs.gitlab.com/api/projects/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::groups;
use crate::rest::users::basic;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER, OWNER};
use crate::world::{Group, Namespace};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/storage", storage);
    table.get("projects/:id/statistics", fetches);
    table.post("projects/:id/housekeeping", housekeeping);
    table.post("projects/:id/repository_size", housekeeping);
    table.get("projects/:id/share_locations", share_locations);
    table.get("projects/:id/transfer_locations", transfer_locations);
    table.get("projects/:id/starrers", starrers);
}

/// Where the repository lies: for administrators.
fn storage(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    cx.admin()?;
    let hash = crate::world::repository::blob_id(project.id.to_string().as_bytes());
    let (one, two) = (hash.get(..2), hash.get(2..4));
    let path = format!(
        "@hashed/{}/{}/{hash}",
        one.unwrap_or_default(),
        two.unwrap_or_default()
    );
    Ok(Answer::json(&json!({
        "project_id": project.id,
        "disk_path": path,
        "repository_storage": "default",
        "created_at": project.created_at,
    })))
}

/// How often the code was fetched in the last thirty days; nobody clones from here.
fn fetches(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project_as(DEVELOPER)?;
    Ok(Answer::json(
        &json!({ "fetches": { "total": 0, "days": [] } }),
    ))
}

fn housekeeping(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project_as(OWNER)?;
    cx.params.choice("task", &["eager", "prune"])?;
    Ok(Answer::created(&json!(1)))
}

fn short(cx: &Cx<'_>, group: &Group) -> Value {
    let whole = groups::entity(cx, group);
    let field = |name: &str| whole.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": group.id,
        "name": group.name,
        "avatar_url": field("avatar_url"),
        "web_url": field("web_url"),
        "full_name": field("full_name"),
        "full_path": field("full_path"),
    })
}

fn page(cx: &Cx<'_>, mut rows: Vec<&Group>) -> Result<Answer, ApiError> {
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let skipped = cx.params.ids("skip_groups")?.unwrap_or_default();
    rows.retain(|group| {
        let path = cx.world.group_path(group.id).to_lowercase();
        let fits = group.name.to_lowercase().contains(&search) || path.contains(&search);
        fits && !skipped.contains(&group.id)
    });
    rows.sort_by_key(|group| group.id);
    rows.dedup_by_key(|group| group.id);
    pagination::offset(cx, &rows, |group| short(cx, group))
}

fn share_locations(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project_as(MAINTAINER)?;
    let rows = cx.world.groups.values();
    let rows = rows.filter(|group| cx.sees_group(group));
    page(cx, rows.collect())
}

fn transfer_locations(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(OWNER)?;
    let rows = cx.world.groups.values().filter(|group| {
        project.namespace != Namespace::Group(group.id) && cx.level_in_group(group) >= MAINTAINER
    });
    page(cx, rows.collect())
}

fn starrers(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let rows = cx.world.users.values();
    let rows: Vec<_> = rows
        .filter(|user| user.starred.contains(&project.id))
        .filter(|user| user.username.to_lowercase().contains(&search))
        .collect();
    pagination::offset(
        cx,
        &rows,
        |user| json!({ "starred_since": project.last_activity_at, "user": basic(cx.site, user) }),
    )
}
