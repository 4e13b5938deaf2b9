//! What was changed, stands in a wrong place, or was made with another key.

use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_store::Memory;

use super::*;
use crate::authorization_server::bench::browser::REDIRECT;
use crate::authorization_server::bench::replicas::{Pair, answered, base, posted};
use crate::authorization_server::bench::secret;
use crate::authorization_server::bench::stores::rounds;
use crate::authorization_server::keys::Keys;

/// Everything a client or a browser holds after a sign-in.
struct Held {
    client: String,
    state: String,
    code: String,
    pair: Pair,
}

impl Held {
    fn texts(&self) -> [&String; 5] {
        let Pair { access, refresh } = &self.pair;
        [&self.client, &self.state, &self.code, access, refresh]
    }
}

async fn held(apart: &Apart) -> Held {
    let client = apart.client().await;
    let mut browser = apart.bench.visitor();
    let gitlab = browser.approve(&Apart::asking(&client)).await;
    let state = parameter(&gitlab, "state").unwrap();
    let code = apart.code(&client, "alice").await;
    let redeemed = apart.code(&client, "alice").await;
    let pair = apart.redeem(0, &client, &redeemed).await.pair();
    apart.bench.gitlab.log().clear();
    Held {
        client,
        state,
        code,
        pair,
    }
}

/// The text with one character changed into another of the same alphabet.
fn changed(text: &str, at: usize, by: u8) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = text.as_bytes().to_vec();
    let value = ALPHABET.iter().position(|one| *one == bytes[at]);
    bytes[at] = value.map_or(b'A', |value| ALPHABET[value ^ usize::from(by)]);
    String::from_utf8(bytes).unwrap()
}

/// Whether anything opens it, as whatever it could be.
async fn opens(apart: &Apart, client: &str, text: &str) -> bool {
    let server = &apart.servers[1];
    apart.verify(1, text).await.is_ok()
        || server.tokens.open_login(&base(), text).is_some()
        || server.handed_out::<Code>(text).await.unwrap().is_some()
        || server.handed_out::<Pending>(text).await.unwrap().is_some()
        || (text != client && server.client_with_grant(text).await.is_ok())
}

/// With any bit flipped; the whole is 1,000 tokens, which are 200 rounds.
#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "how much was tried, where many rounds are asked for"
)]
async fn whatever_is_changed_opens_nowhere() {
    let apart = Apart::with(sealed()).await;
    let rounds = rounds(1);
    let (mut tokens, mut tried) = (0, 0);
    for _ in 0..rounds {
        let held = held(&apart).await;
        for text in held.texts() {
            assert!(opens(&apart, "", text).await, "{text}");
            tried += flipped(&apart, &held.client, text).await;
            tokens += 1;
        }
        // Nothing of it counts as used, and it opens as before.
        for text in held.texts() {
            assert!(opens(&apart, "", text).await, "{text}");
        }
    }
    assert!(tried > 10_000 * rounds, "{tried}");
    eprintln!("{tried} changes of {tokens} tokens, none of which opens");
}

/// Each bit of each character, each in its turn; how many that are.
async fn flipped(apart: &Apart, client: &str, text: &str) -> usize {
    let mut tried = 0;
    for at in 0..text.len() {
        for bit in [1, 2, 4, 8, 16, 32] {
            let changed = changed(text, at, bit);
            if changed == *text {
                continue;
            }
            assert!(!opens(apart, client, &changed).await, "{at} of {text}");
            tried += 1;
        }
    }
    tried
}

#[tokio::test]
async fn what_is_longer_or_shorter_or_spelled_otherwise_opens_nowhere() {
    let apart = Apart::with(sealed()).await;
    let held = held(&apart).await;
    for text in held.texts() {
        for other in [
            format!("{text}A"),
            format!("{text}="),
            format!("{text}."),
            format!(" {text}"),
            format!("{text}{text}"),
            text.chars().take(text.len() - 1).collect(),
            text.chars().take(text.len() / 2).collect(),
            text.replace('_', "/").replace('-', "+") + "+",
        ] {
            assert!(!opens(&apart, &held.client, &other).await, "{other}");
        }
    }
}

#[tokio::test]
async fn nothing_stands_in_for_anything_else() {
    let apart = Apart::with(sealed()).await;
    let held = held(&apart).await;
    let client = &held.client;
    let strip = |text: &str| {
        let body = text
            .strip_prefix("gm")
            .and_then(|rest| rest.split_once('_'));
        body.map_or(text, |(_, body)| body).to_owned()
    };
    for text in held.texts() {
        for prefix in ["", "gmat_", "gmrt_", "gmac_", "v1.cid."] {
            let dressed = format!("{prefix}{}", strip(text));
            if dressed == *text {
                continue;
            }
            assert!(!opens(&apart, client, &dressed).await, "{prefix} {text}");
        }
        if *text != held.pair.access {
            assert!(apart.verify(0, text).await.is_err());
        }
        if *text != held.code {
            let refused = apart.redeem(0, client, text).await;
            assert_eq!(refused.word(), "400 invalid_grant");
        }
        if *text != held.pair.refresh {
            let refused = apart.refresh(0, client, text).await;
            assert_eq!(refused.word(), "400 invalid_grant");
        }
    }
    assert_eq!(apart.bench.gitlab.log().count(), 0);
}

#[tokio::test]
async fn what_was_made_for_one_client_is_no_good_to_another() {
    let apart = Apart::with(sealed()).await;
    let Held { code, pair, .. } = held(&apart).await;
    let other = apart.client().await;
    let refused = apart.redeem(0, &other, &code).await;
    assert_eq!(refused.word(), "400 invalid_grant");
    let refused = apart.refresh(0, &other, &pair.refresh).await;
    assert_eq!(refused.word(), "400 invalid_grant");
    assert_eq!(apart.renewals(), 0);
}

#[tokio::test]
async fn a_previous_key_opens_and_a_removed_one_does_not() {
    let apart = Apart::with(sealed()).await;
    let clock = apart.bench.clock.clone();
    let (old, new) = (
        secret("the first secret of this test, 32 chars"),
        secret("another secret of this test, 32 chars"),
    );
    let server = |keys| {
        let store = Arc::new(Memory::new(clock.clone(), 1_000));
        apart
            .bench
            .replica_with(Arc::new(keys), store, clock.clone())
    };
    let with_old = server(Keys::new(&old, None));
    let announced = server(Keys::new(&old, Some(&new)));
    let swapped = server(Keys::new(&new, Some(&old)));
    let without_old = server(Keys::new(&new, None));
    let unrelated = server(Keys::of_this_process(&SeededRandom::new(99)));
    for maker in [&with_old, &announced, &swapped, &without_old] {
        let tokens = apart.bench.upstream_tokens("alice").await;
        let beginning = crate::authorization_server::logins::Beginning {
            issuer: crate::authorization_server::bench::BASE,
            client: "c",
            method: crate::authorization_server::grant::Method::Browser,
        };
        let login = maker.begin(tokens, beginning).await.unwrap();
        let response = maker.issue_self_contained(&base(), login).unwrap();
        let pair = answered(response).await.pair();
        let by_old = Arc::ptr_eq(maker, &with_old) || Arc::ptr_eq(maker, &announced);
        for (reader, opens) in [
            (&with_old, by_old),
            (&announced, true),
            (&swapped, true),
            (&without_old, !by_old),
            (&unrelated, false),
        ] {
            let verified = reader.verify(&base(), &pair.access).await;
            assert_eq!(verified.is_ok(), opens);
            let login = reader.tokens.open_login(&base(), &pair.refresh);
            assert_eq!(login.is_some(), opens);
        }
    }
}

#[tokio::test]
async fn a_client_id_keeps_its_redirect_uris_and_the_rules_of_today() {
    let apart = Apart::with(sealed()).await;
    let client = apart.client().await;
    let known = apart.servers[1].client(&client).await.unwrap();
    assert_eq!(known.name, "Editor via GitLab MCP Server");
    assert!(known.may_use(REDIRECT));
    assert!(!known.may_use("https://app.example/other"));
    let form = [("token", "gmat_x"), ("client_id", &client)];
    let server = Arc::clone(&apart.servers[1]);
    let revoked = answered(server.revoke(posted("/revoke", &form)).await).await;
    assert_eq!(revoked.word(), "200");
}
