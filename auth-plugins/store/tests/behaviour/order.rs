//! Ranks: what may go first, and what is due.

use gitlab_mcp_store::{Change, Held, Namespace, Place, Taken, Updated, Value};

use crate::bench::{AFTER, Bench, LONG, SHORT};

/// Milliseconds since the epoch, as the callers rank.
const NOW: i64 = 1_900_000_000_000;

fn keys(found: Vec<(String, Held)>) -> Vec<String> {
    found.into_iter().map(|(key, _)| key).collect()
}

fn ranked(held: Held, rank: i64) -> Change {
    Change {
        expected: held.version,
        fence: None,
        value: held.value.ranked(rank),
        life: LONG,
    }
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
    let other = bench.other();
    assert_eq!(other.count(of).await.unwrap(), 5);
    assert_eq!(
        keys(other.lowest(of, 30, 10).await.unwrap()),
        ["a", "b", "c", "d"]
    );
    assert_eq!(
        keys(other.lowest(of, i64::MAX, 2).await.unwrap()),
        ["a", "b"]
    );
    assert_eq!(other.lowest(of, -11, 10).await.unwrap(), []);
    assert_eq!(other.count(Namespace::Approval).await.unwrap(), 0);
}

/// With the last use as rank, the one that was not used for the longest time makes room.
pub(crate) async fn the_one_unused_for_longest_makes_room(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let of = Namespace::Client;
    let at = |number: i64| Place::new(of, format!("room-{number}"));
    for number in 0..5 {
        // A millisecond apart, and not in the order of the keys.
        let value = Value::new("x").ranked(NOW + (number * 3) % 5);
        assert!(one.put_new(&at(number), value, LONG).await.unwrap());
    }
    // 0 would be the first; it is used.
    let held = other.get(&at(0)).await.unwrap().unwrap();
    let used = other.update(&at(0), ranked(held, NOW + 10)).await.unwrap();
    assert_eq!(used, Updated::Done(2));
    for wanted in [2, 4, 1, 3, 0] {
        let found = keys(one.lowest(of, i64::MAX, 1).await.unwrap());
        assert_eq!(found, [at(wanted).key]);
        assert!(one.delete(&at(wanted)).await.unwrap());
    }
    assert_eq!(one.lowest(of, i64::MAX, 1).await.unwrap(), []);
    assert_eq!(other.count(of).await.unwrap(), 0);
}

/// With the due time as rank, work is found when it is due, and can be put off or done once.
pub(crate) async fn due_work_is_found_put_off_and_done_once(bench: &impl Bench) {
    let (one, other) = (bench.one(), bench.other());
    let of = Namespace::Outbox;
    let at = |name: &str| Place::new(of, name);
    for (name, due) in [("later", NOW + 1), ("due", NOW), ("overdue", NOW - 60_000)] {
        let value = Value::new(name).ranked(due);
        assert!(one.put_new(&at(name), value, LONG).await.unwrap());
    }
    let due = other.lowest(of, NOW, 10).await.unwrap();
    assert_eq!(keys(due.clone()), ["overdue", "due"]);
    assert_eq!(keys(other.lowest(of, NOW, 1).await.unwrap()), ["overdue"]);

    // It failed: again in a minute. Whoever read the same work and is later changes nothing.
    let (_, overdue) = due.into_iter().next().unwrap();
    let later = ranked(overdue, NOW + 60_000);
    let put_off = other.update(&at("overdue"), later.clone()).await.unwrap();
    assert_eq!(put_off, Updated::Done(2));
    let late = one.update(&at("overdue"), later).await.unwrap();
    assert_eq!(late, Updated::Moved);
    assert_eq!(keys(one.lowest(of, NOW, 10).await.unwrap()), ["due"]);

    let done = one.take(&at("due"), vec![], LONG).await.unwrap();
    assert!(matches!(done, Taken::First(_)), "{done:?}");
    let again = other.take(&at("due"), vec![], LONG).await.unwrap();
    assert!(matches!(again, Taken::Before { .. }), "{again:?}");
    assert_eq!(other.lowest(of, NOW, 10).await.unwrap(), []);
    let all = keys(other.lowest(of, NOW + 60_000, 10).await.unwrap());
    assert_eq!(all, ["later", "overdue"]);
}
