//! When GitLab is asked, however often somebody polls.

use super::*;

/// The seconds after the start at which GitLab was asked, while so many clients poll once a second
/// each at one of three replicas.
async fn asked(scene: &Scene, seconds: u64, clients: u16) -> Vec<u64> {
    let began = scene.bench.gitlab.clock().now();
    let flow = scene.program().await.field("flow_state");
    let query = format!("?flow_state={flow}");
    let replicas = [Arc::clone(&scene.server), scene.replica(), scene.replica()];
    for _ in 0..seconds {
        for client in 0..clients {
            let replica = &replicas[usize::from(client) % replicas.len()];
            let told = ask(replica, &query, client, &[]).await;
            assert_eq!(told.field("status"), "pending", "{}", told.text);
            scene.pass(Duration::from_secs(1) / u32::from(clients));
        }
    }
    let log = scene.bench.gitlab.log().of(POLLS);
    let since = |at: mock_gitlab::Timestamp| (at.as_millis() - began.as_millis()).unsigned_abs();
    log.iter().map(|record| since(record.at) / 1_000).collect()
}

#[tokio::test]
async fn gitlab_is_asked_once_per_interval_however_many_poll() {
    let scene = scene().await;
    assert_eq!(asked(&scene, 31, 100).await, [5, 10, 15, 20, 25, 30]);
    let log = scene.bench.gitlab.log().of(POLLS);
    assert!(
        log.iter()
            .all(|record| record.json()["error"] != "slow_down")
    );
}

#[tokio::test]
async fn slow_down_makes_every_following_interval_longer() {
    let scene = scene().await;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.device_slow_downs = 3);
    assert_eq!(asked(&scene, 51, 10).await, [5, 15, 30, 50]);
}

#[tokio::test]
async fn the_operator_may_want_it_slower_than_gitlab() {
    let scene = scene_with(Rules {
        device_interval: Duration::from_secs(12),
        ..rules()
    })
    .await;
    assert_eq!(asked(&scene, 25, 10).await, [12, 24]);
}

#[tokio::test]
async fn an_interval_is_never_longer_than_a_minute() {
    let scene = scene().await;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.device_slow_downs = 100);
    let flow = scene.program().await.field("flow_state");
    let mut intervals = Vec::new();
    for _ in 0..11 {
        // GitLab forgets its code after five minutes; this is about our own patience.
        let told = scene.poll(&flow).await.json();
        let interval = told["interval"].as_u64().unwrap();
        intervals.push(interval);
        scene.bench.clock.advance(Duration::from_secs(interval));
        let left = told["expires_in"].as_u64().unwrap();
        if left <= interval {
            break;
        }
    }
    assert_eq!(
        intervals,
        [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55][..intervals.len()]
    );
    let flow = scene.server.records.get::<DeviceFlow>(&flow).await;
    assert!(flow.unwrap().unwrap().record.interval <= LONGEST_INTERVAL);
}

#[tokio::test]
async fn what_gitlab_says_about_interval_and_life_is_kept_within_bounds() {
    use mock_gitlab::{Drift, Fault};
    use serde_json::json;

    for (said, kept) in [
        (json!(0), 5),
        (json!(-1), 5),
        (json!("7"), 7),
        (json!(1_000_000_000), 60),
        (Value::Null, 5),
        (json!("soon"), 5),
    ] {
        let scene = scene().await;
        let told = said.clone();
        scene
            .bench
            .gitlab
            .edit(|world| world.quirks.device_interval = Some(told));
        assert_eq!(scene.program().await.json()["interval"], kept, "{said}");
    }
    let scene = scene().await;
    let without = Fault::drift(Drift::Drop).field("expires_in");
    scene
        .bench
        .gitlab
        .faults()
        .add(without.on("POST /oauth/authorize_device"));
    assert_eq!(scene.program().await.json()["expires_in"], 300);
}

#[tokio::test]
async fn whoever_died_while_asking_stops_the_others_for_a_minute_at_most() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    let found = scene.server.records.get::<DeviceFlow>(&flow).await;
    let key = format!("device:{}", found.unwrap().unwrap().record.id);
    let minute = Duration::from_mins(1);
    let store = scene.server.records.store();
    assert!(store.lease(&key, minute).await.unwrap().is_some());
    scene.pass_seconds(30);
    assert_eq!(scene.poll(&flow).await.field("status"), "pending");
    assert_eq!(scene.polls(), 0);
    scene.pass_seconds(30);
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
}
