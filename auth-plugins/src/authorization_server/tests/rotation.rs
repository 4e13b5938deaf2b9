//! A master secret replaced over three replicas, one after the other, while people work: nobody is
//! refused anything, and nothing that is good once becomes good twice.

use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::secret::{MasterSecret, Secret};
use gitlab_mcp_store::{Memory, Store};

use super::*;
use crate::authorization_server::bench::{START, secret};
use crate::authorization_server::keys::Keys;

const OLD: &str = "the secret of the last years, which everybody knows by heart";
const NEW: &str = "another secret, drawn this morning from a better source";
const PEOPLE: usize = 6;
/// Turns of everybody between two changes; one of them is a refresh.
const TURNS: usize = 6;

fn keys(present: &str, previous: Option<&str>) -> Arc<Keys> {
    let previous: Option<Secret<MasterSecret>> = previous.map(secret);
    Arc::new(Keys::new(&secret(present), previous.as_ref()))
}

/// Short lives: all of them are over within the test.
fn rules() -> Rules {
    Rules {
        access_life: Duration::from_mins(10),
        idle_life: Duration::from_hours(1),
        longest_life: Duration::from_hours(4),
        code_life: Duration::from_mins(10),
        ..unlimited()
    }
}

/// Three replicas, and who works with them.
struct Fleet {
    bench: Bench,
    turn: Turn,
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    /// How often each person got what they asked for.
    well: [Cell<usize>; PEOPLE],
    over: Cell<bool>,
}

impl Fleet {
    async fn of(keys: [Arc<Keys>; 3]) -> Self {
        let bench = bench_with(rules()).await;
        let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(START)));
        let store: Arc<dyn Store> = Arc::new(Memory::new(clock.clone(), 10_000));
        let seats = keys.map(|keys| bench.replica_with(keys, store.clone(), clock.clone()));
        Self {
            turn: Turn::of(seats.into()),
            bench,
            store,
            clock,
            well: Default::default(),
            over: Cell::new(false),
        }
    }

    fn now(&self) -> u64 {
        self.turn.next().tokens.now()
    }

    /// Waits until everybody had so many turns more.
    async fn goes_on(&self) {
        let wanted = self.well.each_ref().map(|well| well.get() + TURNS);
        while self
            .well
            .iter()
            .zip(wanted)
            .any(|(well, wanted)| well.get() < wanted)
        {
            tokio::task::yield_now().await;
        }
    }

    /// A replica ends in the usual way and starts again with other keys.
    async fn restart(&self, seat: usize, keys: &Arc<Keys>) {
        let (store, clock) = (Arc::clone(&self.store), self.clock.clone());
        let next = self.bench.replica_with(Arc::clone(keys), store, clock);
        let before = self.turn.replace(seat, next);
        before.settle().await;
    }

    async fn roll(&self, keys: &Arc<Keys>) {
        for seat in 0..3 {
            self.goes_on().await;
            self.restart(seat, keys).await;
        }
        self.goes_on().await;
    }

    /// Somebody who is never idle, through one client.
    async fn live(&self, number: usize, client: &str) {
        let mut held = self.sign_in(client).await;
        let mut before: Option<(Pair, u64)> = None;
        for turn in 1.. {
            if self.over.get() {
                return;
            }
            if self.now() > held.since + 3 * 3600 {
                // Nobody waits for the end that no use can move.
                held = self.sign_in(client).await;
                before = None;
            } else if turn % TURNS == 0 {
                let answered = self.turn.refresh(client, &held.pair.refresh).await;
                assert_eq!(answered.word(), "200", "{number} refreshes");
                before = Some((std::mem::replace(&mut held.pair, answered.pair()), held.at));
                held.at = self.now();
            } else {
                assert!(
                    self.turn.verifies(&held.pair.access).await,
                    "{number} calls"
                );
                // What was handed out before is good until its own end.
                if let Some((pair, at)) = &before
                    && self.now() < at + 600
                {
                    assert!(self.turn.verifies(&pair.access).await, "{number} calls");
                }
            }
            self.well[number].set(self.well[number].get() + 1);
            tokio::task::yield_now().await;
        }
    }

    async fn sign_in(&self, client: &str) -> Held {
        let since = self.now();
        let done = self.turn.sign_in(&self.bench, client, "alice").await;
        let answered = self.turn.redeem(client, &done.code).await;
        assert_eq!(answered.word(), "200", "a code is redeemed");
        Held {
            pair: answered.pair(),
            since,
            at: since,
        }
    }
}

/// What a client holds.
struct Held {
    pair: Pair,
    /// When its user signed in.
    since: u64,
    /// When it got its tokens.
    at: u64,
}

#[tokio::test]
async fn a_secret_is_replaced_at_three_replicas_and_nobody_is_refused_anything() {
    let old = keys(OLD, None);
    let fleet = Fleet::of([&old, &old, &old].map(Arc::clone)).await;
    let client = fleet.turn.client().await;
    let people = join_all((0..PEOPLE).map(|number| fleet.live(number, &client)));
    let replaced = async {
        fleet.goes_on().await;
        fleet.roll(&keys(OLD, Some(NEW))).await;
        fleet.roll(&keys(NEW, Some(OLD))).await;
        // Until nothing is left that was made before.
        for _ in 0..=rules().longest_life.as_secs() / 300 {
            fleet.clock.advance(Duration::from_mins(5));
            fleet.goes_on().await;
        }
        fleet.roll(&keys(NEW, None)).await;
        fleet.over.set(true);
    };
    tokio::join!(people, replaced);
    // The client that registered under the old one is still known.
    let known = fleet.turn.next().client(&client).await;
    assert!(known.is_ok());
}

#[tokio::test]
async fn a_secret_that_is_taken_away_at_once_takes_everything_with_it() {
    let old = keys(OLD, None);
    let fleet = Fleet::of([&old, &old, &old].map(Arc::clone)).await;
    let client = fleet.turn.client().await;
    let held = fleet.sign_in(&client).await;
    for seat in 0..3 {
        fleet.restart(seat, &keys(NEW, None)).await;
    }
    assert!(!fleet.turn.verifies(&held.pair.access).await);
    let refused = fleet.turn.refresh(&client, &held.pair.refresh).await;
    assert_eq!(refused.word(), "401 invalid_client");
}

/// Replicas in the middle of the change: before it, between the steps, and after the swap.
async fn in_between() -> Fleet {
    let halfway = [keys(OLD, Some(NEW)), keys(NEW, Some(OLD)), keys(OLD, None)];
    Fleet::of(halfway).await
}

#[tokio::test]
async fn what_is_good_once_is_good_once_while_the_secret_changes() {
    let fleet = in_between().await;
    // The third does not know the next secret yet, as in the first step; the two others swap.
    let [first, second] = [fleet.turn.next(), fleet.turn.next()];
    for (one, other) in [(&first, &second), (&second, &first)] {
        let turn = Turn::of(vec![Arc::clone(one)]);
        let client = turn.client().await;
        let mut browser = fleet.bench.visitor();
        browser.server = Arc::clone(one);
        let page = browser.open(&asking(&[("client_id", Some(&client))])).await;
        let sent = browser.press(&page, field::APPROVE).await;
        let gitlab = sent.leads_to().expect("the way to GitLab");
        browser.server = Arc::clone(other);
        let again = browser.press(&page, field::APPROVE).await;
        assert_eq!(again.status, 403, "a form is used twice");
        let back = browser.authorize_as("alice", &gitlab).await;
        let done = browser.open(back.as_str()).await;
        let code = parameter(&done.location().unwrap(), "code").unwrap();
        browser.server = Arc::clone(one);
        let again = browser.open(back.as_str()).await;
        assert_eq!(again.status, 400, "a callback is used twice");
        let there = Turn::of(vec![Arc::clone(other)]);
        let pair = turn.redeem(&client, &code).await.pair();
        let again = there.redeem(&client, &code).await;
        assert_eq!(again.word(), "400 invalid_grant", "a code is used twice");
        // What one takes back is dead at the other.
        assert!(there.verifies(&pair.access).await);
        turn.revoke(&client, &pair.access).await;
        assert!(!there.verifies(&pair.access).await);
        let pair = there.refresh(&client, &pair.refresh).await.pair();
        there.revoke(&client, &pair.refresh).await;
        assert!(!turn.verifies(&pair.access).await);
        assert_eq!(turn.refresh(&client, &pair.refresh).await.status, 400);
    }
}

#[tokio::test]
async fn of_many_who_send_one_form_while_the_secret_changes_one_is_let_through() {
    let fleet = in_between().await;
    let seats: Vec<_> = (0..3).map(|_| fleet.turn.next()).collect();
    let client = fleet.turn.client().await;
    for round in 0..20 {
        let mut browser = fleet.bench.visitor();
        browser.server = Arc::clone(&seats[0]);
        let page = browser.open(&asking(&[("client_id", Some(&client))])).await;
        // The third cannot open what the second made, but what the first made.
        let all = (0..12).map(|number| {
            let mut same = fleet.bench.visitor();
            same.server = Arc::clone(&seats[number % 3]);
            same.cookies = browser.cookies.clone();
            let page = &page;
            async move { same.press(page, field::APPROVE).await.leads_to().is_some() }
        });
        let through = join_all(all).await;
        assert_eq!(through.iter().filter(|one| **one).count(), 1, "{round}");
    }
}

#[tokio::test]
async fn a_client_that_is_used_moves_to_the_new_secret_and_keeps_its_place() {
    let old = keys(OLD, None);
    let fleet = Fleet::of([&old, &old, &old].map(Arc::clone)).await;
    let [used, unused] = [fleet.turn.client().await, fleet.turn.client().await];
    for seat in 0..3 {
        fleet.restart(seat, &keys(NEW, Some(OLD))).await;
    }
    let all = (0..9).map(|_| {
        let server = fleet.turn.next();
        let used = used.clone();
        async move { server.client_used(&used).await }
    });
    join_all(all).await;
    let stored = fleet.store.count(gitlab_mcp_store::Namespace::Client).await;
    assert_eq!(stored, Ok(2));
    for seat in 0..3 {
        fleet.restart(seat, &keys(NEW, None)).await;
    }
    assert!(fleet.turn.next().client(&used).await.is_ok());
    assert!(fleet.turn.next().client(&unused).await.is_err());
    fleet.clock.advance(Duration::from_hours(24 * 179));
    assert!(fleet.turn.next().client(&used).await.is_ok());
}
