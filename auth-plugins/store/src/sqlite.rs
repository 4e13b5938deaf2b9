//! The state in one SQLite file, shared by the processes of one host.
//! <https://sqlite.org/wal.html>

use std::fmt;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use gitlab_mcp_core::clock::Clock;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::{
    Change, Fence, Guarantees, Held, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};

/// The layout of the tables; a file with a higher number belongs to a later release.
const LAYOUT: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS record (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    bytes BLOB NOT NULL,
    rank INTEGER NOT NULL,
    version INTEGER NOT NULL,
    taken INTEGER,
    until INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_rank ON record (namespace, rank, key) WHERE taken IS NULL;
CREATE INDEX IF NOT EXISTS record_until ON record (until);
CREATE TABLE IF NOT EXISTS lease (
    key TEXT PRIMARY KEY, fence INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS count (
    key TEXT PRIMARY KEY, seen INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL);
INSERT OR IGNORE INTO fence VALUES (1, 0);
";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// The file or its directory.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no database, or a damaged one; it was moved aside and nothing of it is lost.
    #[error("{path} is damaged; it was moved to {aside}. Start again to begin with an empty one")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where it is.
        aside: PathBuf,
    },
    /// A later release wrote it.
    #[error("{path} was written by a later release (layout {layout}); use that release")]
    Later {
        /// Which.
        path: PathBuf,
        /// Its layout.
        layout: i64,
    },
    /// SQLite says no.
    #[error("{path}: {text}")]
    Refused {
        /// Which.
        path: PathBuf,
        /// What it says.
        text: String,
    },
}

/// A store in a file of mode 0600.
pub struct Sqlite {
    clock: Arc<dyn Clock>,
    connection: Arc<Mutex<Connection>>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens or makes the file; a directory that is missing is made with mode 0700, a file that
    /// others can read is tightened to 0600.
    ///
    /// # Errors
    /// [`SqliteError`].
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, SqliteError> {
        let file = |error| SqliteError::File {
            path: path.to_owned(),
            error,
        };
        if let Some(folder) = path.parent().filter(|one| !one.as_os_str().is_empty()) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(file)?;
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .and_then(|made| made.set_permissions(fs::Permissions::from_mode(0o600)))
            .map_err(file)?;
        match prepared(path) {
            Ok(connection) => Ok(Self {
                clock,
                connection: Arc::new(Mutex::new(connection)),
            }),
            Err(Trouble::Later(layout)) => Err(SqliteError::Later {
                path: path.to_owned(),
                layout,
            }),
            Err(Trouble::Damaged) => {
                let mut aside = path.as_os_str().to_owned();
                aside.push(".bad");
                let aside = PathBuf::from(aside);
                fs::rename(path, &aside).map_err(file)?;
                Err(SqliteError::Damaged {
                    path: path.to_owned(),
                    aside,
                })
            }
            Err(Trouble::Other(text)) => Err(SqliteError::Refused {
                path: path.to_owned(),
                text,
            }),
        }
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

enum Trouble {
    Damaged,
    Later(i64),
    Other(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Self::Damaged
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

fn prepared(path: &Path) -> Result<Connection, Trouble> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(Trouble::Damaged);
    }
    let layout: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if layout > LAYOUT {
        return Err(Trouble::Later(layout));
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", LAYOUT)?;
    Ok(connection)
}

fn unavailable(error: &rusqlite::Error) -> StoreError {
    let code = error.sqlite_error_code();
    StoreError::Unavailable(code.map_or_else(
        || "SQLite refuses the statement".to_owned(),
        |code| format!("SQLite says {code:?}"),
    ))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn end(now: i64, life: Duration) -> i64 {
    now.saturating_add(millis(life))
}

/// A record that lives.
struct Row {
    held: Held,
    taken: Option<i64>,
}

fn row(transaction: &Transaction<'_>, at: &Place, now: i64) -> rusqlite::Result<Option<Row>> {
    transaction
        .prepare_cached(
            "SELECT bytes, rank, version, taken FROM record \
             WHERE namespace = ?1 AND key = ?2 AND until > ?3",
        )?
        .query_row(params![at.namespace.name(), at.key, now], |row| {
            Ok(Row {
                held: Held {
                    value: Value {
                        bytes: row.get(0)?,
                        rank: row.get(1)?,
                    },
                    version: row.get::<_, i64>(2)?.cast_unsigned(),
                },
                taken: row.get(3)?,
            })
        })
        .optional()
}

fn write_value(
    transaction: &Transaction<'_>,
    at: &Place,
    value: &Value,
    version: u64,
    until: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)")?
        .execute(params![
            at.namespace.name(),
            at.key,
            value.bytes,
            value.rank,
            version.cast_signed(),
            until
        ])?;
    Ok(())
}

fn holds(
    transaction: &Transaction<'_>,
    key: &str,
    fence: Fence,
    now: i64,
) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM lease WHERE key = ?1 AND fence = ?2 AND until > ?3")?
        .exists(params![key, fence.0.cast_signed(), now])
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
                .prepare_cached("INSERT OR REPLACE INTO lease VALUES (?1, ?2, ?3)")?
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
                    "INSERT INTO count VALUES (?1, 1, ?3) ON CONFLICT (key) DO UPDATE SET \
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
