//! The state in Redis, shared by any number of replicas. Talks to the primary only; how durable it
//! is depends on Redis' own settings. <https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/>

use std::fmt;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, FromRedisValue, Script, ScriptInvocation};
use async_trait::async_trait;
use gitlab_mcp_core::secret::{ConnectionString, Secret};

use crate::{
    Change, Fence, Guarantees, Held, MAX_LIFE, Namespace, Place, Store, StoreError, Taken, Updated,
    Value,
};

mod scripts;
mod settings;

use scripts::Scripts;
use settings::Settings;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why Redis cannot be used. Names neither the address nor the password.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The connection string cannot be read.
    #[error("not a usable redis://, rediss:// or unix:// connection string")]
    Address,
    /// Redis cannot be reached or refuses us.
    #[error("Redis cannot be used: {0}")]
    Refused(String),
    /// It did not answer.
    #[error(
        "Redis did not answer within {0:?}; check that it runs and that this host can reach it"
    )]
    Late(Duration),
    /// It throws keys away when its memory is full.
    #[error(
        "Redis has maxmemory with the eviction policy {0}: logins could vanish; set \
         maxmemory-policy noeviction"
    )]
    Evicts(String),
    /// It is a replica.
    #[error("this Redis is a replica and cannot be written to; connect to the primary")]
    Replica,
}

/// A store in Redis.
pub struct Redis {
    connection: ConnectionManager,
    prefix: String,
    scripts: Scripts,
    settings: Settings,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Redis {
    /// Connects and reads what Redis promises. Every key starts with `prefix`.
    ///
    /// # Errors
    /// [`RedisError`], after `patience` at the latest.
    pub async fn connect(
        url: &Secret<ConnectionString>,
        prefix: &str,
        patience: Duration,
    ) -> Result<Self, RedisError> {
        let refused = |error: &::redis::RedisError| RedisError::Refused(reason(error));
        let client = Client::open(url.expose()).map_err(|_| RedisError::Address)?;
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let made = async {
            let mut connection = ConnectionManager::new_with_config(client, settings)
                .await
                .map_err(|error| refused(&error))?;
            let settings = Settings::read(&mut connection).await?;
            Ok(Self {
                connection,
                prefix: prefix.to_owned(),
                scripts: Scripts::new(),
                settings,
            })
        };
        match tokio::time::timeout(patience, made).await {
            Ok(made) => made,
            Err(_) => Err(RedisError::Late(patience)),
        }
    }

    fn key(&self, kind: &str, key: &str) -> String {
        format!("{}{kind}:{key}", self.prefix)
    }

    fn record(&self, at: &Place) -> String {
        self.key(at.namespace.name(), &at.key)
    }

    /// A script with the three keys of a record: itself, and the two indexes of its namespace.
    fn on<'a>(&self, script: &'a Script, at: &Place) -> ScriptInvocation<'a> {
        let mut call = self.within(script, at.namespace);
        call.key(self.record(at)).arg(&at.key);
        call
    }

    fn within<'a>(&self, script: &'a Script, namespace: Namespace) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.key("rank", namespace.name()))
            .key(self.key("until", namespace.name()));
        call
    }

    async fn ask<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        match tokio::time::timeout(PATIENCE, call.invoke_async(&mut connection)).await {
            Ok(answer) => answer.map_err(|error| StoreError::Unavailable(told(&error))),
            Err(_) => Err(StoreError::Unavailable(
                "Redis did not answer in time".to_owned(),
            )),
        }
    }
}

/// The kind of an error: its text may hold an address.
fn told(error: &::redis::RedisError) -> String {
    match error.code() {
        Some(code) => format!("Redis says {code}"),
        None => format!("{:?}", error.kind()),
    }
}

/// What an operator can do about an error at start.
fn reason(error: &::redis::RedisError) -> String {
    let text = match error.code() {
        Some("NOAUTH") => "it asks for a password",
        Some("WRONGPASS") => "it does not know this user name or password",
        Some("NOPERM") => "this user may not run the commands of a state store",
        None if error.is_io_error() => {
            "no connection could be made; check that it runs, and its host and port"
        }
        _ => return told(error),
    };
    text.to_owned()
}

/// A life in milliseconds, as Redis takes it.
fn millis(life: Duration) -> u64 {
    let life = life.min(MAX_LIFE).as_millis();
    u64::try_from(life).unwrap_or(u64::MAX).max(1)
}

/// Bytes, rank and version, as the scripts answer them.
type Answer = (Vec<u8>, i64, u64);

fn held((bytes, rank, version): Answer) -> Held {
    Held {
        value: Value { bytes, rank },
        version,
    }
}

#[async_trait]
impl Store for Redis {
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
        let mut call = self.on(&self.scripts.put_new, at);
        call.arg(value.bytes).arg(value.rank).arg(millis(life));
        self.ask(&call).await
    }

    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        let mut call = self.scripts.get.prepare_invoke();
        call.key(self.record(at));
        let answer: Option<Answer> = self.ask(&call).await?;
        Ok(answer.map(held))
    }

    async fn take(
        &self,
        at: &Place,
        tombstone: Vec<u8>,
        life: Duration,
    ) -> Result<Taken, StoreError> {
        let mut call = self.on(&self.scripts.take, at);
        call.arg(tombstone).arg(millis(life));
        let (word, bytes, rank, number): (String, Vec<u8>, i64, u64) = self.ask(&call).await?;
        Ok(match word.as_str() {
            "first" => Taken::First(held((bytes, rank, number))),
            "before" => Taken::Before {
                tombstone: bytes,
                ago: Duration::from_millis(number),
            },
            _ => Taken::Absent,
        })
    }

    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        change.value.check()?;
        let mut call = self.on(&self.scripts.update, at);
        let (lease, fence) = change.fence.unwrap_or_default();
        call.key(self.key("lease", &lease))
            .arg(change.expected)
            .arg(change.value.bytes)
            .arg(change.value.rank)
            .arg(millis(change.life))
            .arg(fence.0);
        let (word, version): (String, u64) = self.ask(&call).await?;
        Ok(match word.as_str() {
            "done" => Updated::Done(version),
            "moved" => Updated::Moved,
            "fenced" => Updated::Fenced,
            _ => Updated::Absent,
        })
    }

    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        self.ask(&self.on(&self.scripts.delete, at)).await
    }

    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        self.ask(&self.within(&self.scripts.count, namespace)).await
    }

    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        let mut call = self.within(&self.scripts.lowest, namespace);
        call.arg(self.key(namespace.name(), ""))
            .arg(up_to)
            .arg(limit);
        let found: Vec<(String, Vec<u8>, i64, u64)> = self.ask(&call).await?;
        let mut found: Vec<(String, Held)> = found
            .into_iter()
            .map(|(key, bytes, rank, version)| (key, held((bytes, rank, version))))
            .collect();
        // Scores are floating point: near the ends of i64 they cannot tell ranks apart.
        found.retain(|(_, held)| held.value.rank <= up_to);
        found.sort_by(|(one, a), (other, b)| (a.value.rank, one).cmp(&(b.value.rank, other)));
        Ok(found)
    }

    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        let mut call = self.scripts.lease.prepare_invoke();
        call.key(self.key("lease", key))
            .key(self.key("fence", ""))
            .arg(millis(life));
        let fence: Option<u64> = self.ask(&call).await?;
        Ok(fence.map(Fence))
    }

    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        let mut call = self.scripts.renew.prepare_invoke();
        call.key(self.key("lease", key))
            .arg(fence.0)
            .arg(millis(life));
        self.ask(&call).await
    }

    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        let mut call = self.scripts.release.prepare_invoke();
        call.key(self.key("lease", key)).arg(fence.0);
        self.ask::<bool>(&call).await.map(drop)
    }

    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        let mut call = self.scripts.incr.prepare_invoke();
        call.key(self.key("count", key)).arg(millis(window));
        self.ask(&call).await
    }

    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        let mut gone = 0;
        for namespace in Namespace::ALL {
            let left = batch.saturating_sub(gone);
            if left == 0 {
                break;
            }
            let mut call = self.within(&self.scripts.expire, namespace);
            call.arg(left);
            gone += self.ask::<usize>(&call).await?;
        }
        Ok(gone)
    }
}
