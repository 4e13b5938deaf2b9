//! A store that goes away, frozen and killed: nothing is issued, everybody is told to come back, and
//! when it is there again all go on with what they had, without a restart of anything.

use std::time::Duration;

use super::State;
use super::client::{Begun, Client, Step};
use super::fleet::{Fleet, SERVERS};
use super::kills::Crowd;
use super::refused::{are_ready, everything};
use super::seconds_away;
use crate::process::{Deadline, Stopwatch, pause};
use crate::report::{Outcome, say};
use crate::workbench::{Database, Workbench};

const PEOPLE: u64 = 8;
/// Life of an access token of GitLab in seconds: renewals are under way when the store goes.
const LIFE: u64 = 6;
const BETWEEN: usize = 60;
/// Longer than the store is waited for.
const AWAY: Duration = Duration::from_secs(3);
/// So long a login may be good for something without the store.
const CACHED: Duration = Duration::from_secs(1);
/// So soon after the store every server is back.
const BACK: Duration = Duration::from_secs(5);
/// Before it is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// Takes the store away twice.
pub(super) fn play(
    workbench: &Workbench,
    state: State,
    database: &mut Database,
) -> Result<(), Outcome> {
    let url = database.url();
    let storage = state.storage(&url, "away_");
    let fleet = Fleet::start(workbench, &storage, LIFE)?;
    let mut away = Away::prepare(&fleet)?;
    away.crowd.goes_on(BETWEEN)?;
    database.freeze();
    let refused = away.without_store();
    database.thaw();
    refused?;
    let frozen = away.after()?;
    are_ready(&fleet, 200)?;
    database.kill();
    let refused = away.without_store();
    database.revive(workbench)?;
    refused?;
    let killed = away.after()?;
    are_ready(&fleet, 200)?;
    say(&format!(
        "   each server was back {frozen:.1?} after the store went on, and {killed:.1?} after it \
         started again"
    ));
    away.judge()?;
    fleet.stop()?;
    Ok(())
}

/// Those who notice.
struct Away<'f, 'w> {
    fleet: &'f Fleet<'w>,
    id: String,
    crowd: Crowd,
    /// Somebody whose login works at every server.
    member: Client,
    /// Somebody on the way in, who has confirmed at GitLab.
    late: Client,
    begun: Option<Begun>,
    rounds: usize,
}

impl<'f, 'w> Away<'f, 'w> {
    fn prepare(fleet: &'f Fleet<'w>) -> Result<Self, Outcome> {
        let id = fleet.client()?;
        let crowd = Crowd::gather(fleet, PEOPLE)?;
        let client = |name: &str| Client::new(name.to_owned(), &id, &fleet.seats, &fleet.gitlab);
        let (mut member, late) = (client("alice"), client("bob"));
        fleet.runtime.block_on(member.sign_in())?;
        let mut away = Self {
            fleet,
            id,
            crowd,
            member,
            late,
            begun: None,
            rounds: 0,
        };
        away.begin()?;
        Ok(away)
    }

    fn begin(&mut self) -> Result<(), Outcome> {
        let begun = self.fleet.runtime.block_on(self.late.begin())?;
        self.begun = Some(begun);
        Ok(())
    }

    /// Asks whether the one on the way in is there.
    fn poll(&mut self) -> Result<bool, Step> {
        let nobody = || Step::Wrong("nobody is on the way in".to_owned());
        let begun = self.begun.as_ref().ok_or_else(nobody)?;
        self.fleet.runtime.block_on(self.late.poll(begun))
    }

    /// Every way in, at every server, until the time is over. Meanwhile nobody's login is good for
    /// anything.
    fn without_store(&mut self) -> Result<(), Outcome> {
        let away = seconds_away().unwrap_or(AWAY);
        pause(CACHED);
        let well = self.crowd.well();
        let deadline = Deadline::after(away.saturating_sub(CACHED));
        loop {
            everything(self.fleet, &self.id)?;
            are_ready(self.fleet, 503)?;
            match self.poll() {
                Err(Step::Wait) => {}
                other => {
                    let text = format!("the end of a sign-in without a store: {other:?}");
                    return Err(Outcome::Failed(text));
                }
            }
            self.rounds += 1;
            if deadline.is_over() {
                break;
            }
            // A store that is gone is refused at once.
            pause(CACHED);
        }
        if self.crowd.well() != well {
            return Err(Outcome::Failed(
                "a login was good for something without a store".to_owned(),
            ));
        }
        Ok(())
    }

    /// The store is there again: how long each server took until a login worked at it. Whoever was on
    /// the way in arrives, and somebody else sets out.
    fn after(&mut self) -> Result<Vec<Duration>, Outcome> {
        let watch = Stopwatch::start();
        let waiting: Vec<_> = (0..SERVERS)
            .map(|seat| {
                let mut member = self.member.at(seat);
                self.fleet.runtime.spawn(async move {
                    loop {
                        match member.call().await {
                            Ok(()) => return Ok(watch.read()),
                            Err(Step::Wait) => tokio::time::sleep(AGAIN).await,
                            Err(step) => return Err(step),
                        }
                        if watch.read() > 4 * BACK {
                            return Err(Step::Wait);
                        }
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for (seat, waiting) in waiting.into_iter().enumerate() {
            let waited = self.fleet.runtime.block_on(waiting);
            let took = waited.map_err(|error| error.to_string())??;
            if took > BACK {
                let text = format!("server {seat} was back after {took:.1?}, allowed are {BACK:?}");
                return Err(Outcome::Failed(text));
            }
            all.push(took);
        }
        let deadline = Deadline::after(BACK);
        while !matches!(self.poll(), Ok(true)) {
            if deadline.is_over() {
                return Err(Outcome::Failed("a sign-in was lost".to_owned()));
            }
            pause(Duration::from_millis(1_200));
        }
        self.fleet.runtime.block_on(self.late.call())?;
        self.begin()?;
        self.crowd.goes_on(BETWEEN)?;
        Ok(all)
    }

    fn judge(self) -> Result<(), Outcome> {
        let lived = self.crowd.part(self.fleet)?;
        let mut wrong: Vec<String> = lived.iter().flat_map(|one| one.wrong.clone()).collect();
        let lost = lived.iter().filter(|one| one.lost > 0);
        wrong.extend(lost.map(|one| format!("{} lost a login", one.name)));
        let waited: usize = lived.iter().map(|one| one.waited).sum();
        if waited == 0 {
            wrong.push("nobody noticed that the store was away".to_owned());
        }
        say(&format!(
            "   {} rounds of every way in were refused, and {waited} requests of {PEOPLE} people who \
             were told to come back; no login was lost",
            self.rounds
        ));
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Outcome::Failed(wrong.join("\n")))
    }
}
