//! CI/CD variables of every pipeline of the instance.
//! <https://docs.gitlab.com/api/instance_level_ci_variables/>

use super::conventions::resources::{
    ADMIN, Field, Fields, Key, Place, Resource, Spec, in_instance, routes as five,
};
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;

const LONGEST_VALUE: usize = 10_000;

struct OfInstance;

impl Resource for OfInstance {
    const SPEC: Spec = Spec {
        kind: "instance variable",
        word: "Instance Variable",
        place: in_instance,
        fields: &[
            Field::choice("variable_type", &["env_var", "file"]),
            Field::text("key").required().fixed(),
            Field::text("value").required(),
            Field::flag("protected", false),
            Field::flag("masked", false),
            Field::flag("raw", false),
            Field::text("description"),
        ],
        read: ADMIN,
        write: ADMIN,
        key: Key::Field("key"),
        parameter: "key",
        unique: &["key"],
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfInstance>(table, "admin/ci/variables");
}

fn view(_cx: &Cx<'_>, _variable: &Record, all: &mut Fields) {
    all.remove("id");
}

fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text("key").is_empty() || !text("key").chars().all(word) {
        return Err(ApiError::validation(
            "key",
            "can contain only letters, digits and '_'.",
        ));
    }
    let value = text("value");
    if value.len() > LONGEST_VALUE {
        return Err(ApiError::validation(
            "value",
            "is too long (maximum is 10000 characters)",
        ));
    }
    // What cannot be recognised in a log cannot be hidden there.
    let maskable = value.len() >= 8 && value.chars().all(|c| c.is_ascii_graphic());
    if fields.get("masked") == Some(&true.into()) && !maskable {
        return Err(ApiError::validation("value", "is invalid"));
    }
    Ok(())
}
