//! What users change about themselves. <https://docs.gitlab.com/api/user_preferences/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::avatars;
use crate::routes::RouteTable;
use crate::world::User;

pub(super) fn routes(table: &mut RouteTable) {
    table
        .get("user/preferences", preferences)
        .also(&["read_user"]);
    table.put("user/preferences", set_preferences);
    table.put("user/avatar", set_avatar);
    table.get("user_counts", counts).also(&["read_user"]);
}

const PREFERENCES: [(&str, bool); 5] = [
    ("view_diffs_file_by_file", false),
    ("show_whitespace_in_diffs", true),
    ("pass_user_identities_to_ci_jwt", false),
    ("code_suggestions_additional_properties", false),
    ("dpop_enabled", false),
];

fn shown(user: &User) -> Value {
    let mut all = serde_json::Map::new();
    all.insert("id".to_owned(), json!(user.id));
    all.insert("user_id".to_owned(), json!(user.id));
    for (name, default) in PREFERENCES {
        let value = user.preferences.get(name).cloned();
        all.insert(name.to_owned(), value.unwrap_or(json!(default)));
    }
    Value::Object(all)
}

fn preferences(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&shown(&cx.user()?)))
}

fn set_preferences(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut user = cx.user()?;
    cx.params.at_least_one(&PREFERENCES.map(|(name, _)| name))?;
    for (name, _) in PREFERENCES {
        if let Some(flag) = cx.params.flag(name)? {
            user.preferences.insert(name.to_owned(), flag.into());
        }
    }
    let answer = Answer::json(&shown(&user));
    cx.world.users.insert(user.id, user);
    Ok(answer)
}

fn set_avatar(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut user = cx.user()?;
    if cx.params.file("avatar").is_none() && !cx.params.has("avatar") {
        return Err(ApiError::missing("avatar"));
    }
    user.avatar = avatars::changed(cx, user.avatar)?;
    let url = avatars::url(cx.site, "user", user.id, user.avatar.as_ref());
    cx.world.users.insert(user.id, user);
    Ok(Answer::json(&json!({ "avatar_url": url })))
}

/// The numbers beside the menu.
fn counts(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?.id;
    let open = || {
        let all = cx.world.merge_requests.values();
        all.filter(|mr| mr.state == "opened")
    };
    let assigned = open().filter(|mr| mr.assignees.contains(&user)).count();
    let reviews = open().filter(|mr| mr.reviewers.contains(&user)).count();
    let issues = cx.world.issues.values();
    let issues = issues.filter(|i| i.state == "opened" && i.assignees.contains(&user));
    let todos = cx.world.todos.values();
    let todos = todos.filter(|todo| todo.user == user && !todo.done);
    Ok(Answer::json(&json!({
        "merge_requests": assigned,
        "assigned_issues": issues.count(),
        "assigned_merge_requests": assigned,
        "review_requested_merge_requests": reviews,
        "todos": todos.count(),
    })))
}
