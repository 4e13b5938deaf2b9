//! Somebody who has signed in by device and whose client is never idle: it calls a tool and refreshes
//! its tokens, at one server after the other, and signs in again when the login is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mock_gitlab::MockGitlab;
use tokio_util::sync::CancellationToken;

use super::client::{Client, Step};
use super::fleet::Seats;

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(80);
/// After an answer that says to come back.
const WAIT: Duration = Duration::from_secs(1);
/// Such answers in a row that are believed: longer than a lost rotation is hoped for.
const MOST_WAITS: usize = 240;
/// Every so many requests the tokens are refreshed.
const REFRESHED_EVERY: usize = 6;

/// A person and what became of their requests.
pub(super) struct Person {
    client: Client,
    /// Requests in a row that were told to come back.
    waits: usize,
    anew: Arc<Anew>,
    /// How often this one has begun a login because everybody did.
    begun: usize,
    lived: Lived,
}

/// Everybody signs in anew, as people do whose logins have run out.
#[derive(Debug, Default)]
pub(super) struct Anew {
    /// How often so far.
    wanted: AtomicUsize,
    /// How many have done so, each time counted.
    done: AtomicUsize,
}

impl Anew {
    /// From here on.
    pub(super) fn begin(&self) {
        self.wanted.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have.
    pub(super) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }
}

/// What became of the requests of one person.
#[derive(Debug, Default)]
pub(super) struct Lived {
    /// The person.
    pub(super) name: String,
    /// Tool calls that were answered as they should be.
    pub(super) calls: usize,
    /// Refreshes that were.
    pub(super) refreshes: usize,
    /// Requests whose server was killed before it had answered.
    pub(super) cut: usize,
    /// Requests that were told to come back, before the login went on.
    pub(super) waited: usize,
    /// Requests that were told to come back, before the login was lost.
    pub(super) in_vain: usize,
    /// Logins that ended.
    pub(super) lost: usize,
    /// What must not happen.
    pub(super) wrong: Vec<String>,
}

/// How many requests went well, of everybody.
pub(super) type Count = Arc<AtomicUsize>;

impl Person {
    /// Nobody who has signed in.
    pub(super) fn new(
        name: String,
        client: &str,
        seats: &Arc<Seats>,
        gitlab: &Arc<MockGitlab>,
        anew: &Arc<Anew>,
    ) -> Self {
        Self {
            client: Client::new(name.clone(), client, seats, gitlab),
            waits: 0,
            anew: Arc::clone(anew),
            begun: 0,
            lived: Lived {
                name,
                ..Lived::default()
            },
        }
    }

    /// Uses the login until it is `over`, and then until a refresh and a call have gone well.
    pub(super) async fn live(mut self, over: CancellationToken, well: Count) -> Lived {
        let mut proofs = 0;
        let mut number: usize = 0;
        while proofs < 2 && self.lived.wrong.is_empty() {
            number += 1;
            let is_over = over.is_cancelled();
            let refreshes = if is_over {
                proofs == 0
            } else {
                number.is_multiple_of(REFRESHED_EVERY)
            };
            match self.step(refreshes).await {
                Ok(()) => {
                    self.lived.waited += std::mem::take(&mut self.waits);
                    proofs += usize::from(is_over);
                    well.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(step) => self.take(step).await,
            }
        }
        self.lived
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Cut => self.lived.cut += 1,
            Step::Wait if self.waits < MOST_WAITS => {
                self.waits += 1;
                tokio::time::sleep(WAIT).await;
            }
            Step::Wait => self.wrong("told to come back for ever"),
            Step::Over => {
                self.lived.in_vain += std::mem::take(&mut self.waits);
                self.lived.lost += 1;
                self.client.forget();
            }
            Step::Wrong(what) => self.wrong(&what),
        }
    }

    fn wrong(&mut self, what: &str) {
        self.lived
            .wrong
            .push(format!("{}: {what}", self.lived.name));
    }

    async fn step(&mut self, refreshes: bool) -> Result<(), Step> {
        if self.begun < self.anew.wanted.load(Ordering::Relaxed) {
            self.client.sign_in().await?;
            self.begun += 1;
            self.anew.done.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        if !self.client.is_signed_in() {
            return self.client.sign_in().await;
        }
        if refreshes {
            self.client.refresh().await?;
            self.lived.refreshes += 1;
        } else {
            self.client.call().await?;
            self.lived.calls += 1;
        }
        Ok(())
    }
}
