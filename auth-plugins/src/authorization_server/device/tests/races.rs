//! Many at once, several replicas, and a process that dies in between.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::*;
use crate::authorization_server::bench::stores;
use crate::authorization_server::grant::Login;

const ROUNDS: u16 = 100;
/// Polls at the moment of approval.
const CROWD: u16 = 20;

/// Three replicas over each kind of state they can share, with its name.
async fn everywhere() -> Vec<(&'static str, Scene, Vec<Arc<AuthorizationServer>>)> {
    let mut all = Vec::new();
    for shared in stores::everywhere(3).await {
        let mut bench = bench_with(rules()).await;
        let lines = shared.lines.into_iter();
        let replicas: Vec<_> = lines
            .map(|line| bench.replica(line, shared.clock.clone()))
            .collect();
        bench.server = Arc::clone(&replicas[0]);
        bench.clock = shared.clock;
        all.push((shared.name, scene_of(bench).await, replicas));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn many_polls_at_the_moment_of_approval_redeem_the_device_code_once() {
    for (state, scene, replicas) in everywhere().await {
        for round in 0..ROUNDS {
            let started = scene.program().await;
            let query = format!("?flow_state={}", started.field("flow_state"));
            scene.confirm(&started.field("user_code")).await;
            scene.pass_seconds(5);
            let before = scene.polls();
            // An address of its own for each: how often one may poll is limited in real time.
            let first = round * (CROWD + 1);
            let polls = (0..CROWD).map(|number| {
                let server = Arc::clone(&replicas[usize::from(number) % replicas.len()]);
                let (query, from) = (query.clone(), first + number);
                tokio::spawn(async move { ask(&server, &query, from, &[]).await.json() })
            });
            let mut codes = BTreeSet::new();
            for told in join_all(polls).await {
                let told = told.unwrap();
                match told["status"].as_str() {
                    Some("complete") => drop(codes.insert(told["code"].to_string())),
                    other => assert_eq!(other, Some("pending"), "{state}, round {round}: {told}"),
                }
            }
            let last = scene.ask(&query, first + CROWD, &[]).await.json();
            codes.insert(last["code"].to_string());
            assert_eq!(codes.len(), 1, "{state}, round {round}");
            assert_eq!(scene.polls() - before, 1, "{state}, round {round}");
        }
        let logins = scene.server.records.count::<Login>().await.unwrap();
        assert_eq!(logins, u64::from(ROUNDS), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_race_at_approval_get_one_login() {
    for (state, scene, replicas) in everywhere().await {
        let client = scene.client().await;
        for round in 0..ROUNDS {
            let mut request = request();
            request.challenge.clear();
            let from = Origin::default();
            let handle = scene.server.device_handle();
            let started = scene
                .server
                .start_device(handle, request, Kind::Grant, &from);
            let Ok(started) = started.await else {
                panic!("{state}, round {round} starts");
            };
            scene.confirm(&started.flow.user_code).await;
            scene.pass_seconds(5);
            // Approved in the record, and nobody has fetched it: every poll may win.
            let found = scene.server.records.get(&started.handle).await;
            let found = found.unwrap().unwrap();
            let advanced = scene
                .server
                .advance_device(&started.handle, found, &from)
                .await;
            let advanced = advanced.unwrap().unwrap().record;
            assert!(matches!(
                advanced.status,
                Status::Approved { code: None, .. }
            ));
            let polls = replicas.iter().map(|server| {
                let (server, client) = (Arc::clone(server), client.clone());
                let handle = started.handle.clone();
                tokio::spawn(async move {
                    let from = Origin::default();
                    server.redeem_device(&base(), &client, &handle, &from).await
                })
            });
            let told = join_all(polls).await;
            let won = told.iter().filter(|one| one.as_ref().unwrap().is_ok());
            assert_eq!(won.count(), 1, "{state}, round {round}");
            for one in told {
                if let Err(error) = one.unwrap() {
                    assert_eq!(error.code, "invalid_grant", "{state}, round {round}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_poll_that_goes_away_takes_nothing_with_it() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    {
        let poll = scene.poll(&flow);
        tokio::pin!(poll);
        // Far enough to have asked, not far enough to hear the answer.
        while scene.polls() == 0 {
            assert!(futures_util::poll!(&mut poll).is_pending());
            tokio::task::yield_now().await;
        }
    }
    scene.server.settle().await;
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
    assert_eq!(scene.polls(), 1);
}

#[tokio::test]
async fn a_process_that_asks_too_often_already_answers_from_the_record() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    for number in 0..AT_ONCE {
        let gate = Arc::clone(&gate);
        let run = async move { drop(gate.acquire().await) };
        let busy = scene.server.device_asks.join(number.to_string(), run);
        assert!(busy.now_or_never().is_none());
    }
    assert_eq!(scene.poll(&flow).await.field("status"), "pending");
    assert_eq!(scene.polls(), 0);
    gate.close();
    scene.server.settle().await;
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
}

#[tokio::test]
async fn a_process_that_dies_after_the_approval_loses_nothing() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let first = scene.poll(&flow).await.json();
    let scene = scene.restarted();
    let second = scene.poll(&flow).await.json();
    assert_eq!((&second["status"], &second), (&"complete".into(), &first));
}

#[tokio::test]
async fn a_process_that_dies_between_exchange_and_login_is_followed_by_another() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    // What the process had written when it died.
    let found = scene.server.records.get::<DeviceFlow>(&flow).await;
    let mut found = found.unwrap().unwrap();
    let tokens = scene.server.application.poll_device(&found.record.code);
    let exchanged = Exchanged::at(scene.server.tokens.now(), tokens.await.unwrap());
    found.record.status = Status::Exchanged(exchanged);
    let life = Duration::from_mins(1);
    let records = &scene.server.records;
    records
        .update(&found, &found.record, life, None)
        .await
        .unwrap();

    let scene = scene.restarted();
    let complete = scene.poll(&flow).await;
    assert_eq!(complete.field("status"), "complete");
    let code = complete.field("code");
    assert!(matches!(
        scene.redeem(&code).await,
        codes::Redeemed::Login(_)
    ));
    assert_eq!(scene.polls(), 1);
}

#[tokio::test]
async fn records_of_device_logins_print_no_code() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    let found = scene.server.records.get::<DeviceFlow>(&flow).await;
    let found = found.unwrap().unwrap();
    let printed = format!("{found:?}");
    for secret in [
        &started.field("user_code"),
        &flow,
        found.record.code.expose(),
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
