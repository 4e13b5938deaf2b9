//! Whom a limit stops, whom it does not, and what happens without the store.

use std::sync::Arc;

use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_store::{
    Change, Fence, Guarantees, Held, Memory, Namespace, Place, Store, StoreError, Taken, Updated,
    Value,
};
use http::Request;

use super::*;
use crate::authorization_server::bench::{Bench, bench_with};
use crate::authorization_server::records::Records;

fn from(address: &str) -> Parts {
    let address: IpAddr = address.parse().unwrap();
    let request = Request::get("/").extension(ConnectInfo(SocketAddr::new(address, 40_000)));
    request.body(()).unwrap().into_parts().0
}

async fn strict() -> Bench {
    let rules = Rules {
        registrations_per_hour: 3,
        requests_per_minute: 5,
        ..Rules::default()
    };
    bench_with(rules).await
}

/// How many of `tries` requests get through.
async fn admitted(server: &AuthorizationServer, route: Limited, who: &str, tries: usize) -> usize {
    let mut passed = 0;
    for _ in 0..tries {
        passed += usize::from(server.limit(route, &from(who)).await.is_ok());
    }
    passed
}

#[tokio::test]
async fn an_address_is_stopped_at_its_limit_and_let_in_when_the_window_is_over() {
    let bench = strict().await;
    let server = &bench.server;
    assert_eq!(
        admitted(server, Limited::Register, "192.0.2.1", 10).await,
        3
    );
    bench.clock.advance(Duration::from_mins(20));
    let refused = server.limit(Limited::Register, &from("192.0.2.1")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, "too_many_requests");
    assert_eq!(refused.retry_after, Some(Duration::from_mins(40)));
    assert_eq!(refused.into_response().status(), 429);
    // Another address, and another endpoint, are not concerned.
    assert_eq!(admitted(server, Limited::Register, "192.0.2.2", 1).await, 1);
    assert_eq!(admitted(server, Limited::Token, "192.0.2.1", 10).await, 5);
    bench.clock.advance(Duration::from_mins(40));
    assert_eq!(
        admitted(server, Limited::Register, "192.0.2.1", 10).await,
        3
    );
}

#[tokio::test]
async fn every_other_endpoint_has_its_own_minute() {
    let bench = strict().await;
    for route in [
        Limited::Authorize,
        Limited::Consent,
        Limited::Token,
        Limited::Revoke,
        Limited::Device,
    ] {
        assert_eq!(
            admitted(&bench.server, route, "192.0.2.1", 9).await,
            5,
            "{route:?}"
        );
    }
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(
        admitted(&bench.server, Limited::Revoke, "192.0.2.1", 9).await,
        5
    );
}

#[tokio::test]
async fn a_page_may_poll_ten_times_a_second() {
    let bench = strict().await;
    for _ in 0..3 {
        assert_eq!(
            admitted(&bench.server, Limited::Poll, "192.0.2.1", 20).await,
            10
        );
        bench.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn spellings_of_one_address_and_networks_of_one_subscriber_are_one() {
    let bench = strict().await;
    let server = &bench.server;
    assert_eq!(admitted(server, Limited::Token, "192.0.2.1", 4).await, 4);
    assert_eq!(
        admitted(server, Limited::Token, "::ffff:192.0.2.1", 4).await,
        1
    );
    assert_eq!(
        admitted(server, Limited::Token, "2001:db8:1:100::1", 4).await,
        4
    );
    assert_eq!(
        admitted(server, Limited::Token, "2001:db8:1:1ff:a:b:c:d", 4).await,
        1
    );
    assert_eq!(
        admitted(server, Limited::Token, "2001:db8:1:200::1", 4).await,
        4
    );
    // Who comes without an address shares one budget with all who do.
    let mut nobody = from("192.0.2.9");
    nobody.extensions.clear();
    for turn in 0..10 {
        let verdict = server.limit(Limited::Token, &nobody).await;
        assert_eq!(verdict.is_ok(), turn < 5, "{turn}");
    }
}

#[tokio::test]
async fn all_addresses_together_have_a_limit_that_one_alone_cannot_use_up() {
    let bench = strict().await;
    let server = &bench.server;
    assert_eq!(
        admitted(server, Limited::Register, "192.0.2.1", 1_000).await,
        3
    );
    let mut passed = 0;
    for host in 2..=200 {
        passed += admitted(server, Limited::Register, &format!("198.51.100.{host}"), 2).await;
    }
    assert_eq!(passed, 50 * 3 - 3);
    let refused = server.limit(Limited::Register, &from("203.0.113.1")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, "too_many_requests");
    assert!(
        refused.description.starts_with("this server"),
        "{refused:?}"
    );
    bench.clock.advance(Duration::from_hours(1));
    assert_eq!(
        admitted(server, Limited::Register, "203.0.113.1", 1).await,
        1
    );
}

/// A store that cannot be asked at all, or counts what it is asked.
#[derive(Debug)]
struct Watched {
    inner: Memory,
    asked: Mutex<Vec<String>>,
    is_down: bool,
}

impl Watched {
    fn new(clock: Arc<dyn Clock>, is_down: bool) -> Arc<Self> {
        Arc::new(Self {
            inner: Memory::new(clock, 100),
            asked: Mutex::default(),
            is_down,
        })
    }
}

#[async_trait::async_trait]
impl Store for Watched {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn guarantees(&self) -> Guarantees {
        self.inner.guarantees()
    }
    async fn put_new(&self, at: &Place, value: Value, life: Duration) -> Result<bool, StoreError> {
        self.inner.put_new(at, value, life).await
    }
    async fn get(&self, at: &Place) -> Result<Option<Held>, StoreError> {
        self.inner.get(at).await
    }
    async fn take(&self, at: &Place, left: Vec<u8>, life: Duration) -> Result<Taken, StoreError> {
        self.inner.take(at, left, life).await
    }
    async fn update(&self, at: &Place, change: Change) -> Result<Updated, StoreError> {
        self.inner.update(at, change).await
    }
    async fn delete(&self, at: &Place) -> Result<bool, StoreError> {
        self.inner.delete(at).await
    }
    async fn count(&self, namespace: Namespace) -> Result<u64, StoreError> {
        self.inner.count(namespace).await
    }
    async fn lowest(
        &self,
        namespace: Namespace,
        up_to: i64,
        limit: usize,
    ) -> Result<Vec<(String, Held)>, StoreError> {
        self.inner.lowest(namespace, up_to, limit).await
    }
    async fn lease(&self, key: &str, life: Duration) -> Result<Option<Fence>, StoreError> {
        self.inner.lease(key, life).await
    }
    async fn renew(&self, key: &str, fence: Fence, life: Duration) -> Result<bool, StoreError> {
        self.inner.renew(key, fence, life).await
    }
    async fn release(&self, key: &str, fence: Fence) -> Result<(), StoreError> {
        self.inner.release(key, fence).await
    }
    async fn incr(&self, key: &str, window: Duration) -> Result<u64, StoreError> {
        self.asked.lock().unwrap().push(key.to_owned());
        if self.is_down {
            return Err(StoreError::Unavailable("down".to_owned()));
        }
        self.inner.incr(key, window).await
    }
    async fn expire(&self, batch: usize) -> Result<usize, StoreError> {
        self.inner.expire(batch).await
    }
}

/// Puts another store under the server.
fn over(bench: &mut Bench, store: Arc<Watched>) {
    let server = Arc::get_mut(&mut bench.server).unwrap();
    server.records = Records::new(store, Arc::clone(&server.keys), Arc::clone(&server.random));
}

#[tokio::test]
async fn without_the_store_the_limit_is_kept_by_the_process() {
    let mut bench = strict().await;
    let store = Watched::new(bench.clock.clone(), true);
    over(&mut bench, store);
    assert_eq!(
        admitted(&bench.server, Limited::Token, "192.0.2.1", 20).await,
        5
    );
    assert_eq!(
        admitted(&bench.server, Limited::Token, "192.0.2.2", 20).await,
        5
    );
}

#[tokio::test]
async fn replicas_that_share_a_store_count_together() {
    let (mut one, mut other) = (strict().await, strict().await);
    let store = Watched::new(one.clock.clone(), false);
    over(&mut one, Arc::clone(&store));
    over(&mut other, store);
    let keys = Arc::clone(&one.server.keys);
    Arc::get_mut(&mut other.server).unwrap().keys = keys;
    assert_eq!(
        admitted(&one.server, Limited::Token, "192.0.2.1", 3).await,
        3
    );
    assert_eq!(
        admitted(&other.server, Limited::Token, "192.0.2.1", 9).await,
        2
    );
}

#[tokio::test]
async fn a_flood_costs_the_store_no_more_than_the_limit_and_tells_it_no_address() {
    let mut bench = strict().await;
    let store = Watched::new(bench.clock.clone(), false);
    over(&mut bench, Arc::clone(&store));
    assert_eq!(
        admitted(&bench.server, Limited::Token, "192.0.2.1", 5_000).await,
        5
    );
    let asked = store.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|key| !key.contains("192.0")), "{asked:?}");
}

#[test]
fn the_counters_of_the_process_are_bounded() {
    let limits = Limits::default();
    let budget = (1_000_000, Duration::from_mins(1));
    let count = |who: u64, second: u64| {
        let now = Duration::from_secs(second);
        limits.count(Limited::Token, &who.to_string(), budget, now)
    };
    for who in 0..50_000 {
        assert!(count(who, who / 5_000).is_ok());
        assert!(limits.counted() <= MOST);
    }
    // The latest are remembered.
    for who in 49_900..50_000 {
        let known = limits.counts.lock().unwrap().each[&(Limited::Token, who.to_string())];
        assert_eq!(known.seen, 1);
    }
}
