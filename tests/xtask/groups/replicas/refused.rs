//! What everybody is told while the store cannot be asked.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_tests::Request;

use super::fleet::{Fleet, HOST, SERVERS, form, posted};
use crate::process::Stopwatch;
use crate::report::Outcome;

/// Everything a login begins with, and what a client asks in its course.
fn ways_in(client: &str) -> Vec<(&'static str, Request)> {
    let body = r#"{"client_name":"Other","redirect_uris":["http://127.0.0.1/back"]}"#;
    let authorize = format!(
        "/authorize?response_type=code&client_id={client}&code_challenge_method=S256\
         &redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    let redeemed = [
        ("grant_type", "authorization_code"),
        ("code", "gmac_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        ("client_id", client),
    ];
    vec![
        (
            "sign in",
            Request::new("GET", &authorize).header("Host", HOST),
        ),
        (
            "register",
            posted("/register", "application/json", body.to_owned()),
        ),
        (
            "begin by device",
            form("/oauth/device_authorization", &[("client_id", client)]),
        ),
        ("redeem a code", form("/token", &redeemed)),
    ]
}

/// Every way in, at every server at once: 503, and when to come back. How long the slowest answer
/// took.
pub(super) fn everything(fleet: &Fleet<'_>, client: &str) -> Result<Duration, Outcome> {
    let asked: Vec<_> = ways_in(client)
        .into_iter()
        .flat_map(|(name, request)| (0..SERVERS).map(move |server| (name, request.clone(), server)))
        .map(|(name, request, server)| {
            let seats = Arc::clone(&fleet.seats);
            let watch = Stopwatch::start();
            let asking = async move {
                let reply = seats.ask(server, &request).await;
                (reply, watch.read())
            };
            (name, fleet.runtime.spawn(asking))
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for (name, answer) in asked {
        let answer = fleet.runtime.block_on(answer);
        let (answer, took) = answer.map_err(|error| format!("{name}: {error}"))?;
        let reply = answer.map_err(|problem| format!("{name}: {problem:?}"))?;
        if reply.status != 503 || reply.header("retry-after").is_none() {
            return Err(Outcome::Failed(format!(
                "{name} without a store: {reply:?}"
            )));
        }
        slowest = slowest.max(took);
    }
    Ok(slowest)
}

/// What every server says to a readiness probe; all of them are alive.
pub(super) fn are_ready(fleet: &Fleet<'_>, expected: u16) -> Result<(), Outcome> {
    for server in 0..SERVERS {
        for (path, status) in [("/health/ready", expected), ("/health", 200)] {
            let request = Request::new("GET", path).header("Host", HOST);
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
