//! What Redis promises about a crash: its settings, read at start.

use redis::aio::ConnectionManager;
use redis::{InfoDict, Value};

use super::{RedisError, told};

/// How much an answered write is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    /// Every write is on disk before it is answered.
    Always,
    /// Writes reach the disk within a second.
    EverySecond,
    /// Snapshots, or nothing at all.
    Weak,
    /// This user may not read the settings.
    Unknown,
}

impl Persistence {
    pub(super) const fn is_durable(self) -> bool {
        matches!(self, Self::Always)
    }

    pub(super) const fn possible_loss(self) -> &'static str {
        match self {
            Self::Always => "a crash of Redis loses nothing (appendfsync always)",
            Self::EverySecond => "a crash of Redis may lose the last second (appendfsync everysec)",
            Self::Weak => "a crash of Redis may lose logins (no append-only file that is synced)",
            Self::Unknown => {
                "Redis does not tell its persistence settings; a crash may lose logins"
            }
        }
    }

    /// Reads it, and refuses a Redis that would throw keys away.
    pub(super) async fn read(connection: &mut ConnectionManager) -> Result<Self, RedisError> {
        let refused = |error: redis::RedisError| RedisError::Refused(told(&error));
        let info: InfoDict = redis::cmd("INFO")
            .query_async(connection)
            .await
            .map_err(refused)?;
        if info
            .get::<String>("role")
            .is_some_and(|role| role != "master")
        {
            return Err(RedisError::Replica);
        }
        let limited = info.get::<u64>("maxmemory").unwrap_or_default() > 0;
        let policy = info
            .get::<String>("maxmemory_policy")
            .unwrap_or_else(|| "unknown".to_owned());
        if limited && policy != "noeviction" {
            return Err(RedisError::Evicts(policy));
        }
        let asked: Result<Value, _> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("append*")
            .query_async(connection)
            .await;
        let Ok(settings) = asked.and_then(|value| {
            redis::from_redis_value::<std::collections::BTreeMap<String, String>>(value)
                .map_err(Into::into)
        }) else {
            return Ok(Self::Unknown);
        };
        let is = |name: &str, value: &str| settings.get(name).is_some_and(|own| own == value);
        Ok(match () {
            () if !is("appendonly", "yes") => Self::Weak,
            () if is("appendfsync", "always") => Self::Always,
            () if is("appendfsync", "everysec") => Self::EverySecond,
            () => Self::Weak,
        })
    }
}
