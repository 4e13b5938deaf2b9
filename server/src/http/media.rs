//! Media types of a request: what it carries and what it takes back. RFC 9110 sections 8.3 and 12.5.1;
//! MCP 2025-11-25, basic/transports.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Refusal;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// A POST carries JSON and takes JSON and event streams; ranges count.
///
/// # Errors
/// 415 or 406.
pub(crate) fn check_post(headers: &mut HeaderMap) -> Result<(), Refusal> {
    if !carries_json(headers) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "Unsupported Media Type: Content-Type must be application/json",
        ));
    }
    if !accepts(headers, JSON) || !accepts(headers, EVENTS) {
        return Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "Not Acceptable: Accept must cover application/json and text/event-stream",
        ));
    }
    // rmcp looks for the literal types.
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    Ok(())
}

/// A GET takes an event stream.
///
/// # Errors
/// 406.
pub(crate) fn check_get(headers: &HeaderMap) -> Result<(), Refusal> {
    if accepts(headers, EVENTS) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "not_acceptable",
        "Not Acceptable: Accept must cover text/event-stream",
    ))
}

fn carries_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// True when some range of `Accept` covers `wanted` with a weight above zero; the most exact
/// range decides. No `Accept` at all takes everything only in HTTP, not in MCP.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut best: Option<(u8, bool)> = None;
    for value in headers.get_all(ACCEPT) {
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',') {
            let mut parts = range.split(';');
            let essence = parts.next().unwrap_or_default().trim();
            let Some(exactness) = covers(essence, wanted) else {
                continue;
            };
            let positive = !parts.any(is_zero_weight);
            if best.is_none_or(|(found, _)| exactness > found) {
                best = Some((exactness, positive));
            }
        }
    }
    best.is_some_and(|(_, positive)| positive)
}

/// How exactly a range names `wanted`.
fn covers(range: &str, wanted: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(wanted) {
        return Some(2);
    }
    if range == "*/*" {
        return Some(0);
    }
    let (kind, rest) = range.split_once('/')?;
    let (wanted_kind, _) = wanted.split_once('/')?;
    (rest == "*" && kind.eq_ignore_ascii_case(wanted_kind)).then_some(1)
}

fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return false;
    };
    name.trim().eq_ignore_ascii_case("q")
        && value
            .trim()
            .parse::<f32>()
            .is_ok_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_ranges_are_matched() {
        for (accept, served) in [
            (Some("application/json, text/event-stream"), true),
            (Some("text/event-stream,application/json;q=0.1"), true),
            (Some("*/*"), true),
            (Some("application/*, text/*"), true),
            (Some("application/json, */*;q=0.5"), true),
            (Some("APPLICATION/JSON, Text/Event-Stream"), true),
            (Some("application/json"), false),
            (Some("text/event-stream"), false),
            (Some("text/html"), false),
            (Some("*/*, text/event-stream;q=0"), false),
            (Some("application/json;q=0, text/event-stream"), false),
            (Some(""), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if let Some(accept) = accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            let result = check_post(&mut headers);
            assert_eq!(result.is_ok(), served, "{accept:?}");
            if let Err(refusal) = result {
                assert_eq!(refusal.status(), 406);
            }
        }
    }

    #[test]
    fn only_json_is_taken() {
        for (kind, served) in [
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("text/plain"), false),
            (Some("application/jsonx"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
            if let Some(kind) = kind {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            assert_eq!(check_post(&mut headers).is_ok(), served, "{kind:?}");
        }
    }
}
