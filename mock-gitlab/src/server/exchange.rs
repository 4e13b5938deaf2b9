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
use super::substitute::substitute;
use super::wire::Switch;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, Fault};
use crate::ledger::{BODY_KEPT, Record, Who};
use crate::request::Request;
use crate::sso::Gate;
use crate::world::World;

/// Bodies above this are refused; tests do not send more.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

type Outgoing = hyper::Response<Payload>;

pub(super) async fn exchange(
    (shared, gate): (Arc<Shared>, Option<Arc<Gate>>),
    switch: Switch,
    incoming: hyper::Request<Incoming>,
    peer: SocketAddr,
    connection: u64,
) -> Result<Outgoing, Cut> {
    let Some(request) = read(&shared, incoming, peer, connection).await else {
        return Ok(send(&Answer::text(413, "Request Entity Too Large"), None));
    };
    if let Some(answer) = gate.and_then(|gate| gate.answer(&request)) {
        return Ok(send(&answer, None));
    }
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
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), text(v)))
        .collect();
    Some(Request {
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        address: Request::origin(peer.ip(), &headers),
        headers,
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
        .and_then(|fault| substitute(&fault.action, now));
    let answer = finish(&mut world, replaced.unwrap_or(real), now);
    if !control {
        let silent =
            |fault: &Fault| matches!(fault.action, Action::Silence | Action::ResetBeforeHeaders);
        let status = Some(answer.status).filter(|_| !fault.as_ref().is_some_and(silent));
        let record = record(request, status, who, fault.as_ref(), now);
        if shared.log_requests {
            log(&record);
        }
        shared.ledger.push(record);
    }
    (answer, fault)
}

fn record(
    request: &Request,
    status: Option<u16>,
    who: Who,
    fault: Option<&Fault>,
    at: Timestamp,
) -> Record {
    Record {
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
    }
}

/// One line on stderr. A closed stderr is no reason to fail a request.
fn log(record: &Record) {
    let user = record.who.user.as_deref().unwrap_or("-");
    let status = record
        .status
        .map_or_else(|| "-".to_owned(), |status| status.to_string());
    let Record {
        at, method, path, ..
    } = record;
    writeln!(std::io::stderr(), "{at} {status} {method} {path} {user}").ok();
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
