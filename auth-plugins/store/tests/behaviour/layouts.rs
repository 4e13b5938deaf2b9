//! Two releases over one state: what was stored in the first layout is read for ever, and a column
//! that a later release added is in nobody's way.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_store::{Fence, Namespace, Place, Store, Taken, Updated, Value};

use crate::bench::LONG;
use crate::records::change;

/// What a row of the first layout held, in every backend.
pub(crate) const BYTES: &[u8] = b"\x01sealed by the first release";
pub(crate) const KEY: &str = "ErxttJ_bWe8ts2tHqTKwpeZ8N9GNFGzBRVkz93bcGSw";
pub(crate) const USED: &str = "a-code-that-was-taken";
pub(crate) const LEASE: &str = "up:a-login";
pub(crate) const COUNTER: &str = "verifier:a-code";

/// Whether the first release's login, taken code, lease and counter are what they were.
pub(crate) async fn the_first_layout_is_read(store: Arc<dyn Store>) {
    let at = Place::new(Namespace::Login, KEY);
    let held = store.get(&at).await.unwrap().unwrap();
    assert_eq!(
        (held.value, held.version),
        (Value::new(BYTES).ranked(-7), 3)
    );
    let lowest = store.lowest(Namespace::Login, -7, 9).await.unwrap();
    assert_eq!(lowest.len(), 1);
    assert_eq!(store.count(Namespace::Login).await.unwrap(), 1);
    let used = Place::new(Namespace::Code, USED);
    let taken = store.take(&used, Vec::new(), LONG).await.unwrap();
    let Taken::Before { tombstone, ago } = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(tombstone, BYTES);
    assert!(ago < Duration::from_mins(1), "{ago:?}");
    assert_eq!(store.lease(LEASE, LONG).await.unwrap(), None);
    assert!(store.renew(LEASE, Fence(4), LONG).await.unwrap());
    assert_eq!(store.incr(COUNTER, LONG).await.unwrap(), 3);
    let next = store.lease("up:another", LONG).await.unwrap().unwrap();
    assert!(next > Fence(4), "{next:?}");
    let changed = store.update(&at, change(3, "b")).await.unwrap();
    assert_eq!(changed, Updated::Done(4));
    assert!(store.delete(&at).await.unwrap());
}

/// Whether every operation goes as usual.
pub(crate) async fn every_operation_works(store: Arc<dyn Store>) {
    let at = Place::new(Namespace::Code, "of-both");
    assert!(store.put_new(&at, Value::new("a"), LONG).await.unwrap());
    assert_eq!(
        store.update(&at, change(1, "b")).await.unwrap(),
        Updated::Done(2)
    );
    assert_eq!(store.lowest(Namespace::Code, 0, 9).await.unwrap().len(), 1);
    let taken = store.take(&at, b"c".to_vec(), LONG).await.unwrap();
    assert!(matches!(taken, Taken::First(_)), "{taken:?}");
    assert_eq!(store.count(Namespace::Code).await.unwrap(), 0);
    let fence = store.lease("of-both", LONG).await.unwrap().unwrap();
    assert!(store.renew("of-both", fence, LONG).await.unwrap());
    store.release("of-both", fence).await.unwrap();
    assert_eq!(store.incr("of-both", LONG).await.unwrap(), 1);
    assert_eq!(store.incr("of-both", LONG).await.unwrap(), 2);
    store.expire(9).await.unwrap();
    assert!(store.delete(&at).await.unwrap());
}
