//! What administrators do to users. <https://docs.gitlab.com/api/users/#create-a-user>

use serde_json::Value;

use super::entity::private_profile;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::{avatars, invitations};
use crate::world::{Home, Identity, User};

const SHORTEST_PASSWORD: usize = 8;

/// Optional texts of a profile.
const TEXTS: [&str; 9] = [
    "linkedin",
    "twitter",
    "discord",
    "github",
    "website_url",
    "organization",
    "pronouns",
    "public_email",
    "note",
];
/// Optional truth values.
const FLAGS: [&str; 4] = [
    "can_create_group",
    "private_profile",
    "view_diffs_file_by_file",
    "auditor",
];
/// Optional numbers.
const NUMBERS: [&str; 5] = [
    "projects_limit",
    "theme_id",
    "color_scheme_id",
    "shared_runners_minutes_limit",
    "extra_shared_runners_minutes_limit",
];

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let admin = cx.admin()?;
    let (email, name) = (cx.params.required("email")?, cx.params.required("name")?);
    let username = cx.params.required("username")?;
    let chosen = cx.params.filled("password").is_some()
        || cx.params.is_set("reset_password")?
        || cx.params.is_set("force_random_password")?;
    if !chosen {
        return Err(ApiError::error(
            400,
            "password, reset_password, force_random_password are missing, at least one parameter must be provided",
        ));
    }
    let user = User {
        created_by: Some(admin.id),
        created_at: cx.now,
        ..User::new(0, 0, &username, &name, &email)
    };
    let user = changed(cx, user)?;
    check(cx, &user)?;
    let user = User {
        id: cx.world.next_id("user"),
        namespace_id: cx.world.next_id("namespace"),
        ..user
    };
    cx.world.users.insert(user.id, user.clone());
    invitations::accept(cx, user.id, &user.email);
    cx.audit(Home::User(user.id), "user_created", &user.username);
    Ok(Answer::created(&private_profile(cx, &user)))
}

/// The user with what the request sets.
fn changed(cx: &Cx<'_>, mut user: User) -> Result<User, ApiError> {
    let params = &cx.params;
    let text = |name: &str, former: String| params.text(name).unwrap_or(former);
    user.name = params.filled("name").unwrap_or(user.name);
    user.username = params.filled("username").unwrap_or(user.username);
    user.email = params.filled("email").unwrap_or(user.email);
    user.bio = text("bio", user.bio);
    user.location = text("location", user.location);
    user.job_title = text("job_title", user.job_title);
    user.admin = params.flag("admin")?.unwrap_or(user.admin);
    user.external = params.flag("external")?.unwrap_or(user.external);
    if let Some(password) = params.filled("password") {
        if password.chars().count() < SHORTEST_PASSWORD {
            return Err(ApiError::validation(
                "password",
                "is too short (minimum is 8 characters)",
            ));
        }
        user.password = password;
    }
    for name in TEXTS {
        if params.has(name) {
            let value = params.text(name).map_or(Value::Null, Value::String);
            user.details.insert(name.to_owned(), value);
        }
    }
    for name in FLAGS {
        if let Some(flag) = params.flag(name)? {
            user.details.insert(name.to_owned(), flag.into());
        }
    }
    for name in NUMBERS {
        if let Some(number) = params.integer(name)? {
            user.details.insert(name.to_owned(), number.into());
        }
    }
    if let Some(provider) = params.filled("provider") {
        user.identities.retain(|known| known.provider != provider);
        let extern_uid = params.filled("extern_uid").unwrap_or_default();
        user.identities.push(Identity {
            provider,
            extern_uid,
        });
    }
    user.avatar = avatars::changed(cx, user.avatar)?;
    Ok(user)
}

/// Addresses and names are unique; names of users and groups share one space.
fn check(cx: &Cx<'_>, user: &User) -> Result<(), ApiError> {
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = &user.username;
    if !name.chars().all(sane) || name.starts_with('-') || name.ends_with('.') {
        return Err(ApiError::validation(
            "username",
            "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-' or end in '.', '.git' or '.atom'.",
        ));
    }
    if !looks_like_email(&user.email) {
        return Err(ApiError::validation("email", "is invalid"));
    }
    let mut others = cx.world.users.values().filter(|other| other.id != user.id);
    let addresses = cx.world.records_of_kind("email");
    let mut addresses = addresses.filter(|email| email.home != Home::User(user.id));
    let theirs = |email: &str| email.eq_ignore_ascii_case(&user.email);
    if others.any(|other| theirs(&other.email))
        || addresses.any(|email| theirs(email.text("email")))
    {
        return Err(ApiError::conflict("Email has already been taken"));
    }
    let mut others = cx.world.users.values().filter(|other| other.id != user.id);
    let mut top = cx
        .world
        .groups
        .values()
        .filter(|group| group.parent.is_none());
    if others.any(|other| other.username.eq_ignore_ascii_case(name))
        || top.any(|group| group.path.eq_ignore_ascii_case(name))
    {
        return Err(ApiError::conflict("Username has already been taken"));
    }
    Ok(())
}

/// One `@` with something on both sides, and no blanks.
pub(crate) fn looks_like_email(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    parts.len() == 2
        && parts.iter().all(|part| !part.is_empty())
        && !text.contains(char::is_whitespace)
}

/// The user in the path.
pub(super) fn wanted(cx: &Cx<'_>) -> Result<User, ApiError> {
    let id = cx.number("id", "User")?;
    let user = cx.world.users.get(&id).cloned();
    user.ok_or_else(|| ApiError::not_found("User"))
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let user = changed(cx, wanted(cx)?)?;
    check(cx, &user)?;
    cx.world.users.insert(user.id, user.clone());
    Ok(Answer::json(&private_profile(cx, &user)))
}

/// What the user wrote stays with the ghost user, unless `hard_delete` takes it along.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let user = wanted(cx)?;
    let hard = cx.params.is_set("hard_delete")?;
    if !hard && !cx.world.sole_groups(user.id).is_empty() {
        return Err(ApiError::conflict(
            "User cannot be removed while is the sole-owner of a group",
        ));
    }
    let now = cx.now;
    cx.world.remove_user(user.id, hard, now);
    cx.audit(Home::Instance, "user_destroyed", &user.username);
    Ok(Answer::no_content())
}

pub(super) fn delete_identity(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let mut user = wanted(cx)?;
    let before = user.identities.len();
    let provider = cx.path.get("provider");
    user.identities.retain(|known| known.provider != provider);
    if user.identities.len() == before {
        return Err(ApiError::not_found("Identity"));
    }
    cx.world.users.insert(user.id, user);
    Ok(Answer::no_content())
}

/// Nobody has a second factor here.
pub(super) fn disable_two_factor(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    wanted(cx)?;
    Err(ApiError::bad_request(
        "Two-factor authentication is not enabled for this user",
    ))
}
