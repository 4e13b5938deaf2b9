//! Whom a feature flag is on for: strategies, each with environment scopes. An entry
//! with a known `id` changes that one, `_destroy` takes it away.

use serde_json::{Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::parameters::Params;

const NAMES: [&str; 5] = [
    "default",
    "gradualRolloutUserId",
    "userWithId",
    "gitlabUserList",
    "flexibleRollout",
];

/// The strategies after a request.
pub(super) fn changed(cx: &mut Cx<'_>, mut all: Vec<Value>) -> Result<Vec<Value>, ApiError> {
    for given in cx.params.objects("strategies").unwrap_or_default() {
        let id = given.id("id")?;
        let at = all
            .iter()
            .position(|known| id.is_some() && known.get("id").and_then(Value::as_u64) == id);
        if given.is_set("_destroy")? {
            if let Some(at) = at {
                all.remove(at);
            }
            continue;
        }
        let former = at.and_then(|at| all.get(at)).cloned();
        let strategy = one(cx, &given, former.as_ref())?;
        match at.and_then(|at| all.get_mut(at)) {
            Some(known) => *known = strategy,
            None => all.push(strategy),
        }
    }
    Ok(all)
}

fn one(cx: &mut Cx<'_>, given: &Params, former: Option<&Value>) -> Result<Value, ApiError> {
    let known = |name: &str| former.and_then(|one| one.get(name)).cloned();
    let name = given.choice("name", &NAMES)?.map(Value::from);
    let name = name.or_else(|| known("name"));
    let name = name.ok_or_else(|| ApiError::missing("strategies[0][name]"))?;
    let parameters = given.get("parameters").cloned();
    let parameters = parameters.or_else(|| known("parameters"));
    let parameters = parameters.unwrap_or_else(|| json!({}));
    if !parameters.is_object() {
        return Err(ApiError::invalid("strategies[0][parameters]"));
    }
    check(name.as_str().unwrap_or_default(), &parameters)?;
    let scopes = known("scopes").and_then(|scopes| scopes.as_array().cloned());
    let mut scopes = scopes.unwrap_or_default();
    for scope in given.objects("scopes").unwrap_or_default() {
        let id = scope.id("id")?;
        let at = scopes
            .iter()
            .position(|one| id.is_some() && one.get("id").and_then(Value::as_u64) == id);
        match at {
            Some(at) if scope.is_set("_destroy")? => {
                scopes.remove(at);
            }
            Some(at) => {
                if let (Some(one), Some(text)) =
                    (scopes.get_mut(at), scope.text("environment_scope"))
                {
                    *one = json!({ "id": id, "environment_scope": text });
                }
            }
            None => {
                let text = scope.filled("environment_scope");
                let text = text.unwrap_or_else(|| "*".to_owned());
                let id = cx.world.next_id("feature flag scope");
                scopes.push(json!({ "id": id, "environment_scope": text }));
            }
        }
    }
    let id = match known("id") {
        Some(id) => id,
        None => json!(cx.world.next_id("feature flag strategy")),
    };
    let list = given.id("user_list_id")?;
    let list = match list {
        Some(id) => cx.world.record("feature flag user list", id).map(|list| {
            json!({ "id": list.id, "iid": list.number("iid"), "name": list.text("name"),
                    "user_xids": list.text("user_xids") })
        }),
        None => known("user_list").filter(|list| !list.is_null()),
    };
    Ok(json!({
        "id": id,
        "name": name,
        "parameters": parameters,
        "scopes": scopes,
        "user_list": list,
    }))
}

/// Each strategy has parameters of its own.
fn check(name: &str, parameters: &Value) -> Result<(), ApiError> {
    let has = |key: &str| parameters.get(key).is_some();
    let wrong = |text: &str| Err(ApiError::message(400, json!([text])));
    match name {
        "userWithId" if !has("userIds") => wrong("Strategies parameters parameters are invalid"),
        "gradualRolloutUserId" if !has("percentage") || !has("groupId") => {
            wrong("Strategies parameters parameters are invalid")
        }
        "flexibleRollout" if !has("rollout") || !has("groupId") || !has("stickiness") => {
            wrong("Strategies parameters parameters are invalid")
        }
        _ => Ok(()),
    }
}
