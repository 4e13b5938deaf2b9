//! What is known about documents, and who may fetch one. Everything here is bounded: what is kept,
//! what is fetched at once, and who waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::super::client::Client;
use super::super::clients::NoClient;
use super::address::Address;
use super::freshness::LONGEST;

/// Most documents that are remembered, those of no use included.
const MOST: usize = 512;
/// Most fetches at once.
const AT_ONCE: usize = 8;
/// Most documents of one host that are fetched or waited for.
const OF_ONE_HOST: usize = 2;
/// Most documents that are fetched or waited for.
const WAITED_FOR: usize = 64;
/// How long one request waits for the fetch of another, and then for a fetch of its own.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a failure is remembered.
const FAILURE: Duration = Duration::from_mins(1);

/// What is known about one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its document is good.
    Client(Arc<Client>),
    /// Its document is of no use.
    Refused,
    /// Its document could not be had.
    Unreachable,
}

impl Verdict {
    pub(super) fn into_client(self) -> Result<Client, NoClient> {
        match self {
            Self::Client(client) => Ok(Client::clone(&client)),
            Self::Refused => Err(NoClient::Unknown),
            Self::Unreachable => Err(NoClient::Unavailable),
        }
    }
}

#[derive(Debug)]
struct Kept {
    verdict: Verdict,
    /// Asked again from then on.
    until: Duration,
    /// A good document whose host is silent is still used before then.
    last: Duration,
}

#[derive(Debug)]
struct Queue {
    host: String,
    turn: Arc<tokio::sync::Mutex<()>>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<String, Kept>,
    queues: BTreeMap<String, Queue>,
}

/// The documents of one process.
#[derive(Debug)]
pub(crate) struct Documents {
    state: Mutex<State>,
    slots: Semaphore,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            slots: Semaphore::new(AT_ONCE),
        }
    }
}

/// A place in the queue for one document, given back on drop.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    documents: &'a Documents,
    id: String,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The right to fetch one document.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _alone: OwnedMutexGuard<()>,
    _slot: SemaphorePermit<'a>,
}

/// How waiting ended.
#[derive(Debug)]
pub(super) enum Waited<'a> {
    /// Somebody else fetched it.
    Answered(Verdict),
    /// The caller fetches.
    Turn(Turn<'a>),
    /// There was no turn in time.
    InVain,
}

impl Documents {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known about `id` and need not be asked again.
    pub(super) fn fresh(&self, id: &str, now: Duration) -> Option<Verdict> {
        let state = self.state();
        let kept = state.known.get(id).filter(|kept| kept.until > now)?;
        Some(kept.verdict.clone())
    }

    /// A place in the queue for a document; none when too many are waited for.
    pub(super) fn queue(&self, address: &Address<'_>) -> Option<Ticket<'_>> {
        let mut state = self.state();
        let queues = &mut state.queues;
        if !queues.contains_key(address.id) {
            let same_host = queues.values().filter(|one| one.host == address.host);
            if same_host.count() >= OF_ONE_HOST || queues.len() >= WAITED_FOR {
                return None;
            }
        }
        let queue = queues
            .entry(address.id.to_owned())
            .or_insert_with(|| Queue {
                host: address.host.clone(),
                turn: Arc::default(),
                waiting: 0,
            });
        queue.waiting = queue.waiting.saturating_add(1);
        Some(Ticket {
            documents: self,
            id: address.id.to_owned(),
            turn: Arc::clone(&queue.turn),
        })
    }

    /// Waits until somebody has fetched the document or the caller may.
    pub(super) async fn turn<'a>(
        &'a self,
        ticket: &Ticket<'_>,
        now: impl Fn() -> Duration,
    ) -> Waited<'a> {
        let alone = Arc::clone(&ticket.turn).lock_owned();
        let Ok(alone) = timeout(PATIENCE, alone).await else {
            return Waited::InVain;
        };
        if let Some(verdict) = self.fresh(&ticket.id, now()) {
            return Waited::Answered(verdict);
        }
        match timeout(PATIENCE, self.slots.acquire()).await {
            Ok(Ok(slot)) => Waited::Turn(Turn {
                _alone: alone,
                _slot: slot,
            }),
            _ => Waited::InVain,
        }
    }

    /// Remembers a good document.
    pub(super) fn keep(&self, id: &str, client: Client, life: Duration, now: Duration) -> Verdict {
        let verdict = Verdict::Client(Arc::new(client));
        self.remember(id, verdict, life, now)
    }

    /// Remembers that a document is of no use.
    pub(super) fn refuse(&self, id: &str, now: Duration) -> Verdict {
        self.remember(id, Verdict::Refused, FAILURE, now)
    }

    /// Remembers that a document could not be had. A good one that is less than a day old stays.
    pub(super) fn unreachable(&self, id: &str, now: Duration) -> Verdict {
        let mut state = self.state();
        if let Some(kept) = state.known.get_mut(id)
            && matches!(kept.verdict, Verdict::Client(_))
            && kept.last > now
        {
            kept.until = now.saturating_add(FAILURE).min(kept.last);
            return kept.verdict.clone();
        }
        drop(state);
        self.remember(id, Verdict::Unreachable, FAILURE, now)
    }

    fn remember(&self, id: &str, verdict: Verdict, life: Duration, now: Duration) -> Verdict {
        let mut state = self.state();
        let known = &mut state.known;
        if known.len() >= MOST && !known.contains_key(id) {
            make_room(known);
        }
        let kept = Kept {
            verdict: verdict.clone(),
            until: now.saturating_add(life),
            last: now.saturating_add(LONGEST),
        };
        known.insert(id.to_owned(), kept);
        verdict
    }
}

/// Failures go before documents, and what is over first goes first.
fn make_room(known: &mut BTreeMap<String, Kept>) {
    let rank = |kept: &Kept| (matches!(kept.verdict, Verdict::Client(_)), kept.until);
    let first = known.iter().min_by_key(|(_, kept)| rank(kept));
    if let Some(id) = first.map(|(id, _)| id.clone()) {
        known.remove(&id);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.documents.state();
        let Some(queue) = state.queues.get_mut(&self.id) else {
            return;
        };
        queue.waiting = queue.waiting.saturating_sub(1);
        if queue.waiting == 0 {
            state.queues.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests;
