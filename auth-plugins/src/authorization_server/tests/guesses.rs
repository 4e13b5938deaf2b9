//! Somebody who guesses: client ids, codes, tokens. Nothing is found, little is read, nothing is
//! written, and whom it belongs to goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::random::{Random as _, SeededRandom};

use super::*;
use crate::authorization_server::bench::stores::rounds;
use crate::authorization_server::bench::weak_store::WeakStore;

/// Reads of the store that one guess may cost: of the client, and of what is guessed.
const READS: u64 = 4;

/// So many random bytes behind a prefix.
fn guess(random: &SeededRandom, prefix: &str, bytes: usize) -> String {
    let mut all = vec![0; bytes];
    random.fill(&mut all);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(all))
}

#[tokio::test]
async fn no_guess_is_right_and_none_costs_a_write() {
    let bench = bench_with(unlimited()).await;
    let line = WeakStore::over(Arc::clone(bench.server.records.store()));
    let server = bench.replica(line.clone(), bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let (client, pair) = signed_in(&bench, &turn, "alice").await;
    let done = turn.sign_in(&bench, &client, "alice").await;
    bench.gitlab.log().clear();
    let random = SeededRandom::new(42);
    let mut read = line.reads();
    // The layout of a refresh token is known: its first byte and the number of the first generation.
    let known = |mut bytes: Vec<u8>| {
        bytes[0] = 1;
        bytes[17..25].copy_from_slice(&1_u64.to_be_bytes());
        format!("gmrt_{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    for round in 0..rounds(500) {
        let stranger = guess(&random, "", 16);
        assert_eq!(
            turn.redeem(&stranger, &done.code).await.word(),
            "401 invalid_client"
        );
        let code = guess(&random, "gmac_", 32);
        assert_eq!(
            turn.redeem(&client, &code).await.word(),
            "400 invalid_grant"
        );
        let mut bytes = vec![0; 61];
        random.fill(&mut bytes);
        let refresh = known(bytes);
        assert_eq!(
            turn.refresh(&client, &refresh).await.word(),
            "400 invalid_grant"
        );
        let access = guess(&random, "gmat_", 200);
        assert!(!turn.verifies(&access).await);
        assert_eq!(turn.revoke(&client, &refresh).await.word(), "200");
        let now = line.reads();
        assert!(now - read <= 5 * READS, "{round}: {} reads", now - read);
        read = now;
    }
    assert_eq!(bench.gitlab.log().count(), 0);
    assert!(turn.verifies(&pair.access).await);
    turn.redeem(&client, &done.code).await.pair();
    turn.refresh(&client, &pair.refresh).await.pair();
}
