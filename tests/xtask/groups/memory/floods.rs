//! Floods from everywhere: what they leave in memory, and who keeps working.

use std::sync::Arc;

use gitlab_mcp_tests::Request;
use serde_json::json;

use super::logins::{one_login, session};
use super::size;
use super::subject::{Subject, Wire, from, got, message, posted};
use crate::report::{Outcome, say};
use crate::workbench::Workbench;

const KIB_A_FLOOD: usize = 16 * 1024;
/// Before anything is measured.
const BEFORE: usize = 200;
/// Length of the session table that is flooded.
const TABLE: usize = 100;

/// Registrations, from one address and then from many.
pub(super) fn registrations(workbench: &Workbench) -> Result<(), Outcome> {
    let subject = Subject::start(workbench, &[("OAUTH_CONSENT", "off")])?;
    let honest = Honest::arrive(&subject)?;
    let body = json!({ "redirect_uris": ["http://127.0.0.1/other"] }).to_string();
    let register = |number: usize| {
        let request = posted("/register", "application/json", &body);
        let (wire, request) = (subject.wire, from(request, number));
        async move { judged(wire, &request, 201).await }
    };
    let one = subject.many(BEFORE, |_| register(0))?;
    let before = subject.memory()?;
    let flood = size(10_000, 100_000);
    let accepted = one.into_iter().chain(subject.many(flood, register)?);
    let accepted = accepted.filter(|accepted| *accepted).count();
    let after = subject.memory()?;
    honest.still_works(&subject)?;
    subject.stop()?;
    say(&format!(
        "   {accepted} of {} registrations accepted",
        BEFORE + flood
    ));
    if accepted > 1_000 {
        return Err(Outcome::Failed(format!(
            "{accepted} registrations in an hour"
        )));
    }
    bounded(before, after, KIB_A_FLOOD)
}

/// Authorization requests of people who are not seen again.
pub(super) fn authorization_requests(workbench: &Workbench) -> Result<(), Outcome> {
    let subject = Subject::start(workbench, &[])?;
    let client = subject.client()?;
    let query = format!(
        "/authorize?response_type=code&client_id={client}&code_challenge_method=S256\
         &redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let ask = |number: usize| {
        let (wire, request) = (subject.wire, from(got(&query), number));
        async move { judged(wire, &request, 200).await }
    };
    subject.many(BEFORE, ask)?;
    let before = subject.memory()?;
    let flood = size(10_000, 100_000);
    let shown = subject.many(flood, ask)?;
    let shown = shown.into_iter().filter(|shown| *shown).count();
    let after = subject.memory()?;
    subject.stop()?;
    say(&format!(
        "   {shown} of {flood} requests were shown the consent page"
    ));
    bounded(before, after, KIB_A_FLOOD)
}

/// Sessions beyond a full table.
pub(super) fn sessions(workbench: &Workbench) -> Result<(), Outcome> {
    let table = TABLE.to_string();
    let settings = [("OAUTH_CONSENT", "off"), ("MAX_SESSIONS", table.as_str())];
    let subject = Subject::start(workbench, &settings)?;
    let honest = Honest::arrive(&subject)?;
    let open = |_| {
        let (wire, access) = (subject.wire, Arc::clone(&honest.access));
        async move { session(wire, &access).await }
    };
    subject.many(BEFORE, open)?;
    let before = subject.memory()?;
    let flood = size(5_000, 100_000);
    let opened = subject.many(flood, open)?;
    let after = subject.memory()?;
    let ping = |one: usize| {
        let (wire, access) = (subject.wire, Arc::clone(&honest.access));
        let id = opened.get(one).cloned().unwrap_or_default();
        async move {
            let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
            let ping = message(&access, &ping).header("Mcp-Session-Id", &id);
            Ok(wire.ask(&ping).await?.status == 200)
        }
    };
    let alive = subject.many(flood, ping)?;
    let alive = alive.into_iter().filter(|alive| *alive).count();
    subject.stop()?;
    say(&format!("   {flood} sessions were begun, {alive} live"));
    if alive != TABLE {
        return Err(Outcome::Failed(format!(
            "{alive} of {TABLE} places are taken"
        )));
    }
    bounded(before, after, KIB_A_FLOOD)
}

/// Somebody who has signed in before the flood.
struct Honest {
    access: Arc<str>,
}

impl Honest {
    fn arrive(subject: &Subject) -> Result<Self, Outcome> {
        let client = subject.client()?;
        let login = one_login(subject.wire, &subject.gitlab, &client, 0);
        let tokens = subject.runtime.block_on(login)?;
        Ok(Self {
            access: tokens.access.into(),
        })
    }

    fn still_works(&self, subject: &Subject) -> Result<(), Outcome> {
        let id = subject
            .runtime
            .block_on(session(subject.wire, &self.access))?;
        drop(id);
        Ok(())
    }
}

/// Whether the request was let through; anything but that and 429 with Retry-After is wrong.
async fn judged(wire: Wire, request: &Request, expected: u16) -> Result<bool, String> {
    let reply = wire.ask(request).await?;
    match reply.status {
        status if status == expected => Ok(true),
        429 if reply.header("retry-after").is_some() => Ok(false),
        _ => Err(format!("{reply:?}")),
    }
}

fn bounded(before: usize, after: usize, most: usize) -> Result<(), Outcome> {
    let grown = after.saturating_sub(before);
    say(&format!("   {before} KiB before, {after} after"));
    if grown > most {
        return Err(Outcome::Failed(format!(
            "memory grew by {grown} KiB, at most {most}"
        )));
    }
    Ok(())
}
