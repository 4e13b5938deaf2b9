//! Keeping house: storage, statistics, housekeeping, and the groups around a project.
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
use crate::world::{Group, Namespace, Owner, Project, Share};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/storage", storage);
    table.get("projects/:id/statistics", fetches);
    table.post("projects/:id/housekeeping", housekeeping);
    table.post("projects/:id/repository_size", housekeeping);
    table.get("projects/:id/groups", groups_above);
    table.get("projects/:id/invited_groups", invited);
    table.get("projects/:id/share_locations", share_locations);
    table.get("projects/:id/transfer_locations", transfer_locations);
    table.get("projects/:id/starrers", starrers);
    table.post("projects/:id/share", share);
    table.delete("projects/:id/share/:group_id", unshare);
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

fn shares<'a>(cx: &'a Cx<'_>, project: &Project) -> Vec<&'a Group> {
    let owner = Owner::Project(project.id);
    let shares = cx.world.shares.iter().filter(|share| share.owner == owner);
    shares
        .filter_map(|share| cx.world.groups.get(&share.group))
        .collect()
}

/// The groups above, and with `with_shared` those that were let in.
fn groups_above(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let mut rows: Vec<&Group> = match project.namespace {
        Namespace::Group(id) => cx.world.ancestry(id).collect(),
        Namespace::User(_) => Vec::new(),
    };
    if cx.params.is_set("with_shared")? {
        rows.extend(shares(cx, &project));
    }
    page(cx, rows)
}

fn invited(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let mut rows = shares(cx, &project);
    rows.retain(|group| cx.sees_group(group));
    page(cx, rows)
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

fn share(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let group = cx.params.required_id("group_id")?;
    let level = cx.params.integer("group_access")?;
    let level = level.ok_or_else(|| ApiError::missing("group_access"))?;
    let level = u8::try_from(level).unwrap_or(0);
    if !crate::world::access::GRANTABLE.contains(&level) || level < 10 {
        return Err(ApiError::not_a_choice("group_access"));
    }
    let group = cx.group_named(&group.to_string())?;
    let owner = Owner::Project(project.id);
    let shares = &cx.world.shares;
    if shares
        .iter()
        .any(|one| one.owner == owner && one.group == group.id)
    {
        return Err(ApiError::conflict(
            "The group is already shared with this project",
        ));
    }
    let expires_at = cx.params.time("expires_at")?.map(crate::Timestamp::date);
    cx.world.shares.push(Share {
        owner,
        group: group.id,
        level,
        expires_at: expires_at.clone(),
    });
    Ok(Answer::created(&json!({
        "id": cx.world.next_id("group link"),
        "project_id": project.id,
        "group_id": group.id,
        "group_access": level,
        "expires_at": expires_at,
    })))
}

fn unshare(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let group = cx.number("group_id", "Group Link")?;
    let owner = Owner::Project(project.id);
    let before = cx.world.shares.len();
    cx.world
        .shares
        .retain(|one| one.owner != owner || one.group != group);
    if cx.world.shares.len() == before {
        return Err(ApiError::not_found("Group Link"));
    }
    Ok(Answer::no_content())
}
