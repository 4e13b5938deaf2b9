//! A program without a redirect URI: start, poll, redeem.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_program_polls_until_the_person_has_confirmed_and_redeems_the_code() {
    let scene = scene().await;
    let started = scene.program().await;
    assert_eq!(started.status, 200);
    assert_eq!(started.header("cache-control"), "no-store");
    let (flow, user_code) = (started.field("flow_state"), started.field("user_code"));
    let page = format!("{}/oauth/device", scene.bench.gitlab.url());
    let expected = json!({
        "flow_state": flow,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": 300,
        "interval": 5,
        "poll_endpoint": format!("{BASE}/oauth/poll"),
    });
    assert_eq!(started.json(), expected);
    assert_eq!(URL_SAFE_NO_PAD.decode(&flow).unwrap().len(), 32);

    scene.pass_seconds(5);
    let pending = scene.poll(&flow).await;
    let waiting = json!({ "status": "pending", "interval": 5, "expires_in": 295 });
    assert_eq!((pending.status.as_u16(), pending.json()), (200, waiting));

    scene.confirm(&user_code).await;
    scene.pass_seconds(5);
    let complete = scene.poll(&flow).await;
    let code = complete.field("code");
    let done = json!({ "status": "complete", "code": code, "state": "state of the client" });
    assert_eq!((complete.status.as_u16(), complete.json()), (200, done));

    let codes::Redeemed::Login(redeemed) = scene.redeem(&code).await else {
        panic!("the code opens a login");
    };
    let login = scene.server.login(redeemed.sid()).await.unwrap().unwrap();
    let alice = scene.bench.gitlab.user("alice").id().to_string();
    assert_eq!(login.record.subject, alice);
    assert_eq!(
        login.record.method,
        crate::authorization_server::grant::Method::Device
    );
}

#[tokio::test]
async fn a_lost_answer_is_repeated_until_the_code_is_redeemed() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let first = scene.poll(&flow).await.json();
    assert_eq!(first["status"], "complete");
    scene.pass_seconds(20);
    assert_eq!(scene.poll(&flow).await.json(), first);
    assert_eq!(scene.polls(), 1);

    let code = first["code"].as_str().unwrap();
    assert!(matches!(
        scene.redeem(code).await,
        codes::Redeemed::Login(_)
    ));
    let after = scene.poll(&flow).await;
    assert_eq!(
        (after.status.as_u16(), after.json()),
        (400, json!({ "status": "expired" }))
    );
}

#[tokio::test]
async fn a_code_that_nobody_redeemed_in_time_is_not_repeated() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    assert_eq!(scene.poll(&flow).await.field("status"), "complete");
    scene.pass(rules().code_life);
    let late = scene.poll(&flow).await;
    assert_eq!(
        (late.status.as_u16(), &*late.field("status")),
        (400, "expired")
    );
}

#[tokio::test]
async fn a_flow_ends_with_the_earlier_of_our_time_and_gitlabs() {
    for (ours, ends) in [
        (Duration::from_mins(10), 300),
        (Duration::from_mins(2), 120),
    ] {
        let scene = scene_with(Rules {
            device_life: ours,
            ..rules()
        })
        .await;
        let flow = scene.program().await.field("flow_state");
        scene.pass_seconds(ends - 1);
        assert_eq!(scene.poll(&flow).await.field("status"), "pending");
        scene.pass_seconds(1);
        let polls = scene.polls();
        let over = scene.poll(&flow).await;
        assert_eq!(
            (over.status.as_u16(), &*over.field("status")),
            (400, "expired")
        );
        assert_eq!(scene.polls(), polls, "an ended flow asks nobody");
    }
}

#[tokio::test]
async fn a_poll_names_its_flow_once() {
    let scene = scene().await;
    let flow = scene.program().await.field("flow_state");
    let invalid = json!({ "status": "failed", "error": "invalid_request" });
    for query in [
        String::new(),
        "?flow_state=".to_owned(),
        "?other=1".to_owned(),
        format!("?flow_state={flow}&flow_state={flow}"),
    ] {
        let told = scene.ask(&query, 1, &[]).await;
        assert_eq!(
            (told.status.as_u16(), told.json()),
            (400, invalid.clone()),
            "{query}"
        );
    }
    let unknown = json!({ "status": "expired" });
    for query in [
        "?flow_state=unknown".to_owned(),
        format!("?flow_state={flow}x"),
        format!("?flow_state={}", flow.to_lowercase()),
    ] {
        let told = scene.ask(&query, 1, &[]).await;
        assert_eq!(
            (told.status.as_u16(), told.json()),
            (400, unknown.clone()),
            "{query}"
        );
    }
    assert_eq!(scene.poll(&flow).await.status, 200);
}

#[tokio::test]
async fn more_than_ten_polls_a_second_of_one_address_are_refused() {
    let scene = scene().await;
    let flow = scene.program().await.field("flow_state");
    for _ in 0..10 {
        assert_eq!(scene.poll(&flow).await.status, 200);
    }
    let refused = scene.poll(&flow).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.field("error"), "too_many_requests");
    assert_eq!(scene.poll_from(&flow, 2).await.status, 200);
    scene.pass_seconds(1);
    assert_eq!(scene.poll(&flow).await.status, 200);
}

#[tokio::test]
async fn a_poll_that_asks_for_the_head_alone_changes_nothing() {
    let scene = scene().await;
    let flow = scene.program().await.field("flow_state");
    scene.pass_seconds(5);
    let head = http::Request::builder()
        .method("HEAD")
        .uri(format!("{BASE}/oauth/poll?flow_state={flow}"))
        .body(Body::empty())
        .unwrap();
    let told = Arc::clone(&scene.server).poll(head).await;
    assert_eq!((told.status().as_u16(), scene.polls()), (200, 0));
    scene.poll(&flow).await;
    assert_eq!(scene.polls(), 1);
}

#[tokio::test]
async fn programs_are_sent_away_where_only_the_page_is_allowed() {
    for device in [DeviceRule::Page, DeviceRule::Off] {
        let scene = scene_with(Rules { device, ..rules() }).await;
        let refused = scene.program().await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.field("error"), "invalid_request");
        assert!(refused.text.contains("redirect_uri"));
        assert_eq!(scene.bench.gitlab.log().count(), 0);
    }
}
