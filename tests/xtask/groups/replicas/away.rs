//! A Redis that goes away, frozen and killed: nothing is issued, everybody is told to come back, and
//! when it is there again all go on with what they had, without a restart of anything.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_tests::Request;

use super::fleet::{Fleet, SERVERS, form, posted};
use super::kills::Crowd;
use crate::process::pause;
use crate::report::{Outcome, say};
use crate::workbench::{Database, Workbench};

const PEOPLE: u64 = 8;
/// Life of an access token of GitLab in seconds: renewals are under way when the store goes.
const LIFE: u64 = 6;
const BETWEEN: usize = 60;
/// Longer than the store is waited for.
const AWAY: Duration = Duration::from_secs(3);

/// Takes Redis away twice.
pub(super) fn play(workbench: &Workbench, redis: &mut Database) -> Result<(), Outcome> {
    let url = redis.url().to_owned();
    let storage = [
        ("OAUTH_STORAGE_TYPE", "redis"),
        ("OAUTH_STORAGE_REDIS_URL", url.as_str()),
        ("OAUTH_STORAGE_TABLE_PREFIX", "away_"),
    ];
    let fleet = Fleet::start(workbench, &storage, LIFE)?;
    let client = fleet.client()?;
    let crowd = Crowd::gather(&fleet, PEOPLE)?;
    crowd.goes_on(BETWEEN)?;
    redis.freeze();
    pause(AWAY);
    let refused = everything_is_refused(&fleet, &client, &crowd);
    redis.thaw();
    refused?;
    crowd.goes_on(BETWEEN)?;
    are_ready(&fleet, 200)?;
    let refused = redis.crash_redis(workbench, || {
        pause(AWAY);
        everything_is_refused(&fleet, &client, &crowd)
    });
    refused??;
    crowd.goes_on(BETWEEN)?;
    let lived = crowd.part(&fleet)?;
    let mut wrong: Vec<String> = lived.iter().flat_map(|one| one.wrong.clone()).collect();
    let lost = lived.iter().filter(|one| one.lost > 0);
    wrong.extend(lost.map(|one| format!("{} lost a login", one.name)));
    let waited: usize = lived.iter().map(|one| one.waited).sum();
    if waited == 0 {
        wrong.push("nobody noticed that the store was away".to_owned());
    }
    say(&format!(
        "   {waited} requests of {PEOPLE} people were told to come back; no login was lost"
    ));
    fleet.stop()?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(wrong.join("\n")))
}

/// Everything a login begins with, and what a client asks in its course.
fn ways_in(client: &str) -> Vec<(&'static str, Request)> {
    let body = r#"{"client_name":"Other","redirect_uris":["http://127.0.0.1/back"]}"#;
    let authorize = format!(
        "/authorize?response_type=code&client_id={client}&code_challenge_method=S256\
         &redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    vec![
        (
            "sign in",
            Request::new("GET", &authorize).header("Host", "mcp.example"),
        ),
        (
            "register",
            posted("/register", "application/json", body.to_owned()),
        ),
        (
            "begin by device",
            form("/oauth/device_authorization", &[("client_id", client)]),
        ),
        (
            "redeem a code",
            form(
                "/token",
                &[
                    ("grant_type", "authorization_code"),
                    ("code", "gmac_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                    (
                        "code_verifier",
                        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                    ),
                    ("client_id", client),
                ],
            ),
        ),
    ]
}

/// What every server says to a readiness probe; all of them are alive.
fn are_ready(fleet: &Fleet<'_>, expected: u16) -> Result<(), Outcome> {
    for server in 0..SERVERS {
        for (path, status) in [("/health/ready", expected), ("/health", 200)] {
            let request = Request::new("GET", path).header("Host", "mcp.example");
            let answer = fleet.runtime.block_on(fleet.seats.ask(server, &request));
            let reply = answer.map_err(|problem| format!("{path}: {problem:?}"))?;
            if reply.status != status {
                return Err(Outcome::Failed(format!(
                    "{path} is not {status}: {reply:?}"
                )));
            }
        }
    }
    Ok(())
}

/// Every way in, at every server. Meanwhile nobody's login is good for anything.
fn everything_is_refused(fleet: &Fleet<'_>, client: &str, crowd: &Crowd) -> Result<(), Outcome> {
    let well = crowd.well();
    let asked: Vec<_> = ways_in(client)
        .into_iter()
        .flat_map(|(name, request)| (0..SERVERS).map(move |server| (name, request.clone(), server)))
        .map(|(name, request, server)| {
            let seats = Arc::clone(&fleet.seats);
            let asking = async move { seats.ask(server, &request).await };
            (name, fleet.runtime.spawn(asking))
        })
        .collect();
    for (name, answer) in asked {
        let answer = fleet.runtime.block_on(answer);
        let answer = answer.map_err(|error| format!("{name}: {error}"))?;
        let reply = answer.map_err(|problem| format!("{name}: {problem:?}"))?;
        if reply.status != 503 || reply.header("retry-after").is_none() {
            return Err(Outcome::Failed(format!(
                "{name} without a store: {reply:?}"
            )));
        }
    }
    are_ready(fleet, 503)?;
    if crowd.well() != well {
        return Err(Outcome::Failed(
            "a login was good for something without a store".to_owned(),
        ));
    }
    Ok(())
}
