//! The statements that several operations share. Times are milliseconds since the epoch.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::{Fence, Held, MAX_LIFE, Place, Value};

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn end(now: i64, life: Duration) -> i64 {
    now.saturating_add(millis(life.min(MAX_LIFE)))
}

/// A record that lives.
pub(super) struct Row {
    pub(super) held: Held,
    pub(super) taken: Option<i64>,
}

pub(super) fn row(
    transaction: &Transaction<'_>,
    at: &Place,
    now: i64,
) -> rusqlite::Result<Option<Row>> {
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

pub(super) fn write_value(
    transaction: &Transaction<'_>,
    at: &Place,
    value: &Value,
    version: u64,
    until: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO record (namespace, key, bytes, rank, version, taken, until) \
             VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)",
        )?
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

pub(super) fn holds(
    transaction: &Transaction<'_>,
    key: &str,
    fence: Fence,
    now: i64,
) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM lease WHERE key = ?1 AND fence = ?2 AND until > ?3")?
        .exists(params![key, fence.0.cast_signed(), now])
}
