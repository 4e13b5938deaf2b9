//! What Redis promises about a crash and about a full memory: its settings, read at start.
//! <https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/>

use std::collections::BTreeMap;
use std::fmt;

use redis::aio::ConnectionManager;
use redis::{InfoDict, Value};

use super::{RedisError, reason};

/// Longest word of an answer that is repeated in the log.
const WORD: usize = 32;

/// What it said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    version: String,
    /// `maxmemory-policy`.
    policy: String,
    persistence: Persistence,
}

/// How much an answered write is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persistence {
    /// Every write is on disk before it is answered.
    Always,
    /// Writes reach the disk within a second.
    EverySecond,
    /// The append-only file is written, and synced when the system likes.
    Unsynced,
    /// Snapshots, or nothing at all.
    NoFile,
    /// This user may not read the settings.
    Unknown,
}

impl Settings {
    pub(super) const fn is_durable(&self) -> bool {
        matches!(self.persistence, Persistence::Always)
    }

    /// Reads them, and refuses a Redis that would throw keys away.
    pub(super) async fn read(connection: &mut ConnectionManager) -> Result<Self, RedisError> {
        let refused = |error: redis::RedisError| RedisError::Refused(reason(&error));
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
        let said = |name: &str| word(info.get::<String>(name));
        let policy = said("maxmemory_policy");
        let limited = info.get::<u64>("maxmemory").unwrap_or_default() > 0;
        if limited && policy != "noeviction" {
            return Err(RedisError::Evicts(policy));
        }
        let asked: Result<Value, _> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("append*")
            .query_async(connection)
            .await;
        let settings = asked.and_then(|value| {
            redis::from_redis_value::<BTreeMap<String, String>>(value).map_err(Into::into)
        });
        Ok(Self {
            version: said("redis_version"),
            policy,
            persistence: settings.map_or(Persistence::Unknown, |all| Persistence::of(&all)),
        })
    }
}

/// A word that is safe in a log line, whoever answered it.
fn word(said: Option<String>) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || ".-_".contains(*c);
    let word: String = said
        .unwrap_or_default()
        .chars()
        .filter(plain)
        .take(WORD)
        .collect();
    if word.is_empty() {
        return "unknown".to_owned();
    }
    word
}

impl Persistence {
    fn of(settings: &BTreeMap<String, String>) -> Self {
        let is = |name: &str, value: &str| settings.get(name).is_some_and(|own| own == value);
        match () {
            () if !is("appendonly", "yes") => Self::NoFile,
            () if is("appendfsync", "always") => Self::Always,
            () if is("appendfsync", "everysec") => Self::EverySecond,
            () => Self::Unsynced,
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (settings, loss) = match self.persistence {
            Persistence::Always => (
                "appendonly yes, appendfsync always",
                "an answered write survives a crash",
            ),
            Persistence::EverySecond => (
                "appendonly yes, appendfsync everysec",
                "a crash may lose the last second; set appendfsync always to lose nothing",
            ),
            Persistence::Unsynced => (
                "appendonly yes, appendfsync no",
                "a crash may lose logins; set appendfsync always to lose nothing",
            ),
            Persistence::NoFile => (
                "appendonly no",
                "a crash may lose logins; set appendonly yes and appendfsync always to lose nothing",
            ),
            Persistence::Unknown => (
                "persistence settings not readable",
                "a crash may lose logins; allow CONFIG GET to have it checked",
            ),
        };
        write!(
            f,
            "Redis {} ({settings}, maxmemory-policy {}): {loss}",
            self.version, self.policy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_that_is_synced_before_its_answer_is_durable() {
        for (appendonly, appendfsync, wanted) in [
            ("yes", "always", "an answered write survives a crash"),
            ("yes", "everysec", "may lose the last second"),
            ("yes", "no", "may lose logins"),
            ("no", "always", "may lose logins"),
        ] {
            let said = [("appendonly", appendonly), ("appendfsync", appendfsync)];
            let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let settings = Settings {
                version: word(Some("7.2.1".to_owned())),
                policy: word(None),
                persistence: Persistence::of(&BTreeMap::from(said)),
            };
            let line = settings.to_string();
            assert_eq!(settings.is_durable(), wanted.contains("survives"), "{line}");
            assert!(line.starts_with("Redis 7.2.1 (append"), "{line}");
            assert!(line.contains("maxmemory-policy unknown"), "{line}");
            assert!(line.contains(wanted), "{line}");
        }
    }

    #[test]
    fn what_redis_says_cannot_write_lines_of_the_log() {
        let hostile = "7.0\n2026 ERROR all is lost \u{1b}[31m".to_owned();
        let word = word(Some(hostile));
        assert!(
            word.len() <= WORD && !word.contains(char::is_whitespace),
            "{word}"
        );
    }
}
