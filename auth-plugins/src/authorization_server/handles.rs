//! States and codes: what goes out with a browser or a client, comes back, and is good for one use.
//!
//! Where there is a store, the record stands there and its name is random, with a proof that this
//! server made it: a guess ends before the store is asked. Without one the name is the record, sealed:
//! any replica with the keys opens it, and each replica remembers on its own which ones came back to
//! it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_store::{Namespace, StoreError};
use serde::{Deserialize, Serialize};

use super::AuthorizationServer;
use super::browser::digest;
use super::keys::Purpose;
use super::records::{Record, TakenRecord};

/// Random bytes of a name; with the proof 91 characters.
const RANDOM: usize = 32;
/// Longest sealed name in bytes: it has to fit into the address of a page.
const LONGEST: usize = 6 * 1024;
/// Most used names that one replica remembers. Beyond that it refuses, because it could not tell a
/// second use from the first.
const MOST: u64 = 50_000;

/// A record that goes out under a name.
pub(super) trait Handle: Record {
    /// What its names start with.
    const PREFIX: &'static str;
    /// The key it is sealed with where it is not stored.
    const PURPOSE: Purpose;

    /// Unix seconds after which it is no good.
    fn ends(&self) -> u64;
}

/// Something that is good for one use came back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Used {
    /// Unix seconds.
    at: u64,
}

impl Record for Used {
    const NAMESPACE: Namespace = Namespace::ConsentUsed;
}

impl AuthorizationServer {
    /// A name for `record`, under which it can be found and taken until it ends.
    ///
    /// # Errors
    /// [`StoreError`]; also for a record that is too long to travel in its name.
    pub(super) async fn hand_out<R: Handle>(&self, record: &R) -> Result<String, StoreError> {
        let now = self.tokens.now();
        if self.rules.sealed.is_some() {
            // A plain struct with text keys always has a JSON form.
            let plain = zeroize::Zeroizing::new(serde_json::to_vec(record).unwrap_or_default());
            let sealed = self.keys.seal_text(R::PURPOSE, &[], &plain, &*self.random);
            let name = format!("{}{sealed}", R::PREFIX);
            return match name.len() {
                length if length > LONGEST => Err(StoreError::TooLong(length)),
                _ => Ok(name),
            };
        }
        let mut random = [0; RANDOM];
        self.random.fill(&mut random);
        let proof = self.keys.sign(Purpose::Handle, &of_kind::<R>(&random));
        let name = URL_SAFE_NO_PAD.encode([&random, proof.as_slice()].concat());
        let name = format!("{}{name}", R::PREFIX);
        let life = Duration::from_secs(record.ends().saturating_sub(now));
        let rank = i64::try_from(now).unwrap_or(i64::MAX);
        // 256 random bits meet nobody's place.
        self.records.put_ranked(&name, record, rank, life).await?;
        Ok(name)
    }

    /// The record `name`, if nobody has taken it and it has not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn handed_out<R: Handle>(&self, name: &str) -> Result<Option<R>, StoreError> {
        if self.rules.sealed.is_none() {
            if !self.made::<R>(name) {
                return Ok(None);
            }
            let found = self.records.get::<R>(name).await?;
            return Ok(found.map(|found| found.record));
        }
        match self.unsealed(name) {
            Some(record) if self.used(&digest(name)).await?.is_none() => Ok(Some(record)),
            _ => Ok(None),
        }
    }

    /// Takes the record `name` for exactly one caller; with sealed names, for one of each replica.
    /// For `life`, or until a sealed name ends, later callers learn what it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn take_handed_out<R: Handle>(
        &self,
        name: &str,
        life: Duration,
    ) -> Result<TakenRecord<R>, StoreError> {
        if self.rules.sealed.is_none() {
            if !self.made::<R>(name) {
                return Ok(TakenRecord::Absent);
            }
            return self.records.take(name, life).await;
        }
        let Some(record) = self.unsealed::<R>(name) else {
            return Ok(TakenRecord::Absent);
        };
        if self.use_up(&digest(name), record.ends()).await? {
            return Ok(TakenRecord::First(record));
        }
        let at = self.used(&digest(name)).await?.map_or(0, |used| used.at);
        Ok(TakenRecord::Before {
            record,
            ago: Duration::from_secs(self.tokens.now().saturating_sub(at)),
        })
    }

    /// Ends `record` before its time: nobody gets it any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn void<R: Handle>(&self, name: &str, record: &R) -> Result<(), StoreError> {
        if self.rules.sealed.is_some() {
            self.use_up(&digest(name), record.ends()).await.map(drop)
        } else {
            self.records.delete::<R>(name).await.map(drop)
        }
    }

    /// Whether this server made `name`, or one with the same keys.
    fn made<R: Handle>(&self, name: &str) -> bool {
        let bytes = name.strip_prefix(R::PREFIX);
        let bytes = bytes.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.unwrap_or_default();
        let parts = bytes.split_first_chunk::<RANDOM>();
        parts.is_some_and(|(random, proof)| {
            self.keys
                .verify(Purpose::Handle, &of_kind::<R>(random), proof)
        })
    }

    fn unsealed<R: Handle>(&self, name: &str) -> Option<R> {
        let sealed = name.strip_prefix(R::PREFIX)?;
        let opened = self.keys.open_text(R::PURPOSE, &[], sealed).ok()?;
        let record: R = serde_json::from_slice(&opened.plain).ok()?;
        (record.ends() > self.tokens.now()).then_some(record)
    }

    async fn used(&self, id: &str) -> Result<Option<Used>, StoreError> {
        let found = self.records.get::<Used>(id).await?;
        Ok(found.map(|found| found.record))
    }

    /// Writes down that `id`, which is good for one use until `ends`, came back; false when it had
    /// before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn use_up(&self, id: &str, ends: u64) -> Result<bool, StoreError> {
        if self.rules.sealed.is_some() && self.records.count::<Used>().await? >= MOST {
            let reason = "as many sign-ins as one process can tell apart are under way";
            return Err(StoreError::Unavailable(reason.to_owned()));
        }
        let now = self.tokens.now();
        let rank = i64::try_from(ends).unwrap_or(i64::MAX);
        let life = Duration::from_secs(ends.saturating_sub(now).max(1));
        self.records
            .put_once(id, &Used { at: now }, rank, life)
            .await
    }
}

/// What the proof in a name is about.
fn of_kind<R: Handle>(random: &[u8]) -> [&[u8]; 2] {
    [R::NAMESPACE.name().as_bytes(), random]
}
