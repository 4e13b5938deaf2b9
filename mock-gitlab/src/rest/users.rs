//! Users. <https://docs.gitlab.com/api/users/>

mod admin;
mod current;
mod entity;
mod memberships;
mod social;
mod states;

pub(crate) use admin::looks_like_email;
pub(crate) use entity::{basic, basic_by_id};

use entity::{private_profile, profile};

use serde_json::json;

use super::conventions::pagination;
use super::custom_attributes;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Subject, User};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("user", current).also(&["read_user"]);
    table.get("users", list).also(&["read_user"]);
    table.get("users/:id", get).also(&["read_user"]);
    table.get("user/activities", activities);
    current::routes(table);
    memberships::routes(table);
    social::routes(table);
    states::routes(table);
    table.post("users", admin::create);
    table.put("users/:id", admin::update);
    table.delete("users/:id", admin::delete);
    table.delete("users/:id/identities/:provider", admin::delete_identity);
    table.patch("users/:id/disable_two_factor", admin::disable_two_factor);
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
    let extern_uid = params.filled("extern_uid").filter(|_| cx.is_admin());
    let extern_uid = extern_uid.zip(params.filled("provider"));
    let has = |user: &User, uid: &str, provider: &str| {
        let mut identities = user.identities.iter();
        identities.any(|known| known.extern_uid == uid && known.provider == provider)
    };
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
            && extern_uid
                .as_ref()
                .is_none_or(|(uid, provider)| has(user, uid, provider))
            && custom_attributes::fits(cx, Subject::User(user.id))
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
        profile(cx, user)
    }))
}

/// Who did something since a day, the quietest first; for administrators.
fn activities(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let from = cx.params.time("from")?.unwrap_or_else(|| {
        let half_a_year = std::time::Duration::from_hours(24 * 180);
        cx.now.minus(half_a_year)
    });
    let mut found: Vec<(Timestamp, &User)> = cx
        .world
        .users
        .values()
        .filter_map(|user| Some((entity::last_activity(cx, user)?, user)))
        .filter(|(at, _)| *at >= from)
        .collect();
    found.sort_by_key(|(at, user)| (*at, user.id));
    pagination::offset(cx, &found, |(at, user)| {
        json!({
            "username": user.username,
            "last_activity_on": at.date(),
            "last_activity_at": at.date(),
        })
    })
}
