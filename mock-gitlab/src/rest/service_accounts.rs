//! Accounts for machines, of the instance and of groups.
//! <https://docs.gitlab.com/api/service_accounts/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::personal_access_tokens::{entity as token_entity, mint, replace};
use super::users::looks_like_email;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Token, TokenKind, User};

const TOKENS: &str = "groups/:id/service_accounts/:user_id/personal_access_tokens";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("service_accounts", |cx| list(cx, instance));
    table.post("service_accounts", |cx| create(cx, instance));
    table.patch("service_accounts/:user_id", |cx| update(cx, instance));
    table.get("groups/:id/service_accounts", |cx| list(cx, group));
    table.post("groups/:id/service_accounts", |cx| create(cx, group));
    table.get("groups/:id/service_accounts/:user_id", get);
    table.patch("groups/:id/service_accounts/:user_id", |cx| {
        update(cx, group)
    });
    table.delete("groups/:id/service_accounts/:user_id", delete);
    table.get(TOKENS, tokens);
    table.post(TOKENS, create_token);
    table.delete(&format!("{TOKENS}/:token_id"), revoke_token);
    table.post(&format!("{TOKENS}/:token_id/rotate"), rotate_token);
}

/// Whose accounts a route is about: a group's, or nobody's. For those who manage them.
type Resolve = fn(&Cx<'_>) -> Result<Option<u64>, ApiError>;

fn instance(cx: &Cx<'_>) -> Result<Option<u64>, ApiError> {
    cx.admin()?;
    Ok(None)
}

/// Groups at the top have them.
fn group(cx: &Cx<'_>) -> Result<Option<u64>, ApiError> {
    let group = cx.group_as(OWNER)?;
    if group.parent.is_some() {
        return Err(ApiError::bad_request("Not a root namespace"));
    }
    Ok(Some(group.id))
}

fn entity(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "public_email": null,
        "unconfirmed_email": null,
    })
}

fn belongs(user: &User, group: Option<u64>) -> bool {
    user.service_account && group.is_none_or(|id| user.provisioned_by == Some(id))
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let group = resolve(cx)?;
    let users = cx.world.users.values();
    let found: Vec<&User> = users.filter(|user| belongs(user, group)).collect();
    pagination::offset(cx, &found, |user| entity(user))
}

fn find(cx: &Cx<'_>, resolve: Resolve) -> Result<User, ApiError> {
    let group = resolve(cx)?;
    let id = cx.number("user_id", "User")?;
    let user = cx.world.users.get(&id).filter(|user| belongs(user, group));
    user.cloned().ok_or_else(|| ApiError::not_found("User"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&entity(&find(cx, group)?)))
}

/// Name and addresses are made up unless given.
fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let group = resolve(cx)?;
    let place = group.map_or_else(String::new, |id| format!("_group_{id}"));
    let username = match cx.params.filled("username") {
        Some(username) => username,
        None => format!(
            "service_account{place}_{}",
            cx.world.ids.hex("service account", 32)
        ),
    };
    let name = cx.params.filled("name");
    let name = name.unwrap_or_else(|| "Service account user".to_owned());
    let email = cx.params.filled("email");
    let email = email.unwrap_or_else(|| format!("{username}@noreply.{}", cx.site.host()));
    check(cx, &username, &email, 0)?;
    let (id, namespace) = (cx.world.next_id("user"), cx.world.next_id("namespace"));
    let user = User {
        bot: true,
        service_account: true,
        provisioned_by: group,
        created_at: cx.now,
        ..User::new(id, namespace, &username, &name, &email)
    };
    let answer = Answer::created(&entity(&user));
    cx.world.users.insert(id, user);
    Ok(answer)
}

fn check(cx: &Cx<'_>, username: &str, email: &str, own: u64) -> Result<(), ApiError> {
    if !looks_like_email(email) {
        return Err(ApiError::validation("email", "is invalid"));
    }
    let taken = |user: &&User| {
        user.id != own
            && (user.username.eq_ignore_ascii_case(username)
                || user.email.eq_ignore_ascii_case(email))
    };
    if cx.world.users.values().any(|user| taken(&user)) {
        return Err(ApiError::bad_request(
            "Email has already been taken and Username has already been taken",
        ));
    }
    Ok(())
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let mut user = find(cx, resolve)?;
    user.name = cx.params.filled("name").unwrap_or(user.name);
    user.username = cx.params.filled("username").unwrap_or(user.username);
    user.email = cx.params.filled("email").unwrap_or(user.email);
    check(cx, &user.username, &user.email, user.id)?;
    let answer = Answer::json(&entity(&user));
    cx.world.users.insert(user.id, user);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = find(cx, group)?;
    let (hard, now) = (cx.params.is_set("hard_delete")?, cx.now);
    cx.world.remove_user(user.id, hard, now);
    Ok(Answer::no_content())
}

fn tokens(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = find(cx, group)?.id;
    let tokens = cx.world.tokens.values();
    let mut found: Vec<&Token> = tokens.filter(|token| token.user == user).collect();
    found.sort_by_key(|token| token.id);
    pagination::offset(cx, &found, |token| token_entity(token, cx.now))
}

fn create_token(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = find(cx, group)?.id;
    let name = cx.params.required("name")?;
    let scopes = cx.params.list("scopes").unwrap_or_default();
    if scopes.is_empty() {
        return Err(ApiError::missing("scopes"));
    }
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let token = Token {
        expires_at: cx.params.time("expires_at")?,
        ..Token::personal(0, user, &name, &scopes, cx.now)
    };
    Ok(Answer::created(&mint(cx, token)))
}

fn find_token(cx: &Cx<'_>) -> Result<String, ApiError> {
    let user = find(cx, group)?.id;
    let id = cx.number("token_id", "Personal Access Token")?;
    let mut tokens = cx.world.tokens.iter();
    let found = tokens.find(|(_, token)| {
        token.kind == TokenKind::Personal && token.user == user && token.id == id
    });
    let found = found.map(|(value, _)| value.clone());
    found.ok_or_else(|| ApiError::not_found("Personal Access Token"))
}

fn revoke_token(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let value = find_token(cx)?;
    if let Some(token) = cx.world.tokens.get_mut(&value) {
        token.revoked = true;
    }
    Ok(Answer::no_content())
}

fn rotate_token(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let value = find_token(cx)?;
    replace(cx, &value)
}
