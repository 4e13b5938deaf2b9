//! Tables of other releases, and tables whose making was cut off.

use std::time::Duration;

use gitlab_mcp_store::Backend;
use tokio_postgres::{Client, NoTls};

use crate::layouts::{
    BYTES, COUNTER, KEY, LEASE, USED, every_operation_works, the_first_layout_is_read,
};
use crate::servers::{opened, told};

/// Longest wait for a first start that stands still.
const PATIENCE: Duration = Duration::from_secs(4);

fn ours() -> Backend {
    let url = told("GITLAB_MCP_TEST_POSTGRESQL_URL");
    Backend::Postgresql { url }
}

fn prefix(name: &str) -> String {
    format!("{name}_{}_", std::process::id())
}

/// A connection of our own.
async fn connect() -> Client {
    let url = told("GITLAB_MCP_TEST_POSTGRESQL_URL");
    let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The tables of the first release. This text stays as it is.
fn first(p: &str) -> String {
    format!(
        "CREATE TABLE {p}layout (one int PRIMARY KEY CHECK (one = 1), number int NOT NULL);
         INSERT INTO {p}layout VALUES (1, 1);
         CREATE TABLE {p}record (namespace text NOT NULL, key bytea NOT NULL, \
             bytes bytea NOT NULL, rank bigint NOT NULL, version bigint NOT NULL, \
             taken timestamptz, until timestamptz NOT NULL, PRIMARY KEY (namespace, key));
         CREATE INDEX {p}record_rank ON {p}record (namespace, rank, key) WHERE taken IS NULL;
         CREATE INDEX {p}record_until ON {p}record (until);
         CREATE TABLE {p}lease (key bytea PRIMARY KEY, fence bigint NOT NULL, \
             until timestamptz NOT NULL);
         CREATE SEQUENCE {p}fence;
         CREATE TABLE {p}count (key bytea PRIMARY KEY, seen bigint NOT NULL, \
             until timestamptz NOT NULL);
         SELECT setval('{p}fence', 4);"
    )
}

#[tokio::test]
async fn tables_of_the_first_layout_are_read() {
    let (client, p) = (connect().await, prefix("first"));
    client.batch_execute(&first(&p)).await.unwrap();
    let row = format!(
        "INSERT INTO {p}record VALUES ('login', $1, $3, -7, 3, NULL, now() + interval '1 hour'), \
         ('code', $2, $3, 0, 1, now(), now() + interval '1 hour')"
    );
    let (key, used) = (KEY.as_bytes(), USED.as_bytes());
    client.execute(&row, &[&key, &used, &BYTES]).await.unwrap();
    for (table, key, number) in [("lease", LEASE, 4_i64), ("count", COUNTER, 2)] {
        let row = format!("INSERT INTO {p}{table} VALUES ($1, $2, now() + interval '1 hour')");
        client
            .execute(&row, &[&key.as_bytes(), &number])
            .await
            .unwrap();
    }
    the_first_layout_is_read(opened(&ours(), &p).await.unwrap()).await;
}

#[tokio::test]
async fn a_column_of_a_later_release_is_in_nobodys_way() {
    let (client, p) = (connect().await, prefix("later"));
    drop(opened(&ours(), &p).await.unwrap());
    for table in ["layout", "record", "lease", "count"] {
        let more = format!("ALTER TABLE {p}{table} ADD COLUMN later text NOT NULL DEFAULT 'x'");
        client.batch_execute(&more).await.unwrap();
    }
    every_operation_works(opened(&ours(), &p).await.unwrap()).await;
}

/// What a first start makes, in its order.
const MADE: [&str; 7] = [
    "layout",
    "record",
    "record_rank",
    "record_until",
    "lease",
    "fence",
    "count",
];

#[tokio::test]
async fn a_first_start_that_ends_at_any_statement_is_made_again_by_the_next() {
    for name in MADE {
        let p = prefix(&format!("cut_{name}"));
        let (mut holder, watcher) = (connect().await, connect().await);
        // The name is taken by somebody who has not said yet whether they mean it.
        let held = holder.transaction().await.unwrap();
        let taken = format!("CREATE TABLE {p}{name} (x int)");
        held.batch_execute(&taken).await.unwrap();
        let starting = {
            let p = p.clone();
            tokio::spawn(async move { opened(&ours(), &p).await.map(drop) })
        };
        let waiting = tokio::time::timeout(PATIENCE, who_waits(&watcher, &p)).await;
        let backend = waiting.unwrap_or_else(|_| panic!("nobody waits for {p}{name}"));
        let ended = watcher
            .query_one("SELECT pg_terminate_backend($1)", &[&backend])
            .await;
        assert!(ended.unwrap().get::<_, bool>(0));
        assert!(starting.await.unwrap().is_err(), "{name}");
        held.rollback().await.unwrap();
        let left = "SELECT count(*) FROM pg_class WHERE starts_with(relname::text, $1)";
        let left: i64 = watcher.query_one(left, &[&p]).await.unwrap().get(0);
        assert_eq!(left, 0, "{name}");
        every_operation_works(opened(&ours(), &p).await.unwrap()).await;
    }
}

/// The backend that makes tables with this prefix and has to wait.
async fn who_waits(watcher: &Client, p: &str) -> i32 {
    let asked = "SELECT pid FROM pg_stat_activity WHERE application_name = 'gitlab-mcp' \
                 AND wait_event_type = 'Lock' AND strpos(query, $1) > 0";
    loop {
        if let Some(row) = watcher.query_opt(asked, &[&p]).await.unwrap() {
            return row.get(0);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
