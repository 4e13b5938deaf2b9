//! Variables a schedule starts its pipelines with.

use serde_json::{Value, json};

use super::{KIND, writable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::resources::Fields;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Record};

const VARIABLE: &str = "schedule variable";

pub(super) fn routes(table: &mut RouteTable, one: &str) {
    table.post(&format!("{one}/variables"), create);
    table.get(&format!("{one}/variables/:key"), get);
    table.put(&format!("{one}/variables/:key"), update);
    table.delete(&format!("{one}/variables/:key"), delete);
}

fn entity(variable: &Record) -> Value {
    json!({
        "variable_type": variable.text("variable_type"),
        "key": variable.text("key"),
        "value": variable.text("value"),
        "raw": variable.flag("raw"),
    })
}

fn of<'a>(cx: &'a Cx<'_>, schedule: &Record) -> impl Iterator<Item = &'a Record> {
    cx.world
        .records_in(VARIABLE, Home::Record(KIND, schedule.id))
}

/// Values are for the owner and for maintainers; others see that there are some.
pub(super) fn shown(cx: &Cx<'_>, schedule: &Record) -> Value {
    let own = cx.caller.user == Some(schedule.number("owner"));
    let project = match schedule.home {
        Home::Project(id) => cx.world.projects.get(&id),
        _ => None,
    };
    let may = own || project.is_some_and(|project| cx.level_in(project) >= MAINTAINER);
    if !may {
        return json!([]);
    }
    of(cx, schedule).map(entity).collect()
}

/// Keys and values.
pub(super) fn pairs(cx: &Cx<'_>, schedule: &Record) -> Vec<(String, String)> {
    of(cx, schedule)
        .map(|one| (one.text("key").to_owned(), one.text("value").to_owned()))
        .collect()
}

fn find(cx: &Cx<'_>, schedule: &Record) -> Result<Record, ApiError> {
    let key = cx.path.get("key");
    let found = of(cx, schedule).find(|one| one.text("key") == key);
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Variable"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let schedule = writable(cx)?;
    let variable = find(cx, &schedule)?;
    Ok(Answer::json(&entity(&variable)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let schedule = writable(cx)?;
    let author = cx.user()?.id;
    let key = cx.params.required("key")?;
    let value = cx
        .params
        .text("value")
        .ok_or_else(|| ApiError::missing("value"))?;
    let kind = cx.params.choice("variable_type", &["env_var", "file"])?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !key.chars().all(word) {
        let text = "can contain only letters, digits and '_'.";
        return Err(ApiError::validation("key", text));
    }
    if of(cx, &schedule).any(|one| one.text("key") == key) {
        let text = format!("({key}) has already been taken");
        return Err(ApiError::validation("key", &text));
    }
    let mut fields = Fields::new();
    fields.insert("key".to_owned(), json!(key));
    fields.insert("value".to_owned(), json!(value));
    fields.insert("variable_type".to_owned(), json!(kind.unwrap_or("env_var")));
    let home = Home::Record(KIND, schedule.id);
    let id = cx.world.add_record(VARIABLE, home, fields, author, cx.now);
    let variable = cx.world.record(VARIABLE, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(variable)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let schedule = writable(cx)?;
    let mut variable = find(cx, &schedule)?;
    if let Some(value) = cx.params.text("value") {
        variable.set("value", value);
    }
    if let Some(kind) = cx.params.choice("variable_type", &["env_var", "file"])? {
        variable.set("variable_type", kind);
    }
    let answer = Answer::json(&entity(&variable));
    cx.world.records.insert((VARIABLE, variable.id), variable);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let schedule = writable(cx)?;
    let variable = find(cx, &schedule)?;
    cx.world.remove_record(VARIABLE, variable.id);
    Ok(Answer::json_with(202, &entity(&variable)))
}
