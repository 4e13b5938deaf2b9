//! The master secret replaced as the guide says, one server after the other, while everybody works:
//! no login is refused anything, and the client that registered under the old secret stays known.

use super::fleet::{Fleet, SECRET, SERVERS};
use super::kills::Crowd;
use super::person::Lived;
use crate::report::{Outcome, say};
use crate::workbench::Workbench;

const PEOPLE: u64 = 12;
/// Life of an access token of GitLab in seconds: renewals are under way when a server ends.
const LIFE: u64 = 6;
/// Requests that go well between two servers.
const BETWEEN: usize = 80;
const NEXT: &str = "Yw8-hN3r_Qk6Tz1Mc5Vb9Xd2Ls7Pf4JgEa";

/// Present and previous secret of each step.
const STEPS: [(&str, &str, Option<&str>); 3] = [
    ("the next one is accepted", SECRET, Some(NEXT)),
    ("the two are swapped", NEXT, Some(SECRET)),
    ("the old one is gone", NEXT, None),
];

/// Replaces the secret over this storage.
pub(super) fn play(workbench: &Workbench, storage: &[(&'static str, &str)]) -> Result<(), Outcome> {
    let mut fleet = Fleet::start(workbench, storage, LIFE)?;
    let crowd = Crowd::gather(&fleet, PEOPLE)?;
    crowd.goes_on(BETWEEN)?;
    for (step, present, previous) in STEPS {
        if previous.is_none() {
            // Whatever was made before the swap has run out by then.
            crowd.signs_in_anew()?;
        }
        fleet.set("OAUTH_SESSION_SECRET", Some(present));
        fleet.set("OAUTH_SESSION_SECRET_PREVIOUS", previous);
        for seat in 0..SERVERS {
            fleet.relieve(seat)?;
            let going = crowd.goes_on(BETWEEN);
            going.map_err(|problem| format!("{step}, server {seat}: {problem}"))?;
        }
    }
    let lived = crowd.part(&fleet)?;
    fleet.stop()?;
    judge(STEPS.len() * SERVERS, &lived)
}

/// Whether nobody noticed that so many servers were replaced.
pub(super) fn judge(replaced: usize, lived: &[Lived]) -> Result<(), Outcome> {
    let sum = |number: fn(&Lived) -> usize| lived.iter().map(number).sum::<usize>();
    say(&format!(
        "   {replaced} servers replaced; {} calls and {} refreshes answered; {} refused, {} told to come back, \
         {} cut off",
        sum(|one| one.calls),
        sum(|one| one.refreshes),
        sum(|one| one.lost),
        sum(|one| one.waited + one.in_vain),
        sum(|one| one.cut),
    ));
    let mut wrong: Vec<String> = lived.iter().flat_map(|one| one.wrong.clone()).collect();
    for one in lived {
        if one.lost + one.waited + one.in_vain + one.cut > 0 {
            let name = &one.name;
            wrong.push(format!("{name} noticed: {one:?}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(wrong.join("\n")))
}
