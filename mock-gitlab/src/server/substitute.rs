//! The answers that faults put in place of the real ones.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, LimitHeaders, Page};
use crate::request::Request;
use crate::site::Site;

/// The answer a fault puts in place of the real one.
pub(super) fn substitute(
    action: &Action,
    request: &Request,
    site: &Site,
    now: Timestamp,
) -> Option<Answer> {
    match action {
        Action::Status {
            status,
            json,
            retry_after,
        } => {
            let as_json = json.unwrap_or(!matches!(status, 502..=504));
            Some(retry(error(*status, as_json), retry_after.as_ref()))
        }
        Action::RateLimitEdge {
            retry_after,
            limit_headers,
        } => Some(retry(edge(*limit_headers, now), retry_after.as_ref())),
        Action::RateLimitEndpoint { retry_after } => Some(retry(endpoint(), retry_after.as_ref())),
        Action::HtmlPage { page, status } => {
            let (code, text) = page_for(*page);
            Some(Answer::html(status.unwrap_or(code), text))
        }
        Action::Redirect { status, location } => {
            let query = match request.query.as_str() {
                "" => String::new(),
                query => format!("?{query}"),
            };
            let url = format!("{}{query}", site.url(&request.path));
            let location = location
                .replace("{url}", &url)
                .replace("{path}", &request.path);
            Some(Answer::redirect(*status, location))
        }
        _ => graphql(action),
    }
}

fn retry(answer: Answer, after: Option<&String>) -> Answer {
    match after {
        Some(text) => answer.header("Retry-After", text.clone()),
        None => answer,
    }
}

fn error(status: u16, as_json: bool) -> Answer {
    if !as_json {
        let title = format!("GitLab is not responding ({status})");
        return Answer::html(status, proxy_page(&title, ""));
    }
    let reason = hyper::StatusCode::from_u16(status).ok();
    let reason = reason
        .and_then(|code| code.canonical_reason())
        .unwrap_or("Error");
    Answer::json_with(status, &json!({ "message": format!("{status} {reason}") }))
}

/// 429 of the limiter in front of GitLab.
fn edge(headers: LimitHeaders, now: Timestamp) -> Answer {
    let answer = Answer::text(429, "Retry later\n");
    let (remaining, reset) = match headers {
        LimitHeaders::Missing => return answer,
        LimitHeaders::Right => (0, now.as_seconds() + 60),
        LimitHeaders::Contradictory => (59, now.as_seconds() - 3600),
    };
    let time = Timestamp::from_millis(reset.saturating_mul(1000)).http_date();
    answer
        .header("RateLimit-Name", "throttle_authenticated_api")
        .header("RateLimit-Limit", "60")
        .header("RateLimit-Observed", "61")
        .header("RateLimit-Remaining", remaining.to_string())
        .header("RateLimit-Reset", reset.to_string())
        .header("RateLimit-ResetTime", time)
}

/// 429 of the limiter of one endpoint.
pub(super) fn endpoint() -> Answer {
    let text = "This endpoint has been requested too many times. Try again later.";
    Answer::json_with(429, &json!({ "message": { "error": text } }))
}

fn page_for(page: Page) -> (u16, String) {
    match page {
        Page::SignIn => {
            let form = "<form method=\"post\" action=\"/sso/login\"><label>User <input name=\"user\">\
                        </label><label>Password <input name=\"password\" type=\"password\"></label>\
                        <button>Sign in</button></form>";
            (200, proxy_page("Sign in to continue", form))
        }
        Page::Challenge => {
            let text = "<p>Checking that you are human. This takes a few seconds.</p>";
            (403, proxy_page("Just a moment...", text))
        }
        Page::Maintenance => {
            let text = "<p>GitLab is being upgraded. Please try again in a few minutes.</p>";
            (503, proxy_page("Deploy in progress", text))
        }
    }
}

fn proxy_page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\
         <body><h1>{title}</h1>{body}</body></html>\n"
    )
}

fn graphql(action: &Action) -> Option<Answer> {
    let error = match action {
        Action::GraphqlError { message } => json!({ "message": message }),
        Action::GraphqlComplexity => json!({
            "message": "Query has complexity of 251, which exceeds max complexity of 250",
        }),
        Action::GraphqlTimeout => json!({ "message": "Timeout on Query" }),
        Action::GraphqlUnknownField { field, on_type } => json!({
            "message": format!("Field '{field}' doesn't exist on type '{on_type}'"),
            "locations": [{ "line": 1, "column": 1 }],
            "path": ["query", field],
            "extensions": { "code": "undefinedField", "typeName": on_type, "fieldName": field },
        }),
        _ => return None,
    };
    let timed_out = matches!(action, Action::GraphqlTimeout);
    let mut body = json!({ "errors": [error] });
    if let (true, Value::Object(all)) = (timed_out, &mut body) {
        all.insert("data".to_owned(), Value::Null);
    }
    Some(Answer::json(&body))
}
