//! Any replica serves any step of any login, whatever state they share.

use super::*;
use crate::authorization_server::bench::stores;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_a_login_may_be_at_another_replica() {
    for shared in stores::everywhere(3).await {
        let bench = bench_with(unlimited()).await;
        let lines = shared.lines.into_iter();
        let seats = lines.map(|line| bench.replica(line, shared.clock.clone()));
        let turn = Turn::of(seats.collect());
        for round in 0..20 {
            let (client, first) = signed_in(&bench, &turn, "alice").await;
            // From the registration to the end each of the three has every step once.
            for _ in 0..3 {
                assert!(
                    turn.verifies(&first.access).await,
                    "{} {round}",
                    shared.name
                );
            }
            let second = turn.refresh(&client, &first.refresh).await.pair();
            assert!(
                turn.verifies(&second.access).await,
                "{} {round}",
                shared.name
            );
            assert_eq!(turn.revoke(&client, &second.refresh).await.status, 200);
            for _ in 0..3 {
                assert!(
                    !turn.verifies(&second.access).await,
                    "{} {round}",
                    shared.name
                );
            }
            // Another offset next time: a login takes nine requests and more.
            turn.next();
        }
    }
}
