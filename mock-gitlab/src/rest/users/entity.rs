//! How users look: to everyone, to themselves, to administrators.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::context::Cx;
use crate::rest::{avatars, custom_attributes};
use crate::site::Site;
use crate::world::{Subject, User};

/// The short form of a user that stands in every other resource.
pub(crate) fn basic(site: &Site, user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "public_email": detail(user, "public_email", json!("")),
        "name": user.name,
        "state": user.state,
        "locked": false,
        "avatar_url": avatars::url(site, "user", user.id, user.avatar.as_ref()),
        "web_url": site.url(&format!("/{}", user.username)),
    })
}

/// The short form by id; `null` for a user who is gone.
pub(crate) fn basic_by_id(cx: &Cx<'_>, id: u64) -> Value {
    cx.world
        .users
        .get(&id)
        .map_or(Value::Null, |user| basic(cx.site, user))
}

fn detail(user: &User, name: &str, default: Value) -> Value {
    let set = user.details.get(name).filter(|value| !value.is_null());
    set.cloned().unwrap_or(default)
}

/// What anyone may read about a user.
pub(super) fn profile(cx: &Cx<'_>, user: &User) -> Value {
    let mut value = basic(cx.site, user);
    let followers = cx.world.users.values();
    let followers = followers.filter(|other| other.follows.contains(&user.id));
    let text = |name: &str| detail(user, name, json!(""));
    let caller = cx.caller.user.and_then(|id| cx.world.users.get(&id));
    extend(
        &mut value,
        json!({
            "created_at": user.created_at,
            "bio": user.bio,
            "location": user.location,
            "linkedin": text("linkedin"),
            "twitter": text("twitter"),
            "discord": text("discord"),
            "website_url": text("website_url"),
            "github": text("github"),
            "job_title": user.job_title,
            "pronouns": detail(user, "pronouns", Value::Null),
            "organization": text("organization"),
            "bot": user.bot,
            "work_information": Some(&user.job_title).filter(|title| !title.is_empty()),
            "local_time": null,
            "followers": followers.count(),
            "following": user.follows.len(),
            "is_followed": caller.is_some_and(|caller| caller.follows.contains(&user.id)),
        }),
    );
    value
}

/// When a token of the user was last used.
pub(super) fn last_activity(cx: &Cx<'_>, user: &User) -> Option<Timestamp> {
    let tokens = cx.world.tokens.values();
    let own = tokens.filter(|token| token.user == user.id);
    own.filter_map(|token| token.last_used_at).max()
}

/// What a user reads about themselves, and an administrator about everyone.
pub(super) fn private_profile(cx: &Cx<'_>, user: &User) -> Value {
    let mut value = profile(cx, user);
    let identities: Vec<Value> = user
        .identities
        .iter()
        .map(|identity| {
            json!({
                "provider": identity.provider,
                "extern_uid": identity.extern_uid,
                "saml_provider_id": null,
            })
        })
        .collect();
    let or = |name: &str, default: Value| detail(user, name, default);
    extend(
        &mut value,
        json!({
            "last_sign_in_at": user.created_at,
            "confirmed_at": user.created_at,
            "last_activity_on": last_activity(cx, user).map(Timestamp::date),
            "email": user.email,
            "theme_id": or("theme_id", json!(3)),
            "color_scheme_id": or("color_scheme_id", json!(1)),
            "projects_limit": or("projects_limit", json!(100_000)),
            "current_sign_in_at": user.created_at,
            "identities": identities,
            "can_create_group": or("can_create_group", json!(true)),
            "can_create_project": true,
            "two_factor_enabled": false,
            "external": user.external,
            "private_profile": or("private_profile", json!(false)),
            "commit_email": or("commit_email", json!(user.email)),
            "preferred_language": "en",
            "shared_runners_minutes_limit": or("shared_runners_minutes_limit", Value::Null),
            "extra_shared_runners_minutes_limit":
                or("extra_shared_runners_minutes_limit", Value::Null),
        }),
    );
    if cx.is_admin() {
        let creator = user.created_by.map(|id| basic_by_id(cx, id));
        extend(
            &mut value,
            json!({
                "is_admin": user.admin,
                "note": or("note", Value::Null),
                "namespace_id": user.namespace_id,
                "created_by": creator,
                "email_reset_offered_at": null,
                "highest_role": highest_role(cx, user),
            }),
        );
        let attributes = custom_attributes::shown(cx, Subject::User(user.id));
        if let Ok(Some(attributes)) = attributes {
            extend(&mut value, json!({ "custom_attributes": attributes }));
        }
    }
    value
}

/// The highest level the user has anywhere.
fn highest_role(cx: &Cx<'_>, user: &User) -> u8 {
    let groups = cx.world.groups.values().flat_map(|group| &group.members);
    let projects = cx
        .world
        .projects
        .values()
        .flat_map(|project| &project.members);
    let own = groups
        .chain(projects)
        .filter(|member| member.user == user.id);
    own.map(|member| member.level).max().unwrap_or(0)
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(all), Value::Object(more)) = (value, more) {
        all.extend(more);
    }
}
