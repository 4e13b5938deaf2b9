//! What administrators note on users, groups and projects.
//! <https://docs.gitlab.com/api/custom_attributes/>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Subject;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("users/:id/custom_attributes", |cx| list(cx, user));
    table.get("users/:id/custom_attributes/:key", |cx| get(cx, user));
    table.put("users/:id/custom_attributes/:key", |cx| set(cx, user));
    table.delete("users/:id/custom_attributes/:key", |cx| delete(cx, user));
    table.get("groups/:id/custom_attributes", |cx| list(cx, group));
    table.get("groups/:id/custom_attributes/:key", |cx| get(cx, group));
    table.put("groups/:id/custom_attributes/:key", |cx| set(cx, group));
    table.delete("groups/:id/custom_attributes/:key", |cx| delete(cx, group));
    table.get("projects/:id/custom_attributes", |cx| list(cx, project));
    table.get("projects/:id/custom_attributes/:key", |cx| get(cx, project));
    table.put("projects/:id/custom_attributes/:key", |cx| set(cx, project));
    table.delete("projects/:id/custom_attributes/:key", |cx| {
        delete(cx, project)
    });
}

/// What a route is about; only administrators get there.
type Resolve = fn(&Cx<'_>) -> Result<Subject, ApiError>;

fn user(cx: &Cx<'_>) -> Result<Subject, ApiError> {
    cx.admin()?;
    let id = cx.number("id", "User")?;
    let known = cx.world.users.contains_key(&id);
    known
        .then_some(Subject::User(id))
        .ok_or_else(|| ApiError::not_found("User"))
}

fn group(cx: &Cx<'_>) -> Result<Subject, ApiError> {
    cx.admin()?;
    Ok(Subject::Group(cx.group()?.id))
}

fn project(cx: &Cx<'_>) -> Result<Subject, ApiError> {
    cx.admin()?;
    Ok(Subject::Project(cx.project()?.id))
}

fn entity(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

fn values(cx: &Cx<'_>, subject: Subject) -> BTreeMap<String, String> {
    let values = cx.world.custom_attributes.get(&subject);
    values.cloned().unwrap_or_default()
}

/// Whether a subject has the attributes a list asks for with `custom_attributes[key]=value`.
/// Only administrators can ask; for others every subject fits.
pub(crate) fn fits(cx: &Cx<'_>, subject: Subject) -> bool {
    let Some(wanted) = cx
        .params
        .get("custom_attributes")
        .and_then(Value::as_object)
    else {
        return true;
    };
    let values = cx.world.custom_attributes.get(&subject);
    let has = |key: &String, value: &Value| {
        let known = values.and_then(|values| values.get(key));
        known.is_some_and(|known| value.as_str() == Some(known))
    };
    !cx.is_admin() || wanted.iter().all(|(key, value)| has(key, value))
}

/// The attributes for `with_custom_attributes=true`, which only administrators get.
pub(crate) fn shown(cx: &Cx<'_>, subject: Subject) -> Result<Option<Value>, ApiError> {
    if !cx.is_admin() || !cx.params.is_set("with_custom_attributes")? {
        return Ok(None);
    }
    let all: Vec<Value> = values(cx, subject)
        .iter()
        .map(|(key, value)| entity(key, value))
        .collect();
    Ok(Some(json!(all)))
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let all = values(cx, resolve(cx)?);
    let all: Vec<Value> = all.iter().map(|(key, value)| entity(key, value)).collect();
    Ok(Answer::json(&json!(all)))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let values = values(cx, resolve(cx)?);
    let key = cx.path.get("key");
    let value = values
        .get(key)
        .ok_or_else(|| ApiError::not_found("Custom Attribute"))?;
    Ok(Answer::json(&entity(key, value)))
}

fn set(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let subject = resolve(cx)?;
    let value = cx
        .params
        .text("value")
        .ok_or_else(|| ApiError::missing("value"))?;
    let key = cx.path.get("key").to_owned();
    let shown = entity(&key, &value);
    let values = cx.world.custom_attributes.entry(subject).or_default();
    values.insert(key, value);
    Ok(Answer::json(&shown))
}

fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let subject = resolve(cx)?;
    let values = cx.world.custom_attributes.entry(subject).or_default();
    values
        .remove(cx.path.get("key"))
        .ok_or_else(|| ApiError::not_found("Custom Attribute"))?;
    Ok(Answer::no_content())
}
