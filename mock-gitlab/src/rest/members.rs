//! Members of projects and groups. <https://docs.gitlab.com/api/members/>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::users::{basic, matches_search};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GRANTABLE, MAINTAINER, OWNER};
use crate::world::{Home, Member, Namespace, Owner};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/members", |cx| list(cx, project, false));
    table.get("projects/:id/members/all", |cx| list(cx, project, true));
    table.get("projects/:id/members/:user_id", |cx| {
        get(cx, project, false)
    });
    table.get("projects/:id/members/all/:user_id", |cx| {
        get(cx, project, true)
    });
    table.post("projects/:id/members", |cx| add(cx, project));
    table.put("projects/:id/members/:user_id", |cx| update(cx, project));
    table.delete("projects/:id/members/:user_id", |cx| remove(cx, project));
    table.get("groups/:id/members", |cx| list(cx, group, false));
    table.get("groups/:id/members/all", |cx| list(cx, group, true));
    table.get("groups/:id/members/:user_id", |cx| get(cx, group, false));
    table.get("groups/:id/members/all/:user_id", |cx| get(cx, group, true));
    table.post("groups/:id/members", |cx| add(cx, group));
    table.put("groups/:id/members/:user_id", |cx| update(cx, group));
    table.delete("groups/:id/members/:user_id", |cx| remove(cx, group));
}

/// Whose members a route is about, and the caller's level there.
type Resolve = fn(&Cx<'_>) -> Result<(Owner, u8), ApiError>;

fn project(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let project = cx.project()?;
    Ok((Owner::Project(project.id), cx.level_in(&project)))
}

fn group(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let group = cx.group()?;
    Ok((Owner::Group(group.id), cx.level_in_group(&group)))
}

fn direct(cx: &Cx<'_>, owner: Owner) -> Vec<Member> {
    let members = match owner {
        Owner::Project(id) => cx.world.projects.get(&id).map(|project| &project.members),
        Owner::Group(id) => cx.world.groups.get(&id).map(|group| &group.members),
    };
    members.cloned().unwrap_or_default()
}

/// Whether a user is a direct member.
pub(crate) fn is_member(cx: &Cx<'_>, owner: Owner, user: u64) -> bool {
    direct(cx, owner).iter().any(|member| member.user == user)
}

fn audit(cx: &mut Cx<'_>, owner: Owner, event: &str, user: u64) {
    let name = cx.world.users.get(&user).map(|user| user.username.clone());
    let home = match owner {
        Owner::Project(id) => Home::Project(id),
        Owner::Group(id) => Home::Group(id),
    };
    cx.audit(home, event, &name.unwrap_or_default());
}

/// Adds a direct member.
pub(crate) fn join(cx: &mut Cx<'_>, owner: Owner, member: Member) {
    audit(cx, owner, "member_created", member.user);
    change(cx, owner, |members| members.push(member));
}

/// The members of the groups something is shared with, at most at the level of the share.
fn through_shares<'a>(cx: &'a Cx<'_>, owner: Owner) -> impl Iterator<Item = Member> + 'a {
    let shares = cx
        .world
        .shares
        .iter()
        .filter(move |share| share.owner == owner);
    shares.flat_map(|share| {
        let groups = cx.world.ancestry(share.group);
        let members = groups.flat_map(|group| &group.members);
        members.map(|member| Member {
            level: member.level.min(share.level),
            ..member.clone()
        })
    })
}

/// Direct and inherited members; of several memberships the highest counts.
fn inherited(cx: &Cx<'_>, owner: Owner) -> Vec<Member> {
    let above = match owner {
        Owner::Group(id) => Some(id),
        Owner::Project(id) => match cx.world.projects.get(&id).map(|project| project.namespace) {
            Some(Namespace::Group(group)) => Some(group),
            _ => None,
        },
    };
    let groups = above
        .into_iter()
        .flat_map(|id| cx.world.ancestry(id))
        .flat_map(|g| &g.members);
    let above = above.into_iter().flat_map(|id| cx.world.ancestry(id));
    let owners = above.map(|group| Owner::Group(group.id)).chain([owner]);
    let shared = owners.flat_map(|owner| through_shares(cx, owner));
    let all = direct(cx, owner)
        .into_iter()
        .chain(groups.cloned())
        .chain(shared);
    let mut best: BTreeMap<u64, Member> = BTreeMap::new();
    for member in all {
        match best.get(&member.user) {
            Some(known) if known.level >= member.level => {}
            _ => {
                best.insert(member.user, member);
            }
        }
    }
    best.into_values().collect()
}

pub(crate) fn entity(cx: &Cx<'_>, member: &Member) -> Value {
    let Some(user) = cx.world.users.get(&member.user) else {
        return Value::Null;
    };
    let mut value = basic(cx.site, user);
    if let Value::Object(all) = &mut value {
        all.insert("access_level".to_owned(), json!(member.level));
        all.insert("created_at".to_owned(), json!(member.created_at));
        let creator = member.created_by.and_then(|id| cx.world.users.get(&id));
        if let Some(creator) = creator {
            all.insert("created_by".to_owned(), basic(cx.site, creator));
        }
        all.insert("expires_at".to_owned(), json!(member.expires_at));
        all.insert("membership_state".to_owned(), json!("active"));
    }
    value
}

fn list(cx: &mut Cx<'_>, resolve: Resolve, all: bool) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let mut members = if all {
        inherited(cx, owner)
    } else {
        direct(cx, owner)
    };
    let query = cx.params.filled("query").map(|text| text.to_lowercase());
    let wanted = cx.params.ids("user_ids")?;
    let skipped = cx.params.ids("skip_users")?.unwrap_or_default();
    members.retain(|member| {
        let Some(user) = cx.world.users.get(&member.user) else {
            return false;
        };
        query
            .as_ref()
            .is_none_or(|text| matches_search(user, text, false))
            && wanted
                .as_ref()
                .is_none_or(|ids| ids.is_empty() || ids.contains(&user.id))
            && !skipped.contains(&user.id)
    });
    members.sort_by_key(|member| member.user);
    pagination::offset(cx, &members, |member| entity(cx, member))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve, all: bool) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let id = cx.number("user_id", "Member")?;
    let members = if all {
        inherited(cx, owner)
    } else {
        direct(cx, owner)
    };
    let member = members
        .iter()
        .find(|member| member.user == id)
        .ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity(cx, member)))
}

/// 403 unless the caller maintains the place and does not lift anyone above themselves.
fn check_level(level: u8, own: u8) -> Result<(), ApiError> {
    if !GRANTABLE.contains(&level) {
        return Err(ApiError::not_a_choice("access_level"));
    }
    if own < MAINTAINER || level > own {
        Err(ApiError::forbidden())
    } else {
        Ok(())
    }
}

fn wanted_level(cx: &Cx<'_>) -> Result<u8, ApiError> {
    let level = cx.params.required_id("access_level")?;
    u8::try_from(level).map_err(|_| ApiError::not_a_choice("access_level"))
}

fn needed_level(owner: Owner) -> u8 {
    match owner {
        Owner::Project(_) => MAINTAINER,
        Owner::Group(_) => OWNER,
    }
}

fn add(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own) = resolve(cx)?;
    if own < needed_level(owner) {
        return Err(ApiError::forbidden());
    }
    let (user_ids, usernames) = (cx.params.list("user_id"), cx.params.list("username"));
    let Some(wanted) = user_ids.or(usernames) else {
        return Err(ApiError::error(
            400,
            "user_id, username are missing, exactly one parameter must be provided",
        ));
    };
    let level = wanted_level(cx)?;
    check_level(level, own)?;
    let mut last = None;
    for reference in wanted {
        let user = cx
            .world
            .find_user(&reference)
            .ok_or_else(|| ApiError::not_found("User"))?
            .id;
        if direct(cx, owner).iter().any(|member| member.user == user) {
            return Err(ApiError::conflict("Member already exists"));
        }
        let member = Member {
            expires_at: cx.params.filled("expires_at"),
            created_by: cx.caller.user,
            ..Member::new(user, level, cx.now)
        };
        join(cx, owner, member.clone());
        last = Some(member);
    }
    let member = last.ok_or_else(|| ApiError::missing("user_id"))?;
    Ok(Answer::created(&entity(cx, &member)))
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own) = resolve(cx)?;
    if own < needed_level(owner) {
        return Err(ApiError::forbidden());
    }
    let level = wanted_level(cx)?;
    check_level(level, own)?;
    let id = cx.number("user_id", "Member")?;
    let mut members = direct(cx, owner);
    let member = members
        .iter_mut()
        .find(|member| member.user == id)
        .ok_or_else(ApiError::gone)?;
    if member.level > own {
        return Err(ApiError::forbidden());
    }
    member.level = level;
    if cx.params.has("expires_at") {
        member.expires_at = cx.params.filled("expires_at");
    }
    let answer = Answer::json(&entity(cx, member));
    change(cx, owner, |all| *all = members);
    audit(cx, owner, "member_updated", id);
    Ok(answer)
}

/// Everyone may leave; removing others takes the right to add them.
fn remove(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own) = resolve(cx)?;
    let id = cx.number("user_id", "Member")?;
    if own < needed_level(owner) && cx.caller.user != Some(id) {
        return Err(ApiError::forbidden());
    }
    let members = direct(cx, owner);
    let member = members
        .iter()
        .find(|member| member.user == id)
        .ok_or_else(ApiError::gone)?;
    if member.level > own && cx.caller.user != Some(id) {
        return Err(ApiError::forbidden());
    }
    let last_owner = member.level == OWNER
        && members
            .iter()
            .filter(|member| member.level == OWNER)
            .count()
            == 1;
    if last_owner && matches!(owner, Owner::Group(_)) {
        return Err(ApiError::forbidden());
    }
    change(cx, owner, |members| {
        members.retain(|member| member.user != id);
    });
    audit(cx, owner, "member_destroyed", id);
    Ok(Answer::no_content())
}

fn change(cx: &mut Cx<'_>, owner: Owner, change: impl FnOnce(&mut Vec<Member>)) {
    let members = match owner {
        Owner::Project(id) => cx
            .world
            .projects
            .get_mut(&id)
            .map(|project| &mut project.members),
        Owner::Group(id) => cx.world.groups.get_mut(&id).map(|group| &mut group.members),
    };
    members.map(change);
}
