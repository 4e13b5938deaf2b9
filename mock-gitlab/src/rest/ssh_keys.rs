//! SSH keys of users. <https://docs.gitlab.com/api/user_keys/>

mod public_key;

pub(crate) use public_key::{check as check_key, fingerprint};

use serde_json::{Value, json};

use super::conventions::pagination;
use super::users;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{DeployKey, SshKey};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .get("user/keys", |cx| list(cx, own))
        .also(&["read_user"]);
    table.post("user/keys", |cx| create(cx, own));
    table
        .get("user/keys/:key_id", |cx| get(cx, own))
        .also(&["read_user"]);
    table.delete("user/keys/:key_id", |cx| delete(cx, own));
    table
        .get("users/:id/keys", |cx| list(cx, anyone))
        .also(&["read_user"]);
    table.post("users/:id/keys", |cx| create(cx, others));
    table
        .get("users/:id/keys/:key_id", |cx| get(cx, anyone))
        .also(&["read_user"]);
    table.delete("users/:id/keys/:key_id", |cx| delete(cx, others));
    table.get("keys", by_fingerprint);
    table.get("keys/:key_id", by_id);
}

/// Whose keys a route is about, if the caller may go there.
pub(crate) type Resolve = fn(&Cx<'_>) -> Result<u64, ApiError>;

/// The caller's own.
pub(crate) fn own(cx: &Cx<'_>) -> Result<u64, ApiError> {
    Ok(cx.user()?.id)
}

/// Those of any user: public keys are public.
pub(crate) fn anyone(cx: &Cx<'_>) -> Result<u64, ApiError> {
    let user = cx.world.find_user(cx.path.get("id"));
    user.map(|user| user.id)
        .ok_or_else(|| ApiError::not_found("User"))
}

/// Those of any user, for administrators.
pub(crate) fn others(cx: &Cx<'_>) -> Result<u64, ApiError> {
    cx.admin()?;
    anyone(cx)
}

fn entity(key: &SshKey) -> Value {
    json!({
        "id": key.id,
        "title": key.title,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": null,
        "key": key.key,
        "usage_type": key.usage_type,
    })
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let user = resolve(cx)?;
    let keys = cx.world.ssh_keys.values();
    let found: Vec<&SshKey> = keys.filter(|key| key.user == user).collect();
    pagination::offset(cx, &found, |key| entity(key))
}

fn find(cx: &Cx<'_>, resolve: Resolve) -> Result<SshKey, ApiError> {
    let user = resolve(cx)?;
    let id = cx.number("key_id", "Key")?;
    let key = cx.world.ssh_keys.get(&id).filter(|key| key.user == user);
    key.cloned().ok_or_else(|| ApiError::not_found("Key"))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    Ok(Answer::json(&entity(&find(cx, resolve)?)))
}

fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let user = resolve(cx)?;
    let (title, key) = (cx.params.required("title")?, cx.params.required("key")?);
    let usage = cx
        .params
        .choice("usage_type", &["auth_and_signing", "auth", "signing"])?;
    let expires_at = cx.params.time("expires_at")?;
    let key = check_key(&key)?;
    let print = fingerprint(&key);
    let mut known = cx.world.ssh_keys.values();
    if known.any(|known| fingerprint(&known.key) == print) {
        return Err(ApiError::validation(
            "fingerprint_sha256",
            "has already been taken",
        ));
    }
    let key = SshKey {
        id: cx.world.next_id("key"),
        user,
        title,
        key,
        usage_type: usage.unwrap_or("auth_and_signing").to_owned(),
        created_at: cx.now,
        expires_at,
    };
    cx.world.ssh_keys.insert(key.id, key.clone());
    Ok(Answer::created(&entity(&key)))
}

fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let key = find(cx, resolve)?;
    cx.world.ssh_keys.remove(&key.id);
    Ok(Answer::no_content())
}

fn with_user(cx: &Cx<'_>, key: &SshKey) -> Value {
    let mut value = entity(key);
    if let Value::Object(all) = &mut value {
        all.insert("user".to_owned(), users::basic_by_id(cx, key.user));
    }
    value
}

/// A deploy key, and where it works.
fn with_projects(key: &DeployKey) -> Value {
    let places: Vec<Value> = key
        .projects
        .iter()
        .map(|(project, can_push)| {
            json!({
                "id": project,
                "deploy_key_id": key.id,
                "project_id": project,
                "created_at": key.created_at,
                "updated_at": key.created_at,
                "can_push": can_push,
            })
        })
        .collect();
    json!({
        "id": key.id,
        "title": key.title,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": null,
        "key": key.key,
        "usage_type": "auth_and_signing",
        "user": null,
        "deploy_keys_projects": places,
    })
}

fn by_id(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let id = cx.number("key_id", "Key")?;
    let key = cx.world.ssh_keys.get(&id);
    let shown = match key {
        Some(key) => with_user(cx, key),
        None => match cx.world.deploy_keys.get(&id) {
            Some(key) => with_projects(key),
            None => return Err(ApiError::gone()),
        },
    };
    Ok(Answer::json(&shown))
}

/// `SHA256:…`, with or without the prefix.
fn by_fingerprint(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let wanted = cx.params.required("fingerprint")?;
    // An unencoded `+` arrives as a blank.
    let wanted = wanted.replace(' ', "+");
    let plain = wanted.strip_prefix("SHA256:").unwrap_or(&wanted);
    if plain.len() != 43 {
        return Err(ApiError::bad_request(
            "Failed to return the key: fingerprint is invalid",
        ));
    }
    let fits = |key: &str| fingerprint(key).is_some_and(|print| print == plain);
    let key = cx.world.ssh_keys.values().find(|key| fits(&key.key));
    let deploy_key = cx.world.deploy_keys.values().find(|key| fits(&key.key));
    match (key, deploy_key) {
        (Some(key), _) => Ok(Answer::json(&with_user(cx, key))),
        (None, Some(key)) => Ok(Answer::json(&with_projects(key))),
        (None, None) => Err(ApiError::not_found("Key")),
    }
}
