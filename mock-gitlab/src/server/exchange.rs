//! One exchange: request in, faults considered, answer out.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;

use super::answering::answer;
use super::body::Cut;
use super::sending::{Outgoing, finish, send};
use super::substitute::substitute;
use super::wire::Switch;
use super::{Shared, damage, harm};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::{Action, Fault, Place, Seen};
use crate::journal::{Entry, matters};
use crate::ledger::{BODY_KEPT, Record, Who};
use crate::request::Request;
use crate::rest::conventions::authentication;
use crate::sso::Gate;
use crate::world::World;

/// Bodies above this are refused; tests do not send more.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

pub(super) async fn exchange(
    (shared, gate): (Arc<Shared>, Option<Arc<Gate>>),
    switch: Switch,
    incoming: hyper::Request<Incoming>,
    peer: SocketAddr,
    connection: u64,
) -> Result<Outgoing, Cut> {
    let Some(request) = read(&shared, incoming, peer, connection).await else {
        return Ok(send(Answer::text(413, "Request Entity Too Large"), None));
    };
    if let Some(answer) = gate.and_then(|gate| gate.answer(&request)) {
        return Ok(send(answer, None));
    }
    let outcome = match decide(&shared, request, None) {
        Step::Done(outcome) => outcome,
        Step::Hold(request, fault, wait) => {
            tokio::time::sleep(wait).await;
            match decide(&shared, *request, Some(fault)) {
                Step::Done(outcome) => outcome,
                // A fault that was held once is not held again.
                Step::Hold(..) => return Err(Cut),
            }
        }
    };
    let Outcome { answer, fault } = outcome;
    let Some(fault) = fault else {
        return Ok(send(answer, None));
    };
    match &fault.action {
        Action::Latency {
            place: Place::BeforeHeaders,
            ..
        } => tokio::time::sleep(wait(&shared, &fault)).await,
        Action::Silence => std::future::pending().await,
        Action::ResetBeforeHeaders => {
            switch.reset_on_close();
            return Err(Cut);
        }
        Action::ResetAfterHeaders | Action::ResetMidBody | Action::ResetBeforeEnd => {
            switch.reset_on_close();
        }
        _ => {}
    }
    Ok(send(answer, Some(&fault.action)))
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
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), text(v)))
        .collect();
    Some(Request {
        method: head.method.as_str().to_owned(),
        path: shared.site.inside(head.uri.path()),
        query: head.uri.query().unwrap_or_default().to_owned(),
        address: Request::origin(peer.ip(), &headers),
        headers,
        body,
        connection,
        from_loopback: peer.ip().to_canonical().is_loopback(),
    })
}

/// The answer that goes out, and the fault that shapes how.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    fault: Option<Fault>,
}

/// What becomes of a request.
pub(super) enum Step {
    Done(Outcome),
    /// It waits before anything is done, and comes back with its fault.
    Hold(Box<Request>, Fault, Duration),
}

/// Runs the request (unless a fault comes first) and writes the ledger, all under
/// one lock: this is what makes the order of requests the order of everything.
pub(super) fn decide(shared: &Arc<Shared>, request: Request, held: Option<Fault>) -> Step {
    let control = request.path.starts_with("/-/mock/");
    let mut world = shared.world();
    let now = shared.clock.now();
    let fault = match held {
        Some(fault) => Some(fault),
        None if control || shared.faults.count() == 0 => None,
        None => {
            let fault = pick(shared, &world, &request, now);
            if let Some(fault) = fault.as_ref().filter(|fault| waits_first(fault)) {
                let wait = wait(shared, fault);
                return Step::Hold(Box::new(request), fault.clone(), wait);
            }
            fault
        }
    };
    let drawn = world.ids.drawn();
    let (answer, who) = run(shared, &mut world, &request, fault.as_ref(), now);
    let skewed = fault
        .as_ref()
        .and_then(|fault| damage::skewed(&fault.action, now));
    let answer = finish(&mut world, answer, skewed.unwrap_or(now));
    let ran = fault
        .as_ref()
        .is_none_or(|fault| fault.after_commit || fault.action.needs_answer());
    if let Some(journal) = shared.journal.get().filter(|_| ran && matters(&request)) {
        journal.write(&Entry::of(&request, now, drawn));
    }
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
    Step::Done(Outcome { answer, fault })
}

/// Runs a request of a state file; nobody waits for its answer.
pub(super) fn replay(shared: &Arc<Shared>, world: &mut World, request: &Request, at: Timestamp) {
    let (answer, _) = answer(shared, world, request, at);
    finish(world, answer, at);
}

fn waits_first(fault: &Fault) -> bool {
    matches!(
        fault.action,
        Action::Latency {
            place: Place::BeforeWork,
            ..
        }
    )
}

/// How long a latency takes.
fn wait(shared: &Shared, fault: &Fault) -> Duration {
    match fault.action {
        Action::Latency {
            milliseconds,
            up_to,
            ..
        } => {
            let range = up_to.unwrap_or(milliseconds).saturating_sub(milliseconds);
            let more = shared.faults.roll() % range.saturating_add(1);
            Duration::from_millis(milliseconds.saturating_add(more))
        }
        _ => Duration::ZERO,
    }
}

fn pick(shared: &Shared, world: &World, request: &Request, now: Timestamp) -> Option<Fault> {
    let user = || authentication::name_of(world, request);
    let operation = || crate::graphql::operation_name(request);
    shared.faults.pick(&Seen {
        request,
        now,
        user: &user,
        operation: &operation,
    })
}

/// The answer, real or not, and who asked.
fn run(
    shared: &Arc<Shared>,
    world: &mut World,
    request: &Request,
    fault: Option<&Fault>,
    now: Timestamp,
) -> (Answer, Who) {
    let Some(fault) = fault else {
        return answer(shared, world, request, now);
    };
    let action = &fault.action;
    if !fault.after_commit {
        harm::harm(action, world, request, now);
    }
    let (real, who) = if fault.after_commit || action.needs_answer() {
        answer(shared, world, request, now)
    } else {
        (Answer::no_content(), Who::default())
    };
    if fault.after_commit {
        harm::harm(action, world, request, now);
    }
    harm::lose(action, world, &real);
    let answer = match substitute(action, request, &shared.site, now) {
        Some(other) => other,
        None => damage::damage(action, real, (request, &shared.site), &shared.faults),
    };
    (answer, who)
}

fn record(
    request: Request,
    status: Option<u16>,
    who: Who,
    fault: Option<&Fault>,
    at: Timestamp,
) -> Record {
    // A slice would keep the whole buffer alive that the body was read into.
    let kept = request.body.len().min(BODY_KEPT);
    let body = Bytes::copy_from_slice(request.body.get(..kept).unwrap_or_default());
    Record {
        number: 0,
        at,
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        body,
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
