//! Tokens that refer to a login, with a bit flipped: each bit of each character in its turn.

use super::*;
use crate::authorization_server::bench::stores::rounds;
use crate::authorization_server::grant::Code;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every text that is one bit away from this one, whose characters are those of base64url.
fn flipped(text: &str) -> Vec<String> {
    let value = |byte: u8| ALPHABET.iter().position(|one| *one == byte).unwrap();
    let places = (0..text.len()).flat_map(|at| (0..6).map(move |bit| (at, bit)));
    let flip = |(at, bit): (usize, u32)| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = ALPHABET[value(bytes[at]) ^ (1 << bit)];
        String::from_utf8(bytes).unwrap()
    };
    places.map(flip).collect()
}

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "how much was tried, where many rounds are asked for"
)]
async fn no_bit_of_a_token_can_be_flipped() {
    let rules = Rules {
        requests_per_minute: u32::MAX,
        ..unlimited()
    };
    let (bench, turn) = alone(rules).await;
    let server = &bench.server;
    let (client, pair) = signed_in(&bench, &turn, "alice").await;
    let (mut tokens, mut tried) = (0, 0);
    for _ in 0..rounds(1) {
        let mut browser = bench.visitor();
        let gitlab = browser
            .approve(&asking(&[("client_id", Some(&client))]))
            .await;
        let state = parameter(&gitlab, "state").unwrap();
        let code = turn.sign_in(&bench, &client, "alice").await.code;
        let redeemed = turn.sign_in(&bench, &client, "alice").await.code;
        let pair = turn.redeem(&client, &redeemed).await.pair();
        for changed in flipped(&state) {
            let found = server.handed_out::<Pending>(&changed).await.unwrap();
            assert!(found.is_none(), "{changed} for {state}");
            tried += 1;
        }
        for changed in flipped(&code) {
            let found = server.handed_out::<Code>(&changed).await.unwrap();
            assert!(found.is_none(), "{changed} for {code}");
            tried += 1;
        }
        for changed in flipped(&pair.access) {
            assert!(!turn.verifies(&changed).await, "{changed}");
            tried += 1;
        }
        for changed in flipped(&pair.refresh) {
            let refused = turn.refresh(&client, &changed).await;
            assert_eq!(refused.word(), "400 invalid_grant", "{changed}");
            tried += 1;
        }
        tokens += 4;
        // Nothing was taken for a theft: all of it is as good as before.
        assert!(
            server
                .handed_out::<Pending>(&state)
                .await
                .unwrap()
                .is_some()
        );
        turn.redeem(&client, &code).await.pair();
        assert!(turn.verifies(&pair.access).await);
        turn.refresh(&client, &pair.refresh).await.pair();
    }
    assert!(turn.verifies(&pair.access).await);
    eprintln!("{tried} flipped bits of {tokens} tokens, none of which opens");
}
