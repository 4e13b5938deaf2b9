//! The state of one process: gone with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::clock::Clock;

use crate::{
    Change, Fence, Guarantees, Held, MAX_LIFE, Namespace, Place, Store, StoreError, Taken, Updated,
    Value,
};

/// A bounded store in memory.
///
/// When it is full, the value of the lowest rank in the same namespace makes room. A lease that is
/// held never does.
#[derive(Debug)]
pub struct Memory {
    clock: Arc<dyn Clock>,
    clients: usize,
    state: Mutex<State>,
}

/// How many records of each other kind there is room for, for each client.
const FOR_EACH_CLIENT: usize = 10;

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<Place, Record>,
    leases: BTreeMap<String, Lease>,
    counts: BTreeMap<String, Count>,
    last_fence: u64,
}

#[derive(Debug)]
struct Record {
    content: Content,
    until: Duration,
}

impl Record {
    const fn kind(&self) -> Kind {
        match self.content {
            Content::Value(_) => Kind::Value,
            Content::Tombstone { .. } => Kind::Tombstone,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value,
    Tombstone,
}

#[derive(Debug)]
enum Content {
    Value(Held),
    Tombstone { left: Vec<u8>, since: Duration },
}

#[derive(Debug)]
struct Lease {
    fence: Fence,
    until: Duration,
}

#[derive(Debug)]
struct Count {
    seen: u64,
    until: Duration,
}

impl Memory {
    /// A store for at most `clients` registered clients, and for ten times as many records of each
    /// other namespace, leases and counters.
    pub fn new(clock: Arc<dyn Clock>, clients: usize) -> Self {
        Self {
            clock,
            clients: clients.max(1),
            state: Mutex::default(),
        }
    }

    const fn capacity(&self) -> usize {
        self.clients.saturating_mul(FOR_EACH_CLIENT)
    }

    fn capacity_of(&self, namespace: Namespace) -> usize {
        match namespace {
            Namespace::Client => self.clients,
            _ => self.capacity(),
        }
    }

    fn state(&self) -> (MutexGuard<'_, State>, Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state, self.clock.monotonic())
    }
}

impl State {
    fn live(&self, at: &Place, now: Duration) -> Option<&Record> {
        self.records.get(at).filter(|record| record.until > now)
    }

    fn held(&self, at: &Place, now: Duration) -> Option<&Held> {
        match &self.live(at, now)?.content {
            Content::Value(held) => Some(held),
            Content::Tombstone { .. } => None,
        }
    }

    fn records(&self, of: Namespace) -> impl Iterator<Item = (&Place, &Record)> {
        self.records
            .range(Place::new(of, String::new())..)
            .take_while(move |(place, _)| place.namespace == of)
    }

    fn values(&self, of: Namespace, now: Duration) -> impl Iterator<Item = (&Place, &Held)> {
        self.records(of)
            .filter(move |(_, record)| record.until > now)
            .filter_map(|(place, record)| match &record.content {
                Content::Value(held) => Some((place, held)),
                Content::Tombstone { .. } => None,
            })
    }

    /// Lets what has expired go, then the value of the lowest rank. Tombstones make room for
    /// tombstones, the one that ends first: they must not push values out.
    fn make_room(&mut self, of: Namespace, kind: Kind, capacity: usize, now: Duration) {
        let is_full = |state: &Self| {
            let records = state.records(of);
            let same = records.filter(|(_, record)| record.kind() == kind);
            same.count() >= capacity
        };
        if !is_full(self) {
            return;
        }
        self.records
            .retain(|place, record| place.namespace != of || record.until > now);
        if !is_full(self) {
            return;
        }
        let first = match kind {
            Kind::Value => self
                .values(of, now)
                .min_by_key(|(_, held)| held.value.rank)
                .map(|(place, _)| place.clone()),
            Kind::Tombstone => self
                .records(of)
                .filter(|(_, record)| record.kind() == kind)
                .min_by_key(|(_, record)| record.until)
                .map(|(place, _)| place.clone()),
        };
        if let Some(place) = first {
            self.records.remove(&place);
        }
    }

    fn holds(&self, key: &str, fence: Fence, now: Duration) -> bool {
        self.leases
            .get(key)
            .is_some_and(|lease| lease.fence == fence && lease.until > now)
    }
}

#[async_trait]
impl Store for Memory {
    fn guarantees(&self) -> Guarantees {
        Guarantees {
            durable: false,
            shared: false,
            one_time: true,
            revocation: true,
            lease: true,
        }
    }

    fn describe(&self) -> String {
        format!(
            "memory (at most {} clients): everything is lost when this process ends, and no other \
             process shares it",
            self.clients
        )
    }

    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError> {
        value.check()?;
        let (mut state, now) = self.state();
        if state.live(at, now).is_some() {
            return Ok(false);
        }
        state.make_room(
            at.namespace,
            Kind::Value,
            self.capacity_of(at.namespace),
            now,
        );
        let content = Content::Value(Held { value, version: 1 });
        let until = now.saturating_add(life.min(MAX_LIFE));
        state.records.insert(at.clone(), Record { content, until });
        Ok(true)
    }

    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        let (state, now) = self.state();
        Ok(state.held(at, now).cloned())
    }

    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError> {
        let (mut state, now) = self.state();
        let capacity = self.capacity_of(at.namespace);
        let held = match state.live(at, now).map(|record| &record.content) {
            None => return Ok(Taken::Absent),
            Some(Content::Tombstone { left, since }) => {
                return Ok(Taken::Before {
                    tombstone: left.clone(),
                    ago: now.saturating_sub(*since),
                });
            }
            Some(Content::Value(held)) => held.clone(),
        };
        state.make_room(at.namespace, Kind::Tombstone, capacity, now);
        let content = Content::Tombstone {
            left: tombstone,
            since: now,
        };
        let until = now.saturating_add(life.min(MAX_LIFE));
        state.records.insert(at.clone(), Record { content, until });
        Ok(Taken::First(held))
    }

    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        change.value.check()?;
        let (mut state, now) = self.state();
        let Some(held) = state.held(at, now) else {
            return Ok(Updated::Absent);
        };
        if held.version != change.expected {
            return Ok(Updated::Moved);
        }
        if let Some((key, fence)) = &change.fence
            && !state.holds(key, *fence, now)
        {
            return Ok(Updated::Fenced);
        }
        let version = change.expected.saturating_add(1);
        let content = Content::Value(Held {
            value: change.value,
            version,
        });
        let until = now.saturating_add(change.life.min(MAX_LIFE));
        state.records.insert(at.clone(), Record { content, until });
        Ok(Updated::Done(version))
    }

    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        let (mut state, now) = self.state();
        let gone = state.records.remove(at);
        Ok(gone.is_some_and(|record| record.until > now))
    }

    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        let (state, now) = self.state();
        Ok(state.values(namespace, now).count() as u64)
    }

    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        let (state, now) = self.state();
        let mut found: Vec<(String, Held)> = state
            .values(namespace, now)
            .filter(|(_, held)| held.value.rank <= up_to)
            .map(|(place, held)| (place.key.clone(), held.clone()))
            .collect();
        found.sort_by(|(one, a), (other, b)| (a.value.rank, one).cmp(&(b.value.rank, other)));
        found.truncate(limit);
        Ok(found)
    }

    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        let (mut state, now) = self.state();
        if state.leases.get(key).is_some_and(|lease| lease.until > now) {
            return Ok(None);
        }
        if state.leases.len() >= self.capacity() {
            state.leases.retain(|_, lease| lease.until > now);
        }
        state.last_fence = state.last_fence.saturating_add(1);
        let fence = Fence(state.last_fence);
        let until = now.saturating_add(life.min(MAX_LIFE));
        state.leases.insert(key.to_owned(), Lease { fence, until });
        Ok(Some(fence))
    }

    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        let (mut state, now) = self.state();
        if !state.holds(key, fence, now) {
            return Ok(false);
        }
        let until = now.saturating_add(life.min(MAX_LIFE));
        state.leases.insert(key.to_owned(), Lease { fence, until });
        Ok(true)
    }

    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        let (mut state, now) = self.state();
        if state.holds(key, fence, now) {
            state.leases.remove(key);
        }
        Ok(())
    }

    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        let (mut state, now) = self.state();
        if state.counts.len() >= self.capacity() && !state.counts.contains_key(key) {
            state.counts.retain(|_, count| count.until > now);
            if state.counts.len() >= self.capacity() {
                state.counts.pop_first();
            }
        }
        let fresh = || Count {
            seen: 0,
            until: now.saturating_add(window.min(MAX_LIFE)),
        };
        let count = state.counts.entry(key.to_owned()).or_insert_with(fresh);
        if count.until <= now {
            *count = fresh();
        }
        count.seen = count.seen.saturating_add(1);
        Ok(count.seen)
    }

    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        let (mut state, now) = self.state();
        let due: Vec<Place> = state
            .records
            .iter()
            .filter(|(_, record)| record.until <= now)
            .map(|(place, _)| place.clone())
            .take(batch)
            .collect();
        for place in &due {
            state.records.remove(place);
        }
        state.leases.retain(|_, lease| lease.until > now);
        state.counts.retain(|_, count| count.until > now);
        Ok(due.len())
    }
}
