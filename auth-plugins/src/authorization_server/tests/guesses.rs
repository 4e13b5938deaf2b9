//! Somebody who guesses: client ids, secrets, codes, tokens. Nothing is found, little is read, nothing
//! is written, and whom it belongs to goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::random::{Random as _, SeededRandom};

use super::*;
use crate::authorization_server::bench::secret;
use crate::authorization_server::bench::stores::rounds;
use crate::authorization_server::bench::weak_store::WeakStore;
use crate::authorization_server::rules::Configured;

/// A client that the operator wrote down, and one of them with a secret.
const KNOWN: &str = "client-of-the-operator";
const CONFIDENTIAL: &str = "client-with-a-secret";
const SECRET: &str = "the-secret-that-is-guessed-at-0123456789";

/// What somebody guesses at, and who they say they are.
#[derive(Debug, Clone, Copy)]
enum Guess<'a> {
    ClientId,
    Secret,
    Code(&'a str),
    RefreshToken(&'a str),
    AccessToken,
    TokenToRevoke(&'a str),
}

struct Guesser {
    turn: Turn,
    random: SeededRandom,
    /// A code that was not redeemed.
    code: String,
}

impl Guesser {
    /// So many random bytes behind a prefix.
    fn drawn(&self, prefix: &str, bytes: usize) -> String {
        let mut all = vec![0; bytes];
        self.random.fill(&mut all);
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(all))
    }

    /// The layout of a refresh token is known: its first byte and the number of the first generation.
    fn refresh(&self) -> String {
        let mut bytes = vec![0; 61];
        self.random.fill(&mut bytes);
        bytes[0] = 1;
        bytes[17..25].copy_from_slice(&1_u64.to_be_bytes());
        format!("gmrt_{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// One guess, which must be wrong.
    async fn guess(&self, what: Guess<'_>) {
        let turn = &self.turn;
        let (answered, refusal) = match what {
            Guess::ClientId => {
                let stranger = self.drawn("", 16);
                let answered = turn.redeem(&stranger, &self.code).await;
                (answered, "401 invalid_client")
            }
            Guess::Secret => {
                let guessed = self.drawn("", 30);
                let mut form = redeeming(CONFIDENTIAL, &self.code).to_vec();
                form.push(("client_secret", &guessed));
                (turn.token(&form).await, "401 invalid_client")
            }
            Guess::Code(client) => {
                let code = self.drawn("gmac_", 68);
                (turn.redeem(client, &code).await, "400 invalid_grant")
            }
            Guess::RefreshToken(client) => {
                let refresh = self.refresh();
                (turn.refresh(client, &refresh).await, "400 invalid_grant")
            }
            Guess::AccessToken => {
                let access = self.drawn("gmat_", 200);
                assert!(!turn.verifies(&access).await);
                return;
            }
            // Somebody who gives back what nobody holds is told that it is gone.
            Guess::TokenToRevoke(client) => (turn.revoke(client, &self.refresh()).await, "200"),
        };
        assert_eq!(answered.word(), refusal, "{what:?}");
    }
}

/// Nobody is told to slow down, however many guesses there are.
fn rules() -> Rules {
    let rules = Rules {
        requests_per_minute: u32::MAX,
        ..unlimited()
    };
    let redirect = rules.redirects.accept(REDIRECT).unwrap();
    let configured = |id: &str, own: Option<&str>| Configured {
        id: id.to_owned(),
        name: "Team dashboard".to_owned(),
        redirect_uris: vec![redirect.clone()],
        skips_consent: false,
        secret: own.map(|own| Arc::new(secret(own))),
    };
    Rules {
        configured: vec![
            configured(KNOWN, None),
            configured(CONFIDENTIAL, Some(SECRET)),
        ],
        ..rules
    }
}

#[tokio::test]
async fn no_guess_is_right_and_none_costs_more_than_a_look_or_a_write() {
    let bench = bench_with(rules()).await;
    let line = WeakStore::over(Arc::clone(bench.server.records.store()));
    let server = bench.replica(line.clone(), bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let (registered, pair) = signed_in(&bench, &turn, "alice").await;
    let known = turn.sign_in(&bench, KNOWN, "alice").await;
    let known = turn.redeem(KNOWN, &known.code).await.pair();
    let done = turn.sign_in(&bench, &registered, "alice").await;
    let code = done.code.clone();
    bench.gitlab.log().clear();
    let random = SeededRandom::new(42);
    let guesser = Guesser { turn, random, code };
    let own = registered.as_str();
    // A client that registered itself is one more look: at its own registration.
    for (what, looks) in [
        (Guess::ClientId, 1),
        (Guess::Secret, 0),
        (Guess::Code(KNOWN), 0),
        (Guess::Code(own), 1),
        (Guess::RefreshToken(KNOWN), 1),
        (Guess::RefreshToken(own), 2),
        (Guess::AccessToken, 0),
        (Guess::TokenToRevoke(KNOWN), 1),
        (Guess::TokenToRevoke(own), 2),
    ] {
        let before = (line.reads(), line.writes());
        let number = rounds(200);
        for _ in 0..number {
            guesser.guess(what).await;
        }
        let (reads, writes) = (line.reads() - before.0, line.writes() - before.1);
        assert_eq!(reads, looks * number as u64, "{what:?}");
        assert_eq!(writes, 0, "{what:?}");
    }
    assert_eq!(bench.gitlab.log().count(), 0);
    let turn = &guesser.turn;
    for (client, pair) in [(own, &pair), (KNOWN, &known)] {
        assert!(turn.verifies(&pair.access).await);
        turn.refresh(client, &pair.refresh).await.pair();
    }
    turn.redeem(own, &done.code).await.pair();
    let mut form = redeeming(CONFIDENTIAL, "gmac_").to_vec();
    form.push(("client_secret", SECRET));
    assert_eq!(turn.token(&form).await.word(), "400 invalid_grant");
}
