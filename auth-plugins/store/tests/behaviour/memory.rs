//! The store in memory.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::{Memory, Namespace, Place, Store, Value};

use crate::bench::{Bench, LONG};

struct InMemory {
    clock: Arc<ManualClock>,
    store: Arc<Memory>,
}

impl InMemory {
    fn new(capacity: usize) -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(Memory::new(clock.clone(), capacity));
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
    let bench = InMemory::new(10);
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
