//! CI/CD variables of every pipeline of the instance.
//! <https://docs.gitlab.com/api/instance_level_ci_variables/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::InstanceVariable;

const LONGEST_VALUE: usize = 10_000;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("admin/ci/variables", list);
    table.post("admin/ci/variables", create);
    table.get("admin/ci/variables/:key", get);
    table.put("admin/ci/variables/:key", update);
    table.delete("admin/ci/variables/:key", delete);
}

fn entity(variable: &InstanceVariable) -> Value {
    json!({
        "variable_type": variable.variable_type,
        "key": variable.key,
        "value": variable.value,
        "protected": variable.protected,
        "masked": variable.masked,
        "raw": variable.raw,
        "description": variable.description,
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let all: Vec<&InstanceVariable> = cx.world.administration.variables.values().collect();
    pagination::offset(cx, &all, |variable| entity(variable))
}

fn find(cx: &Cx<'_>) -> Result<InstanceVariable, ApiError> {
    cx.admin()?;
    let found = cx.world.administration.variables.get(cx.path.get("key"));
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Instance Variable"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&entity(&find(cx)?)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let key = cx.params.required("key")?;
    let value = cx
        .params
        .text("value")
        .ok_or_else(|| ApiError::missing("value"))?;
    let known = &cx.world.administration.variables;
    if known.contains_key(&key) {
        return Err(ApiError::validation("key", "has already been taken"));
    }
    let sane = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !key.chars().all(sane) {
        return Err(ApiError::validation(
            "key",
            "can contain only letters, digits and '_'.",
        ));
    }
    let variable = InstanceVariable {
        key,
        value,
        description: None,
        variable_type: "env_var".to_owned(),
        protected: false,
        masked: false,
        raw: false,
    };
    let variable = changed(cx, variable)?;
    let answer = Answer::created(&entity(&variable));
    let variables = &mut cx.world.administration.variables;
    variables.insert(variable.key.clone(), variable);
    Ok(answer)
}

fn changed(cx: &Cx<'_>, variable: InstanceVariable) -> Result<InstanceVariable, ApiError> {
    let params = &cx.params;
    let kind = params.choice("variable_type", &["env_var", "file"])?;
    let variable = InstanceVariable {
        value: params.text("value").unwrap_or(variable.value),
        description: params.text("description").or(variable.description),
        variable_type: kind.map_or(variable.variable_type, str::to_owned),
        protected: params.flag("protected")?.unwrap_or(variable.protected),
        masked: params.flag("masked")?.unwrap_or(variable.masked),
        raw: params.flag("raw")?.unwrap_or(variable.raw),
        ..variable
    };
    if variable.value.len() > LONGEST_VALUE {
        return Err(ApiError::validation(
            "value",
            "is too long (maximum is 10000 characters)",
        ));
    }
    // What cannot be recognised in a log cannot be hidden there.
    let visible = |c: char| c.is_ascii() && !c.is_ascii_whitespace();
    let maskable = variable.value.len() >= 8 && variable.value.chars().all(visible);
    if variable.masked && !maskable {
        return Err(ApiError::validation("value", "is invalid"));
    }
    Ok(variable)
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let variable = changed(cx, find(cx)?)?;
    let answer = Answer::json(&entity(&variable));
    let variables = &mut cx.world.administration.variables;
    variables.insert(variable.key.clone(), variable);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let variable = find(cx)?;
    cx.world.administration.variables.remove(&variable.key);
    Ok(Answer::no_content())
}
