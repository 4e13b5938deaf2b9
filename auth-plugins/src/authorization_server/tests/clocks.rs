//! Replicas whose clocks do not agree, and dates that few programs have seen.

use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::{Memory, Store};

use super::*;
use crate::authorization_server::bench::{START, bench_with};
use crate::authorization_server::verify::VerifyError;

/// Replicas over one state, each this many seconds past [`START`].
struct Apart {
    bench: Bench,
    seats: Vec<Turn>,
    clocks: Vec<Arc<ManualClock>>,
}

async fn apart(seconds: &[u64]) -> Apart {
    let bench = bench_with(unlimited()).await;
    let at = |seconds| Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(seconds)));
    // The state has a clock of its own.
    let store: Arc<dyn Store> = Arc::new(Memory::new(at(START), 10_000));
    let clocks: Vec<_> = seconds.iter().map(|by| at(START + by)).collect();
    let seat = |clock: &Arc<ManualClock>| {
        let server = bench.replica(Arc::clone(&store), clock.clone());
        Turn::of(vec![server])
    };
    Apart {
        seats: clocks.iter().map(seat).collect(),
        clocks,
        bench,
    }
}

impl Apart {
    /// A client whose user signed in here.
    async fn signed_in(&self, seat: usize) -> (String, Pair) {
        signed_in(&self.bench, &self.seats[seat], "alice").await
    }

    async fn verify(&self, seat: usize, access: &str) -> Result<(), VerifyError> {
        let server = self.seats[seat].next();
        server.verify(&base(), access).await.map(drop)
    }
}

#[tokio::test]
async fn half_a_minute_between_two_clocks_is_noticed_by_nobody() {
    let apart = apart(&[0, 30]).await;
    for (here, there) in [(0, 1), (1, 0)] {
        // Each step at the other one.
        let client = apart.seats[here].client().await;
        let turn = Turn::of(vec![apart.seats[there].next(), apart.seats[here].next()]);
        let done = turn.sign_in(&apart.bench, &client, "alice").await;
        let first = apart.seats[there].redeem(&client, &done.code).await.pair();
        assert_eq!(apart.verify(here, &first.access).await, Ok(()));
        let second = apart.seats[here]
            .refresh(&client, &first.refresh)
            .await
            .pair();
        assert_eq!(apart.verify(there, &second.access).await, Ok(()));
        // The answer was lost, and the client asks the other one again.
        let again = apart.seats[there]
            .refresh(&client, &first.refresh)
            .await
            .pair();
        assert_eq!(again.refresh, second.refresh);
        let third = apart.seats[there]
            .refresh(&client, &again.refresh)
            .await
            .pair();
        for access in [&first.access, &second.access, &third.access] {
            assert_eq!(apart.verify(here, access).await, Ok(()));
        }
    }
}

#[tokio::test]
async fn ten_minutes_between_two_clocks_cost_a_refusal_and_no_login() {
    let apart = apart(&[600, 0, 1200]).await;
    for (issuer, verdicts) in [
        (0, [true, false, true]),
        (1, [true, true, true]),
        (2, [false, false, true]),
    ] {
        let (client, mut pair) = apart.signed_in(issuer).await;
        for round in 0..3 {
            for (seat, good) in verdicts.into_iter().enumerate() {
                let verdict = apart.verify(seat, &pair.access).await;
                let expected = if good {
                    Ok(())
                } else {
                    Err(VerifyError::Invalid)
                };
                assert_eq!(verdict, expected, "{issuer} {seat} {round}");
            }
            // What such a client does: it refreshes, where it comes to, and goes on with what it got.
            let answered = apart.seats[issuer].refresh(&client, &pair.refresh).await;
            pair = answered.pair();
        }
        // Any of them renews it, and the login outlives it all.
        for (seat, turn) in apart.seats.iter().enumerate() {
            pair = turn.refresh(&client, &pair.refresh).await.pair();
            assert_eq!(
                apart.verify(seat, &pair.access).await,
                Ok(()),
                "{issuer} {seat}"
            );
        }
    }
    // Once the clocks agree, what was ahead is good everywhere.
    let (_, pair) = apart.signed_in(2).await;
    apart.clocks[0].advance(Duration::from_mins(10));
    apart.clocks[1].advance(Duration::from_mins(20));
    for seat in 0..3 {
        assert_eq!(apart.verify(seat, &pair.access).await, Ok(()), "{seat}");
    }
}

#[tokio::test]
async fn a_code_and_a_page_of_a_clock_ahead_are_good_at_the_others() {
    let apart = apart(&[0, 600]).await;
    let client = apart.seats[1].client().await;
    let done = apart.seats[1].sign_in(&apart.bench, &client, "alice").await;
    let pair = apart.seats[0].redeem(&client, &done.code).await.pair();
    // Its token was made by the clock behind.
    for seat in 0..2 {
        assert_eq!(apart.verify(seat, &pair.access).await, Ok(()), "{seat}");
    }
}

/// Unix seconds around the ends of the numbers that programs count dates in.
const DATES: [u64; 12] = [
    0,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    // Years 9999 and 10000.
    253_402_300_799,
    253_402_300_800,
    // Milliseconds, microseconds and nanoseconds no longer fit.
    9_223_372_036_854_775,
    9_223_372_036_854_776,
    9_007_199_254_740_993,
    1_000_000_000_000_000_000,
    // A month before the end of what a clock can say.
    9_223_372_036_854_775_807 - 2_678_400,
];

#[tokio::test]
async fn a_login_goes_its_way_at_any_date() {
    for date in DATES {
        // The last seconds before it, and what follows.
        for start in [date.saturating_sub(2), date] {
            let bench = bench_with(unlimited()).await;
            let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(start)));
            let store: Arc<dyn Store> = Arc::new(Memory::new(clock.clone(), 1_000));
            let server = bench.replica(store, clock.clone());
            let bench = Bench {
                server,
                clock,
                ..bench
            };
            let turn = Turn::of(vec![Arc::clone(&bench.server)]);
            let (client, first) = signed_in(&bench, &turn, "alice").await;
            assert!(turn.verifies(&first.access).await, "{start}");
            bench.clock.advance(Duration::from_secs(4));
            assert!(turn.verifies(&first.access).await, "{start}");
            let second = turn.refresh(&client, &first.refresh).await.pair();
            bench.clock.advance(Duration::from_hours(3));
            assert!(!turn.verifies(&second.access).await, "{start}");
            let third = turn.refresh(&client, &second.refresh).await.pair();
            assert!(turn.verifies(&third.access).await, "{start}");
            bench.clock.advance(Duration::from_secs(11));
            let reused = turn.refresh(&client, &second.refresh).await;
            assert_eq!(reused.word(), "400 invalid_grant", "{start}");
            bench.server.tick().await;
            let (_, pair) = signed_in(&bench, &turn, "bob").await;
            bench.clock.advance(Duration::from_hours(24 * 20));
            assert!(!turn.verifies(&pair.access).await, "{start}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_costs_a_refusal_and_no_login() {
    let apart = apart(&[0, 86_400]).await;
    // The process starts again with the right date.
    let (client, pair) = apart.signed_in(1).await;
    assert_eq!(
        apart.verify(0, &pair.access).await,
        Err(VerifyError::Invalid)
    );
    let pair = apart.seats[0].refresh(&client, &pair.refresh).await.pair();
    assert_eq!(apart.verify(0, &pair.access).await, Ok(()));
}
