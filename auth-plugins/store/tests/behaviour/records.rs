//! Values: written once, read back, taken once, changed by whoever is first.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_store::{
    Change, Fence, MAX_VALUE, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};

use crate::bench::{AFTER, Bench, LONG, SHORT, code};

fn change(expected: u64, text: &str) -> Change {
    Change {
        expected,
        fence: None,
        value: Value::new(text),
        life: LONG,
    }
}

/// A value is stored where none is, and everybody reads it.
pub(crate) async fn a_value_is_stored_once(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let at = code("stored-once");
    assert_eq!(one.get(&at).await.unwrap(), None);
    assert!(
        one.put_new(&at, Value::new("a").ranked(7), LONG)
            .await
            .unwrap()
    );
    assert!(!other.put_new(&at, Value::new("b"), LONG).await.unwrap());
    let held = other.get(&at).await.unwrap().unwrap();
    assert_eq!((held.value, held.version), (Value::new("a").ranked(7), 1));
    let elsewhere = Place::new(Namespace::Login, "stored-once");
    assert_eq!(one.get(&elsewhere).await.unwrap(), None);
    assert!(other.delete(&at).await.unwrap());
    assert!(!one.delete(&at).await.unwrap());
    assert!(one.put_new(&at, Value::new("c"), LONG).await.unwrap());
}

/// Keys and values of any bytes come back as they were; too long ones are refused.
pub(crate) async fn any_bytes_come_back(bench: &impl Bench) {
    let store = bench.one();
    let all: Vec<u8> = (0..=255).cycle().take(MAX_VALUE).collect();
    for key in [
        "",
        "a b",
        "k:e:y",
        "'; drop table x; --",
        "ключ",
        "*?[a]",
        "%00",
    ] {
        let at = Place::new(Namespace::Client, key);
        let value = Value::new(all.clone()).ranked(i64::MIN);
        assert!(
            store.put_new(&at, value.clone(), LONG).await.unwrap(),
            "{key}"
        );
        assert_eq!(store.get(&at).await.unwrap().unwrap().value, value, "{key}");
        assert!(store.delete(&at).await.unwrap(), "{key}");
    }
    let long = Value::new(vec![0; MAX_VALUE + 1]);
    let refused = store.put_new(&code("long"), long, LONG).await;
    assert_eq!(refused, Err(StoreError::TooLong(MAX_VALUE + 1)));
}

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

/// One caller has it; the others learn what that one left, and how long ago.
pub(crate) async fn a_value_is_taken_once(bench: &impl Bench) {
    let at = code("taken-once");
    assert!(
        bench
            .one()
            .put_new(&at, Value::new("a"), LONG)
            .await
            .unwrap()
    );
    let mut first = 0;
    let takers: Vec<_> = (0..20)
        .map(|number: u8| {
            let store: Arc<dyn Store> = if number.is_multiple_of(2) {
                bench.one()
            } else {
                bench.other()
            };
            let at = at.clone();
            tokio::spawn(async move { store.take(&at, vec![number], LONG).await.unwrap() })
        })
        .collect();
    let mut left = Vec::new();
    for taker in takers {
        match taker.await.unwrap() {
            Taken::First(held) => {
                first += 1;
                assert_eq!(held.value.bytes, b"a");
            }
            Taken::Before { tombstone, ago } => {
                assert!(ago < LONG);
                left.push(tombstone);
            }
            Taken::Absent => panic!("it was there"),
        }
    }
    assert_eq!((first, left.len()), (1, 19));
    assert!(left.windows(2).all(|pair| pair[0] == pair[1]), "{left:?}");
    bench.pass(SHORT).await;
    match bench.other().take(&at, vec![99], LONG).await.unwrap() {
        Taken::Before { ago, .. } => assert!(ago >= SHORT / 2, "{ago:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.one().get(&at).await.unwrap(), None);
    let again = bench
        .one()
        .put_new(&at, Value::new("b"), LONG)
        .await
        .unwrap();
    assert!(!again, "a tombstone keeps the place");
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

/// Of all changes made from one version, one is done.
pub(crate) async fn one_change_wins(bench: &impl Bench) {
    let at = code("changed");
    assert_eq!(
        bench.one().update(&at, change(1, "x")).await.unwrap(),
        Updated::Absent
    );
    assert!(
        bench
            .one()
            .put_new(&at, Value::new("0"), LONG)
            .await
            .unwrap()
    );
    for round in 1..=5 {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                let store = if number % 2 == 0 {
                    bench.one()
                } else {
                    bench.other()
                };
                let (at, text) = (at.clone(), format!("{round}-{number}"));
                tokio::spawn(async move { store.update(&at, change(round, &text)).await.unwrap() })
            })
            .collect();
        let mut done = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Updated::Done(version) => {
                    done += 1;
                    assert_eq!(version, round + 1);
                }
                other => assert_eq!(other, Updated::Moved),
            }
        }
        assert_eq!(done, 1);
    }
    assert_eq!(bench.other().get(&at).await.unwrap().unwrap().version, 6);
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

/// The lowest ranks come first; tombstones and what expired are not among them.
pub(crate) async fn the_lowest_come_first(bench: &impl Bench) {
    let store = bench.one();
    let of = Namespace::Outbox;
    for (key, rank) in [("e", 50), ("a", -10), ("c", 30), ("b", 20), ("d", 30)] {
        let at = Place::new(of, key);
        assert!(
            store
                .put_new(&at, Value::new(key).ranked(rank), LONG)
                .await
                .unwrap()
        );
    }
    let gone = Place::new(of, "gone");
    assert!(
        store
            .put_new(&gone, Value::new("").ranked(-99), SHORT)
            .await
            .unwrap()
    );
    let taken = Place::new(of, "taken");
    assert!(
        store
            .put_new(&taken, Value::new("").ranked(-98), LONG)
            .await
            .unwrap()
    );
    store.take(&taken, vec![], LONG).await.unwrap();
    bench.pass(AFTER).await;
    let keys = |found: Vec<(String, _)>| found.into_iter().map(|(key, _)| key).collect::<String>();
    let other = bench.other();
    assert_eq!(other.count(of).await.unwrap(), 5);
    assert_eq!(keys(other.lowest(of, 30, 10).await.unwrap()), "abcd");
    assert_eq!(keys(other.lowest(of, i64::MAX, 2).await.unwrap()), "ab");
    assert_eq!(keys(other.lowest(of, -11, 10).await.unwrap()), "");
    assert_eq!(other.count(Namespace::Approval).await.unwrap(), 0);
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

/// A writer whose lease went to somebody else cannot write.
pub(crate) async fn a_fenced_writer_cannot_write(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let at = Place::new(Namespace::Login, "fenced");
    assert!(one.put_new(&at, Value::new("0"), LONG).await.unwrap());
    let under = |fence: Fence, expected: u64| Change {
        fence: Some(("up:fenced".to_owned(), fence)),
        ..change(expected, "new")
    };
    let first = one.lease("up:fenced", SHORT).await.unwrap().unwrap();
    assert_eq!(
        one.update(&at, under(first, 1)).await.unwrap(),
        Updated::Done(2)
    );
    bench.pass(AFTER).await;
    assert_eq!(
        one.update(&at, under(first, 2)).await.unwrap(),
        Updated::Fenced
    );
    let second = other.lease("up:fenced", LONG).await.unwrap().unwrap();
    assert!(second > first);
    assert_eq!(
        one.update(&at, under(first, 2)).await.unwrap(),
        Updated::Fenced
    );
    assert_eq!(
        other.update(&at, under(second, 2)).await.unwrap(),
        Updated::Done(3)
    );
    assert_eq!(
        other.update(&at, under(second, 2)).await.unwrap(),
        Updated::Moved
    );
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
