//! Protected environments of projects and groups.
//! <https://docs.gitlab.com/api/protected_environments/>

use serde_json::{Value, json};

use super::conventions::parameters::Params;
use super::conventions::resources::{
    Field, Fields, Key, Place, Resource, Spec, in_group, routes as five,
};
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER, OWNER, name};
use crate::world::{Home, Record};

const ENVIRONMENT: Spec = Spec {
    kind: "protected environment",
    word: "",
    fields: &[
        Field::text("name").required().fixed(),
        Field::count("required_approval_count", 0),
    ],
    key: Key::Field("name"),
    parameter: "name",
    unique: &["name"],
    times: false,
    check,
    view,
    ..Spec::USUAL
};

struct OfProject;

impl Resource for OfProject {
    const SPEC: Spec = ENVIRONMENT;
}

struct OfGroup;

impl Resource for OfGroup {
    const SPEC: Spec = Spec {
        place: in_group,
        read: OWNER,
        write: OWNER,
        ..ENVIRONMENT
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfProject>(table, "projects/:id/protected_environments");
    five::<OfGroup>(table, "groups/:id/protected_environments");
}

const TIERS: [&str; 5] = ["production", "staging", "testing", "development", "other"];

fn check(
    cx: &mut Cx<'_>,
    place: &Place,
    fields: &mut Fields,
    former: Option<&Record>,
) -> Result<(), ApiError> {
    let name = fields.get("name").and_then(Value::as_str);
    // Groups protect tiers, not names.
    if matches!(place.home, Home::Group(_)) && !name.is_some_and(|name| TIERS.contains(&name)) {
        return Err(ApiError::validation(
            "name",
            "must be one of environment tiers",
        ));
    }
    for (parameter, kind) in [
        ("deploy_access_levels", "deploy access level"),
        ("approval_rules", "environment approval rule"),
    ] {
        let mut all = former
            .and_then(|former| former.fields.get(parameter)?.as_array())
            .cloned()
            .unwrap_or_default();
        for given in cx.params.objects(parameter).unwrap_or_default() {
            change(cx, &mut all, &given, kind)?;
        }
        if all.is_empty() && parameter == "deploy_access_levels" {
            return Err(ApiError::missing(parameter));
        }
        fields.insert(parameter.to_owned(), Value::Array(all));
    }
    Ok(())
}

/// An entry with `id` changes that one, with `_destroy` it takes it away.
fn change(
    cx: &mut Cx<'_>,
    all: &mut Vec<Value>,
    given: &Params,
    kind: &'static str,
) -> Result<(), ApiError> {
    let id = given.id("id")?;
    if given.is_set("_destroy")? {
        all.retain(|one| one.get("id").and_then(Value::as_u64) != id);
        return Ok(());
    }
    let level = given.integer("access_level")?;
    if level.is_some_and(|level| ![DEVELOPER, MAINTAINER, 60].map(i64::from).contains(&level)) {
        return Err(ApiError::not_a_choice("access_level"));
    }
    let (user, group) = (given.id("user_id")?, given.id("group_id")?);
    let word = match (level, user, group) {
        (Some(level), ..) => u8::try_from(level).map_or("", name).to_owned(),
        (_, Some(id), _) => {
            let user = cx.world.users.get(&id);
            user.map_or_else(String::new, |user| user.name.clone())
        }
        (_, _, Some(id)) => {
            let group = cx.world.groups.get(&id);
            group.map_or_else(String::new, |group| group.name.clone())
        }
        _ => {
            return Err(ApiError::bad_request(
                "access_level, user_id or group_id is missing",
            ));
        }
    };
    let entry = json!({
        "id": id.unwrap_or_else(|| cx.world.next_id(kind)),
        "access_level": level,
        "access_level_description": word,
        "user_id": user,
        "group_id": group,
        "group_inheritance_type": given.integer("group_inheritance_type")?.unwrap_or(0),
        "required_approvals": given.integer("required_approvals")?,
    });
    let known = all
        .iter_mut()
        .find(|one| id.is_some() && one.get("id").and_then(Value::as_u64) == id);
    match known {
        Some(known) => *known = entry,
        None => all.push(entry),
    }
    Ok(())
}

fn view(_cx: &Cx<'_>, one: &Record, all: &mut Fields) {
    all.remove("id");
    for name in ["deploy_access_levels", "approval_rules"] {
        let value = one.fields.get(name).cloned();
        all.insert(name.to_owned(), value.unwrap_or_else(|| json!([])));
    }
}
