//! What the server remembers, as types: sealed before it reaches the store, opened after.
//!
//! The store holds keyed digests and ciphertext, never a bearer value. A record opens only at the
//! place it was stored at, so rows that were swapped or changed fail closed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::random::Random;
use gitlab_mcp_store::{
    Change, Fence, Held, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;
use zeroize::Zeroizing;

use super::keys::{Keys, Purpose};

pub mod kept;

/// Something that is remembered.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// Which kind of record it is.
    const NAMESPACE: Namespace;
}

/// A record, where it is and which version of it this is.
#[derive(Debug)]
pub struct Found<R> {
    /// The record.
    pub record: R,
    place: Place,
    version: u64,
    rank: i64,
}

impl<R> Found<R> {
    /// The same after a change of ours that left it at `version`.
    #[must_use]
    pub fn at(mut self, version: u64) -> Self {
        self.version = version;
        self
    }
}

/// How a take ended.
#[derive(Debug)]
pub enum TakenRecord<R> {
    /// This caller, and no other, has it.
    First(R),
    /// Somebody had it before.
    Before {
        /// The record, as it was when it was taken.
        record: R,
        /// How long ago.
        ago: Duration,
    },
    /// There is none.
    Absent,
}

/// The records of one server. Cloning shares them.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    keys: Arc<Keys>,
    random: Arc<dyn Random>,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.store).finish()
    }
}

impl Records {
    /// The records in `store`, sealed with `keys`.
    pub fn new(store: Arc<dyn Store>, keys: Arc<Keys>, random: Arc<dyn Random>) -> Self {
        Self {
            store,
            keys,
            random,
        }
    }

    /// The store, for what needs no record: leases, counters, expiry.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Remembers `record` under `id`; false when there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_new<R: Record>(
        &self,
        id: &str,
        record: &R,
        life: Duration,
    ) -> Result<bool, StoreError> {
        self.put_ranked(id, record, 0, life).await
    }

    /// As [`Records::put_new`], at a rank of its namespace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_ranked<R: Record>(
        &self,
        id: &str,
        record: &R,
        rank: i64,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let place = self.place(R::NAMESPACE, id);
        let value = Value::new(self.seal(&place, record)).ranked(rank);
        self.store.put_new(&place, value, life).await
    }

    /// Remembers `record` under `id` for the first who comes; false for everybody else, whichever of
    /// their keys they write with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_once<R: Record>(
        &self,
        id: &str,
        record: &R,
        rank: i64,
        life: Duration,
    ) -> Result<bool, StoreError> {
        let mut places = self.places(R::NAMESPACE, id);
        // In one order for all, so that of two at the same time one is first everywhere.
        places.sort();
        for place in places {
            let value = Value::new(self.seal(&place, record)).ranked(rank);
            if !self.store.put_new(&place, value, life).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The record of `id`. One that cannot be opened is no record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get<R: Record>(&self, id: &str) -> Result<Option<Found<R>>, StoreError> {
        let mut places = self.places(R::NAMESPACE, id);
        if places.len() > 1 {
            // It may have moved from the one to the other between two looks.
            places.extend(places.first().cloned());
        }
        for (nth, place) in places.into_iter().enumerate() {
            if let Some(held) = self.store.get(&place).await? {
                self.found_at(nth);
                return Ok(self.found(place, &held));
            }
        }
        Ok(None)
    }

    /// Moves a record that was found under the previous key to the present one, as `record`, so that
    /// it outlives that key. False when there is nothing to move, or another caller does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn moved<R: Record>(
        &self,
        found: &Found<R>,
        id: &str,
        (record, rank): (&R, i64),
        life: Duration,
    ) -> Result<bool, StoreError> {
        if found.place == self.place(R::NAMESPACE, id)
            || !self.put_ranked(id, record, rank, life).await?
        {
            return Ok(false);
        }
        self.forget(found).await?;
        Ok(true)
    }

    /// Takes the record of `id` for exactly one caller. For `life` later callers learn what it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take<R: Record>(
        &self,
        id: &str,
        life: Duration,
    ) -> Result<TakenRecord<R>, StoreError> {
        for (nth, place) in self.places(R::NAMESPACE, id).into_iter().enumerate() {
            let held = self.store.get(&place).await?;
            let tombstone = held.map(|held| held.value.bytes).unwrap_or_default();
            match self.store.take(&place, tombstone, life).await? {
                Taken::First(held) => {
                    self.found_at(nth);
                    let record = self.open(&place, &held.value.bytes);
                    return Ok(record.map_or(TakenRecord::Absent, TakenRecord::First));
                }
                Taken::Before { tombstone, ago } => {
                    self.found_at(nth);
                    return Ok(match self.open(&place, &tombstone) {
                        Some(record) => TakenRecord::Before { record, ago },
                        None => TakenRecord::Absent,
                    });
                }
                Taken::Absent => {}
            }
        }
        Ok(TakenRecord::Absent)
    }

    /// Changes a record that is still the one that was found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update<R: Record>(
        &self,
        found: &Found<R>,
        record: &R,
        life: Duration,
        fence: Option<(String, Fence)>,
    ) -> Result<Updated, StoreError> {
        let change = self.change(found, record, life, fence);
        self.store.update(&found.place, change).await
    }

    /// As [`Records::update`], moving the record to another rank.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn update_ranked<R: Record>(
        &self,
        found: &Found<R>,
        record: &R,
        rank: i64,
        life: Duration,
    ) -> Result<Updated, StoreError> {
        let mut change = self.change(found, record, life, None);
        change.value.rank = rank;
        self.store.update(&found.place, change).await
    }

    fn change<R: Record>(
        &self,
        found: &Found<R>,
        record: &R,
        life: Duration,
        fence: Option<(String, Fence)>,
    ) -> Change {
        Change {
            expected: found.version,
            fence,
            value: Value::new(self.seal(&found.place, record)).ranked(found.rank),
            life,
        }
    }

    /// Forgets the record of `id`; false when there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete<R: Record>(&self, id: &str) -> Result<bool, StoreError> {
        let mut gone = false;
        for place in self.places(R::NAMESPACE, id) {
            gone |= self.store.delete(&place).await?;
        }
        Ok(gone)
    }

    /// Forgets a record that was found, whatever its id is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget<R: Record>(&self, found: &Found<R>) -> Result<bool, StoreError> {
        self.store.delete(&found.place).await
    }

    /// How many records of this kind there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count<R: Record>(&self) -> Result<u64, StoreError> {
        self.store.count(R::NAMESPACE).await
    }

    /// The records of the lowest ranks up to `up_to`, lowest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lowest<R: Record>(
        &self,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<Found<R>>, StoreError> {
        let rows = self.store.lowest(R::NAMESPACE, up_to, limit).await?;
        let found = rows.into_iter().filter_map(|(key, held)| {
            let place = Place::new(R::NAMESPACE, key);
            self.found(place, &held)
        });
        Ok(found.collect())
    }

    fn found<R: Record>(&self, place: Place, held: &Held) -> Option<Found<R>> {
        let record = self.open(&place, &held.value.bytes)?;
        Some(Found {
            record,
            place,
            version: held.version,
            rank: held.value.rank,
        })
    }

    fn seal<R: Record>(&self, place: &Place, record: &R) -> Vec<u8> {
        // Records are plain structs with text keys, which always have a JSON form.
        let plain = Zeroizing::new(serde_json::to_vec(record).unwrap_or_default());
        let context = [place.namespace.name().as_bytes(), place.key.as_bytes()];
        self.keys
            .seal(Purpose::AtRest, &context, &plain, &*self.random)
    }

    fn open<R: Record>(&self, place: &Place, bytes: &[u8]) -> Option<R> {
        if bytes.is_empty() {
            return None;
        }
        let context = [place.namespace.name().as_bytes(), place.key.as_bytes()];
        let opened = self.keys.open(Purpose::AtRest, &context, bytes).ok();
        let record = opened.and_then(|opened| serde_json::from_slice(&opened.plain).ok());
        if record.is_none() {
            let kind = place.namespace.name();
            warn!(
                kind,
                "a stored record cannot be opened and counts as absent"
            );
        }
        record
    }

    /// A record was at the place number `nth` of [`Records::places`]: it stays there, whichever
    /// secret seals it.
    fn found_at(&self, nth: usize) {
        // The second place is that of the previous key.
        if nth == 1 {
            self.keys.previous_was_used(Purpose::LookUp);
        }
    }

    /// Where a record of `id` is put.
    fn place(&self, namespace: Namespace, id: &str) -> Place {
        let mut places = self.places(namespace, id);
        places.swap_remove(0)
    }

    /// Where a record of `id` may be: under the present key, then under the previous one.
    fn places(&self, namespace: Namespace, id: &str) -> Vec<Place> {
        self.keys
            .look_up(namespace.name(), id)
            .into_iter()
            .map(|key| Place::new(namespace, key))
            .collect()
    }
}

#[cfg(test)]
mod tests;
