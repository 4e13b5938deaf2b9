//! Inviting people by their address. <https://docs.gitlab.com/api/invitations/>

use serde_json::{Map, Value, json};

use super::conventions::pagination;
use super::members::{is_member, join};
use super::users::looks_like_email;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GRANTABLE, MAINTAINER, OWNER};
use crate::world::{Invitation, Member, Owner};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/invitations", |cx| list(cx, project));
    table.post("projects/:id/invitations", |cx| invite(cx, project));
    table.put("projects/:id/invitations/:email", |cx| update(cx, project));
    table.delete("projects/:id/invitations/:email", |cx| delete(cx, project));
    table.get("groups/:id/invitations", |cx| list(cx, group));
    table.post("groups/:id/invitations", |cx| invite(cx, group));
    table.put("groups/:id/invitations/:email", |cx| update(cx, group));
    table.delete("groups/:id/invitations/:email", |cx| delete(cx, group));
}

/// Where a route is about and the caller's level there, for callers who may invite.
type Resolve = fn(&Cx<'_>) -> Result<(Owner, u8), ApiError>;

fn project(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    Ok((Owner::Project(project.id), cx.level_in(&project)))
}

fn group(cx: &Cx<'_>) -> Result<(Owner, u8), ApiError> {
    let group = cx.group_as(OWNER)?;
    Ok((Owner::Group(group.id), cx.level_in_group(&group)))
}

fn entity(cx: &Cx<'_>, invitation: &Invitation) -> Value {
    let creator = cx.world.users.get(&invitation.created_by);
    json!({
        "access_level": invitation.level,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "invite_email": invitation.email,
        "user_name": null,
        "created_by_name": creator.map(|user| user.name.clone()),
    })
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let query = cx.params.filled("query").unwrap_or_default().to_lowercase();
    let all = cx
        .world
        .invitations
        .values()
        .filter(|one| one.owner == owner);
    let found: Vec<&Invitation> = all
        .filter(|one| one.email.to_lowercase().contains(&query))
        .collect();
    pagination::offset(cx, &found, |invitation| entity(cx, invitation))
}

fn level(cx: &Cx<'_>, own: u8) -> Result<u8, ApiError> {
    let level = cx.params.required_id("access_level")?;
    let level = u8::try_from(level)
        .ok()
        .filter(|level| GRANTABLE.contains(level));
    let level = level.ok_or_else(|| ApiError::not_a_choice("access_level"))?;
    if level > own {
        return Err(ApiError::forbidden());
    }
    Ok(level)
}

/// Known people become members at once, other addresses get an invitation. What went
/// wrong is told address by address, with status 201.
fn invite(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own) = resolve(cx)?;
    let caller = cx.user()?.id;
    let level = level(cx, own)?;
    let expires_at = cx.params.time("expires_at")?.map(crate::Timestamp::date);
    let emails = cx.params.list("email").unwrap_or_default();
    let ids = cx.params.list("user_id").unwrap_or_default();
    if emails.is_empty() && ids.is_empty() {
        return Err(ApiError::error(
            400,
            "email, user_id are missing, at least one parameter must be provided",
        ));
    }
    let mut problems = Map::new();
    for reference in emails.into_iter().chain(ids) {
        let mut users = cx.world.users.values();
        let user = users.find(|user| {
            user.email.eq_ignore_ascii_case(&reference) || user.id.to_string() == reference
        });
        let user = user.map(|user| user.id);
        let problem = match user {
            Some(user) if is_member(cx, owner, user) => Some("User already exists in source"),
            Some(user) => {
                let member = Member {
                    expires_at: expires_at.clone(),
                    created_by: Some(caller),
                    ..Member::new(user, level, cx.now)
                };
                join(cx, owner, member);
                None
            }
            None if !looks_like_email(&reference) => Some("Invite email is invalid"),
            None if find(cx, owner, &reference).is_some() => {
                Some("The member's email address has already been taken")
            }
            None => {
                let invitation = Invitation {
                    id: cx.world.next_id("invitation"),
                    owner,
                    email: reference.clone(),
                    level,
                    created_at: cx.now,
                    expires_at: expires_at.clone(),
                    created_by: caller,
                };
                cx.world.invitations.insert(invitation.id, invitation);
                None
            }
        };
        problems.extend(problem.map(|text| (reference, json!(text))));
    }
    Ok(Answer::created(&if problems.is_empty() {
        json!({ "status": "success" })
    } else {
        json!({ "status": "error", "message": problems })
    }))
}

fn find(cx: &Cx<'_>, owner: Owner, email: &str) -> Option<Invitation> {
    let mut all = cx.world.invitations.values();
    let found = all.find(|one| one.owner == owner && one.email.eq_ignore_ascii_case(email));
    found.cloned()
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, own) = resolve(cx)?;
    let found = find(cx, owner, cx.path.get("email"));
    let mut invitation = found.ok_or_else(ApiError::gone)?;
    cx.params.at_least_one(&["access_level", "expires_at"])?;
    if cx.params.has("access_level") {
        invitation.level = level(cx, own)?;
    }
    if cx.params.has("expires_at") {
        invitation.expires_at = cx.params.time("expires_at")?.map(crate::Timestamp::date);
    }
    let answer = Answer::json(&entity(cx, &invitation));
    cx.world.invitations.insert(invitation.id, invitation);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let found = find(cx, owner, cx.path.get("email"));
    let invitation = found.ok_or_else(ApiError::gone)?;
    cx.world.invitations.remove(&invitation.id);
    Ok(Answer::no_content())
}

/// A new user accepts what their address was invited to.
pub(crate) fn accept(cx: &mut Cx<'_>, user: u64, email: &str) {
    let all = cx.world.invitations.values();
    let own: Vec<Invitation> = all
        .filter(|one| one.email.eq_ignore_ascii_case(email))
        .cloned()
        .collect();
    for invitation in own {
        let member = Member {
            expires_at: invitation.expires_at,
            created_by: Some(invitation.created_by),
            ..Member::new(user, invitation.level, cx.now)
        };
        join(cx, invitation.owner, member);
        cx.world.invitations.remove(&invitation.id);
    }
}
