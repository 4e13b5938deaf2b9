//! Renewal as a caller meets it.

use gitlab_mcp_tests::{Canary, Era, McpClient};
use mock_gitlab::Fault;

use super::desk::{self, Desk, LIFE, RENEWALS, client, get_project};

#[tokio::test]
async fn a_file_of_another_server_for_mcp_is_used_as_it_is() {
    let (desk, pair) = Desk::with_life(LIFE).await;
    let server = desk.server().await;
    let result = client(&server)
        .await
        .call("get_project", get_project())
        .await;
    assert_eq!(result.item()["id"], 1);
    let asked = desk.gitlab.log().all();
    assert!(
        asked
            .iter()
            .all(|one| one.who.token.as_deref() == Some(pair.access.as_str()))
    );
    assert_eq!((desk.renewals(), desk.written()), (0, pair));
    // The next save completes it.
    desk.gitlab.token(&desk.written().access).expire();
    client(&server)
        .await
        .call("get_project", get_project())
        .await
        .item();
    let members = desk.members();
    assert_eq!(members["instance"], desk.gitlab.url());
    assert_eq!(
        (&members["generation"], &members["scope"]),
        (&1.into(), &"api".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn five_calls_refused_at_once_renew_once_and_all_succeed() {
    let (desk, pair) = Desk::with_life(LIFE).await;
    let server = desk.server().await;
    client(&server)
        .await
        .call("get_project", get_project())
        .await
        .item();
    desk.gitlab.token(&pair.access).expire();
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let address = server.address;
            tokio::spawn(async move {
                let client = McpClient::connect(address, Era::Modern, None);
                client.await.call("get_project", get_project()).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().item()["id"], 1);
    }
    assert_eq!(desk.renewals(), 1);
    let newer = desk.written().access;
    assert!(
        desk.gitlab
            .log()
            .of("GET /api/v4/projects/*")
            .by(&newer)
            .count()
            >= 5
    );
}

#[tokio::test]
async fn while_gitlab_cannot_renew_a_living_token_is_used_and_an_expired_one_is_an_error() {
    for (left, works) in [(200, true), (0, false)] {
        let (desk, pair) = Desk::with_life(left).await;
        let fault = Fault::status(503).on(RENEWALS);
        desk.gitlab.faults().add(fault);
        let server = desk.server().await;
        let result = client(&server)
            .await
            .call("get_project", get_project())
            .await;
        assert_eq!(!result.is_error(), works, "{result:?}");
        if !works {
            assert_eq!(result.code(), "UPSTREAM_UNAVAILABLE");
            assert!(
                !result.text().contains("/oauth/authorize"),
                "a sign-in was asked for"
            );
            desk.gitlab.faults().clear();
            client(&server)
                .await
                .call("get_project", get_project())
                .await
                .item();
        }
        assert_eq!(desk.written() == pair, works);
    }
}

#[tokio::test]
async fn a_spent_refresh_token_leads_to_a_sign_in_and_the_file_is_kept() {
    let (desk, pair) = Desk::with_life(0).await;
    desk.gitlab.edit(|world| world.quirks.refuse_refreshes = 1);
    // In a process without a desktop, because this opens a browser.
    let mut process = desk::process(&desk.variables()).await;
    let result = process.call("get_project", get_project()).await;
    assert!(result.text().contains("/oauth/authorize?"), "{result:?}");
    assert_eq!(desk.names(), ["token.json.lock", "token.json.stale"]);
    assert!(!result.text().contains(&pair.access) && !result.text().contains(&pair.refresh));
    // Somebody signs in elsewhere, with `gitlab-mcp auth` for example.
    desk.write(&desk.grant(), LIFE);
    process.call("get_project", get_project()).await.item();
    process.stop().await;
}

#[tokio::test]
async fn no_token_is_shown_or_logged() {
    let (desk, pair) = Desk::with_life(100).await;
    let old = [Canary::watch(&pair.access), Canary::watch(&pair.refresh)];
    let server = desk.server().await;
    let mut told = Vec::new();
    for round in 0..3 {
        let result = client(&server)
            .await
            .call("get_project", get_project())
            .await;
        told.push(format!("{result:?}"));
        if round == 1 {
            desk.gitlab.token(&desk.written().access).expire();
        }
    }
    assert_eq!(desk.renewals(), 2);
    let new = desk.written();
    let new = [Canary::watch(&new.access), Canary::watch(&new.refresh)];
    told.push(format!("{server:?}"));
    let told = told.join("\n");
    for canary in old.iter().chain(&new) {
        assert!(canary.is_listening());
        canary.assert_silent(&told);
    }
}
