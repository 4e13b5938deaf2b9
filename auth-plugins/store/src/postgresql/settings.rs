//! What PostgreSQL promises about a crash: its settings, read at start.
//! <https://www.postgresql.org/docs/current/runtime-config-wal.html>

use std::fmt;

use tokio_postgres::Client;

use super::{PostgresqlError, reason};

const QUESTION: &str = "SELECT pg_is_in_recovery(), current_setting('synchronous_commit'), \
     current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', \
     current_setting('server_version_num')::int";

/// What it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// Ten thousand times the major version, plus the minor one.
    version: i32,
    fsync: bool,
    full_page_writes: bool,
}

impl Settings {
    pub(super) const fn is_durable(self) -> bool {
        self.fsync && self.full_page_writes
    }

    /// Reads them; refuses a standby, and one that answers before it has written.
    pub(super) async fn read(client: &Client) -> Result<Self, PostgresqlError> {
        let said = client
            .query_one(QUESTION, &[])
            .await
            .map_err(|error| PostgresqlError::Refused(reason(&error)))?;
        if said.get::<_, bool>(0) {
            return Err(PostgresqlError::Standby);
        }
        if said.get::<_, &str>(1) == "off" {
            return Err(PostgresqlError::NotDurable);
        }
        Ok(Self {
            version: said.get(4),
            fsync: said.get(2),
            full_page_writes: said.get(3),
        })
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |on| if on { "on" } else { "off" };
        let loss = match (self.fsync, self.full_page_writes) {
            (true, true) => "an answered write survives a crash",
            (false, _) => "a crash of its host may lose everything; set fsync on",
            (true, false) => "a crash of its host may damage tables; set full_page_writes on",
        };
        write!(
            f,
            "PostgreSQL {}.{} (fsync {}, full_page_writes {}): {loss}",
            self.version / 10_000,
            self.version % 10_000,
            word(self.fsync),
            word(self.full_page_writes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_that_syncs_is_durable() {
        for (fsync, full_page_writes, wanted) in [
            (true, true, "survives a crash"),
            (true, false, "set full_page_writes on"),
            (false, true, "set fsync on"),
            (false, false, "set fsync on"),
        ] {
            let settings = Settings {
                version: 170_004,
                fsync,
                full_page_writes,
            };
            let line = settings.to_string();
            assert_eq!(settings.is_durable(), fsync && full_page_writes, "{line}");
            assert!(line.starts_with("PostgreSQL 17.4 (fsync o"), "{line}");
            assert!(line.contains(wanted), "{line}");
        }
    }
}
