//! A release replaced by the next one, server after server, while everybody works; taken back, and
//! replaced again. Nobody is refused anything and no login is lost: who signed in at one release, or
//! half at each, goes on at the other, and so do clients that registered there.

use std::path::Path;

use super::fleet::{Fleet, SERVERS};
use super::kills::Crowd;
use super::rotation::judge;
use super::visit::{authorize, sign_in};
use crate::report::{Outcome, say};
use crate::workbench::{Earlier, Workbench};

const PEOPLE: u64 = 12;
/// Life of an access token of GitLab in seconds: renewals are under way when a server ends.
const LIFE: u64 = 6;
/// Requests that go well between two servers.
const BETWEEN: usize = 80;

/// Runs the case of a storage, if there is a release to begin with.
pub(super) fn run(workbench: &mut Workbench, name: &str, storage: &[(&'static str, &str)]) {
    let case = format!("replicas/upgrade-{name}");
    match workbench.earlier() {
        Ok(None) => say(&format!(
            "-- {case}: there is no earlier release to roll from; GITLAB_MCP_TEST_EARLIER names a \
             revision to take in its place"
        )),
        Ok(Some(earlier)) => {
            workbench.case(&case, |workbench| play(workbench, storage, &earlier));
        }
        Err(lack) => workbench.case(&case, |_| Err(lack.into())),
    }
}

/// Rolls forth, back, and forth again over this storage.
fn play(
    workbench: &Workbench,
    storage: &[(&'static str, &str)],
    earlier: &Earlier,
) -> Result<(), Outcome> {
    let prefix = ("OAUTH_STORAGE_TABLE_PREFIX", "upgrade_");
    let storage: Vec<_> = storage.iter().copied().chain([prefix]).collect();
    let present = workbench.binaries()?.get("gitlab-mcp")?;
    let steps: [(&str, &Path); 3] = [
        ("to this release", present),
        ("back", &earlier.program),
        ("to this release again", present),
    ];
    let mut fleet = Fleet::of(workbench, &earlier.program, &storage, LIFE)?;
    let crowd = Crowd::gather(&fleet, PEOPLE)?;
    crowd.goes_on(BETWEEN)?;
    let mut clients = vec![fleet.client()?];
    for (step, program) in steps {
        let told = |problem| format!("{} {step}: {problem}", earlier.name);
        program.clone_into(&mut fleet.program);
        for seat in 0..SERVERS {
            fleet.relieve(seat)?;
            crowd.goes_on(BETWEEN).map_err(told)?;
            if seat == 0 {
                // Sign-ins that meet both releases.
                crowd.signs_in_anew().map_err(told)?;
                clients.push(fleet.client()?);
                for (first, client) in (0..SERVERS).zip(clients.iter().cycle()) {
                    sign_in(&fleet, "alice", client, first).map_err(told)?;
                }
            }
        }
        crowd.signs_in_anew().map_err(told)?;
        clients.push(fleet.client()?);
        are_known(&fleet, &clients)?;
    }
    let lived = crowd.part(&fleet)?;
    fleet.stop()?;
    judge(steps.len() * SERVERS, &lived)
}

/// Whether every server asks people about every client, wherever it registered.
fn are_known(fleet: &Fleet<'_>, clients: &[String]) -> Result<(), Outcome> {
    for client in clients {
        for server in 0..SERVERS {
            let asked = fleet
                .runtime
                .block_on(fleet.seats.ask(server, &authorize(client)));
            let reply = asked.map_err(|problem| format!("/authorize: {problem:?}"))?;
            if reply.status != 200 {
                let text = format!("a client of the other release is not known: {reply:?}");
                return Err(Outcome::Failed(text));
            }
        }
    }
    Ok(())
}
