//! A GitLab that does not answer, or not as it should.

use super::*;
use crate::authorization_server::bench::heard::Heard;

fn passing() -> Vec<(&'static str, Fault)> {
    vec![
        ("500", Fault::status(500)),
        ("502", Fault::status(502)),
        ("503", Fault::status(503)),
        ("504", Fault::status(504)),
        ("429", Fault::status(429)),
        ("429 of the edge", Fault::rate_limit_edge(30)),
        ("reset", Fault::reset_before_headers()),
        ("HTML with 200", Fault::html_page()),
        ("redirect", Fault::redirect(302, "/users/sign_in")),
    ]
}

#[tokio::test]
async fn a_living_token_stays_in_use_with_a_pause_between_two_tries() {
    for (name, fault) in passing() {
        let replicas = Replicas::one().await;
        let login = replicas.login().await;
        replicas.pass(LIFE - 200);
        replicas.gitlab().faults().add(fault.on(REFRESH));
        for _ in 0..3 {
            let fresh = replicas.server().fresh(&login.sid).await.unwrap();
            assert_eq!(fresh.access.expose(), login.access.expose(), "{name}");
        }
        assert_eq!(replicas.renewals(), 1, "{name}");
        replicas.gitlab().faults().clear();
        replicas.pass(REST);
        let fresh = replicas.server().fresh(&login.sid).await.unwrap();
        assert_eq!((fresh.ugen, fresh.in_flight), (2, None), "{name}");
    }
}

#[tokio::test]
async fn an_expired_token_waits_for_gitlab_and_the_login_goes_on() {
    for (name, fault) in passing() {
        let replicas = Replicas::one().await;
        let login = replicas.login().await;
        replicas.pass(LIFE);
        replicas.gitlab().faults().add(fault.on(REFRESH));
        let refused = replicas.server().fresh(&login.sid).await;
        assert_eq!(refused.err(), Some(NotFresh::Unavailable(PAUSE)), "{name}");
        replicas.gitlab().faults().clear();
        let fresh = replicas.server().fresh(&login.sid).await.unwrap();
        assert_eq!(fresh.ugen, 2, "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_waited_for_a_while() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas.pass(LIFE);
    replicas.gitlab().faults().add(Fault::silence().on(REFRESH));
    let (server, sid) = (Arc::clone(replicas.server()), login.sid.clone());
    let call = tokio::spawn(async move { server.fresh(&sid).await.err() });
    until(|| async { replicas.renewals() == 1 }).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(21)).await;
    tokio::time::resume();
    assert_eq!(call.await.unwrap(), Some(NotFresh::Unavailable(PAUSE)));
    replicas.gitlab().faults().clear();
    assert_eq!(replicas.server().fresh(&login.sid).await.unwrap().ugen, 2);
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_one_sign_in_and_no_more() {
    for (name, lost) in [
        ("reset", Fault::reset_before_headers().after_commit()),
        ("cut JSON", Fault::cut_json()),
        ("truncated", Fault::truncated_body()),
        ("reset mid-body", Fault::reset_mid_body()),
    ] {
        let replicas = Replicas::one().await;
        let login = replicas.login().await;
        replicas.pass(LIFE);
        replicas.gitlab().faults().add(lost.on(REFRESH).times(1));
        let server = replicas.server();
        let first = server.fresh(&login.sid).await.err();
        assert_eq!(first, Some(NotFresh::Unavailable(PAUSE)), "{name}");
        for _ in 0..2 {
            let ended = server.fresh(&login.sid).await.err();
            assert_eq!(ended, Some(NotFresh::Ended), "{name}");
        }
        assert_eq!(replicas.renewals(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_gitlab_that_lets_a_spent_token_work_again_loses_nothing() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    replicas
        .gitlab()
        .edit(|world| world.quirks.refresh_grace_seconds = 600);
    replicas.pass(LIFE);
    let lost = Fault::reset_before_headers().after_commit();
    replicas.gitlab().faults().add(lost.on(REFRESH).times(1));
    let server = replicas.server();
    assert!(server.fresh(&login.sid).await.is_err());
    assert_eq!(server.fresh(&login.sid).await.unwrap().ugen, 2);
}

#[tokio::test]
async fn a_refusal_ends_the_login_once() {
    let replicas = Replicas::with(Rules::default(), 3).await;
    let login = replicas.login().await;
    replicas
        .gitlab()
        .edit(|world| world.quirks.refuse_refreshes = 1);
    replicas.pass(LIFE);
    let all = replicas
        .servers
        .iter()
        .map(|server| server.fresh(&login.sid));
    for refused in futures_util::future::join_all(all).await {
        assert_eq!(refused.err(), Some(NotFresh::Ended));
    }
    replicas.server().settle().await;
    assert_eq!(replicas.renewals(), 1);
    assert!(replicas.stored(&login.sid).await.is_none());
    let revoked = || replicas.gitlab().log().of(REVOKE).count();
    for server in &replicas.servers {
        server.settle().await;
    }
    assert_eq!(revoked(), 1);
}

#[tokio::test]
async fn the_audit_says_why_a_login_ended_and_the_log_what_the_operator_has_to_do() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let replicas = Replicas::one().await;
    let server = replicas.server();
    let login = replicas.login().await;
    replicas
        .gitlab()
        .edit(|world| world.quirks.refuse_refreshes = 1);
    replicas.pass(LIFE);
    for _ in 0..3 {
        assert_eq!(server.fresh(&login.sid).await.err(), Some(NotFresh::Ended));
    }
    server.settle().await;
    let ends = |all: &[String]| {
        let ends = all.iter().filter(|one| one.starts_with("login_ended"));
        ends.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        ends(&heard.events()),
        ["login_ended ok upstream_invalid_grant"]
    );
    // An application that GitLab does not know is nobody's login.
    let login = replicas.login().await;
    replicas.gitlab().edit(|world| world.applications.clear());
    replicas.pass(LIFE);
    assert!(server.fresh(&login.sid).await.is_err());
    assert_eq!(ends(&heard.events()).len(), 1);
    let text = heard.text();
    assert!(text.contains("GitLab refuses the application of this server"));
    assert!(!text.contains(login.access.expose()));
}

#[tokio::test]
async fn an_application_that_gitlab_refuses_logs_nobody_out() {
    let replicas = Replicas::one().await;
    let login = replicas.login().await;
    let id = replicas.server().application_id.clone();
    let removed = replicas.gitlab().edit(|world| {
        let number = world.application_by_uid(&id).unwrap().id;
        world.applications.remove(&number).unwrap()
    });
    replicas.pass(LIFE - 100);
    // The token lives: nobody notices.
    assert!(replicas.server().fresh(&login.sid).await.is_ok());
    replicas.pass(100);
    for _ in 0..3 {
        let refused = replicas.server().fresh(&login.sid).await;
        assert_eq!(refused.err(), Some(NotFresh::Unavailable(PAUSE)));
    }
    replicas
        .gitlab()
        .edit(|world| world.applications.insert(removed.id, removed));
    assert_eq!(replicas.server().fresh(&login.sid).await.unwrap().ugen, 2);
}
