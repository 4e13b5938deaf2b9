//! What the quirks of an instance do to the OAuth endpoints, whichever of them is asked.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::quirks::Quirks;
use crate::request::Request;

/// 503 while the instance is in maintenance, with the time to wait in seconds.
pub(super) fn refuse_in_maintenance(cx: &Cx<'_>) -> Result<(), ApiError> {
    let Some(seconds) = cx.world.quirks.maintenance_retry_after else {
        return Ok(());
    };
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": "GitLab is undergoing maintenance",
    });
    let answer = super::json(503, &body).header("Retry-After", seconds.to_string());
    Err(answer.into())
}

/// The words of an OAuth error as this instance spells them; every other answer stays.
pub(crate) fn spell(quirks: &Quirks, request: &Request, answer: Answer) -> Answer {
    let plain = !quirks.oauth_error_capitals && quirks.oauth_error_description.is_none();
    if plain || !request.path.starts_with("/oauth/") {
        return answer;
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body) else {
        return answer;
    };
    let Some(word) = body.get("error").and_then(Value::as_str).map(str::to_owned) else {
        return answer;
    };
    if quirks.oauth_error_capitals {
        body.insert("error".to_owned(), capital(&word).into());
    }
    if let Some(text) = &quirks.oauth_error_description {
        body.insert("error_description".to_owned(), text.clone().into());
    }
    answer.with_body(Bytes::from(Value::Object(body).to_string()))
}

/// `invalid_grant` as `Invalid_grant`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
