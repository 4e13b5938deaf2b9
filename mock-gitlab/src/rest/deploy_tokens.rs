//! Deploy tokens of projects and groups. <https://docs.gitlab.com/api/deploy_tokens/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{DeployToken, Owner};

const SCOPES: [&str; 7] = [
    "read_repository",
    "read_registry",
    "write_registry",
    "read_virtual_registry",
    "write_virtual_registry",
    "read_package_registry",
    "write_package_registry",
];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("deploy_tokens", list_all);
    table.get("projects/:id/deploy_tokens", |cx| list(cx, project));
    table.post("projects/:id/deploy_tokens", |cx| create(cx, project));
    table.get("projects/:id/deploy_tokens/:token_id", |cx| {
        get(cx, project)
    });
    table.delete("projects/:id/deploy_tokens/:token_id", |cx| {
        delete(cx, project)
    });
    table.get("groups/:id/deploy_tokens", |cx| list(cx, group));
    table.post("groups/:id/deploy_tokens", |cx| create(cx, group));
    table.get("groups/:id/deploy_tokens/:token_id", |cx| get(cx, group));
    table.delete("groups/:id/deploy_tokens/:token_id", |cx| delete(cx, group));
}

/// Whose tokens a route is about, for callers who may manage them.
type Resolve = fn(&Cx<'_>) -> Result<Owner, ApiError>;

fn project(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Project(cx.project_as(MAINTAINER)?.id))
}

fn group(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Group(cx.group_as(OWNER)?.id))
}

fn entity(cx: &Cx<'_>, token: &DeployToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "username": token.username,
        "expires_at": token.expires_at,
        "scopes": token.scopes,
        "revoked": false,
        "expired": token.expires_at.is_some_and(|end| end <= cx.now),
    })
}

fn answer(cx: &Cx<'_>, owner: Option<Owner>) -> Result<Answer, ApiError> {
    let active = cx.params.is_set("active")?;
    let fits = |token: &&DeployToken| {
        owner.is_none_or(|owner| token.owner == owner)
            && (!active || token.expires_at.is_none_or(|end| end > cx.now))
    };
    let found: Vec<&DeployToken> = cx.world.deploy_tokens.values().filter(fits).collect();
    pagination::offset(cx, &found, |token| entity(cx, token))
}

fn list_all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    answer(cx, None)
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = resolve(cx)?;
    answer(cx, Some(owner))
}

fn find(cx: &Cx<'_>, resolve: Resolve) -> Result<DeployToken, ApiError> {
    let owner = resolve(cx)?;
    let id = cx.number("token_id", "Deploy Token")?;
    let found = cx.world.deploy_tokens.get(&id);
    let found = found.filter(|token| token.owner == owner).cloned();
    found.ok_or_else(|| ApiError::not_found("Deploy Token"))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let token = find(cx, resolve)?;
    Ok(Answer::json(&entity(cx, &token)))
}

/// The secret is shown this once.
fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = resolve(cx)?;
    let name = cx.params.required("name")?;
    let scopes = cx.params.list("scopes").unwrap_or_default();
    if scopes.is_empty() {
        return Err(ApiError::missing("scopes"));
    }
    if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(ApiError::not_a_choice("scopes"));
    }
    let expires_at = cx.params.time("expires_at")?;
    let username = cx.params.filled("username");
    let id = cx.world.next_id("deploy token");
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let secret = cx.world.ids.text("deploy token", 20, letters);
    let token = DeployToken {
        id,
        owner,
        name,
        username: username.unwrap_or_else(|| format!("gitlab+deploy-token-{id}")),
        token: format!("gldt-{secret}"),
        scopes,
        expires_at,
    };
    let mut shown = entity(cx, &token);
    if let Value::Object(all) = &mut shown {
        all.insert("token".to_owned(), json!(token.token));
    }
    cx.world.deploy_tokens.insert(id, token);
    Ok(Answer::created(&shown))
}

fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let token = find(cx, resolve)?;
    cx.world.deploy_tokens.remove(&token.id);
    Ok(Answer::no_content())
}
