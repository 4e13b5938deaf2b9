//! Values: written once, read back, taken once, changed by whoever is first.

use std::sync::Arc;

use gitlab_mcp_store::{
    Change, Fence, MAX_VALUE, Namespace, Place, Store, StoreError, Taken, Updated, Value,
};

use crate::bench::{AFTER, Bench, LONG, SHORT, code};

/// A change made from a version.
pub(crate) fn change(expected: u64, text: &str) -> Change {
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

/// The line for the log says what a crash costs, and shows no address, path or password.
pub(crate) async fn it_says_what_it_is(bench: &impl Bench) {
    let store = bench.one();
    let line = store.describe();
    assert!(!line.contains('\n') && line.len() > 40, "{line}");
    let durable = line.contains("survives a crash");
    assert_eq!(durable, store.guarantees().durable, "{line}");
    for secret in ["127.0.0.1", "password", "://", "/"] {
        assert!(!line.contains(secret), "{line}");
    }
}
