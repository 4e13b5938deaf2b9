//! Users. <https://docs.gitlab.com/api/users/>

mod admin;

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::site::Site;
use crate::world::User;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("user", current).also(&["read_user"]);
    table.get("users", list).also(&["read_user"]);
    table.get("users/:id", get).also(&["read_user"]);
    table.post("users", admin::create);
    table.delete("users/:id", admin::delete);
    table.post("users/:id/block", |cx| admin::set_state(cx, "blocked"));
    table.post("users/:id/unblock", |cx| admin::set_state(cx, "active"));
    table.post("users/:id/deactivate", |cx| {
        admin::set_state(cx, "deactivated")
    });
    table.post("users/:id/activate", |cx| admin::set_state(cx, "active"));
}

/// The short form of a user that stands in every other resource.
pub(crate) fn basic(site: &Site, user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "public_email": "",
        "name": user.name,
        "state": user.state,
        "locked": false,
        "avatar_url": null,
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

/// What anyone may read about a user.
fn profile(site: &Site, user: &User) -> Value {
    let mut value = basic(site, user);
    extend(
        &mut value,
        json!({
            "created_at": user.created_at,
            "bio": user.bio,
            "location": user.location,
            "linkedin": "",
            "twitter": "",
            "discord": "",
            "website_url": "",
            "github": "",
            "job_title": user.job_title,
            "pronouns": null,
            "organization": "",
            "bot": user.bot,
            "work_information": null,
            "local_time": null,
            "followers": 0,
            "following": 0,
            "is_followed": false,
        }),
    );
    value
}

/// What a user reads about themselves, and an administrator about everyone.
fn private_profile(cx: &Cx<'_>, user: &User) -> Value {
    let mut value = profile(cx.site, user);
    extend(
        &mut value,
        json!({
            "last_sign_in_at": user.created_at,
            "confirmed_at": user.created_at,
            "last_activity_on": cx.now.date(),
            "email": user.email,
            "theme_id": 3,
            "color_scheme_id": 1,
            "projects_limit": 100_000,
            "current_sign_in_at": user.created_at,
            "identities": [],
            "can_create_group": true,
            "can_create_project": true,
            "two_factor_enabled": false,
            "external": user.external,
            "private_profile": false,
            "commit_email": user.email,
            "preferred_language": "en",
            "shared_runners_minutes_limit": null,
            "extra_shared_runners_minutes_limit": null,
        }),
    );
    if cx.is_admin() {
        extend(
            &mut value,
            json!({
                "is_admin": user.admin,
                "note": null,
                "namespace_id": user.namespace_id,
                "created_by": null,
            }),
        );
    }
    value
}

fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(all), Value::Object(more)) = (value, more) {
        all.extend(more);
    }
}

fn current(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    Ok(Answer::json(&private_profile(cx, &user)))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let username = cx.params.filled("username");
    if cx.caller.user.is_none() && username.is_none() {
        return Err(ApiError::forbidden());
    }
    let users = filtered(cx)?;
    let admin = cx.is_admin();
    pagination::offset_or_keyset(
        cx,
        users,
        |user| user.id,
        |user| {
            if admin {
                private_profile(cx, user)
            } else {
                basic(cx.site, user)
            }
        },
    )
}

fn filtered(cx: &Cx<'_>) -> Result<Vec<User>, ApiError> {
    let params = &cx.params;
    let username = params.filled("username").map(|name| name.to_lowercase());
    let search = params.filled("search").map(|text| text.to_lowercase());
    let (active, blocked) = (params.is_set("active")?, params.is_set("blocked")?);
    let (external, humans) = (params.is_set("external")?, params.is_set("humans")?);
    let without_bots =
        params.is_set("without_project_bots")? || params.is_set("exclude_internal")?;
    let (exclude_active, exclude_external) = (
        params.is_set("exclude_active")?,
        params.is_set("exclude_external")?,
    );
    let exclude_humans = params.is_set("exclude_humans")?;
    let (after, before) = (
        params.time("created_after")?,
        params.time("created_before")?,
    );
    let wanted = |user: &&User| {
        username
            .as_ref()
            .is_none_or(|name| user.username.to_lowercase() == *name)
            && search
                .as_ref()
                .is_none_or(|text| matches_search(user, text, cx.is_admin()))
            && (!active || user.state == "active")
            && (!blocked || user.state == "blocked")
            && (!exclude_active || user.state != "active")
            && (!external || user.external)
            && (!exclude_external || !user.external)
            && (!(humans || without_bots) || !user.bot)
            && (!exclude_humans || user.bot)
            && after.is_none_or(|bound| user.created_at > bound)
            && before.is_none_or(|bound| user.created_at < bound)
    };
    let mut users: Vec<User> = cx.world.users.values().filter(wanted).cloned().collect();
    let order = params.choice(
        "order_by",
        &["id", "name", "username", "created_at", "updated_at"],
    )?;
    match order {
        Some("name") => users.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("username") => users.sort_by(|a, b| a.username.cmp(&b.username)),
        _ => {}
    }
    if !params.ascending(false)? {
        users.reverse();
    }
    Ok(users)
}

/// Names match in part, addresses only as a whole unless an administrator asks.
pub(crate) fn matches_search(user: &User, text: &str, admin: bool) -> bool {
    let email = user.email.to_lowercase();
    user.name.to_lowercase().contains(text)
        || user.username.to_lowercase().contains(text)
        || email == text
        || (admin && email.contains(text))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.number("id", "User")?;
    let user = cx
        .world
        .users
        .get(&id)
        .ok_or_else(|| ApiError::not_found("User"))?;
    let own = cx.caller.user == Some(id);
    Ok(Answer::json(&if own || cx.is_admin() {
        private_profile(cx, user)
    } else {
        profile(cx.site, user)
    }))
}
