//! What faults do to real answers: bodies that are not what their headers say, lies
//! about pages, JSON of a version nobody has seen.

mod drift;
mod paging;
mod payload;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, FaultPlan};
use crate::request::Request;
use crate::site::Site;

/// Damages an answer; most actions leave it alone.
pub(super) fn damage(
    action: &Action,
    answer: Answer,
    (request, site): (&Request, &Site),
    plan: &FaultPlan,
) -> Answer {
    match action {
        Action::CutJson => {
            let half = answer.body.slice(..answer.body.len() / 2);
            answer.with_body(half)
        }
        Action::BadPayload { payload } => payload::spoil(*payload, answer),
        Action::Drift { how, field, share } => {
            let drift = drift::Change::new(*how, field.as_deref(), *share);
            on_json(answer, |value| drift.apply(value, &mut || plan.roll()))
        }
        Action::Paging { how } => paging::lie(*how, answer, request, site),
        Action::GraphqlPartial { message, field } => {
            on_json(answer, |value| partial(value, message, field.as_deref()))
        }
        _ => answer,
    }
}

/// Sets the clock of the `Date` header wrong.
pub(super) fn skewed(action: &Action, now: Timestamp) -> Option<Timestamp> {
    match action {
        Action::ClockSkew { seconds } => {
            let millis = now.as_millis().saturating_add(seconds.saturating_mul(1000));
            Some(Timestamp::from_millis(millis))
        }
        _ => None,
    }
}

/// Changes a JSON body; anything else stays.
fn on_json(answer: Answer, change: impl FnOnce(&mut Value)) -> Answer {
    if !answer.content_type.starts_with("application/json") {
        return answer;
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(&answer.body) else {
        return answer;
    };
    change(&mut value);
    answer.with_body(Bytes::from(value.to_string()))
}

fn partial(value: &mut Value, message: &str, field: Option<&str>) {
    let Value::Object(all) = value else { return };
    if let (Some(field), Some(Value::Object(data))) = (field, all.get_mut("data"))
        && let Some(slot) = data.get_mut(field)
    {
        *slot = Value::Null;
    }
    let path = field.map_or_else(|| json!([]), |field| json!([field]));
    let error =
        json!({ "message": message, "locations": [{ "line": 1, "column": 1 }], "path": path });
    match all.get_mut("errors") {
        Some(Value::Array(errors)) => errors.push(error),
        _ => {
            all.insert("errors".to_owned(), json!([error]));
        }
    }
}
