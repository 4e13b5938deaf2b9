//! The state in PostgreSQL, shared by any number of replicas. Connects to the primary only.
//! <https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED>

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row};

use crate::{
    Change, Fence, Guarantees, Held, MAX_LIFE, Namespace, Place, Store, StoreError, Taken, Updated,
    Value,
};

mod layout;
mod settings;
mod tls;

use layout::Names;
use settings::Settings;

/// Longest wait for one statement, and for the connection it needs.
const PATIENCE: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 16;

/// Why the database cannot be used. Names neither the address nor the password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresqlError {
    /// The connection string cannot be read.
    #[error("not a usable postgres:// connection string")]
    Address,
    /// The table prefix has other characters than `[a-z][a-z0-9_]{0,30}`.
    #[error("the table prefix must match [a-z][a-z0-9_]{{0,30}}")]
    Prefix,
    /// The database cannot be reached or refuses us.
    #[error("PostgreSQL cannot be used: {0}")]
    Refused(String),
    /// It did not answer.
    #[error(
        "PostgreSQL did not answer within {0:?}; check that it runs and that this host can reach it"
    )]
    Late(Duration),
    /// It acknowledges writes before they are durable.
    #[error("PostgreSQL has synchronous_commit=off: an answered login could be lost; switch it on")]
    NotDurable,
    /// It is a standby.
    #[error("this PostgreSQL is a standby and cannot be written to; connect to the primary")]
    Standby,
    /// A later release made the tables.
    #[error("the tables were made by a later release (layout {0}); use that release")]
    Later(i32),
}

/// A store in PostgreSQL.
pub struct Postgresql {
    pool: Pool,
    names: Names,
    settings: Settings,
}

impl fmt::Debug for Postgresql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgresql")
    }
}

impl Postgresql {
    /// Connects, makes the tables that are missing, and checks what the database promises.
    ///
    /// # Errors
    /// [`PostgresqlError`], after `patience` at the latest.
    pub async fn connect(
        url: &Secret<ConnectionString>,
        prefix: &str,
        patience: Duration,
    ) -> Result<Self, PostgresqlError> {
        let names = Names::new(prefix).ok_or(PostgresqlError::Prefix)?;
        let mut config: Config = url.expose().parse().map_err(|_| PostgresqlError::Address)?;
        config.connect_timeout(patience);
        config.application_name("gitlab-mcp");
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let tls = tls::connector().map_err(|error| PostgresqlError::Refused(error.to_string()))?;
        let manager = Manager::from_config(config, tls, recycling);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| PostgresqlError::Refused(error.to_string()))?;
        match tokio::time::timeout(patience, prepare(&pool, &names)).await {
            Ok(prepared) => prepared.map(|settings| Self {
                pool,
                names,
                settings,
            }),
            Err(_) => Err(PostgresqlError::Late(patience)),
        }
    }

    async fn client(&self) -> Result<Object, StoreError> {
        let lost = |_| StoreError::Unavailable("no connection to PostgreSQL".to_owned());
        self.pool.get().await.map_err(lost)
    }

    async fn rows(&self, text: &str, with: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let mut taken = None;
        let asked = async {
            let client = taken.insert(self.client().await?);
            let asked = async {
                let statement = client.prepare_cached(text).await?;
                client.query(&statement, with).await
            };
            asked.await.map_err(|error| unavailable(&error))
        };
        // One budget: for a place in the pool, for a connection, and for the answer.
        if let Ok(rows) = tokio::time::timeout(PATIENCE, asked).await {
            return rows;
        }
        // What this connection still waits for is unknown: the pool must not reuse it.
        drop(taken.map(Object::take));
        Err(late())
    }

    async fn changed(&self, text: &str, with: &[&(dyn ToSql + Sync)]) -> Result<bool, StoreError> {
        Ok(!self.rows(text, with).await?.is_empty())
    }
}

/// Makes what is missing, and reads what the database promises.
async fn prepare(pool: &Pool, names: &Names) -> Result<Settings, PostgresqlError> {
    let refused = |error: tokio_postgres::Error| PostgresqlError::Refused(reason(&error));
    let mut client = pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => refused(error),
        PoolError::Timeout(_) => PostgresqlError::Late(PATIENCE),
        _ => PostgresqlError::Refused("no connection could be made".to_owned()),
    })?;
    let settings = Settings::read(&client).await?;
    let found = layout::migrate(&mut client, names).await.map_err(refused)?;
    if found > layout::LATEST {
        return Err(PostgresqlError::Later(found));
    }
    Ok(settings)
}

fn late() -> StoreError {
    StoreError::Unavailable("PostgreSQL did not answer in time".to_owned())
}

fn told(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(
        || "the connection failed".to_owned(),
        |code| format!("SQLSTATE {}", code.code()),
    )
}

/// What an operator can do about an error at start.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn reason(error: &tokio_postgres::Error) -> String {
    let text = match error.code().map(SqlState::code) {
        Some("28P01") => "it does not accept this user name and password",
        Some("28000") => "it does not let this user in from here (pg_hba.conf)",
        Some("3D000") => "there is no database of this name",
        Some("42501") => "this user may not create tables; grant CREATE on its schema",
        Some("53300") => "it has no connection left; raise max_connections",
        Some("57P03") => "it is starting or stopping; try again soon",
        None => "no connection could be made; check that it runs, its host and port, and TLS",
        Some(_) => return told(error),
    };
    text.to_owned()
}

/// A life in seconds, as PostgreSQL takes it.
fn seconds(life: Duration) -> f64 {
    life.min(MAX_LIFE).as_secs_f64()
}

fn unavailable(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(told(error))
}

fn held(row: &Row, first: usize) -> Held {
    Held {
        value: Value {
            bytes: row.get(first),
            rank: row.get(first + 1),
        },
        version: row.get::<_, i64>(first + 2).cast_unsigned(),
    }
}

#[async_trait]
impl Store for Postgresql {
    fn guarantees(&self) -> Guarantees {
        Guarantees {
            durable: self.settings.is_durable(),
            shared: true,
            one_time: true,
            revocation: true,
            lease: true,
        }
    }

    fn describe(&self) -> String {
        self.settings.to_string()
    }

    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError> {
        value.check()?;
        self.changed(
            &self.names.put_new,
            &[
                &at.namespace.name(),
                &at.key.as_bytes(),
                &value.bytes,
                &value.rank,
                &seconds(life),
            ],
        )
        .await
    }

    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        let place: [&(dyn ToSql + Sync); 2] = [&at.namespace.name(), &at.key.as_bytes()];
        let rows = self.rows(&self.names.get, &place).await?;
        Ok(rows.first().map(|row| held(row, 0)))
    }

    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError> {
        let (namespace, key) = (at.namespace.name(), at.key.as_bytes());
        let rows = self
            .rows(
                &self.names.take,
                &[&namespace, &key, &tombstone, &seconds(life)],
            )
            .await?;
        if let Some(row) = rows.first() {
            return Ok(Taken::First(held(row, 0)));
        }
        let rows = self
            .rows(&self.names.tombstone, &[&namespace, &key])
            .await?;
        Ok(rows.first().map_or(Taken::Absent, |row| Taken::Before {
            tombstone: row.get(0),
            ago: Duration::from_secs_f64(row.get::<_, f64>(1).max(0.0)),
        }))
    }

    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        change.value.check()?;
        let (namespace, key) = (at.namespace.name(), at.key.as_bytes());
        let (lease, fence) = match &change.fence {
            Some((key, fence)) => (Some(key.as_bytes()), fence.0.cast_signed()),
            None => (None, 0),
        };
        let rows = self
            .rows(
                &self.names.update,
                &[
                    &namespace,
                    &key,
                    &change.expected.cast_signed(),
                    &change.value.bytes,
                    &change.value.rank,
                    &seconds(change.life),
                    &lease,
                    &fence,
                ],
            )
            .await?;
        if let Some(row) = rows.first() {
            return Ok(Updated::Done(row.get::<_, i64>(0).cast_unsigned()));
        }
        let rows = self.rows(&self.names.get, &[&namespace, &key]).await?;
        Ok(match rows.first() {
            None => Updated::Absent,
            Some(row) if held(row, 0).version == change.expected => Updated::Fenced,
            Some(_) => Updated::Moved,
        })
    }

    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        let place: [&(dyn ToSql + Sync); 2] = [&at.namespace.name(), &at.key.as_bytes()];
        let rows = self.rows(&self.names.delete, &place).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        let rows = self.rows(&self.names.count, &[&namespace.name()]).await?;
        let count = rows.first().map(|row| row.get::<_, i64>(0));
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self
            .rows(&self.names.lowest, &[&namespace.name(), &up_to, &limit])
            .await?;
        let key = |row: &Row| String::from_utf8_lossy(row.get::<_, &[u8]>(3)).into_owned();
        Ok(rows.iter().map(|row| (key(row), held(row, 0))).collect())
    }

    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        let with: [&(dyn ToSql + Sync); 2] = [&key.as_bytes(), &seconds(life)];
        let rows = self.rows(&self.names.lease, &with).await?;
        let fence = |row: &Row| Fence(row.get::<_, i64>(0).cast_unsigned());
        Ok(rows.first().map(fence))
    }

    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        let fence = fence.0.cast_signed();
        let with: [&(dyn ToSql + Sync); 3] = [&key.as_bytes(), &fence, &seconds(life)];
        self.changed(&self.names.renew, &with).await
    }

    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        let fence = fence.0.cast_signed();
        let with: [&(dyn ToSql + Sync); 2] = [&key.as_bytes(), &fence];
        self.rows(&self.names.release, &with).await.map(drop)
    }

    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        let with: [&(dyn ToSql + Sync); 2] = [&key.as_bytes(), &seconds(window)];
        let rows = self.rows(&self.names.incr, &with).await?;
        let seen = rows.first().map(|row| row.get::<_, i64>(0));
        Ok(seen.unwrap_or_default().cast_unsigned())
    }

    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        self.rows(&self.names.expire_rest, &[]).await?;
        let batch = i64::try_from(batch).unwrap_or(i64::MAX);
        Ok(self.rows(&self.names.expire, &[&batch]).await?.len())
    }
}
