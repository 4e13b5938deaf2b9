//! Leases: one holder, numbers that grow.

use crate::bench::{AFTER, Bench, LONG, SHORT};

/// One of many becomes the holder; the next one only when it lets go.
pub(crate) async fn a_lease_has_one_holder(bench: &impl Bench) {
    let callers: Vec<_> = (0..12)
        .map(|number| {
            let store = if number % 2 == 0 {
                bench.one()
            } else {
                bench.other()
            };
            tokio::spawn(async move { store.lease("up:one", LONG).await.unwrap() })
        })
        .collect();
    let mut held = Vec::new();
    for caller in callers {
        held.extend(caller.await.unwrap());
    }
    let [first] = held.as_slice() else {
        panic!("{held:?}");
    };
    assert_eq!(bench.other().lease("up:one", LONG).await.unwrap(), None);
    assert!(
        bench
            .other()
            .lease("up:another", LONG)
            .await
            .unwrap()
            .is_some()
    );
    bench.one().release("up:one", *first).await.unwrap();
    let second = bench.other().lease("up:one", LONG).await.unwrap().unwrap();
    assert!(second > *first);
    bench.one().release("up:one", *first).await.unwrap();
    assert_eq!(
        bench.one().lease("up:one", LONG).await.unwrap(),
        None,
        "the old holder freed it"
    );
}

/// Whoever renews keeps it; whoever does not loses it for good.
pub(crate) async fn a_lease_is_kept_by_renewing(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let first = one.lease("up:kept", SHORT).await.unwrap().unwrap();
    assert!(one.renew("up:kept", first, LONG).await.unwrap());
    bench.pass(AFTER).await;
    assert_eq!(other.lease("up:kept", LONG).await.unwrap(), None);
    assert!(one.renew("up:kept", first, SHORT).await.unwrap());
    bench.pass(AFTER).await;
    assert!(!one.renew("up:kept", first, LONG).await.unwrap());
    let second = other.lease("up:kept", LONG).await.unwrap().unwrap();
    assert!(second > first);
    assert!(!one.renew("up:kept", first, LONG).await.unwrap());
    assert!(other.renew("up:kept", second, LONG).await.unwrap());
}
