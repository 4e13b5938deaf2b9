//! The store in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::{Memory, Namespace, Place, Store, Taken, Value};

use crate::bench::{Bench, LONG, code};

struct InMemory {
    clock: Arc<ManualClock>,
    store: Arc<Memory>,
}

impl InMemory {
    fn new(clients: usize) -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(Memory::new(clock.clone(), clients));
        Self { clock, store }
    }
}

#[async_trait]
impl Bench for InMemory {
    fn one(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    fn other(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

crate::bench::suite!(InMemory::new(1000));

#[tokio::test]
async fn a_full_store_lets_the_lowest_rank_go_and_keeps_leases() {
    let bench = InMemory::new(1);
    let store = bench.one();
    let lease = store.lease("up:held", LONG).await.unwrap().unwrap();
    for number in 0..1000 {
        let at = Place::new(Namespace::Pending, format!("{number}"));
        let value = Value::new("x").ranked(number);
        assert!(store.put_new(&at, value, LONG).await.unwrap());
        store.incr(&format!("rate:{number}"), LONG).await.unwrap();
    }
    assert_eq!(store.count(Namespace::Pending).await.unwrap(), 10);
    let lowest = store.lowest(Namespace::Pending, i64::MAX, 1).await.unwrap();
    assert_eq!(lowest[0].0, "990");
    assert!(store.renew("up:held", lease, LONG).await.unwrap());
}

#[tokio::test]
async fn the_oldest_client_makes_room_for_the_next() {
    let bench = InMemory::new(2);
    let store = bench.one();
    for (rank, key) in ["first", "second", "third"].into_iter().enumerate() {
        let value = Value::new("x").ranked(i64::try_from(rank).unwrap());
        let at = Place::new(Namespace::Client, key);
        assert!(store.put_new(&at, value, LONG).await.unwrap());
    }
    assert_eq!(store.count(Namespace::Client).await.unwrap(), 2);
    let first = Place::new(Namespace::Client, "first");
    assert_eq!(store.get(&first).await.unwrap(), None);
}

#[tokio::test]
async fn tombstones_are_bounded_and_push_no_value_out() {
    let bench = InMemory::new(1);
    let store = bench.one();
    let waiting = code("waiting");
    assert!(
        store
            .put_new(&waiting, Value::new("x").ranked(-1), LONG)
            .await
            .unwrap()
    );
    for number in 0..100 {
        let at = code(&format!("used-{number}"));
        assert!(store.put_new(&at, Value::new("x"), LONG).await.unwrap());
        let taken = store.take(&at, vec![], LONG).await.unwrap();
        assert!(matches!(taken, Taken::First(_)), "{taken:?}");
        bench.pass(Duration::from_millis(1)).await;
    }
    assert!(store.get(&waiting).await.unwrap().is_some());
    let oldest = store.take(&code("used-0"), vec![], LONG).await.unwrap();
    assert_eq!(oldest, Taken::Absent);
    let latest = store.take(&code("used-99"), vec![], LONG).await.unwrap();
    assert!(matches!(latest, Taken::Before { .. }), "{latest:?}");
}
