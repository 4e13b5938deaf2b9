//! Deploy keys of the instance and of projects. <https://docs.gitlab.com/api/deploy_keys/>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::conventions::pagination;
use super::projects;
use super::ssh_keys::{check_key, fingerprint};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::DeployKey;
use crate::world::access::MAINTAINER;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("deploy_keys", list_all);
    table.post("deploy_keys", create_public);
    table.get("projects/:id/deploy_keys", list);
    table.post("projects/:id/deploy_keys", create);
    table.get("projects/:id/deploy_keys/:key_id", get);
    table.put("projects/:id/deploy_keys/:key_id", update);
    table.delete("projects/:id/deploy_keys/:key_id", delete);
    table.post("projects/:id/deploy_keys/:key_id/enable", enable);
    table.get("users/:id/project_deploy_keys", of_user);
}

fn entity(key: &DeployKey) -> Map<String, Value> {
    let print = fingerprint(&key.key).map(|print| format!("SHA256:{print}"));
    let mut all = Map::new();
    all.insert("id".to_owned(), json!(key.id));
    all.insert("title".to_owned(), json!(key.title));
    all.insert("created_at".to_owned(), json!(key.created_at));
    all.insert("expires_at".to_owned(), json!(key.expires_at));
    all.insert("key".to_owned(), json!(key.key));
    all.insert("fingerprint_sha256".to_owned(), json!(print));
    all
}

fn in_project(key: &DeployKey, project: u64) -> Value {
    let mut shown = entity(key);
    let can_push = key.projects.get(&project).copied().unwrap_or(false);
    shown.insert("can_push".to_owned(), json!(can_push));
    Value::Object(shown)
}

fn with_projects(cx: &Cx<'_>, key: &DeployKey) -> Value {
    let places = |pushes: bool| -> Vec<Value> {
        let wanted = key
            .projects
            .iter()
            .filter(|(_, can_push)| **can_push == pushes);
        let known = wanted.filter_map(|(id, _)| cx.world.projects.get(id));
        known.map(|project| projects::short(cx, project)).collect()
    };
    let mut shown = entity(key);
    shown.insert("projects_with_write_access".to_owned(), json!(places(true)));
    shown.insert(
        "projects_with_readonly_access".to_owned(),
        json!(places(false)),
    );
    Value::Object(shown)
}

fn list_all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let public = cx.params.is_set("public")?;
    let keys = cx.world.deploy_keys.values();
    let found: Vec<&DeployKey> = keys.filter(|key| key.public || !public).collect();
    pagination::offset(cx, &found, |key| with_projects(cx, key))
}

/// What the request describes, in no project yet.
fn described(cx: &Cx<'_>) -> Result<DeployKey, ApiError> {
    let (title, key) = (cx.params.required("title")?, cx.params.required("key")?);
    Ok(DeployKey {
        id: 0,
        title,
        key: check_key(&key)?,
        public: false,
        created_at: cx.now,
        expires_at: cx.params.time("expires_at")?,
        projects: BTreeMap::new(),
    })
}

fn known(cx: &Cx<'_>, key: &DeployKey) -> Option<DeployKey> {
    let print = fingerprint(&key.key);
    let mut keys = cx.world.deploy_keys.values();
    keys.find(|known| fingerprint(&known.key) == print).cloned()
}

fn store(cx: &mut Cx<'_>, key: DeployKey) -> DeployKey {
    let id = match key.id {
        0 => cx.world.next_id("key"),
        id => id,
    };
    let key = DeployKey { id, ..key };
    cx.world.deploy_keys.insert(id, key.clone());
    key
}

fn create_public(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let key = described(cx)?;
    if known(cx, &key).is_some() {
        return Err(ApiError::validation(
            "fingerprint_sha256",
            "has already been taken",
        ));
    }
    let key = DeployKey {
        public: true,
        ..key
    };
    let key = store(cx, key);
    Ok(Answer::created(&with_projects(cx, &key)))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let keys = cx.world.deploy_keys.values();
    let found: Vec<&DeployKey> = keys
        .filter(|key| key.projects.contains_key(&project))
        .collect();
    pagination::offset(cx, &found, |key| in_project(key, project))
}

fn find(cx: &Cx<'_>) -> Result<(u64, DeployKey), ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let id = cx.number("key_id", "Deploy Key")?;
    let key = cx.world.deploy_keys.get(&id);
    let key = key.filter(|key| key.projects.contains_key(&project));
    let key = key.ok_or_else(|| ApiError::not_found("Deploy Key"))?;
    Ok((project, key.clone()))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, key) = find(cx)?;
    Ok(Answer::json(&in_project(&key, project)))
}

/// A key the caller can reach elsewhere is joined to the project; a foreign one is refused.
fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let can_push = cx.params.is_set("can_push")?;
    let described = described(cx)?;
    let mut key = match known(cx, &described) {
        None => described,
        Some(key) if key.projects.contains_key(&project) => {
            return Ok(Answer::created(&in_project(&key, project)));
        }
        Some(key) if reaches(cx, &key) => key,
        Some(_) => {
            return Err(ApiError::validation(
                "deploy_key.fingerprint_sha256",
                "has already been taken",
            ));
        }
    };
    key.projects.insert(project, can_push);
    let key = store(cx, key);
    Ok(Answer::created(&in_project(&key, project)))
}

/// Public keys, and those of projects the caller maintains.
fn reaches(cx: &Cx<'_>, key: &DeployKey) -> bool {
    let projects = key.projects.keys();
    let mut projects = projects.filter_map(|id| cx.world.projects.get(id));
    key.public || projects.any(|project| cx.level_in(project) >= MAINTAINER)
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, mut key) = find(cx)?;
    cx.params.at_least_one(&["title", "can_push"])?;
    key.title = cx.params.filled("title").unwrap_or(key.title);
    if let Some(can_push) = cx.params.flag("can_push")? {
        key.projects.insert(project, can_push);
    }
    let key = store(cx, key);
    Ok(Answer::json(&in_project(&key, project)))
}

/// A key without projects goes, unless administrators offer it.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, mut key) = find(cx)?;
    key.projects.remove(&project);
    if key.projects.is_empty() && !key.public {
        cx.world.deploy_keys.remove(&key.id);
    } else {
        store(cx, key);
    }
    Ok(Answer::no_content())
}

fn enable(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let id = cx.number("key_id", "Deploy Key")?;
    let key = cx.world.deploy_keys.get(&id);
    let key = key.filter(|key| reaches(cx, key)).cloned();
    let mut key = key.ok_or_else(|| ApiError::not_found("Deploy Key"))?;
    key.projects.entry(project).or_insert(false);
    let key = store(cx, key);
    Ok(Answer::created(&in_project(&key, project)))
}

/// The keys of projects that both the caller and the user maintain.
fn of_user(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let user = cx.world.find_user(cx.path.get("id"));
    let user = user.ok_or_else(|| ApiError::not_found("User"))?.id;
    let shared = |id: &u64| {
        cx.world.projects.get(id).is_some_and(|project| {
            cx.world.project_level(user, project) >= MAINTAINER
                && cx.level_in(project) >= MAINTAINER
        })
    };
    let keys = cx.world.deploy_keys.values();
    let found: Vec<&DeployKey> = keys.filter(|key| key.projects.keys().any(shared)).collect();
    pagination::offset(cx, &found, |key| with_projects(cx, key))
}
