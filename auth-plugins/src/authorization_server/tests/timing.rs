//! Whether the time of an answer tells how far a guess was right, or whose id it was. RFC 9700
//! section 2.4 asks for comparisons that do not, RFC 6819 section 4.4.1.13 names the attack.
//!
//! Few samples of each pair by default, which shows a gross leak only; the whole is
//! `GITLAB_MCP_TEST_ROUNDS=1000000 cargo test --release -p gitlab-mcp-auth-plugins --lib timing -- --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use gitlab_mcp_core::random::{Random as _, SeededRandom};
use gitlab_mcp_core::secret::{ClientSecret, Secret};
use gitlab_mcp_store::Memory;

use super::*;
use crate::authorization_server::bench::browser::CHALLENGE;
use crate::authorization_server::bench::secret;
use crate::authorization_server::bench::stores::rounds;
use crate::authorization_server::grant::{self, Code, Opens};
use crate::authorization_server::rules::Configured;
use welch::{BOUND, Samples};

mod welch;

/// Samples of both classes together, where nobody asks for more.
const USUAL: usize = 3_000;
const PUBLIC: &str = "a-public-client-of-the-operator";
const CONFIDENTIAL: &str = "a-client-that-has-a-secret";
const STRANGER: &str = "a-client-that-nobody-knows";
const SECRET: &str = "7nQ2xVb9Lk4TzR8wYc1JmH6sPd3GfA5eKu0WoXiEtBv";

/// Times `deed` on what `prepare` makes for one of two classes, which a coin decides each time.
fn timed<I, O>(
    samples: usize,
    mut prepare: impl FnMut(usize) -> I,
    mut deed: impl FnMut(I) -> O,
) -> Samples {
    let coin = SeededRandom::new(1);
    let mut all = Samples::default();
    let warming = samples / 100;
    for number in 0..samples + warming {
        let mut byte = [0];
        coin.fill(&mut byte);
        let class = usize::from(byte[0] & 1);
        let input = black_box(prepare(class));
        #[expect(
            clippy::disallowed_methods,
            reason = "the time it really takes is what this is about"
        )]
        let start = Instant::now();
        let output = black_box(deed(input));
        let took = start.elapsed().as_nanos();
        drop(output);
        if number >= warming {
            all.add(class, took);
        }
    }
    all
}

/// The worst t of a pair. A pair that passes the bound is measured a second time when few samples
/// are asked for: what passes it by chance does not do so twice.
#[expect(clippy::print_stderr, reason = "the figures are what this is run for")]
fn worst(what: &str, mut measure: impl FnMut(usize) -> Samples) -> f64 {
    let number = rounds(USUAL);
    let tries = if number > USUAL { 1 } else { 2 };
    let mut least = f64::INFINITY;
    for _ in 0..tries {
        let samples = measure(number);
        let ts: Vec<String> = samples.ts().iter().map(|t| format!("{t:+.2}")).collect();
        let median = samples.median();
        eprintln!(
            "{what}: {number} samples, median {median} ns, t {}",
            ts.join(" ")
        );
        let worst = samples.worst();
        if worst.abs() < least.abs() {
            least = worst;
        }
        if worst.abs() < BOUND {
            break;
        }
    }
    least
}

/// The text with its first byte wrong, and with its last.
fn wrong(text: &str) -> [String; 2] {
    [0, text.len() - 1].map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        String::from_utf8(bytes).unwrap()
    })
}

/// The same of what stands in base64url behind a prefix, without its first `skipped` bytes.
fn wrong_bytes(text: &str, prefix: &str, skipped: usize) -> [String; 2] {
    let bytes = text.strip_prefix(prefix).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(bytes).unwrap();
    [skipped, bytes.len() - 1].map(|at| {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(changed))
    })
}

/// Stops at the first difference, as a comparison of secrets must not.
fn hasty(one: &[u8], other: &[u8]) -> bool {
    for (a, b) in one.iter().zip(other) {
        if black_box(a) != black_box(b) {
            return false;
        }
    }
    one.len() == other.len()
}

struct Scene {
    bench: Bench,
    pair: Pair,
    sid: String,
}

/// A server over a memory that never holds much, with a login of [`PUBLIC`].
async fn scene() -> Scene {
    let rules = Rules {
        requests_per_minute: u32::MAX,
        ..Rules::default()
    };
    let redirect = rules.redirects.accept(REDIRECT).unwrap();
    let configured = |id: &str, own: Option<&str>| Configured {
        id: id.to_owned(),
        name: "Team dashboard".to_owned(),
        redirect_uris: vec![redirect.clone()],
        skips_consent: false,
        secret: own.map(|own| Arc::new(secret(own))),
    };
    let configured = vec![
        configured(PUBLIC, None),
        configured(CONFIDENTIAL, Some(SECRET)),
    ];
    let bench = bench_with(Rules {
        configured,
        ..rules
    })
    .await;
    let store = Arc::new(Memory::new(bench.clock.clone(), 1));
    let server = bench.replica(store, bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let done = turn.sign_in(&bench, PUBLIC, "alice").await;
    let pair = turn.redeem(PUBLIC, &done.code).await.pair();
    let claims = bench.server.tokens.open_access(&base(), &pair.access);
    Scene {
        sid: claims.unwrap().sid,
        bench,
        pair,
    }
}

impl Scene {
    /// `POST /token`, start to answer, within one poll: nothing waits for anything over a memory.
    fn token(&self, request: Request<Body>, status: u16) -> http::Response<Body> {
        let server = Arc::clone(&self.bench.server);
        let answered = server.token(request).now_or_never().expect("an answer");
        assert_eq!(answered.status(), status);
        answered
    }

    fn code(&self) -> String {
        let request = grant::Request {
            issuer: base().issuer().to_owned(),
            client: PUBLIC.to_owned(),
            client_name: "Team dashboard".to_owned(),
            redirect_uri: Some(REDIRECT.to_owned()),
            state: None,
            challenge: CHALLENGE.to_owned(),
            resource: None,
        };
        let server = &self.bench.server;
        let code = server.code_for(Opens::Stored(self.sid.clone()), request);
        let named = server.hand_out(&code).now_or_never();
        named.expect("a memory does not wait").unwrap()
    }

    fn forget(&self, code: &str) {
        let gone = self.bench.server.records.delete::<Code>(code);
        assert!(
            gone.now_or_never()
                .expect("a memory does not wait")
                .unwrap()
        );
    }
}

/// Which client comes with which secret.
fn proving<'a>(id: &'a str, own: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = redeeming(id, "gmac_").to_vec();
    form.push(("client_secret", own));
    form
}

#[test]
fn a_comparison_that_stops_early_is_found_and_ours_is_not() {
    let own: Secret<ClientSecret> = secret(SECRET);
    let guesses = wrong(SECRET);
    let pick = |class: usize| guesses[class].clone();
    let leak = worst("control: a comparison that stops early", |number| {
        timed(number, pick, |guess| {
            hasty(SECRET.as_bytes(), guess.as_bytes())
        })
    });
    assert!(leak.abs() >= BOUND, "the method finds nothing: {leak}");
    let ours = worst("the comparison of client secrets", |number| {
        timed(number, pick, |guess| own.matches(&guess))
    });
    assert!(ours.abs() < BOUND, "{ours}");
}

#[tokio::test]
async fn a_secret_whose_first_byte_is_wrong_takes_as_long_as_one_whose_last_is() {
    let scene = scene().await;
    let guesses = wrong(SECRET);
    let t = worst("client secret, first or last byte wrong", |number| {
        let ask = |class: usize| posted("/token", &proving(CONFIDENTIAL, &guesses[class]));
        timed(number, ask, |request| scene.token(request, 401))
    });
    assert!(t.abs() < BOUND, "{t}");
}

#[tokio::test]
async fn a_client_that_is_known_takes_as_long_to_refuse_as_one_that_is_not() {
    let scene = scene().await;
    let guess = wrong(SECRET).concat();
    let ids = [CONFIDENTIAL, STRANGER];
    let t = worst("client known or unknown, wrong secret", |number| {
        let ask = |class: usize| posted("/token", &proving(ids[class], &guess));
        timed(number, ask, |request| scene.token(request, 401))
    });
    assert!(t.abs() < BOUND, "{t}");
}

#[tokio::test]
async fn a_code_whose_first_byte_is_wrong_takes_as_long_as_one_whose_last_is() {
    let scene = scene().await;
    let guesses = wrong_bytes(&scene.code(), "gmac_", 0);
    let t = worst("code, first or last byte wrong", |number| {
        let ask = |class: usize| posted("/token", &redeeming(PUBLIC, &guesses[class]));
        timed(number, ask, |request| scene.token(request, 400))
    });
    assert!(t.abs() < BOUND, "{t}");
}

#[tokio::test]
async fn a_refresh_token_whose_proof_begins_wrong_takes_as_long_as_one_whose_proof_ends_wrong() {
    let scene = scene().await;
    // Layout, login, number and key are no secrets: the proof begins behind them.
    let guesses = wrong_bytes(&scene.pair.refresh, "gmrt_", 1 + 16 + 8 + 4);
    let t = worst("refresh token, first or last byte wrong", |number| {
        let ask = |class: usize| posted("/token", &renewing(PUBLIC, &guesses[class]));
        timed(number, ask, |request| scene.token(request, 400))
    });
    assert!(t.abs() < BOUND, "{t}");
}

#[tokio::test]
async fn a_verifier_whose_first_byte_is_wrong_takes_as_long_as_one_whose_last_is() {
    let scene = scene().await;
    let guesses = wrong(VERIFIER);
    let t = worst("verifier, first or last byte wrong", |number| {
        // A code of its own for each: the fifth wrong verifier ends one.
        let mut last: Option<String> = None;
        let ask = |class: usize| {
            if let Some(code) = last.take() {
                scene.forget(&code);
            }
            let code = scene.code();
            let mut form = redeeming(PUBLIC, &code);
            form[4].1 = &guesses[class];
            let request = posted("/token", &form);
            last = Some(code);
            request
        };
        let samples = timed(number, ask, |request| scene.token(request, 400));
        if let Some(code) = last {
            scene.forget(&code);
        }
        samples
    });
    assert!(t.abs() < BOUND, "{t}");
}
