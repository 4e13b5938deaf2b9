//! One exchange: request in, faults considered, answer out.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::Shared;
use super::answering::answer;
use super::body::{Cut, Payload};
use super::wire::Switch;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, Fault};
use crate::ledger::{BODY_KEPT, Record, Who};
use crate::request::Request;
use crate::world::World;

/// Bodies above this are refused; tests do not send more.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

type Outgoing = hyper::Response<Payload>;

pub(super) async fn exchange(
    shared: Arc<Shared>,
    switch: Switch,
    incoming: hyper::Request<Incoming>,
    peer: SocketAddr,
    connection: u64,
) -> Result<Outgoing, Cut> {
    let Some(request) = read(&shared, incoming, peer, connection).await else {
        return Ok(send(&Answer::text(413, "Request Entity Too Large"), None));
    };
    let (answer, fault) = decide(&shared, &request);
    let Some(fault) = fault else {
        return Ok(send(&answer, None));
    };
    match fault.action {
        Action::Latency(wait) => tokio::time::sleep(wait).await,
        Action::Silence => std::future::pending().await,
        Action::ResetBeforeHeaders => {
            switch.reset_on_close();
            return Err(Cut);
        }
        Action::ResetAfterHeaders => switch.reset_on_close(),
        _ => {}
    }
    Ok(send(&answer, Some(&fault.action)))
}

async fn read(
    shared: &Shared,
    incoming: hyper::Request<Incoming>,
    peer: SocketAddr,
    connection: u64,
) -> Option<Request> {
    let (head, body) = incoming.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .ok()?
        .to_bytes();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let raw = head.uri.path();
    // Outside its base path an instance knows nothing; an impossible path says so.
    let below = raw
        .strip_prefix(&shared.site.base_path)
        .filter(|p| p.starts_with('/'));
    let path = below.map_or_else(|| format!("/-/outside{raw}"), str::to_owned);
    Some(Request {
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(n, v)| (n.as_str().to_owned(), text(v)))
            .collect(),
        body,
        connection,
        from_loopback: peer.ip().to_canonical().is_loopback(),
    })
}

/// Runs the request (unless a fault comes first) and writes the ledger, all under
/// one lock: this is what makes the order of requests the order of everything.
fn decide(shared: &Shared, request: &Request) -> (Answer, Option<Fault>) {
    let control = request.path.starts_with("/-/mock/");
    let mut world = shared.world();
    let now = shared.clock.now();
    let fault = if control {
        None
    } else {
        shared.faults.pick(&request.method, &request.path)
    };
    let runs = fault
        .as_ref()
        .is_none_or(|f| f.after_commit || f.action.needs_answer());
    let (real, who) = if runs {
        answer(shared, &mut world, request, now)
    } else {
        (Answer::no_content(), Who::default())
    };
    let replaced = fault
        .as_ref()
        .and_then(|fault| replacement(&fault.action, now));
    let answer = finish(&mut world, replaced.unwrap_or(real), now);
    if !control {
        record(shared, request, &answer, who, fault.as_ref(), now);
    }
    (answer, fault)
}

fn record(
    shared: &Shared,
    request: &Request,
    answer: &Answer,
    who: Who,
    fault: Option<&Fault>,
    at: Timestamp,
) {
    let silent =
        |fault: &Fault| matches!(fault.action, Action::Silence | Action::ResetBeforeHeaders);
    let status = Some(answer.status).filter(|_| !fault.is_some_and(silent));
    if shared.log_requests {
        let user = who.user.as_deref().unwrap_or("-");
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        // A closed stderr is no reason to fail a request.
        writeln!(
            std::io::stderr(),
            "{at} {status} {} {} {user}",
            request.method,
            request.path
        )
        .ok();
    }
    shared.ledger.push(Record {
        number: 0,
        at,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.slice(..request.body.len().min(BODY_KEPT)),
        who,
        connection: request.connection,
        status,
        fault: fault.map(|fault| fault.action.name().to_owned()),
    });
}

/// The answer a fault puts in place of the real one.
fn replacement(action: &Action, now: Timestamp) -> Option<Answer> {
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

/// The headers that stand on every answer.
fn finish(world: &mut World, answer: Answer, now: Timestamp) -> Answer {
    let id = world
        .ids
        .text("request", 26, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    let meta = json!({ "correlation_id": id, "version": "1" }).to_string();
    let has = |name: &str| answer.headers.iter().any(|(key, _)| *key == name);
    let cached = has("Cache-Control");
    let answer = answer
        .header("Date", now.http_date())
        .header("Vary", "Origin")
        .header("X-Content-Type-Options", "nosniff")
        .header("X-Gitlab-Meta", meta)
        .header("X-Request-Id", id)
        .header("X-Runtime", "0.021000");
    if cached {
        answer
    } else {
        answer.header("Cache-Control", "no-cache")
    }
}

fn send(answer: &Answer, action: Option<&Action>) -> Outgoing {
    let mut response = hyper::Response::new(Payload::Whole(None));
    *response.status_mut() = hyper::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if !answer.content_type.is_empty() {
        headers.insert(
            "content-type",
            HeaderValue::from_static(answer.content_type),
        );
    }
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        // A value a header cannot carry (a line break in a file name) is left out.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
    let body = answer.body.clone();
    let half = body.slice(..body.len() / 2);
    let mut promise = |length: usize| {
        headers.insert("content-length", HeaderValue::from(length));
    };
    let payload = match action {
        Some(Action::TruncatedBody) => {
            promise(body.len() + 512);
            Payload::broken(body)
        }
        Some(Action::ResetAfterHeaders) => {
            promise(body.len().max(1));
            Payload::broken(half)
        }
        Some(Action::SlowDrip { bytes, every }) => Payload::Drip {
            rest: body,
            bytes: *bytes,
            every: *every,
            sleep: None,
        },
        _ => Payload::Whole(Some(body).filter(|body: &Bytes| !body.is_empty())),
    };
    *response.body_mut() = payload;
    response
}
