//! Thousands of logins and a full table of legacy sessions: what each of them costs, and what is left
//! when they have ended.

use std::sync::Arc;

use gitlab_mcp_tests::{Reply, Request};
use mock_gitlab::MockGitlab;
use serde_json::json;
use url::Url;

use super::size;
use super::subject::{HOST, Subject, Wire, form, from, got, message, text};
use crate::report::{Outcome, say};
use crate::workbench::Workbench;

/// The length of the session table when nothing else is set.
const SESSIONS: usize = 1_000;
/// Before anything is measured; what is allocated once is allocated then.
const BEFORE: usize = 50;
const KIB_IDLE: usize = 64 * 1024;
const KIB_A_LOGIN: usize = 8;
const KIB_A_SESSION: usize = 64;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://127.0.0.1/back";

/// Measures.
pub(super) fn play(workbench: &Workbench) -> Result<(), Outcome> {
    let logins = size(1_000, 10_000);
    let limit = ("OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE", "10000");
    let subject = Subject::start(workbench, &[("OAUTH_CONSENT", "off"), limit])?;
    let idle = subject.memory()?;
    let client: Arc<str> = subject.client()?.into();
    let mut held = sign_in(&subject, &client, BEFORE)?;
    let warmed = begin(&subject, &held, BEFORE)?;
    let start = subject.memory()?;
    held.extend(sign_in(&subject, &client, logins - BEFORE)?);
    let signed_in = subject.memory()?;
    let mut sessions = begin(&subject, &held, SESSIONS - BEFORE)?;
    let full = subject.memory()?;
    sessions.extend(warmed);
    end(&subject, sessions)?;
    let sessions = begin(&subject, &held, SESSIONS)?;
    let full_again = subject.memory()?;
    end(&subject, sessions)?;
    revoke(&subject, &client, held)?;
    let drained = subject.memory()?;
    subject.stop()?;
    let tenths = |from: usize, to: usize, number: usize| to.saturating_sub(from) * 10 / number;
    let login = tenths(start, signed_in, logins - BEFORE);
    let session = tenths(signed_in, full, SESSIONS - BEFORE);
    let session_again = tenths(signed_in, full_again, SESSIONS);
    say(&format!(
        "   {idle} KiB idle; {logins} logins: {signed_in}, {} each; {SESSIONS} sessions: {full}, {} each; \
         {SESSIONS} after those have ended: {full_again}, {} each; all ended: {drained}",
        decimal(login),
        decimal(session),
        decimal(session_again),
    ));
    let bounds = [
        ("idle", idle, KIB_IDLE),
        ("a login", login, KIB_A_LOGIN * 10),
        ("a session", session, KIB_A_SESSION * 10),
        ("a session after others", session_again, KIB_A_SESSION * 10),
        // What has ended is free for what comes; the allocator does not give it back at once.
        ("all ended", drained, KIB_IDLE * 11 / 10),
    ];
    let broken = bounds.iter().find(|(_, found, most)| found > most);
    broken.map_or(Ok(()), |(what, found, most)| {
        Err(Outcome::Failed(format!("{what}: {found}, at most {most}")))
    })
}

fn decimal(tenths: usize) -> String {
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}

/// What a client holds.
pub(super) struct Tokens {
    pub(super) access: String,
    refresh: String,
}

fn sign_in(subject: &Subject, client: &Arc<str>, number: usize) -> Result<Vec<Tokens>, Outcome> {
    subject.many(number, |one| {
        let (wire, gitlab) = (subject.wire, Arc::clone(&subject.gitlab));
        let client = Arc::clone(client);
        async move { one_login(wire, &gitlab, &client, one).await }
    })
}

/// Signs in through the browser.
pub(super) async fn one_login(
    wire: Wire,
    gitlab: &MockGitlab,
    client: &str,
    address: usize,
) -> Result<Tokens, String> {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", BACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let left = wire
        .ask(&from(got(&format!("/authorize?{query}")), address))
        .await?;
    let gitlab = gitlab.browser("alice").approve(location(&left)?).await;
    let gitlab = gitlab.map_err(|error| format!("GitLab's page: {error}"))?;
    let back: Url = gitlab
        .parse()
        .map_err(|_| format!("GitLab leads to {gitlab}"))?;
    let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
    let done = wire
        .ask(&from(got(&path), address).header("Cookie", &cookies(&left)))
        .await?;
    let done: Url = location(&done)?.parse().map_err(|_| format!("{done:?}"))?;
    let code = done.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.ok_or_else(|| format!("no code: {done}"))?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", BACK),
        ("client_id", client),
    ];
    let told = wire
        .ask(&from(form("/token", &fields), address))
        .await?
        .message();
    Ok(Tokens {
        access: text(&told, "access_token")?,
        refresh: text(&told, "refresh_token")?,
    })
}

fn location(reply: &Reply) -> Result<&str, String> {
    let place = reply.header("location");
    place.ok_or_else(|| format!("no Location: {reply:?}"))
}

/// What a browser sends back.
fn cookies(reply: &Reply) -> String {
    let set = reply.head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_cookie = name.eq_ignore_ascii_case("set-cookie");
        is_cookie.then(|| value.split(';').next().unwrap_or_default().trim())
    });
    set.collect::<Vec<_>>().join("; ")
}

/// Sessions, one login after the other; each with the id of its session.
fn begin(
    subject: &Subject,
    held: &[Tokens],
    number: usize,
) -> Result<Vec<(String, String)>, Outcome> {
    subject.many(number, |one| {
        let wire = subject.wire;
        let access = held
            .get(one % held.len())
            .map(|tokens| tokens.access.clone());
        async move {
            let access = access.unwrap_or_default();
            let id = session(wire, &access).await?;
            Ok((access, id))
        }
    })
}

/// Begins a legacy session.
pub(super) async fn session(wire: Wire, access: &str) -> Result<String, String> {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "editor", "version": "1" },
        },
    });
    let begun = wire.ask(&message(access, &initialize)).await?;
    let id = begun.header("mcp-session-id");
    let id = id
        .ok_or_else(|| format!("no session: {begun:?}"))?
        .to_owned();
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ready = message(access, &ready).header("Mcp-Session-Id", &id);
    match wire.ask(&ready).await?.status {
        202 => Ok(id),
        status => Err(format!("notifications/initialized: {status}")),
    }
}

fn end(subject: &Subject, sessions: Vec<(String, String)>) -> Result<(), Outcome> {
    let sessions = Arc::new(sessions);
    let statuses = subject.many(sessions.len(), |one| {
        let (wire, sessions) = (subject.wire, Arc::clone(&sessions));
        async move {
            let (access, id) = sessions.get(one).ok_or("no such session")?;
            let request = Request::new("DELETE", "/mcp")
                .header("Host", HOST)
                .header("Authorization", &format!("Bearer {access}"))
                .header("Mcp-Session-Id", id);
            Ok(wire.ask(&request).await?.status)
        }
    })?;
    all(&statuses, 204, "DELETE /mcp")
}

fn revoke(subject: &Subject, client: &Arc<str>, held: Vec<Tokens>) -> Result<(), Outcome> {
    let held = Arc::new(held);
    let statuses = subject.many(held.len(), |one| {
        let (wire, held, client) = (subject.wire, Arc::clone(&held), Arc::clone(client));
        async move {
            let tokens = held.get(one).ok_or("no such login")?;
            let fields = [("token", tokens.refresh.as_str()), ("client_id", &*client)];
            Ok(wire.ask(&from(form("/revoke", &fields), one)).await?.status)
        }
    })?;
    all(&statuses, 200, "/revoke")
}

fn all(statuses: &[u16], expected: u16, what: &str) -> Result<(), Outcome> {
    let other = statuses.iter().find(|status| **status != expected);
    other.map_or(Ok(()), |status| {
        Err(Outcome::Failed(format!("{what}: {status}")))
    })
}
