//! `kill -9` of one server after the other while everybody works. GitLab's tokens are short-lived, so
//! each kill meets renewals under way.
//!
//! One window cannot be closed: GitLab has made the next pair, and the server that holds it dies
//! before the store has it. Such a login ends with the reason `rotation_lost`, and is named here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gitlab_mcp_core::random::{OsRandom, Random as _};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::fleet::{Fleet, SERVERS};
use super::person::{Anew, Count, Lived, Person};
use crate::process::{Deadline, pause};
use crate::report::{Outcome, say};
use crate::workbench::Workbench;

const PEOPLE: u64 = 20;
/// Life of an access token of GitLab in seconds; it is renewed after two of them.
const LIFE: u64 = 3;
/// Requests that go well between two kills.
const BETWEEN: usize = 40;
const STANDSTILL: Duration = Duration::from_mins(1);

/// Kills servers over this storage.
pub(super) fn play(
    workbench: &Workbench,
    storage: &[(&'static str, &str)],
    kills: usize,
) -> Result<(), Outcome> {
    let mut fleet = Fleet::start(workbench, storage, LIFE)?;
    let crowd = Crowd::gather(&fleet, PEOPLE)?;
    let mut wrong = Vec::new();
    for _ in 0..kills {
        if let Err(problem) = crowd.goes_on(BETWEEN) {
            wrong.push(problem);
            break;
        }
        let [seat, moment] = random();
        pause(Duration::from_millis(u64::from(moment)));
        let seat = usize::from(seat) % SERVERS;
        fleet.kill(seat)?;
        fleet.fill(seat)?;
    }
    let lived = crowd.part(&fleet)?;
    judge(kills, &lived, &fleet.stop()?, wrong)
}

fn random() -> [u8; 2] {
    let mut bytes = [0; 2];
    OsRandom.fill(&mut bytes);
    bytes
}

/// People who work until they are told to stop.
pub(super) struct Crowd {
    over: CancellationToken,
    well: Count,
    anew: Arc<Anew>,
    people: Vec<tokio::task::JoinHandle<Lived>>,
}

impl Crowd {
    /// So many people begin.
    pub(super) fn gather(fleet: &Fleet<'_>, number: u64) -> Result<Self, Outcome> {
        let client = fleet.client()?;
        let (over, well) = (CancellationToken::new(), Count::default());
        let anew = Arc::default();
        let people = fleet.people(number)?.into_iter().map(|name| {
            let person = Person::new(name, &client, &fleet.seats, &fleet.gitlab, &anew);
            let living = person.live(over.clone(), well.clone());
            fleet.runtime.spawn(living)
        });
        Ok(Self {
            people: people.collect(),
            over,
            well,
            anew,
        })
    }

    /// How many requests have gone well.
    pub(super) fn well(&self) -> usize {
        self.well.load(Ordering::Relaxed)
    }

    /// Waits until so many more of their requests have gone well.
    pub(super) fn goes_on(&self, more: usize) -> Result<(), String> {
        let wanted = self.well() + more;
        let deadline = Deadline::after(STANDSTILL);
        while self.well() < wanted {
            if deadline.is_over() || self.people.iter().any(tokio::task::JoinHandle::is_finished) {
                return Err("somebody stopped, or everybody stands still".to_owned());
            }
            pause(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Everybody signs in once more.
    pub(super) fn signs_in_anew(&self) -> Result<(), String> {
        let wanted = self.anew.done() + self.people.len();
        self.anew.begin();
        let deadline = Deadline::after(STANDSTILL);
        while self.anew.done() < wanted {
            if deadline.is_over() {
                return Err("somebody does not sign in anew".to_owned());
            }
            pause(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Everybody proves that their login works, and stops.
    pub(super) fn part(self, fleet: &Fleet<'_>) -> Result<Vec<Lived>, Outcome> {
        self.over.cancel();
        let mut all = Vec::new();
        for person in self.people {
            let lived = fleet.runtime.block_on(person);
            all.push(lived.map_err(|error| Outcome::Failed(error.to_string()))?);
        }
        Ok(all)
    }
}

/// What an event of the audit says under `name`.
pub(super) fn word<'a>(event: &'a Value, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn judge(
    kills: usize,
    lived: &[Lived],
    audit: &[Value],
    mut wrong: Vec<String>,
) -> Result<(), Outcome> {
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names = Vec::new();
    for event in audit
        .iter()
        .filter(|one| word(one, "event") == "login_ended")
    {
        let (user, reason) = (word(event, "username"), word(event, "reason"));
        if reason == "rotation_lost" {
            *explained.entry(user).or_default() += 1;
            names.push(format!("{user} (login {})", word(event, "login")));
        } else {
            wrong.push(format!("a login of {user} ended: {reason}"));
        }
    }
    for person in lived {
        wrong.extend(person.wrong.iter().cloned());
        let known = explained.remove(person.name.as_str()).unwrap_or_default();
        if person.lost != known {
            let (name, lost) = (&person.name, person.lost);
            wrong.push(format!(
                "{name} lost {lost} logins, {known} of them as rotation_lost"
            ));
        }
        if person.waited > 0 {
            let (name, waited) = (&person.name, person.waited);
            wrong.push(format!(
                "{name} was told {waited} times to come back for nothing"
            ));
        }
    }
    let renewals = audit
        .iter()
        .filter(|one| word(one, "event") == "upstream_refresh" && word(one, "outcome") == "ok");
    let sum = |number: fn(&Lived) -> usize| lived.iter().map(number).sum::<usize>();
    say(&format!(
        "   {kills} kills; {} calls and {} refreshes answered, {} renewals at GitLab; {} requests cut \
         off by a kill; {} logins lost with {} requests refused before: {}",
        sum(|one| one.calls),
        sum(|one| one.refreshes),
        renewals.count(),
        sum(|one| one.cut),
        names.len(),
        sum(|one| one.in_vain),
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        },
    ));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(wrong.join("\n")))
}
