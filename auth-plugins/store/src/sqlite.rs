//! The state in one SQLite file, shared by the processes of one host.
//! <https://sqlite.org/wal.html>

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use gitlab_mcp_core::clock::Clock;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::{
    Change, Fence, Guarantees, Held, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};

mod file;
mod rows;

pub use file::SqliteError;
use rows::{end, holds, millis, row, write_value};

/// A store in a file of mode 0600.
pub struct Sqlite {
    clock: Arc<dyn Clock>,
    journal: String,
    connection: Arc<Mutex<Connection>>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens or makes the file. A directory that is missing is made with mode 0700, and one that
    /// others can enter is tightened when nothing else lies in it; a file is tightened to 0600.
    ///
    /// # Errors
    /// [`SqliteError`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, SqliteError> {
        let opened = file::open(path)?;
        Ok(Self {
            clock,
            journal: opened.journal,
            connection: Arc::new(Mutex::new(opened.connection)),
        })
    }

    /// Milliseconds of the wall clock.
    fn now(&self) -> i64 {
        let since = self.clock.now().duration_since(UNIX_EPOCH);
        millis(since.unwrap_or_default())
    }

    /// Runs `work` in a transaction that nobody else writes beside.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (connection, now) = (Arc::clone(&self.connection), self.now());
        let done = tokio::task::spawn_blocking(move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction, now)?;
            transaction.commit()?;
            Ok(done)
        });
        match done.await {
            Ok(done) => done.map_err(|error: rusqlite::Error| unavailable(&error)),
            Err(_) => Err(StoreError::Unavailable("the work was cut off".to_owned())),
        }
    }
}

fn unavailable(error: &rusqlite::Error) -> StoreError {
    let code = error.sqlite_error_code();
    StoreError::Unavailable(code.map_or_else(
        || "SQLite refuses the statement".to_owned(),
        |code| format!("SQLite says {code:?}"),
    ))
}

#[async_trait]
impl Store for Sqlite {
    fn guarantees(&self) -> Guarantees {
        Guarantees {
            durable: true,
            shared: true,
            one_time: true,
            revocation: true,
            lease: true,
        }
    }

    fn describe(&self) -> String {
        format!(
            "SQLite (journal_mode {}, synchronous full): an answered write survives a crash; only \
             the processes of this host share it",
            self.journal
        )
    }

    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError> {
        value.check()?;
        let at = at.clone();
        self.write(move |transaction, now| {
            if row(transaction, &at, now)?.is_some() {
                return Ok(false);
            }
            write_value(transaction, &at, &value, 1, end(now, life))?;
            Ok(true)
        })
        .await
    }

    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        let at = at.clone();
        self.write(move |transaction, now| {
            let found = row(transaction, &at, now)?;
            Ok(found.filter(|row| row.taken.is_none()).map(|row| row.held))
        })
        .await
    }

    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError> {
        let at = at.clone();
        self.write(move |transaction, now| {
            let Some(row) = row(transaction, &at, now)? else {
                return Ok(Taken::Absent);
            };
            if let Some(taken) = row.taken {
                let ago = u64::try_from(now.saturating_sub(taken)).unwrap_or_default();
                return Ok(Taken::Before {
                    tombstone: row.held.value.bytes,
                    ago: Duration::from_millis(ago),
                });
            }
            transaction
                .prepare_cached(
                    "UPDATE record SET bytes = ?3, taken = ?4, until = ?5 \
                     WHERE namespace = ?1 AND key = ?2",
                )?
                .execute(params![
                    at.namespace.name(),
                    at.key,
                    tombstone,
                    now,
                    end(now, life)
                ])?;
            Ok(Taken::First(row.held))
        })
        .await
    }

    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        change.value.check()?;
        let at = at.clone();
        self.write(move |transaction, now| {
            let found = row(transaction, &at, now)?.filter(|row| row.taken.is_none());
            let Some(row) = found else {
                return Ok(Updated::Absent);
            };
            if row.held.version != change.expected {
                return Ok(Updated::Moved);
            }
            if let Some((key, fence)) = &change.fence
                && !holds(transaction, key, *fence, now)?
            {
                return Ok(Updated::Fenced);
            }
            let version = change.expected.saturating_add(1);
            let until = end(now, change.life);
            write_value(transaction, &at, &change.value, version, until)?;
            Ok(Updated::Done(version))
        })
        .await
    }

    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        let at = at.clone();
        self.write(move |transaction, now| {
            let lived = row(transaction, &at, now)?.is_some();
            transaction
                .prepare_cached("DELETE FROM record WHERE namespace = ?1 AND key = ?2")?
                .execute(params![at.namespace.name(), at.key])?;
            Ok(lived)
        })
        .await
    }

    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        self.write(move |transaction, now| {
            let count: i64 = transaction
                .prepare_cached(
                    "SELECT count(*) FROM record \
                     WHERE namespace = ?1 AND taken IS NULL AND until > ?2",
                )?
                .query_row(params![namespace.name(), now], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
        .await
    }

    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        self.write(move |transaction, now| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            transaction
                .prepare_cached(
                    "SELECT key, bytes, rank, version FROM record \
                     WHERE namespace = ?1 AND rank <= ?2 AND taken IS NULL AND until > ?3 \
                     ORDER BY rank, key LIMIT ?4",
                )?
                .query_map(params![namespace.name(), up_to, now, limit], |row| {
                    let value = Value {
                        bytes: row.get(1)?,
                        rank: row.get(2)?,
                    };
                    let version = row.get::<_, i64>(3)?.cast_unsigned();
                    Ok((row.get(0)?, Held { value, version }))
                })?
                .collect()
        })
        .await
    }

    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        let key = key.to_owned();
        self.write(move |transaction, now| {
            let held = transaction
                .prepare_cached("SELECT 1 FROM lease WHERE key = ?1 AND until > ?2")?
                .exists(params![key, now])?;
            if held {
                return Ok(None);
            }
            let fence: i64 = transaction
                .prepare_cached("UPDATE fence SET last = last + 1 RETURNING last")?
                .query_row([], |row| row.get(0))?;
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO lease (key, fence, until) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![key, fence, end(now, life)])?;
            Ok(Some(Fence(fence.cast_unsigned())))
        })
        .await
    }

    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.write(move |transaction, now| {
            let changed = transaction
                .prepare_cached(
                    "UPDATE lease SET until = ?4 WHERE key = ?1 AND fence = ?2 AND until > ?3",
                )?
                .execute(params![key, fence.0.cast_signed(), now, end(now, life)])?;
            Ok(changed > 0)
        })
        .await
    }

    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |transaction, _| {
            transaction
                .prepare_cached("DELETE FROM lease WHERE key = ?1 AND fence = ?2")?
                .execute(params![key, fence.0.cast_signed()])?;
            Ok(())
        })
        .await
    }

    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        let key = key.to_owned();
        self.write(move |transaction, now| {
            let seen: i64 = transaction
                .prepare_cached(
                    "INSERT INTO count (key, seen, until) VALUES (?1, 1, ?3) ON CONFLICT (key) DO UPDATE SET \
                     seen = CASE WHEN until > ?2 THEN seen + 1 ELSE 1 END, \
                     until = CASE WHEN until > ?2 THEN until ELSE ?3 END RETURNING seen",
                )?
                .query_row(params![key, now, end(now, window)], |row| row.get(0))?;
            Ok(seen.cast_unsigned())
        })
        .await
    }

    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        self.write(move |transaction, now| {
            transaction
                .prepare_cached("DELETE FROM lease WHERE until <= ?1")?
                .execute([now])?;
            transaction
                .prepare_cached("DELETE FROM count WHERE until <= ?1")?
                .execute([now])?;
            transaction
                .prepare_cached(
                    "DELETE FROM record WHERE (namespace, key) IN \
                     (SELECT namespace, key FROM record WHERE until <= ?1 LIMIT ?2)",
                )?
                .execute(params![now, i64::try_from(batch).unwrap_or(i64::MAX)])
        })
        .await
    }
}
