//! Sealed values open where they belong and nowhere else.

use std::sync::Arc;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::random::SeededRandom;

use super::*;
use crate::authorization_server::bench::heard::Heard;

const PURPOSES: [Purpose; 8] = [
    Purpose::AccessToken,
    Purpose::RefreshToken,
    Purpose::State,
    Purpose::Code,
    Purpose::AtRest,
    Purpose::LookUp,
    Purpose::Cookie,
    Purpose::ConsentForm,
];

fn secret(text: &str) -> Secret<MasterSecret> {
    Secret::parse(text.to_owned(), 1).unwrap()
}

fn keys(present: &str) -> Keys {
    Keys::new(&secret(present), None)
}

fn instance() -> Instance {
    Instance::parse("https://gitlab.example").unwrap()
}

/// The present secret is `new`, the previous one `old`.
fn rotated(clock: Arc<ManualClock>) -> Keys {
    let keys = Keys::new(&secret("new"), Some(&secret("old")));
    keys.recording(clock, "mcp-oauth", instance())
}

fn opens(keys: &Keys, purpose: Purpose, context: &[&[u8]], sealed: &[u8]) -> bool {
    keys.open(purpose, context, sealed).is_ok()
}

#[test]
fn a_sealed_value_opens_again_and_never_looks_the_same() {
    let random = SeededRandom::new(1);
    let keys = keys("one");
    for plain in [&b""[..], b"a", &[0; 5_000]] {
        let sealed = keys.seal(Purpose::AtRest, &[b"login", b"sid"], plain, &random);
        let again = keys.seal(Purpose::AtRest, &[b"login", b"sid"], plain, &random);
        assert_ne!(sealed, again);
        let opened = keys
            .open(Purpose::AtRest, &[b"login", b"sid"], &sealed)
            .unwrap();
        assert_eq!(*opened.plain, plain);
        assert!(!opened.by_previous);
    }
}

#[test]
fn another_purpose_context_or_secret_does_not_open_it() {
    let random = SeededRandom::new(2);
    let own = keys("one");
    let context: [&[u8]; 2] = [b"login", b"sid"];
    let sealed = own.seal(Purpose::Code, &context, b"grant", &random);
    assert!(opens(&own, Purpose::Code, &context, &sealed));
    for purpose in PURPOSES.into_iter().filter(|one| *one != Purpose::Code) {
        assert!(!opens(&own, purpose, &context, &sealed), "{purpose:?}");
    }
    let others: [&[&[u8]]; 6] = [
        &[],
        &[b"login"],
        &[b"sid", b"login"],
        &[b"loginsid"],
        &[b"logins", b"id"],
        &[b"login", b"sid", b""],
    ];
    for other in others {
        assert!(!opens(&own, Purpose::Code, other, &sealed), "{other:?}");
    }
    assert!(!opens(&keys("two"), Purpose::Code, &context, &sealed));
}

#[test]
fn no_flipped_bit_and_no_shorter_or_longer_value_opens() {
    let random = SeededRandom::new(3);
    let keys = keys("one");
    let sealed = keys.seal(Purpose::AccessToken, &[], b"claims", &random);
    for at in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(
            !opens(&keys, Purpose::AccessToken, &[], &changed),
            "bit {at}"
        );
    }
    for length in 0..sealed.len() {
        assert!(!opens(&keys, Purpose::AccessToken, &[], &sealed[..length]));
    }
    let longer = [&sealed[..], &[0]].concat();
    assert!(!opens(&keys, Purpose::AccessToken, &[], &longer));
}

#[test]
fn a_text_has_one_spelling() {
    let random = SeededRandom::new(4);
    let keys = keys("one");
    for length in 0..12 {
        let text = keys.seal_text(Purpose::State, &[], &vec![7; length], &random);
        let accepted = |text: &str| keys.open_text(Purpose::State, &[], text).is_ok();
        assert!(accepted(&text));
        for other in [
            format!("{text}="),
            format!("{text}=="),
            format!("{text}A"),
            format!("{text}\n"),
            format!(" {text}"),
            text.replace('-', "+").replace('_', "/"),
        ] {
            assert!(other == text || !accepted(&other), "{other}");
        }
        // The spare bits of the last character must be zero.
        let (head, last) = text.split_at(text.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let same = alphabet.chars().filter(|c| accepted(&format!("{head}{c}")));
        assert_eq!(same.collect::<String>(), last);
    }
}

#[test]
fn what_the_previous_secret_sealed_opens_until_it_is_taken_away() {
    let random = SeededRandom::new(5);
    let old = keys("old");
    let sealed = old.seal(Purpose::AtRest, &[], b"x", &random);
    let signature = old.sign(Purpose::RefreshToken, &[b"family", b"1"]);
    let both = rotated(Arc::new(ManualClock::default()));
    assert!(
        both.open(Purpose::AtRest, &[], &sealed)
            .unwrap()
            .by_previous
    );
    assert!(both.verify(Purpose::RefreshToken, &[b"family", b"1"], &signature));
    assert_eq!(both.look_up("code", "v")[1..], old.look_up("code", "v"));
    let fresh = both.seal(Purpose::AtRest, &[], b"x", &random);
    assert!(!opens(&old, Purpose::AtRest, &[], &fresh));
    let only = keys("new");
    assert!(opens(&only, Purpose::AtRest, &[], &fresh));
    assert!(!opens(&only, Purpose::AtRest, &[], &sealed));
    assert!(!only.verify(Purpose::RefreshToken, &[b"family", b"1"], &signature));
}

#[test]
fn signatures_are_of_their_parts_and_purpose() {
    let keys = keys("one");
    let parts: [&[u8]; 2] = [b"family", b"12"];
    let signature = keys.sign(Purpose::RefreshToken, &parts);
    assert_eq!(signature, keys.sign(Purpose::RefreshToken, &parts));
    assert!(keys.verify(Purpose::RefreshToken, &parts, &signature));
    assert!(!keys.verify(Purpose::Cookie, &parts, &signature));
    assert!(!keys.verify(Purpose::RefreshToken, &[b"family1", b"2"], &signature));
    assert!(!keys.verify(Purpose::RefreshToken, &parts, &signature[..20]));
    assert!(!keys.verify(Purpose::RefreshToken, &parts, b""));
}

#[test]
fn digests_tell_kinds_and_values_apart_and_hide_them() {
    let keys = keys("one");
    let digest = |kind, value| keys.look_up(kind, value).remove(0);
    assert_eq!(digest("code", "canary"), digest("code", "canary"));
    let all = [
        digest("code", "canary"),
        digest("code", "canary2"),
        digest("state", "canary"),
        digest("codec", "anary"),
        Keys::of_this_process(&SeededRandom::new(6))
            .look_up("code", "canary")
            .remove(0),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert!(all.iter().all(|one| !one.contains("canary")));
    assert_eq!(format!("{keys:?}"), "Keys");
}

/// The sealed value, the signature and the client id that the secret `old` made.
struct FromBefore {
    sealed: Vec<u8>,
    signature: Vec<u8>,
    client: Vec<u8>,
}

fn from_before() -> FromBefore {
    let old = keys("old");
    FromBefore {
        sealed: old.seal(Purpose::AtRest, &[], b"x", &SeededRandom::new(7)),
        signature: old.sign(Purpose::RefreshToken, &[b"login"]),
        client: old.sign_client_id(b"registration"),
    }
}

#[test]
fn uses_of_the_previous_secret_are_recorded_once_a_minute_and_kind() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let old = from_before();
    let clock = Arc::new(ManualClock::default());
    let both = rotated(Arc::clone(&clock));
    let used = |kind| format!("key_previous_used ok {kind}");
    for _ in 0..3 {
        assert!(opens(&both, Purpose::AtRest, &[], &old.sealed));
        assert!(both.verify(Purpose::RefreshToken, &[b"login"], &old.signature));
        assert!(both.proves_client_id(b"registration", &old.client));
    }
    let first = ["at_rest", "refresh_token", "client_id"].map(used);
    assert_eq!(heard.events(), first);
    clock.advance(std::time::Duration::from_secs(59));
    assert!(opens(&both, Purpose::AtRest, &[], &old.sealed));
    assert_eq!(heard.events().len(), 3);
    clock.advance(std::time::Duration::from_secs(1));
    assert!(opens(&both, Purpose::AtRest, &[], &old.sealed));
    assert_eq!(heard.events()[3..], [used("at_rest")]);
    assert!(heard.text().contains("suppressed=3"), "{}", heard.text());
}

#[test]
fn only_what_the_previous_secret_proves_is_a_use_of_it() {
    let heard = Heard::default();
    let _listening = tracing::subscriber::set_default(heard.clone());
    let random = SeededRandom::new(8);
    let old = from_before();
    let both = rotated(Arc::default());
    // Made with the present one.
    let fresh = both.seal(Purpose::AtRest, &[], b"x", &random);
    assert!(opens(&both, Purpose::AtRest, &[], &fresh));
    assert!(both.proves_client_id(b"registration", &both.sign_client_id(b"registration")));
    // No good.
    assert!(!opens(&both, Purpose::AtRest, &[b"elsewhere"], &old.sealed));
    assert!(!opens(&both, Purpose::Code, &[], &old.sealed));
    assert!(!both.verify(Purpose::RefreshToken, &[b"other"], &old.signature));
    assert!(!both.proves_client_id(b"other", &old.client));
    // Where something might be; nobody has found it there.
    both.look_up("code", "v");
    // A server without a previous secret.
    let without = keys("new");
    let clock = Arc::new(ManualClock::default());
    let without = without.recording(clock, "mcp-oauth", instance());
    assert!(!opens(&without, Purpose::AtRest, &[], &old.sealed));
    without.previous_was_used(Purpose::AtRest);
    assert_eq!(heard.events(), Vec::<String>::new());
}
