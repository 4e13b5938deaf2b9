//! Settings of the instance, its looks and its limits. <https://docs.gitlab.com/api/settings/>

mod defaults;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::World;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("application/settings", |cx| get(cx, SETTINGS));
    table.put("application/settings", |cx| update(cx, SETTINGS));
    table.get("application/appearance", |cx| get(cx, APPEARANCE));
    table.put("application/appearance", |cx| update(cx, APPEARANCE));
    table.get("application/plan_limits", |cx| get(cx, PLAN_LIMITS));
    table.put("application/plan_limits", |cx| {
        cx.params.required("plan_name")?;
        update(cx, PLAN_LIMITS)
    });
}

/// One of the three forms: its defaults, and where the differences are kept.
#[derive(Clone, Copy)]
struct Form {
    defaults: fn() -> Map<String, Value>,
    kept: fn(&mut World) -> &mut Map<String, Value>,
}

const SETTINGS: Form = Form {
    defaults: defaults::settings,
    kept: |world| &mut world.administration.settings,
};
const APPEARANCE: Form = Form {
    defaults: defaults::appearance,
    kept: |world| &mut world.administration.appearance,
};
const PLAN_LIMITS: Form = Form {
    defaults: defaults::plan_limits,
    kept: |world| &mut world.administration.plan_limits,
};

/// A setting of the instance that differs from its default.
pub(crate) fn changed<'a>(world: &'a World, name: &str) -> Option<&'a Value> {
    world.administration.settings.get(name)
}

fn shown(cx: &mut Cx<'_>, form: Form) -> Value {
    let mut all = (form.defaults)();
    all.extend((form.kept)(cx.world).clone());
    Value::Object(all)
}

fn get(cx: &mut Cx<'_>, form: Form) -> Result<Answer, ApiError> {
    cx.admin()?;
    Ok(Answer::json(&shown(cx, form)))
}

/// Known names are read by the type of their default; unknown ones are ignored.
fn update(cx: &mut Cx<'_>, form: Form) -> Result<Answer, ApiError> {
    cx.admin()?;
    let mut changes = Map::new();
    for (name, default) in (form.defaults)() {
        if !cx.params.has(&name) || matches!(name.as_str(), "id" | "created_at" | "updated_at") {
            continue;
        }
        let params = &cx.params;
        let value = match default {
            Value::Bool(_) => params.flag(&name)?.map(Value::from),
            Value::Number(number) if number.is_f64() => params.get(&name).cloned(),
            Value::Number(_) => params.integer(&name)?.map(Value::from),
            Value::Array(_) => Some(json!(params.list(&name).unwrap_or_default())),
            Value::Null => Some(params.get(&name).cloned().unwrap_or_default()),
            _ => params.text(&name).map(Value::from),
        };
        // `null` for what cannot be null leaves it as it is.
        if let Some(value) = value {
            changes.insert(name, value);
        }
    }
    check(&changes)?;
    (form.kept)(cx.world).extend(changes);
    Ok(Answer::json(&shown(cx, form)))
}

const VISIBILITIES: [&str; 3] = ["private", "internal", "public"];

fn check(changes: &Map<String, Value>) -> Result<(), ApiError> {
    for name in [
        "default_project_visibility",
        "default_group_visibility",
        "default_snippet_visibility",
    ] {
        let text = changes.get(name).and_then(Value::as_str);
        if text.is_some_and(|text| !VISIBILITIES.contains(&text)) {
            return Err(ApiError::not_a_choice(name));
        }
    }
    let negative = changes
        .iter()
        .find(|(_, value)| value.as_i64().is_some_and(|number| number < 0));
    match negative {
        Some((name, _)) => Err(ApiError::validation(
            name,
            "must be greater than or equal to 0",
        )),
        None => Ok(()),
    }
}
