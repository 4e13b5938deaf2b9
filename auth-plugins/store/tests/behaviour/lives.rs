//! How long things last: values, tombstones, leases and windows.

use std::time::Duration;

use gitlab_mcp_store::{Change, Namespace, Place, Taken, Updated, Value};

use crate::bench::{AFTER, Bench, LONG, SHORT, code};
use crate::records::change;

/// What has expired is absent, for every operation.
pub(crate) async fn what_has_expired_is_absent(bench: &impl Bench) {
    let store = bench.one();
    let at = code("expires");
    let stays = code("stays");
    assert!(store.put_new(&at, Value::new("a"), SHORT).await.unwrap());
    assert!(store.put_new(&stays, Value::new("a"), LONG).await.unwrap());
    bench.pass(AFTER).await;
    assert_eq!(store.get(&at).await.unwrap(), None);
    assert_eq!(
        store.update(&at, change(1, "b")).await.unwrap(),
        Updated::Absent
    );
    assert_eq!(store.take(&at, vec![], LONG).await.unwrap(), Taken::Absent);
    assert!(!store.delete(&at).await.unwrap());
    assert!(store.put_new(&at, Value::new("c"), LONG).await.unwrap());
    assert!(store.get(&stays).await.unwrap().is_some());
}

/// A tombstone goes when its own life is over.
pub(crate) async fn a_tombstone_expires(bench: &impl Bench) {
    let store = bench.one();
    let at = code("tombstone");
    assert!(store.put_new(&at, Value::new("a"), LONG).await.unwrap());
    assert!(matches!(
        store.take(&at, vec![], SHORT).await.unwrap(),
        Taken::First(_)
    ));
    bench.pass(AFTER).await;
    assert_eq!(store.take(&at, vec![], LONG).await.unwrap(), Taken::Absent);
    assert!(store.put_new(&at, Value::new("b"), LONG).await.unwrap());
}

/// A change gives the record a life of its own.
pub(crate) async fn a_change_sets_the_life(bench: &impl Bench) {
    let store = bench.one();
    let at = code("life");
    assert!(store.put_new(&at, Value::new("a"), SHORT).await.unwrap());
    assert_eq!(
        store.update(&at, change(1, "b")).await.unwrap(),
        Updated::Done(2)
    );
    bench.pass(AFTER).await;
    assert!(store.get(&at).await.unwrap().is_some());
    let short = Change {
        life: SHORT,
        ..change(2, "c")
    };
    assert_eq!(store.update(&at, short).await.unwrap(), Updated::Done(3));
    bench.pass(AFTER).await;
    assert_eq!(store.get(&at).await.unwrap(), None);
}

/// Clearing away takes no more than it is told to, and nothing that lives.
pub(crate) async fn expired_records_are_cleared_in_batches(bench: &impl Bench) {
    let store = bench.one();
    for number in 0..10 {
        let at = Place::new(Namespace::Revoked, format!("clear-{number}"));
        let life = if number == 0 { LONG } else { SHORT };
        assert!(store.put_new(&at, Value::new("x"), life).await.unwrap());
    }
    bench.pass(AFTER).await;
    assert!(store.expire(4).await.unwrap() <= 4);
    while store.expire(4).await.unwrap() > 0 {}
    assert_eq!(store.count(Namespace::Revoked).await.unwrap(), 1);
}

/// A window counts to its end and starts again.
pub(crate) async fn counts_start_again_with_each_window(bench: &impl Bench) {
    let window = Duration::from_millis(800);
    for wanted in 1..=4 {
        let store = if wanted % 2 == 0 {
            bench.one()
        } else {
            bench.other()
        };
        assert_eq!(store.incr("rate:a", window).await.unwrap(), wanted);
    }
    assert_eq!(bench.one().incr("rate:b", window).await.unwrap(), 1);
    bench.pass(Duration::from_secs(1)).await;
    assert_eq!(bench.one().incr("rate:a", window).await.unwrap(), 1);
}

/// A life of years, or of more than any clock counts, is a long life and nothing else.
pub(crate) async fn a_life_of_years_does_not_overflow(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let year = Duration::from_hours(24 * 365);
    for (number, life) in [year * 10, year * 1_000, Duration::MAX]
        .into_iter()
        .enumerate()
    {
        let at = code(&format!("years-{number}"));
        let up = format!("up:years-{number}");
        let fence = one.lease(&up, life).await.unwrap().unwrap();
        assert!(one.renew(&up, fence, life).await.unwrap());
        assert!(one.put_new(&at, Value::new("a"), life).await.unwrap());
        let kept = Change {
            life,
            fence: Some((up.clone(), fence)),
            ..change(1, "b")
        };
        assert_eq!(one.update(&at, kept).await.unwrap(), Updated::Done(2));
        assert_eq!(one.incr(&up, life).await.unwrap(), 1);
        bench.pass(SHORT).await;
        assert_eq!(other.lease(&up, life).await.unwrap(), None);
        assert_eq!(other.get(&at).await.unwrap().unwrap().version, 2);
        assert_eq!(other.incr(&up, life).await.unwrap(), 2);
        let first = other.take(&at, vec![7], life).await.unwrap();
        assert!(matches!(first, Taken::First(_)), "{first:?}");
        one.expire(100).await.unwrap();
        let before = one.take(&at, vec![8], life).await.unwrap();
        let Taken::Before { tombstone, ago } = before else {
            panic!("{before:?}");
        };
        assert_eq!(tombstone, [7]);
        assert!(ago < LONG, "{ago:?}");
    }
}
