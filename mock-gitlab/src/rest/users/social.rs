//! Following, and what people say they are up to.
//! <https://docs.gitlab.com/api/user_follow_unfollow/>

use std::time::Duration;

use serde_json::{Value, json};

use super::admin::wanted;
use super::entity::basic;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;
use crate::world::{Status, User};

pub(super) fn routes(table: &mut RouteTable) {
    table.post("users/:id/follow", |cx| follow(cx, true));
    table.post("users/:id/unfollow", |cx| follow(cx, false));
    table
        .get("users/:id/followers", followers)
        .also(&["read_user"]);
    table
        .get("users/:id/following", following)
        .also(&["read_user"]);
    table.get("users/:id/status", status);
    table.get("user/status", own_status).also(&["read_user"]);
    table.put("user/status", |cx| set_status(cx, Status::default()));
    table.patch("user/status", |cx| {
        let former = cx.user()?.status;
        set_status(cx, former)
    });
}

/// 304 when nothing changes.
fn follow(cx: &mut Cx<'_>, on: bool) -> Result<Answer, ApiError> {
    let mut caller = cx.user()?;
    let user = wanted(cx)?;
    let changes = if on {
        user.id != caller.id && caller.follows.insert(user.id)
    } else {
        caller.follows.remove(&user.id)
    };
    if !changes {
        return Ok(Answer::json_with(304, &Value::Null));
    }
    cx.world.users.insert(caller.id, caller);
    Ok(Answer::created(&basic(cx.site, &user)))
}

fn people(cx: &Cx<'_>, fits: impl Fn(&User) -> bool) -> Result<Answer, ApiError> {
    let users: Vec<&User> = cx.world.users.values().filter(|user| fits(user)).collect();
    pagination::offset(cx, &users, |user| basic(cx.site, user))
}

fn followers(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = wanted(cx)?;
    people(cx, |other| other.follows.contains(&user.id))
}

fn following(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = wanted(cx)?;
    people(cx, |other| user.follows.contains(&other.id))
}

fn shown(cx: &Cx<'_>, status: &Status) -> Value {
    // A status that has run out is gone.
    let gone = status.clear_at.is_some_and(|end| end <= cx.now);
    let status = if gone { &Status::default() } else { status };
    let set = status.emoji.is_some() || status.message.is_some();
    json!({
        "emoji": status.emoji.as_deref().or(set.then_some("speech_balloon")),
        "message": status.message,
        "availability": status.busy.then_some("busy"),
        "message_html": status.message.as_deref().unwrap_or_default(),
        "clear_status_at": status.clear_at,
    })
}

fn status(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.world.find_user(cx.path.get("id"));
    let user = user.ok_or_else(|| ApiError::not_found("User"))?;
    Ok(Answer::json(&shown(cx, &user.status)))
}

fn own_status(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    Ok(Answer::json(&shown(cx, &user.status)))
}

fn set_status(cx: &mut Cx<'_>, former: Status) -> Result<Answer, ApiError> {
    let mut user = cx.user()?;
    let params = &cx.params;
    let busy = params.choice("availability", &["busy", "not_set"])?;
    let message = params.filled("message");
    if message
        .as_ref()
        .is_some_and(|text| text.chars().count() > 100)
    {
        return Err(ApiError::validation(
            "message",
            "is too long (maximum is 100 characters)",
        ));
    }
    let clear_at = clearing(cx)?;
    let text = |name: &str, new: Option<String>, former: Option<String>| {
        if params.has(name) { new } else { former }
    };
    user.status = Status {
        emoji: text("emoji", params.filled("emoji"), former.emoji),
        message: text("message", message, former.message),
        busy: busy.map_or(former.busy, |word| word == "busy"),
        clear_at: clear_at.or(former.clear_at),
    };
    cx.world.users.insert(user.id, user.clone());
    Ok(Answer::json(&shown(cx, &user.status)))
}

fn clearing(cx: &Cx<'_>) -> Result<Option<crate::clock::Timestamp>, ApiError> {
    const AFTER: [(&str, u64); 7] = [
        ("30_minutes", 30),
        ("3_hours", 180),
        ("8_hours", 480),
        ("1_day", 1_440),
        ("3_days", 4_320),
        ("7_days", 10_080),
        ("30_days", 43_200),
    ];
    let words = AFTER.map(|(word, _)| word);
    let chosen = cx.params.choice("clear_status_after", &words)?;
    let minutes = AFTER.iter().find(|(word, _)| Some(*word) == chosen);
    Ok(minutes.map(|(_, minutes)| cx.now.plus(Duration::from_mins(*minutes))))
}
