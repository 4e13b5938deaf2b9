//! The tables, and every statement on them, for one prefix. Keys are bytes: they may hold anything.

use tokio_postgres::Client;

/// The layout this release writes. A column with a default needs no other number: statements name
/// their columns, so that two releases work on the same tables.
pub(super) const LATEST: i32 = 1;

/// Every statement, with the names of this prefix.
pub(super) struct Names {
    prefix: String,
    pub(super) put_new: String,
    pub(super) get: String,
    pub(super) take: String,
    pub(super) tombstone: String,
    pub(super) update: String,
    pub(super) delete: String,
    pub(super) count: String,
    pub(super) lowest: String,
    pub(super) lease: String,
    pub(super) renew: String,
    pub(super) release: String,
    pub(super) incr: String,
    pub(super) expire: String,
    pub(super) expire_rest: String,
}

/// The database's own time, which moves within a transaction.
const NOW: &str = "clock_timestamp()";

impl Names {
    #[expect(clippy::too_many_lines, reason = "a table of statements")]
    /// `None` when the prefix could be anything but the start of a plain name.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts = prefix.bytes().next()?.is_ascii_lowercase();
        if !starts || prefix.len() > 31 || !prefix.bytes().all(plain) {
            return None;
        }
        let p = prefix;
        let at = "namespace = $1 AND key = $2";
        let alive = format!("until > {NOW}");
        let later = |number: u8| format!("{NOW} + make_interval(secs => ${number})");
        Some(Self {
            prefix: p.to_owned(),
            put_new: format!(
                "INSERT INTO {p}record AS old (namespace, key, bytes, rank, version, until) \
                 VALUES ($1, $2, $3, $4, 1, {}) ON CONFLICT (namespace, key) DO UPDATE SET \
                 bytes = EXCLUDED.bytes, rank = EXCLUDED.rank, version = 1, taken = NULL, \
                 until = EXCLUDED.until WHERE old.until <= {NOW} RETURNING 1",
                later(5)
            ),
            get: format!(
                "SELECT bytes, rank, version FROM {p}record \
                 WHERE {at} AND taken IS NULL AND {alive}"
            ),
            take: format!(
                "WITH old AS (SELECT bytes, rank, version FROM {p}record \
                 WHERE {at} AND taken IS NULL AND {alive} FOR UPDATE) \
                 UPDATE {p}record AS own SET bytes = $3, taken = {NOW}, until = {} FROM old \
                 WHERE own.namespace = $1 AND own.key = $2 \
                 RETURNING old.bytes, old.rank, old.version",
                later(4)
            ),
            tombstone: format!(
                "SELECT bytes, extract(epoch FROM {NOW} - taken)::float8 FROM {p}record \
                 WHERE {at} AND taken IS NOT NULL AND {alive}"
            ),
            update: format!(
                "WITH holder AS (SELECT 1 FROM {p}lease \
                 WHERE key = $7 AND fence = $8 AND {alive} FOR SHARE) \
                 UPDATE {p}record SET bytes = $4, rank = $5, version = version + 1, until = {} \
                 WHERE {at} AND version = $3 AND taken IS NULL AND {alive} \
                 AND ($7::bytea IS NULL OR EXISTS (SELECT 1 FROM holder)) RETURNING version",
                later(6)
            ),
            delete: format!("DELETE FROM {p}record WHERE {at} RETURNING {alive}"),
            count: format!(
                "SELECT count(*) FROM {p}record \
                 WHERE namespace = $1 AND taken IS NULL AND {alive}"
            ),
            lowest: format!(
                "SELECT bytes, rank, version, key FROM {p}record \
                 WHERE namespace = $1 AND rank <= $2 AND taken IS NULL AND {alive} \
                 ORDER BY rank, key LIMIT $3"
            ),
            lease: format!(
                "INSERT INTO {p}lease AS old (key, fence, until) \
                 VALUES ($1, nextval('{p}fence'), {}) ON CONFLICT (key) DO UPDATE SET \
                 fence = EXCLUDED.fence, until = EXCLUDED.until WHERE old.until <= {NOW} \
                 RETURNING fence",
                later(2)
            ),
            renew: format!(
                "UPDATE {p}lease SET until = {} WHERE key = $1 AND fence = $2 AND {alive} \
                 RETURNING 1",
                later(3)
            ),
            release: format!("DELETE FROM {p}lease WHERE key = $1 AND fence = $2"),
            incr: format!(
                "INSERT INTO {p}count AS old (key, seen, until) VALUES ($1, 1, {}) \
                 ON CONFLICT (key) DO UPDATE SET \
                 seen = CASE WHEN old.until > {NOW} THEN old.seen + 1 ELSE 1 END, \
                 until = CASE WHEN old.until > {NOW} THEN old.until ELSE EXCLUDED.until END \
                 RETURNING seen",
                later(2)
            ),
            expire: format!(
                "DELETE FROM {p}record WHERE (namespace, key) IN \
                 (SELECT namespace, key FROM {p}record WHERE until <= {NOW} LIMIT $1 \
                 FOR UPDATE SKIP LOCKED) RETURNING 1"
            ),
            expire_rest: format!(
                "WITH leases AS (DELETE FROM {p}lease WHERE until <= {NOW}) \
                 DELETE FROM {p}count WHERE until <= {NOW}"
            ),
        })
    }

    fn tables(&self) -> String {
        let p = &self.prefix;
        format!(
            "CREATE TABLE IF NOT EXISTS {p}layout (one int PRIMARY KEY CHECK (one = 1), \
                 number int NOT NULL);
             INSERT INTO {p}layout (one, number) VALUES (1, 0) ON CONFLICT DO NOTHING;
             CREATE TABLE IF NOT EXISTS {p}record (namespace text NOT NULL, key bytea NOT NULL, \
                 bytes bytea NOT NULL, rank bigint NOT NULL, version bigint NOT NULL, \
                 taken timestamptz, until timestamptz NOT NULL, PRIMARY KEY (namespace, key));
             CREATE INDEX IF NOT EXISTS {p}record_rank ON {p}record (namespace, rank, key) \
                 WHERE taken IS NULL;
             CREATE INDEX IF NOT EXISTS {p}record_until ON {p}record (until);
             CREATE TABLE IF NOT EXISTS {p}lease (key bytea PRIMARY KEY, fence bigint NOT NULL, \
                 until timestamptz NOT NULL);
             CREATE SEQUENCE IF NOT EXISTS {p}fence;
             CREATE TABLE IF NOT EXISTS {p}count (key bytea PRIMARY KEY, seen bigint NOT NULL, \
                 until timestamptz NOT NULL);"
        )
    }
}

/// Makes what is missing, one replica at a time; the layout that was found or made.
pub(super) async fn migrate(
    client: &mut Client,
    names: &Names,
) -> Result<i32, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    // Two replicas that start together would otherwise both create, and one would fail.
    transaction
        .execute(
            "SELECT pg_advisory_xact_lock(hashtext($1)::bigint)",
            &[&names.prefix],
        )
        .await?;
    transaction.batch_execute(&names.tables()).await?;
    let found = format!("SELECT number FROM {}layout", names.prefix);
    let number: i32 = transaction.query_one(&found, &[]).await?.get(0);
    if number < LATEST {
        let write = format!("UPDATE {}layout SET number = $1", names.prefix);
        transaction.execute(&write, &[&LATEST]).await?;
    }
    transaction.commit().await?;
    Ok(number.max(LATEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_the_start_of_a_plain_name() {
        for prefix in ["gitlab_mcp_", "a", "x1_"] {
            assert!(Names::new(prefix).is_some(), "{prefix}");
        }
        let long = "a".repeat(32);
        for prefix in ["", "1a", "_a", "A", "a-b", "a;drop", "a\"", "ä", &long] {
            assert!(Names::new(prefix).is_none(), "{prefix}");
        }
    }
}
