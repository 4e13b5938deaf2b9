//! Environments. <https://docs.gitlab.com/api/environments/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::deployments;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER, REPORTER};
use crate::world::{Home, Project, Record};

pub(super) const KIND: &str = "environment";
const TIERS: [&str; 5] = ["production", "staging", "testing", "development", "other"];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/environments", list).job_token();
    table.post("projects/:id/environments", create);
    let one = "projects/:id/environments/:environment_id";
    table.get(one, get).job_token();
    table.put(one, update);
    table.delete(one, delete);
    table.post(&format!("{one}/stop"), stop);
    table.post("projects/:id/environments/stop_stale", stop_stale);
    table.delete("projects/:id/environments/review_apps", delete_stopped);
}

fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    if cx.reads_code(&project) || cx.level_in(&project) >= REPORTER {
        Ok(project)
    } else {
        Err(ApiError::forbidden())
    }
}

/// How an environment looks from outside.
pub(super) fn entity(cx: &Cx<'_>, environment: &Record, whole: bool) -> Value {
    let mut value = json!({
        "id": environment.id,
        "name": environment.text("name"),
        "slug": environment.text("slug"),
        "description": environment.fields.get("description"),
        "external_url": environment.fields.get("external_url"),
        "created_at": environment.created_at,
        "updated_at": environment.updated_at,
        "tier": environment.text("tier"),
        "state": environment.text("state"),
        "auto_stop_at": environment.fields.get("auto_stop_at"),
        "auto_stop_setting": "always",
        "kubernetes_namespace": null,
        "flux_resource_path": null,
        "cluster_agent": null,
    });
    if let (true, Value::Object(all)) = (whole, &mut value) {
        let last = deployments::last_of(cx, environment);
        all.insert("last_deployment".to_owned(), json!(last));
    }
    value
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let states = cx
        .params
        .choice("states", &["available", "stopping", "stopped"])?;
    let name = cx.params.filled("name");
    let search = cx.params.filled("search").map(|text| text.to_lowercase());
    if name.is_some() && search.is_some() {
        return Err(ApiError::error(400, "name, search are mutually exclusive"));
    }
    if search.as_ref().is_some_and(|text| text.len() < 3) {
        return Err(ApiError::bad_request(
            "Search query is less than 3 characters",
        ));
    }
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = rows.filter(|one| {
        let text = one.text("name");
        states.is_none_or(|state| one.text("state") == state)
            && name.as_ref().is_none_or(|name| text == name)
            && search
                .as_ref()
                .is_none_or(|search| text.to_lowercase().contains(search.as_str()))
    });
    let rows: Vec<&Record> = rows.collect();
    pagination::offset(cx, &rows, |one| entity(cx, one, false))
}

fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let id = cx.number("environment_id", "Environment")?;
    let found = cx.world.record(KIND, id);
    let found = found.filter(|one| one.home == Home::Project(project.id));
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Environment"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let environment = find(cx, &project)?;
    Ok(Answer::json(&entity(cx, &environment, true)))
}

/// `review/My app` becomes `review-my-app`, at most 24 characters.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let text: String = name.to_lowercase().chars().map(plain).collect();
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(24).collect()
}

/// What GitLab guesses from the name.
fn tier(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["prod", "live"]) {
        "production"
    } else if has(&["stag", "stg", "model", "pre", "demo"]) {
        "staging"
    } else if has(&["test", "tst", "int", "ac", "qa", "uat", "quality"]) {
        "testing"
    } else if has(&["dev", "review", "trunk"]) {
        "development"
    } else {
        "other"
    }
}

/// Finds the environment of a name, or makes it.
pub(super) fn ensure(cx: &mut Cx<'_>, project: &Project, name: &str, author: u64) -> u64 {
    let known = cx
        .world
        .records_in(KIND, Home::Project(project.id))
        .find(|one| one.text("name") == name)
        .map(|one| one.id);
    if let Some(known) = known {
        return known;
    }
    let mut fields = Fields::new();
    fields.insert("name".to_owned(), json!(name));
    fields.insert("slug".to_owned(), json!(slug(name)));
    fields.insert("tier".to_owned(), json!(tier(name)));
    fields.insert("state".to_owned(), json!("available"));
    let home = Home::Project(project.id);
    cx.world.add_record(KIND, home, fields, author, cx.now)
}

fn check_name(cx: &Cx<'_>, project: &Project, name: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_/${}. ".contains(c);
    if name.len() > 255 || !name.chars().all(fits) || name.starts_with('/') || name.ends_with('/') {
        let text = "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and \
                    spaces, but it cannot start or end with '/'";
        return Err(ApiError::validation("name", text));
    }
    let mut all = cx.world.records_in(KIND, Home::Project(project.id));
    if all.any(|one| one.text("name") == name) {
        return Err(ApiError::validation("name", "has already been taken"));
    }
    Ok(())
}

fn change(cx: &Cx<'_>, environment: &mut Record) -> Result<(), ApiError> {
    if let Some(url) = cx.params.filled("external_url") {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let text = "is blocked: Only allowed schemes are http, https";
            return Err(ApiError::validation("external_url", text));
        }
        environment.set("external_url", url);
    }
    if cx.params.has("description") {
        environment.set("description", json!(cx.params.text("description")));
    }
    if let Some(tier) = cx.params.choice("tier", &TIERS)? {
        environment.set("tier", tier);
    }
    Ok(())
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let author = cx.user()?.id;
    let name = cx.params.required("name")?;
    check_name(cx, &project, &name)?;
    let id = ensure(cx, &project, &name, author);
    let mut environment = cx
        .world
        .record(KIND, id)
        .cloned()
        .ok_or_else(ApiError::gone)?;
    if let Err(error) = change(cx, &mut environment) {
        cx.world.remove_record(KIND, id);
        return Err(error);
    }
    let answer = Answer::created(&entity(cx, &environment, true));
    cx.world.records.insert((KIND, id), environment);
    Ok(answer)
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let mut environment = find(cx, &project)?;
    change(cx, &mut environment)?;
    environment.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &environment, true));
    cx.world.records.insert((KIND, environment.id), environment);
    Ok(answer)
}

/// Only what is stopped can go.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let environment = find(cx, &project)?;
    if environment.text("state") != "stopped" {
        return Err(ApiError::forbidden());
    }
    cx.world.remove_record(KIND, environment.id);
    Ok(Answer::no_content())
}

fn stop(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let mut environment = find(cx, &project)?;
    environment.set("state", "stopped");
    environment.updated_at = cx.now;
    let answer = Answer::created(&entity(cx, &environment, true));
    cx.world.records.insert((KIND, environment.id), environment);
    Ok(answer)
}

fn stop_stale(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let before = cx.params.time("before")?;
    let before = before.ok_or_else(|| ApiError::missing("before"))?;
    for environment in cx.world.records.values_mut() {
        let stale = environment.kind == KIND
            && environment.home == Home::Project(project.id)
            && environment.updated_at < before;
        if stale {
            environment.set("state", "stopped");
        }
    }
    Ok(Answer::json(
        &json!({ "message": "Successfully requested stop for all stale environments" }),
    ))
}

/// Without `dry_run=false` the answer only says what would go.
fn delete_stopped(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let dry = cx.params.flag("dry_run")?.unwrap_or(true);
    let before = cx.params.time("before")?;
    let limit = cx.params.integer("limit")?.unwrap_or(100);
    let limit = usize::try_from(limit.clamp(1, 1000)).unwrap_or(100);
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = rows.filter(|one| {
        one.text("state") == "stopped"
            && one.text("name").starts_with("review/")
            && before.is_none_or(|bound| one.created_at < bound)
    });
    let rows: Vec<Record> = rows.take(limit).cloned().collect();
    let shown: Vec<Value> = rows.iter().map(|one| entity(cx, one, false)).collect();
    if !dry {
        for one in &rows {
            cx.world.remove_record(KIND, one.id);
        }
    }
    Ok(Answer::json(&json!({
        "scheduled_entries": shown,
        "unprocessable_entries": [],
    })))
}
