//! Messages to everyone. <https://docs.gitlab.com/api/broadcast_messages/>

use std::time::Duration;

use serde_json::{Value, json};

use super::conventions::resources::{
    ADMIN, Field, Fields, Place, Resource, Spec, in_instance, routes as five,
};
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;

struct OfInstance;

impl Resource for OfInstance {
    const SPEC: Spec = Spec {
        kind: "broadcast message",
        word: "Broadcast Message",
        place: in_instance,
        fields: &[
            Field::text("message").required(),
            Field::time("starts_at"),
            Field::time("ends_at"),
            Field::text("color").or("#E75E40"),
            Field::text("font"),
            Field::list("target_access_levels"),
            Field::text("target_path"),
            Field::choice("broadcast_type", &["banner", "notification"]),
            Field::choice(
                "theme",
                &[
                    "indigo",
                    "light-indigo",
                    "blue",
                    "light-blue",
                    "green",
                    "light-green",
                    "red",
                    "light-red",
                    "dark",
                    "light",
                ],
            ),
            Field::flag("dismissable", false),
        ],
        read: 0,
        write: ADMIN,
        parameter: "message_id",
        times: false,
        newest_first: true,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfInstance>(table, "broadcast_messages");
}

fn time(fields: &Fields, name: &str) -> Option<Timestamp> {
    Timestamp::parse(fields.get(name)?.as_str()?)
}

/// From now for an hour, unless the request says otherwise.
fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let starts = time(fields, "starts_at").unwrap_or(cx.now);
    let ends = time(fields, "ends_at").unwrap_or_else(|| starts.plus(Duration::from_hours(1)));
    fields.insert("starts_at".to_owned(), json!(starts));
    fields.insert("ends_at".to_owned(), json!(ends));
    for name in ["color", "font"] {
        let Some(text) = fields.get(name).and_then(Value::as_str) else {
            continue;
        };
        let digits = text.strip_prefix('#').unwrap_or_default();
        let hex = digits.chars().all(|c| c.is_ascii_hexdigit());
        if !hex || !matches!(digits.len(), 3 | 6) {
            return Err(ApiError::validation(name, "must be a valid color code"));
        }
    }
    Ok(())
}

fn view(cx: &Cx<'_>, message: &Record, all: &mut Fields) {
    let (starts, ends) = (
        time(&message.fields, "starts_at"),
        time(&message.fields, "ends_at"),
    );
    let begun = starts.is_none_or(|starts| starts <= cx.now);
    let active = begun && ends.is_none_or(|ends| ends > cx.now);
    all.insert("active".to_owned(), json!(active));
}
