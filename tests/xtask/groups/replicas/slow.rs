//! A store whose answers come late. Nobody waits for it longer than it is waited for, few connections
//! wait, and everything that does not need it is answered as fast as ever.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::State;
use super::client::{Client, Step};
use super::fleet::{Fleet, SERVERS};
use super::kills::Crowd;
use super::line::Line;
use super::pulse::{Beat, Pulse};
use super::refused::{are_ready, everything};
use super::seconds_away;
use crate::process::{Deadline, Stopwatch, pause};
use crate::report::{Outcome, say};
use crate::workbench::{Database, Workbench};

const PEOPLE: u64 = 6;
/// Life of an access token of GitLab in seconds: nothing is renewed.
const LIFE: u64 = 7_200;
const BETWEEN: usize = 60;
/// A little more than an operation may take, and far more.
const LATE: [Duration; 2] = [Duration::from_millis(2_500), Duration::from_secs(30)];
/// Two operations that were waited for, on a machine with more to do.
const LONGEST: Duration = Duration::from_millis(2 * 2_000 + 1_500);
/// How long answers are late.
const PHASE: Duration = Duration::from_secs(5);
/// Calls that each server has at a time, besides everybody's.
const CALLS: usize = 2 * CONNECTIONS;
/// Connections of a server to its store at a time.
const CONNECTIONS: usize = 16;
/// As long as calls without a store take.
const BETWEEN_BURSTS: Duration = Duration::from_secs(2);
const P99: Duration = Duration::from_millis(50);

/// Lets the store answer late.
pub(super) fn play(
    workbench: &Workbench,
    state: State,
    database: &Database,
) -> Result<(), Outcome> {
    let line = Line::to(database.port()).map_err(|error| format!("the line: {error}"))?;
    let url = database.url_at(line.port());
    let fleet = Fleet::start(workbench, &state.storage(&url, "slow_"), LIFE)?;
    let id = fleet.client()?;
    let mut member = Client::new("alice".to_owned(), &id, &fleet.seats, &fleet.gitlab);
    fleet.runtime.block_on(member.sign_in())?;
    let crowd = Crowd::gather(&fleet, PEOPLE)?;
    crowd.goes_on(BETWEEN)?;
    let pulse = Pulse::of(fleet.seats.addresses());
    let called = all_is_well(&fleet, &member);
    let usual = pulse.stop()?;
    called?;
    say(&format!("   GET /health before: {usual}"));
    for late in LATE {
        line.answers_after(late);
        let pulse = Pulse::of(fleet.seats.addresses());
        let slowest = refused(&fleet, &id, &member);
        let beat = pulse.stop()?;
        line.answers_after(Duration::ZERO);
        say(&format!(
            "   GET /health with a store that is {late:.1?} late: {beat}"
        ));
        is_fast(beat, usual)?;
        let slowest = slowest?;
        say(&format!("   the slowest refusal took {slowest:.1?}"));
        if slowest > LONGEST {
            let text = format!("a refusal took {slowest:.1?}, allowed are {LONGEST:?}");
            return Err(Outcome::Failed(text));
        }
        crowd.goes_on(BETWEEN)?;
    }
    let most = line.most();
    say(&format!("   at most {most} connections to the store"));
    if most > SERVERS * CONNECTIONS {
        return Err(Outcome::Failed(format!("{most} connections to the store")));
    }
    let lived = crowd.part(&fleet)?;
    let mut wrong: Vec<String> = lived.iter().flat_map(|one| one.wrong.clone()).collect();
    let lost = lived.iter().filter(|one| one.lost > 0);
    wrong.extend(lost.map(|one| format!("{} lost a login", one.name)));
    fleet.stop()?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(wrong.join("\n")))
}

/// Answers are as fast as they have to be; on a busy machine as they were before, or half of that.
fn is_fast(beat: Beat, usual: Beat) -> Result<(), Outcome> {
    let allowed = P99.max(usual.p99 * 2);
    if beat.p99 <= allowed {
        return Ok(());
    }
    Err(Outcome::Failed(format!(
        "one of a hundred samples took longer than {:.1?}, allowed are {allowed:.1?}",
        beat.p99
    )))
}

/// What became of a call, and how long it took.
type Called = (Result<(), Step>, Duration);

/// Many calls at once, at every server.
fn burst(fleet: &Fleet<'_>, member: &Client) -> Vec<JoinHandle<Called>> {
    let seats = (0..SERVERS).flat_map(|seat| (0..CALLS).map(move |_| seat));
    let calls = seats.map(|seat| {
        let mut member = member.at(seat);
        let watch = Stopwatch::start();
        let calling = async move { (member.call().await, watch.read()) };
        fleet.runtime.spawn(calling)
    });
    calls.collect()
}

/// The same calls while the store is well.
fn all_is_well(fleet: &Fleet<'_>, member: &Client) -> Result<(), Outcome> {
    let deadline = Deadline::after(PHASE);
    while !deadline.is_over() {
        for call in burst(fleet, member) {
            let called = fleet.runtime.block_on(call);
            called.map_err(|error| error.to_string())?.0?;
        }
        pause(BETWEEN_BURSTS);
    }
    Ok(())
}

/// Everything there is to ask, and many calls at once, until the time is over. How long the slowest
/// refusal took.
fn refused(fleet: &Fleet<'_>, id: &str, member: &Client) -> Result<Duration, Outcome> {
    let phase = seconds_away().unwrap_or(PHASE);
    let deadline = Deadline::after(phase);
    let mut slowest = Duration::ZERO;
    while !deadline.is_over() {
        let calls = burst(fleet, member);
        slowest = slowest.max(everything(fleet, id)?);
        for call in calls {
            let called = fleet.runtime.block_on(call);
            let (called, took) = called.map_err(|error| error.to_string())?;
            if !matches!(called, Err(Step::Wait)) {
                let text = format!("a call without a store: {called:?}");
                return Err(Outcome::Failed(text));
            }
            slowest = slowest.max(took);
        }
        are_ready(fleet, 503)?;
    }
    Ok(slowest)
}
