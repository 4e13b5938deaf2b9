//! From GitLab's confirmation to our tokens, through the token endpoint; and what stands in between.

use mock_gitlab::Fault;

use super::*;
use crate::authorization_server::bench::replicas::{Answered, answered, posted};
use crate::authorization_server::bench::weak_store::WeakStore;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn token(scene: &Scene, form: &[(&str, &str)]) -> Answered {
    let server = Arc::clone(&scene.server);
    answered(server.token(posted("/token", form)).await).await
}

async fn by_device(scene: &Scene, client: &str, code: &str) -> Answered {
    let form = [
        ("grant_type", GRANT),
        ("client_id", client),
        ("device_code", code),
    ];
    token(scene, &form).await
}

#[tokio::test]
async fn a_device_code_becomes_tokens_once() {
    let scene = scene().await;
    let form = [("client_id", CLIENT)];
    let server = Arc::clone(&scene.server);
    let begun = server.device_authorization(posted("/oauth/device_authorization", &form));
    let begun = answered(begun.await).await.body;
    let code = begun["device_code"].as_str().unwrap();
    assert_eq!(
        by_device(&scene, CLIENT, code).await.word(),
        "400 authorization_pending"
    );
    assert_eq!(
        by_device(&scene, CLIENT, code).await.word(),
        "400 slow_down"
    );
    assert_eq!(
        by_device(&scene, "nobody", code).await.word(),
        "401 invalid_client"
    );
    assert_eq!(
        by_device(&scene, CLIENT, "").await.word(),
        "400 invalid_request"
    );
    scene.confirm(begun["user_code"].as_str().unwrap()).await;
    scene.pass_seconds(10);
    let pair = by_device(&scene, CLIENT, code).await.pair();
    let verified = scene.server.verify(&base(), &pair.access).await;
    assert!(verified.is_ok());
    assert_eq!(
        by_device(&scene, CLIENT, code).await.word(),
        "400 invalid_grant"
    );
}

#[tokio::test]
async fn the_code_of_a_program_becomes_tokens_with_its_verifier() {
    let scene = scene().await;
    let started = scene.program().await;
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let complete = scene.poll(&started.field("flow_state")).await;
    let code = complete.field("code");
    let redeem = |verifier| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("code", &*code),
            ("code_verifier", verifier),
        ]
    };
    let wrong = VERIFIER.replace('d', "e");
    assert_eq!(
        token(&scene, &redeem(&wrong)).await.word(),
        "400 invalid_grant"
    );
    token(&scene, &redeem(VERIFIER)).await.pair();
}

#[tokio::test]
async fn somebody_in_none_of_the_groups_is_told_and_leaves_no_token() {
    let scene = scene_with(Rules {
        groups: vec!["a-group-of-nobody".to_owned()],
        ..rules()
    })
    .await;
    let started = scene.program().await;
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let failed = scene.poll(&started.field("flow_state")).await;
    assert_eq!(failed.field("status"), "failed");
    assert_eq!(failed.field("error"), "access_denied");
    assert!(failed.field("error_description").contains("groups"));
    scene.server.settle().await;
    assert_eq!(scene.bench.gitlab.log().of("POST /oauth/revoke").count(), 1);
}

/// A scene whose server loses its store when the test says so.
async fn cuttable() -> (Scene, Arc<WeakStore>) {
    let mut scene = scene().await;
    let line = WeakStore::over(Arc::clone(scene.server.records.store()));
    scene.server = scene.replica_over(line.clone());
    (scene, line)
}

#[tokio::test]
async fn a_store_that_is_away_makes_everybody_wait_and_nobody_ask() {
    let (scene, line) = cuttable().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    line.cut(true);
    let told = scene.poll(&flow).await;
    assert_eq!(told.status, 503);
    assert_eq!(told.header("retry-after"), "5");
    assert_eq!(scene.program().await.status, 503);
    let page = scene.page().await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("<h1"));
    assert_eq!(scene.polls(), 0);
    assert_eq!(
        scene
            .bench
            .gitlab
            .log()
            .of("POST /oauth/authorize_device")
            .count(),
        1
    );
    line.cut(false);
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
}

#[tokio::test]
async fn a_store_that_goes_away_while_gitlab_answers_costs_nobody_the_login() {
    let (scene, line) = cuttable().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let slow = Fault::latency(Duration::from_millis(200)).on(POLLS);
    scene.bench.gitlab.faults().add(slow);
    let polled = tokio::spawn({
        let server = Arc::clone(&scene.server);
        let query = format!("?flow_state={flow}");
        async move { ask(&server, &query, 2, &[]).await }
    });
    while scene.polls() == 0 {
        tokio::task::yield_now().await;
    }
    line.cut(true);
    let answered = || {
        let log = scene.bench.gitlab.log().of(POLLS);
        log.last().is_some_and(|poll| poll.status.is_some())
    };
    while !answered() {
        tokio::task::yield_now().await;
    }
    // Time enough for the answer to arrive and find no store.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    line.cut(false);
    scene.server.settle().await;
    assert_eq!(polled.await.unwrap().field("status"), "complete");
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
    assert_eq!(scene.polls(), 1);
}
