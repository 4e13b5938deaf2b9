//! Development flags. <https://docs.gitlab.com/api/features/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Gate;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("features", list);
    table.get("features/definitions", definitions);
    table.post("features/:name", set);
    table.delete("features/:name", delete);
}

/// `off` for a flag whose only gate is closed, `on` for an open one, else `conditional`.
fn entity(name: &str, gates: &[Gate]) -> Value {
    let plain = |open: bool| {
        gates.len() == 1
            && gates
                .iter()
                .all(|gate| gate.key == "boolean" && gate.value == json!(open))
    };
    let state = if plain(true) {
        "on"
    } else if plain(false) || gates.is_empty() {
        "off"
    } else {
        "conditional"
    };
    let gates: Vec<Value> = gates
        .iter()
        .map(|gate| json!({ "key": gate.key, "value": gate.value }))
        .collect();
    json!({ "name": name, "state": state, "gates": gates, "definition": null })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let all = cx.world.administration.features.iter();
    let all: Vec<Value> = all.map(|(name, gates)| entity(name, gates)).collect();
    Ok(Answer::json(&json!(all)))
}

/// The mock itself hides nothing behind flags.
fn definitions(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    Ok(Answer::json(&json!([])))
}

/// `value` is a truth value or a share in percent; naming a user, group or project opens
/// the flag for that actor alone.
fn set(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let value = cx.params.required("value")?;
    let name = cx.path.get("name").to_owned();
    let share = cx
        .params
        .choice("key", &["percentage_of_actors", "percentage_of_time"])?
        .unwrap_or("percentage_of_time");
    let actors = actors(cx)?;
    let gates = cx
        .world
        .administration
        .features
        .entry(name.clone())
        .or_default();
    match value.as_str() {
        "true" if !actors.is_empty() => {
            put(gates, "boolean", json!(false), "actors", json!(actors));
        }
        "true" => *gates = vec![gate("boolean", json!(true))],
        "false" => *gates = vec![gate("boolean", json!(false))],
        other => {
            let percent: u8 = other.parse().map_err(|_| ApiError::invalid("value"))?;
            put(
                gates,
                "boolean",
                json!(false),
                share,
                json!(percent.min(100)),
            );
        }
    }
    let shown = entity(&name, gates);
    Ok(Answer::created(&shown))
}

fn gate(key: &str, value: Value) -> Gate {
    Gate {
        key: key.to_owned(),
        value,
    }
}

/// Sets the second gate and adds the first when it is not there.
fn put(gates: &mut Vec<Gate>, first: &str, value: Value, key: &str, wanted: Value) {
    if !gates.iter().any(|known| known.key == first) {
        gates.insert(0, gate(first, value));
    }
    gates.retain(|known| known.key != key);
    gates.push(gate(key, wanted));
}

fn actors(cx: &Cx<'_>) -> Result<Vec<String>, ApiError> {
    let mut actors = Vec::new();
    for name in cx.params.list("user").unwrap_or_default() {
        let user = cx.world.find_user(&name);
        let user = user.ok_or_else(|| ApiError::bad_request("user not found"))?;
        actors.push(format!("User:{}", user.id));
    }
    for path in cx.params.list("group").unwrap_or_default() {
        let group = cx.world.find_group(&path);
        let group = group.ok_or_else(|| ApiError::bad_request("group not found"))?;
        actors.push(format!("Group:{}", group.id));
    }
    for path in cx.params.list("project").unwrap_or_default() {
        let project = cx.world.find_project(&path);
        let project = project.ok_or_else(|| ApiError::bad_request("project not found"))?;
        actors.push(format!("Project:{}", project.id));
    }
    Ok(actors)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    cx.world.administration.features.remove(cx.path.get("name"));
    Ok(Answer::no_content())
}
