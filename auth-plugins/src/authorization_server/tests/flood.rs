//! Authorization requests without end, from everywhere: what they leave behind, and whom they push
//! out.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;

use super::*;
use crate::authorization_server::bench::weak_store::WeakStore;
use crate::authorization_server::rules::ConsentRule;

/// Requests in a flood. In a debug build 100,000 take longer than a test should.
fn size() -> u32 {
    if std::env::var_os("GITLAB_MCP_FULL_FLOOD").is_some() {
        100_000
    } else {
        10_000
    }
}

/// `GET /authorize` of somebody who is not seen again.
async fn ask(server: &Arc<AuthorizationServer>, query: &str, number: u32) -> u16 {
    let address = SocketAddr::new(Ipv4Addr::from(number).into(), 50_000);
    let request = Request::get(query)
        .header("accept", "text/html")
        .extension(ConnectInfo(address))
        .body(Body::empty())
        .unwrap();
    Arc::clone(server)
        .authorize(request)
        .await
        .status()
        .as_u16()
}

async fn pending(server: &AuthorizationServer) -> u64 {
    server.records.count::<Pending>().await.unwrap()
}

#[tokio::test]
async fn requests_that_nobody_approved_are_not_remembered_and_push_nobody_out() {
    let bench = bench_with(unlimited()).await;
    let line = WeakStore::over(Arc::clone(bench.server.records.store()));
    let server = bench.replica(line.clone(), bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let client = turn.client().await;
    let query = asking(&[("client_id", Some(&client))]);
    // People on their way through GitLab.
    let mut approved = Vec::new();
    for _ in 0..5 {
        let mut browser = bench.visitor();
        let gitlab = browser.approve(&query).await;
        approved.push((browser, gitlab));
    }
    let (wrote, asked) = (line.writes(), bench.gitlab.log().count());
    for number in 0..size() {
        assert_eq!(ask(&bench.server, &query, number).await, 200);
        // Each of them may be somebody in earnest, for whom time goes on.
        if number % (size() / 100) == 0 {
            bench.clock.advance(Duration::from_secs(1));
        }
    }
    assert_eq!((line.writes(), bench.gitlab.log().count()), (wrote, asked));
    assert_eq!(pending(&bench.server).await, 5);
    for (mut browser, gitlab) in approved {
        let back = browser.authorize_as("alice", &gitlab).await;
        let done = browser.open(back.as_str()).await;
        let code = parameter(&done.location().unwrap(), "code").unwrap();
        turn.redeem(&client, &code).await.pair();
    }
}

#[tokio::test]
async fn logins_on_their_way_are_bounded_and_the_latest_go_through() {
    const MOST: u32 = 10_000;
    // Without consent every request is one; people cannot press that fast.
    let rules = Rules {
        consent: ConsentRule::Off,
        ..unlimited()
    };
    let (bench, turn) = alone(rules).await;
    let client = turn.client().await;
    let query = asking(&[("client_id", Some(&client))]);
    let mut browser = bench.visitor();
    let forgotten = browser.open(&query).await.location().unwrap();
    bench.clock.advance(Duration::from_secs(1));
    for number in 0..MOST {
        assert_eq!(ask(&bench.server, &query, number).await, 303);
    }
    assert_eq!(pending(&bench.server).await, u64::from(MOST));
    let latest = browser.open(&query).await.location().unwrap();
    assert_eq!(pending(&bench.server).await, u64::from(MOST));
    let back = browser.authorize_as("alice", &latest).await;
    let done = browser.open(back.as_str()).await;
    let code = parameter(&done.location().unwrap(), "code").unwrap();
    turn.redeem(&client, &code).await.pair();
    let back = browser.authorize_as("alice", &forgotten).await;
    let refused = browser.open(back.as_str()).await;
    assert!(refused.body.contains("Unknown or expired state"));
}
