//! A server that is frozen in the middle of a renewal, with GitLab's next pair in its hands and the
//! write of it on the way to the store, and wakes after another server has taken over: what it writes
//! is refused, and the later pair stays.
//!
//! GitLab lets an old pair be renewed twice here, as it does while nobody has used the next one: else
//! there would be no later pair.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::State;
use super::client::{Client, Step};
use super::fleet::{Fleet, SERVERS, TOKENS};
use super::kills::word;
use super::line::Line;
use super::seconds_away;
use crate::process::{Deadline, Stopwatch, pause};
use crate::report::{Outcome, say};
use crate::workbench::{Database, Workbench};
use mock_gitlab::Fault;

/// The server that is frozen.
const HOLDER: usize = 0;
/// The one that takes over.
const NEXT: usize = 1;
/// Life of a first access token of GitLab in seconds; it is renewed after two of them.
const LIFE: u64 = 4;
/// Life of all that follow, which nobody has to renew.
const LONG: u64 = 7_200;
/// How long GitLab takes to answer the one, and the other.
const ANSWER: Duration = Duration::from_millis(500);
const LATE_ANSWER: Duration = Duration::from_secs(3);
/// More than the notes of a lease, and less than a pair.
const PAIR: usize = 500;
const REVOKE: &str = "POST /oauth/revoke";
/// Longer than anything is waited for.
const PATIENCE: Duration = Duration::from_secs(40);
const AGAIN: Duration = Duration::from_millis(50);

/// When the holder wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The next holder is waiting for GitLab's answer: nothing but its lease is in the way.
    NextAsks,
    /// The next pair is stored.
    NextHasStored,
}

/// Freezes a server twice.
pub(super) fn play(
    workbench: &Workbench,
    state: State,
    database: &Database,
) -> Result<(), Outcome> {
    let line = Line::to(database.port()).map_err(|error| format!("the line: {error}"))?;
    let url = database.url();
    let mut fleet = Fleet::start(workbench, &state.storage(&url, "frozen_"), LIFE)?;
    let held_up = database.url_at(line.port());
    fleet.set(state.variable, Some(&held_up));
    fleet.relieve(HOLDER)?;
    fleet.gitlab.faults().clear();
    fleet
        .gitlab
        .edit(|world| world.quirks.refresh_grace_seconds = 3_600);
    let id = fleet.client()?;
    let names = fleet.people(2)?;
    let mut frozen = Vec::new();
    let moments = [Moment::NextAsks, Moment::NextHasStored];
    for (moment, name) in moments.into_iter().zip(names) {
        let client = Client::new(name.clone(), &id, &fleet.seats, &fleet.gitlab);
        let story = Story {
            fleet: &fleet,
            line: &line,
            name,
            client,
        };
        let slept = story.play(moment);
        let slept = slept.map_err(|outcome| match outcome {
            Outcome::Failed(text) => Outcome::Failed(format!("{moment:?}: {text}")),
            other => other,
        })?;
        frozen.push(slept);
    }
    let audit = fleet.stop()?;
    let renewed = |outcome: &str, reason: &str| {
        let same = |one: &&Value| {
            word(one, "event") == "upstream_refresh"
                && word(one, "outcome") == outcome
                && word(one, "reason") == reason
        };
        audit.iter().filter(same).count()
    };
    let ended = audit.iter().any(|one| word(one, "event") == "login_ended");
    let counted = (renewed("ok", ""), renewed("refused", "superseded"));
    if ended || counted != (moments.len(), moments.len()) {
        let lines: Vec<String> = audit.iter().map(ToString::to_string).collect();
        return Err(Outcome::Failed(lines.join("\n")));
    }
    say(&format!(
        "   frozen for {frozen:.1?}; each late pair was refused and given back, and no login ended"
    ));
    Ok(())
}

/// One login whose renewal is slept through.
struct Story<'s, 'w> {
    fleet: &'s Fleet<'w>,
    line: &'s Line,
    name: String,
    client: Client,
}

impl Story<'_, '_> {
    /// How long the holder was frozen.
    fn play(mut self, moment: Moment) -> Result<Duration, Outcome> {
        self.fleet.runtime.block_on(self.client.sign_in())?;
        let gitlab = &self.fleet.gitlab;
        gitlab.edit(|world| {
            for pair in world.oauth.lineages.values_mut() {
                pair.life = Some(LONG);
            }
        });
        gitlab.log().clear();
        gitlab
            .faults()
            .add(Fault::latency(ANSWER).on(TOKENS).times(1));
        let over = CancellationToken::new();
        let calling = self
            .fleet
            .runtime
            .spawn(calls(self.client.at(HOLDER), over.clone()));
        self.until("the holder asks GitLab", || self.renewals() == 1)?;
        self.line.hold(true);
        self.until("it writes the pair", || self.line.held() > PAIR)?;
        self.fleet.freeze(HOLDER);
        let watch = Stopwatch::start();
        let time = seconds_away().unwrap_or_default();
        if moment == Moment::NextAsks {
            pause(time);
        }
        let late = Fault::latency(LATE_ANSWER).on(TOKENS).times(1);
        gitlab.faults().add(late);
        let next = self.fleet.runtime.spawn(called(self.client.at(NEXT)));
        self.until("the next holder asks GitLab", || self.renewals() == 2)?;
        if moment == Moment::NextHasStored {
            self.until("the next holder stores", || next.is_finished())?;
            pause(time.saturating_sub(watch.read()));
        }
        // What it had sent arrives, and then it wakes.
        self.line.hold(false);
        self.fleet.thaw(HOLDER);
        let slept = watch.read();
        self.until("the holder hears that it is late", || {
            let recorded = self.fleet.recorded(HOLDER);
            let late = recorded
                .iter()
                .filter(|one| word(one, "reason") == "superseded");
            late.count() > usize::from(moment == Moment::NextHasStored)
        })?;
        let next = self.fleet.runtime.block_on(next);
        next.map_err(|error| error.to_string())??;
        over.cancel();
        let calling = self.fleet.runtime.block_on(calling);
        calling.map_err(|error| error.to_string())??;
        self.the_later_pair_stays()?;
        Ok(slept)
    }

    fn renewals(&self) -> usize {
        self.fleet.gitlab.log().of(TOKENS).count()
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) -> Result<(), Outcome> {
        let deadline = Deadline::after(PATIENCE);
        while !is_so() {
            if deadline.is_over() {
                let said = self.fleet.recorded(HOLDER);
                return Err(Outcome::Failed(format!("never: {what}\n{said:?}")));
            }
            pause(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Every server works with the pair that was made last, the one before is given back, and the
    /// client's own tokens are good.
    fn the_later_pair_stays(&mut self) -> Result<(), Outcome> {
        let gitlab = &self.fleet.gitlab;
        self.until("the late pair is given back", || {
            gitlab.log().of(REVOKE).count() == 1
        })?;
        let latest = gitlab.edit(|world| {
            let user = world.find_user(&self.name).map(|user| user.id);
            let all = world.tokens.iter();
            let own = all.filter(|(_, token)| Some(token.user) == user);
            let latest = own.max_by_key(|(_, token)| token.id);
            latest.map(|(value, token)| (value.clone(), token.revoked))
        });
        let Some((latest, false)) = latest else {
            return Err(Outcome::Failed("the later pair was given back".to_owned()));
        };
        gitlab.log().clear();
        for seat in 0..SERVERS {
            let mut client = self.client.at(seat);
            self.fleet.runtime.block_on(client.call())?;
        }
        let calls = gitlab.log().all().by_user(&self.name);
        let with_latest = calls.clone().by(&latest).count();
        if with_latest < SERVERS || with_latest != calls.count() {
            let text = format!(
                "{with_latest} calls with the later pair of {}",
                calls.count()
            );
            return Err(Outcome::Failed(text));
        }
        self.fleet.runtime.block_on(self.client.refresh())?;
        self.fleet.runtime.block_on(self.client.call())?;
        Ok(())
    }
}

/// Calls all the time, and minds nothing but the end of the login: the server sleeps.
async fn calls(mut client: Client, over: CancellationToken) -> Result<(), Step> {
    while !over.is_cancelled() {
        if let Err(Step::Over) = client.call().await {
            return Err(Step::Over);
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

/// Calls until it goes well.
async fn called(mut client: Client) -> Result<(), Step> {
    loop {
        match client.call().await {
            Err(Step::Wait) => tokio::time::sleep(AGAIN).await,
            other => return other,
        }
    }
}
