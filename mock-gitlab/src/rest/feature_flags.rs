//! Feature flags and their user lists. <https://docs.gitlab.com/api/feature_flags/>

mod strategies;
mod user_lists;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Project, Record};

const KIND: &str = "feature flag";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/feature_flags", list);
    table.post("projects/:id/feature_flags", create);
    table.get("projects/:id/feature_flags/:name", get);
    table.put("projects/:id/feature_flags/:name", update);
    table.delete("projects/:id/feature_flags/:name", delete);
    user_lists::routes(table);
}

/// Flags are for developers and above.
fn project(cx: &Cx<'_>) -> Result<Project, ApiError> {
    cx.project_as(DEVELOPER)
}

fn entity(flag: &Record) -> Value {
    json!({
        "name": flag.text("name"),
        "description": flag.fields.get("description"),
        "active": flag.flag("active"),
        "version": "new_version_flag",
        "created_at": flag.created_at,
        "updated_at": flag.updated_at,
        "scopes": [],
        "strategies": flag.fields.get("strategies").cloned().unwrap_or_else(|| json!([])),
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = project(cx)?;
    let scope = cx.params.choice("scope", &["enabled", "disabled"])?;
    let flags = cx.world.records_in(KIND, Home::Project(project.id));
    let flags = flags.filter(|flag| match scope {
        Some("enabled") => flag.flag("active"),
        Some(_) => !flag.flag("active"),
        None => true,
    });
    let mut flags: Vec<&Record> = flags.collect();
    flags.sort_by_key(|flag| flag.text("name"));
    pagination::offset(cx, &flags, |flag| entity(flag))
}

fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let name = cx.path.get("name");
    let mut flags = cx.world.records_in(KIND, Home::Project(project.id));
    let found = flags.find(|flag| flag.text("name") == name);
    found.cloned().ok_or_else(ApiError::gone)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let flag = find(cx, &project(cx)?)?;
    Ok(Answer::json(&entity(&flag)))
}

/// Lower-case letters, digits, `_`, `-`; starts with a letter; free in the project.
fn check_name(
    cx: &Cx<'_>,
    project: &Project,
    name: &str,
    own: Option<u64>,
) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let ends = name.ends_with(['_', '-']);
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts || ends || name.len() > 63 || !name.chars().all(fits) {
        let text = "can contain only lowercase letters, digits, '_' and '-'. \
                    Must start with a letter, and cannot end with '-' or '_'";
        return Err(ApiError::message(400, json!([format!("Name {text}")])));
    }
    let mut others = cx.world.records_in(KIND, Home::Project(project.id));
    if others.any(|flag| Some(flag.id) != own && flag.text("name") == name) {
        return Err(ApiError::message(
            400,
            json!(["Name has already been taken"]),
        ));
    }
    Ok(())
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = project(cx)?;
    let author = cx.user()?.id;
    let name = cx.params.required("name")?;
    if cx
        .params
        .filled("version")
        .is_some_and(|version| version != "new_version_flag")
    {
        return Err(ApiError::message(400, "Version is invalid"));
    }
    check_name(cx, &project, &name, None)?;
    let mut fields = Fields::new();
    fields.insert("name".to_owned(), json!(name));
    fields.insert(
        "description".to_owned(),
        json!(cx.params.text("description")),
    );
    let active = cx.params.flag("active")?.unwrap_or(true);
    fields.insert("active".to_owned(), json!(active));
    let strategies = strategies::changed(cx, Vec::new())?;
    fields.insert("strategies".to_owned(), Value::Array(strategies));
    let home = Home::Project(project.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    let flag = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(flag)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = project(cx)?;
    let mut flag = find(cx, &project)?;
    // The name stands in the path and, to rename, in the body.
    if let Some(name) = cx
        .params
        .filled("name")
        .filter(|name| name != flag.text("name"))
    {
        check_name(cx, &project, &name, Some(flag.id))?;
        flag.set("name", name);
    }
    if cx.params.has("description") {
        flag.set("description", json!(cx.params.text("description")));
    }
    if let Some(active) = cx.params.flag("active")? {
        flag.set("active", active);
    }
    if cx.params.has("strategies") {
        let former = flag.fields.get("strategies").and_then(Value::as_array);
        let former = former.cloned().unwrap_or_default();
        let strategies = strategies::changed(cx, former)?;
        flag.set("strategies", Value::Array(strategies));
    }
    flag.updated_at = cx.now;
    let answer = Answer::json(&entity(&flag));
    cx.world.records.insert((KIND, flag.id), flag);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = project(cx)?;
    let flag = find(cx, &project)?;
    cx.world.remove_record(KIND, flag.id);
    Ok(Answer::json(&entity(&flag)))
}
