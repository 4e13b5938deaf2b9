//! Keys of the first release.

use gitlab_mcp_store::Backend;

use crate::layouts::{
    BYTES, COUNTER, KEY, LEASE, USED, every_operation_works, the_first_layout_is_read,
};
use crate::servers::{opened, told};

const HOUR: u64 = 3_600_000;

#[tokio::test]
async fn keys_of_the_first_release_are_read() {
    let url = told("GITLAB_MCP_TEST_REDIS_URL");
    let p = format!("first_{}_", std::process::id());
    let client = redis::Client::open(url.expose()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (seconds, _): (u64, u64) = redis::cmd("TIME")
        .query_async(&mut connection)
        .await
        .unwrap();
    let (now, end) = (seconds * 1000, seconds * 1000 + HOUR);
    let mut keys = redis::pipe();
    let login = format!("{p}login:{KEY}");
    keys.cmd("HSET").arg(&login).arg("b").arg(BYTES);
    keys.arg("r").arg(-7).arg("v").arg(3).ignore();
    let code = format!("{p}code:{USED}");
    keys.cmd("HSET").arg(&code).arg("b").arg(BYTES);
    keys.arg("r")
        .arg(0)
        .arg("v")
        .arg(1)
        .arg("t")
        .arg(now)
        .ignore();
    for key in [&login, &code] {
        keys.cmd("PEXPIRE").arg(key).arg(HOUR).ignore();
    }
    keys.zadd(format!("{p}rank:login"), KEY, -7).ignore();
    keys.zadd(format!("{p}until:login"), KEY, end).ignore();
    keys.zadd(format!("{p}until:code"), USED, end).ignore();
    keys.pset_ex(format!("{p}lease:{LEASE}"), 4, HOUR).ignore();
    keys.set(format!("{p}fence:"), 4).ignore();
    keys.pset_ex(format!("{p}count:{COUNTER}"), 2, HOUR)
        .ignore();
    let (): () = keys.query_async(&mut connection).await.unwrap();
    let store = opened(&Backend::Redis { url }, &p).await.unwrap();
    the_first_layout_is_read(store).await;
}

#[tokio::test]
async fn a_field_of_a_later_release_is_in_nobodys_way() {
    let url = told("GITLAB_MCP_TEST_REDIS_URL");
    let p = format!("later_{}_", std::process::id());
    let client = redis::Client::open(url.expose()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut more = redis::pipe();
    more.set(format!("{p}later"), "x").ignore();
    more.zadd(format!("{p}rank:later"), "x", 1).ignore();
    let (): () = more.query_async(&mut connection).await.unwrap();
    let store = opened(&Backend::Redis { url }, &p).await.unwrap();
    every_operation_works(store).await;
}
