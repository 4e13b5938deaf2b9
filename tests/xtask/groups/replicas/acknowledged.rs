//! A store killed the moment it has answered: what a client was told holds when the store is back on
//! what it has left behind.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use super::State;
use super::client::{Client, Step};
use super::fleet::Fleet;
use crate::process::{Deadline, pause};
use crate::report::{Outcome, say};
use crate::workbench::{Database, Workbench};

const PEOPLE: u64 = 9;
/// Life of an access token of GitLab in seconds: nothing is renewed.
const LIFE: u64 = 7_200;
/// So soon after the store the servers work with it again.
const BACK: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);
/// Between two polls of a sign-in.
const INTERVAL: Duration = Duration::from_millis(1_200);
const MOST_POLLS: usize = 20;

/// Kills the store so many rounds.
pub(super) fn play(
    workbench: &Workbench,
    state: State,
    database: &mut Database,
    rounds: usize,
) -> Result<(), Outcome> {
    let url = database.url();
    let storage = state.storage(&url, "acknowledged_");
    let fleet = Fleet::start(workbench, &storage, LIFE)?;
    let id = fleet.client()?;
    let mut people = Vec::new();
    for name in fleet.people(PEOPLE)? {
        let mut client = Client::new(name, &id, &fleet.seats, &fleet.gitlab);
        fleet.runtime.block_on(client.sign_in())?;
        people.push(client);
    }
    let mut bench = Bench {
        workbench,
        fleet,
        database,
        people,
        answered: 0,
        unanswered: 0,
    };
    for round in 0..rounds {
        let played = bench.round();
        played.map_err(|outcome| match outcome {
            Outcome::Failed(text) => Outcome::Failed(format!("round {round}: {text}")),
            other => other,
        })?;
    }
    say(&format!(
        "   the store was killed {} times; {} refreshes were answered before, {} were not; nothing \
         that was answered was lost",
        4 * rounds,
        bench.answered,
        bench.unanswered
    ));
    let audit = bench.fleet.stop()?;
    let ended = audit.iter().filter(|one| {
        let word = |name: &str| one.get(name).and_then(serde_json::Value::as_str);
        word("event") == Some("login_ended") && word("reason") != Some("revoked")
    });
    let ended: Vec<String> = ended.map(ToString::to_string).collect();
    if ended.is_empty() {
        return Ok(());
    }
    Err(Outcome::Failed(ended.join("\n")))
}

struct Bench<'s, 'w> {
    workbench: &'w Workbench,
    fleet: Fleet<'w>,
    database: &'s mut Database,
    people: Vec<Client>,
    /// Refreshes that were answered before the store was gone.
    answered: usize,
    /// Those that were not.
    unanswered: usize,
}

impl Bench<'_, '_> {
    fn round(&mut self) -> Result<(), Outcome> {
        let id = self.fleet.client()?;
        self.crash()?;
        // A client that was registered is known: its user can sign in.
        let mut client = Client::new(
            "alice".to_owned(),
            &id,
            &self.fleet.seats,
            &self.fleet.gitlab,
        );
        self.signs_in(&mut client)?;
        self.crash()?;
        self.works(&mut client, "after a sign-in")?;
        self.all_refresh()?;
        self.fleet.runtime.block_on(client.revoke())?;
        self.crash()?;
        self.is_dead(&mut client)
    }

    fn crash(&mut self) -> Result<(), Outcome> {
        self.database.kill();
        self.database.revive(self.workbench)?;
        Ok(())
    }

    /// The moment the tokens are there, this returns.
    fn signs_in(&self, client: &mut Client) -> Result<(), Outcome> {
        let deadline = Deadline::after(BACK);
        let begun = loop {
            match self.fleet.runtime.block_on(client.begin()) {
                Ok(begun) => break begun,
                Err(Step::Wait) if !deadline.is_over() => pause(AGAIN),
                Err(step) => return Err(step.into()),
            }
        };
        for _ in 0..MOST_POLLS {
            pause(INTERVAL);
            match self.fleet.runtime.block_on(client.poll(&begun)) {
                Ok(true) => return Ok(()),
                Ok(false) | Err(Step::Wait) => {}
                Err(step) => return Err(step.into()),
            }
        }
        Err(Outcome::Failed("a sign-in never ended".to_owned()))
    }

    /// Everybody refreshes at once, and with the first answer the store is gone.
    fn all_refresh(&mut self) -> Result<(), Outcome> {
        let first = Arc::new(Notify::new());
        let asked: Vec<_> = std::mem::take(&mut self.people)
            .into_iter()
            .enumerate()
            .map(|(number, mut client)| {
                let first = Arc::clone(&first);
                self.fleet.runtime.spawn(async move {
                    client.turn_to(number);
                    let refreshed = client.refresh().await;
                    if refreshed.is_ok() {
                        first.notify_one();
                    }
                    (client, refreshed)
                })
            })
            .collect();
        let first = async { tokio::time::timeout(BACK, first.notified()).await };
        let nobody = |_| "nobody's refresh was answered".to_owned();
        self.fleet.runtime.block_on(first).map_err(nobody)?;
        self.crash()?;
        for asked in self.fleet.runtime.block_on(join_all(asked)) {
            let (client, refreshed) = asked.map_err(|error| error.to_string())?;
            match refreshed {
                Ok(()) => self.answered += 1,
                // What it held before is good for the next try.
                Err(Step::Wait) => self.unanswered += 1,
                Err(step) => return Err(step.into()),
            }
            self.people.push(client);
        }
        let mut people = std::mem::take(&mut self.people);
        for client in &mut people {
            self.works(client, "after a refresh")?;
        }
        self.people = people;
        Ok(())
    }

    /// What a client holds is good for a call, for a refresh, and after it.
    fn works(&self, client: &mut Client, when: &str) -> Result<(), Outcome> {
        let works = async {
            self.goes_well(client, Client::call).await?;
            self.goes_well(client, Client::refresh).await?;
            self.goes_well(client, Client::call).await
        };
        let works = self.fleet.runtime.block_on(works);
        works.map_err(|step| Outcome::Failed(format!("{when}: {step:?}")))
    }

    /// Does it until the servers work with the store again.
    async fn goes_well(
        &self,
        client: &mut Client,
        mut what: impl AsyncFnMut(&mut Client) -> Result<(), Step>,
    ) -> Result<(), Step> {
        let deadline = Deadline::after(BACK);
        loop {
            match what(client).await {
                Err(Step::Wait) if !deadline.is_over() => tokio::time::sleep(AGAIN).await,
                other => return other,
            }
        }
    }

    /// What a client has given back is good for nothing.
    fn is_dead(&self, client: &mut Client) -> Result<(), Outcome> {
        let refused = async {
            let called = self.goes_well(client, Client::call).await;
            (called, self.goes_well(client, Client::refresh).await)
        };
        match self.fleet.runtime.block_on(refused) {
            (Err(Step::Over), Err(Step::Over)) => Ok(()),
            other => Err(Outcome::Failed(format!("after a revocation: {other:?}"))),
        }
    }
}
