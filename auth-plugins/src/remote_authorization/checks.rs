//! Checks of tokens: at most one at a time for each token, few at a time in total, and finished
//! even when nobody waits any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_mcp_core::auth::Credential;
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::{Egress, Instance};
use tokio::sync::{Semaphore, watch};

use super::ask::{Verdict, who};
use super::fingerprint::Fingerprint;
use super::verdicts::{Standing, Verdicts};

/// Questions to GitLab at one time about tokens that were let in before, and about all others: a
/// flood of garbage does not keep known people waiting.
const PLACES: usize = 32;

/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks of tokens nobody has seen that may wait at one time.
const WAITING: usize = 1000;

/// Everything a check needs.
#[derive(Debug)]
pub(super) struct Checks {
    pub(super) egress: Egress,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) verdicts: Verdicts,
    running: Mutex<HashMap<Fingerprint, watch::Receiver<Option<Verdict>>>>,
    known: Semaphore,
    others: Semaphore,
}

/// How a check ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) verdict: Verdict,
    /// Nobody was asked.
    pub(super) cached: bool,
    /// The token was let in before, not long ago.
    pub(super) known: bool,
}

impl Checked {
    fn without_asking(verdict: Verdict, known: bool) -> Self {
        Self {
            verdict,
            cached: true,
            known,
        }
    }
}

/// Ends a check, also when it panics.
struct Running {
    checks: Arc<Checks>,
    name: Fingerprint,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.checks.running().remove(&self.name);
    }
}

impl Checks {
    /// Checks through `egress`; good tokens are good for `life` without asking.
    pub(super) fn new(egress: Egress, clock: Arc<dyn Clock>, life: Duration) -> Arc<Self> {
        Arc::new(Self {
            egress,
            verdicts: Verdicts::new(Arc::clone(&clock), life),
            clock,
            running: Mutex::default(),
            known: Semaphore::new(PLACES),
            others: Semaphore::new(PLACES),
        })
    }

    /// Whether `credential` of `instance`, called `name` in our tables, is good.
    pub(super) async fn check(
        self: &Arc<Self>,
        name: Fingerprint,
        instance: &Instance,
        credential: &Credential,
    ) -> Checked {
        if let Ok(checked) = self.remembered(&name) {
            return checked;
        }
        let (mut answer, known) = {
            let mut running = self.running();
            // Looked at again under the lock: a check that ends stores its result before it leaves
            // the table, so that nobody asks a second time in between.
            let known = match self.remembered(&name) {
                Ok(checked) => return checked,
                Err(known) => known,
            };
            let answer = match running.get(&name) {
                Some(answer) => answer.clone(),
                None if !known && running.len() >= WAITING => {
                    return Checked::without_asking(Verdict::unclear(), known);
                }
                None => {
                    let answer = self.start(name, instance.clone(), credential.clone(), known);
                    running.insert(name, answer.clone());
                    answer
                }
            };
            (answer, known)
        };
        let verdict = match answer.wait_for(Option::is_some).await {
            Ok(verdict) => verdict.clone(),
            Err(_) => None,
        };
        Checked {
            verdict: verdict.unwrap_or(Verdict::unclear()),
            cached: false,
            known,
        }
    }

    /// The verdict that is still good, or whether the token was let in not long ago.
    fn remembered(&self, name: &Fingerprint) -> Result<Checked, bool> {
        match self.verdicts.standing(name) {
            Standing::Accepted(subject) => {
                Ok(Checked::without_asking(Verdict::Accepted(subject), true))
            }
            Standing::Rejected => Ok(Checked::without_asking(Verdict::Rejected, false)),
            Standing::Known => Err(true),
            Standing::Unknown => Err(false),
        }
    }

    /// Starts a check in a task of its own: a client that goes away leaves others waiting for it.
    fn start(
        self: &Arc<Self>,
        name: Fingerprint,
        instance: Instance,
        credential: Credential,
        known: bool,
    ) -> watch::Receiver<Option<Verdict>> {
        let (send, answer) = watch::channel(None);
        let running = Running {
            checks: Arc::clone(self),
            name,
        };
        tokio::spawn(async move {
            let verdict = running
                .checks
                .ask(name, &instance, &credential, known)
                .await;
            drop(running);
            send.send_replace(Some(verdict));
        });
        answer
    }

    async fn ask(
        &self,
        name: Fingerprint,
        instance: &Instance,
        credential: &Credential,
        known: bool,
    ) -> Verdict {
        let places = if known { &self.known } else { &self.others };
        let Ok(Ok(place)) = tokio::time::timeout(PATIENCE, places.acquire()).await else {
            return Verdict::unclear();
        };
        let asked = self.clock.monotonic();
        let verdict = who(&self.egress, instance, credential, name.subject()).await;
        drop(place);
        match &verdict {
            Verdict::Accepted(subject) => self.verdicts.accept(name, Arc::clone(subject), asked),
            Verdict::Rejected => self.verdicts.reject(name, asked),
            Verdict::Unclear(_) | Verdict::Unreachable => {}
        }
        verdict
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Fingerprint, watch::Receiver<Option<Verdict>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
