//! The answers that faults put in place of the real ones.

use serde_json::json;

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::Action;

/// The answer a fault puts in place of the real one.
pub(super) fn substitute(action: &Action, now: Timestamp) -> Option<Answer> {
    let retry = |answer: Answer, after: &Option<String>| match after {
        Some(text) => answer.header("Retry-After", text.clone()),
        None => answer,
    };
    match action {
        Action::Status {
            status,
            json,
            retry_after,
        } => {
            let as_json = json.unwrap_or(!matches!(status, 502..=504));
            let answer = if as_json {
                let reason = hyper::StatusCode::from_u16(*status).ok();
                let reason = reason
                    .and_then(|code| code.canonical_reason())
                    .unwrap_or("Error");
                Answer::json_with(*status, &json!({ "message": format!("{status} {reason}") }))
            } else {
                Answer::html(
                    *status,
                    proxy_page(&format!("GitLab is not responding ({status})")),
                )
            };
            Some(retry(answer, retry_after))
        }
        Action::RateLimitEdge(after) => {
            let reset = now.as_seconds() + 60;
            let answer = Answer::text(429, "Retry later\n")
                .header("RateLimit-Name", "throttle_authenticated_api")
                .header("RateLimit-Limit", "60")
                .header("RateLimit-Observed", "61")
                .header("RateLimit-Remaining", "0")
                .header("RateLimit-Reset", reset.to_string())
                .header(
                    "RateLimit-ResetTime",
                    Timestamp::from_millis(reset * 1000).http_date(),
                );
            Some(retry(answer, after))
        }
        Action::RateLimitEndpoint(after) => {
            let text = "This endpoint has been requested too many times. Try again later.";
            let body = json!({ "message": { "error": text } });
            Some(retry(Answer::json_with(429, &body), after))
        }
        Action::HtmlPage => Some(Answer::html(200, proxy_page("Sign in to continue"))),
        Action::Redirect { status, location } => Some(Answer::redirect(*status, location.as_str())),
        _ => None,
    }
}

fn proxy_page(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\
         <body><h1>{title}</h1></body></html>\n"
    )
}
