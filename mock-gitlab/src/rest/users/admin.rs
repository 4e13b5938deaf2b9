//! What administrators do to users. <https://docs.gitlab.com/api/users/#create-a-user>

use super::private_profile;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::User;

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    require_admin(cx)?;
    let (email, name) = (cx.params.required("email")?, cx.params.required("name")?);
    let username = cx.params.required("username")?;
    if cx
        .world
        .users
        .values()
        .any(|user| user.email.eq_ignore_ascii_case(&email))
    {
        return Err(ApiError::conflict("Email has already been taken"));
    }
    if cx.world.find_user(&username).is_some() || cx.world.find_group(&username).is_some() {
        return Err(ApiError::conflict("Username has already been taken"));
    }
    let user = User {
        id: cx.world.next_id("user"),
        namespace_id: cx.world.next_id("namespace"),
        username,
        name,
        email,
        password: cx.params.text("password").unwrap_or_default(),
        state: "active".to_owned(),
        admin: cx.params.is_set("admin")?,
        bot: false,
        external: cx.params.is_set("external")?,
        bio: cx.params.text("bio").unwrap_or_default(),
        location: cx.params.text("location").unwrap_or_default(),
        job_title: cx.params.text("job_title").unwrap_or_default(),
        created_at: cx.now,
    };
    cx.world.users.insert(user.id, user.clone());
    Ok(Answer::created(&private_profile(cx, &user)))
}

fn require_admin(cx: &Cx<'_>) -> Result<(), ApiError> {
    if cx.is_admin() {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

/// Takes the user's projects, memberships and tokens along.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    require_admin(cx)?;
    let id = cx.number("id", "User")?;
    let world = &mut *cx.world;
    world
        .users
        .remove(&id)
        .ok_or_else(|| ApiError::not_found("User"))?;
    world.tokens.retain(|_, token| token.user != id);
    let own =
        |project: &crate::world::Project| project.namespace == crate::world::Namespace::User(id);
    world.projects.retain(|_, project| !own(project));
    let left: std::collections::BTreeSet<u64> = world.projects.keys().copied().collect();
    world
        .repositories
        .retain(|project, _| left.contains(project));
    for project in world.projects.values_mut() {
        project.members.retain(|member| member.user != id);
    }
    for group in world.groups.values_mut() {
        group.members.retain(|member| member.user != id);
    }
    Ok(Answer::no_content())
}

/// `block`, `unblock`, `deactivate`, `activate`; 201 with `true`, as GitLab answers.
pub(super) fn set_state(cx: &mut Cx<'_>, state: &str) -> Result<Answer, ApiError> {
    require_admin(cx)?;
    let id = cx.number("id", "User")?;
    let user = cx
        .world
        .users
        .get_mut(&id)
        .ok_or_else(|| ApiError::not_found("User"))?;
    state.clone_into(&mut user.state);
    Ok(Answer::created(&true.into()))
}
