//! Deploy freeze periods. <https://docs.gitlab.com/api/freeze_periods/>

use serde_json::Value;

use super::conventions::resources::{Field, Fields, Place, Resource, Spec, routes as five};
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;
use crate::world::access::{MAINTAINER, REPORTER};

struct FreezePeriods;

impl Resource for FreezePeriods {
    const SPEC: Spec = Spec {
        kind: "freeze period",
        word: "Freeze Period",
        fields: &[
            Field::text("freeze_start").required(),
            Field::text("freeze_end").required(),
            Field::text("cron_timezone").or("UTC"),
        ],
        read: REPORTER,
        write: MAINTAINER,
        parameter: "freeze_period_id",
        check,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<FreezePeriods>(table, "projects/:id/freeze_periods");
}

/// Whether a text is a cron line: five fields of digits, names and the signs between.
pub(super) fn is_cron(text: &str) -> bool {
    let field = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "*/,-#?".contains(c);
        part.chars().all(fits) && part.chars().any(|c| c.is_ascii_digit() || c == '*')
            || part.chars().all(|c| c.is_ascii_alphabetic())
    };
    let parts: Vec<&str> = text.split_whitespace().collect();
    parts.len() == 5 && parts.iter().all(|part| field(part))
}

fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    for name in ["freeze_start", "freeze_end"] {
        let text = fields.get(name).and_then(Value::as_str);
        if !text.is_some_and(is_cron) {
            let text = "is invalid syntax";
            return Err(ApiError::validation(name, text));
        }
    }
    Ok(())
}
