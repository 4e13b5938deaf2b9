//! Tokens open where they belong, and nowhere else.

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::random::SeededRandom;

use super::*;

struct Bench {
    tokens: Tokens,
    clock: Arc<ManualClock>,
    base: Base,
}

fn bench() -> Bench {
    let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(1_000_000)));
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    let keys = Arc::new(Keys::of_this_process(&*random));
    let shared: Arc<dyn Clock> = clock.clone();
    Bench {
        tokens: Tokens::new(keys, shared, random),
        clock,
        base: Base::parse("https://mcp.example").unwrap(),
    }
}

fn claims(bench: &Bench) -> Claims {
    let now = bench.tokens.now();
    Claims {
        iss: bench.base.issuer().to_owned(),
        aud: bench.base.resource(),
        sub: "7".to_owned(),
        client: "c".to_owned(),
        sid: bench.tokens.another_sid(),
        jti: bench.tokens.another_jti(),
        rgen: 1,
        scope: "api".to_owned(),
        iat: now,
        exp: now + 60,
    }
}

#[test]
fn an_access_token_opens_until_its_end_and_only_at_its_server() {
    let bench = bench();
    let claims = claims(&bench);
    let token = bench.tokens.access(&claims);
    let opened = bench.tokens.open_access(&bench.base, &token);
    assert_eq!(opened, Some(claims));
    let other = Base::parse("https://other.example").unwrap();
    assert_eq!(bench.tokens.open_access(&other, &token), None);
    bench.clock.advance(Duration::from_secs(89));
    assert!(bench.tokens.open_access(&bench.base, &token).is_some());
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.tokens.open_access(&bench.base, &token), None);
}

#[test]
fn no_changed_spelling_of_an_access_token_opens() {
    let bench = bench();
    let token = bench.tokens.access(&claims(&bench));
    let opens = |text: &str| bench.tokens.open_access(&bench.base, text).is_some();
    assert!(opens(&token));
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(!opens(&String::from_utf8(bytes).unwrap()), "{at}");
        assert!(!opens(token.get(..at).unwrap()), "{at}");
    }
    for changed in [
        format!("{token}="),
        format!("{token}A"),
        format!(" {token}"),
        token.replace("gmat_", "gmrt_"),
        token.to_ascii_uppercase(),
    ] {
        assert!(!opens(&changed), "{changed}");
    }
}

#[test]
fn a_refresh_token_is_the_same_each_time_and_proves_its_login_and_number() {
    let bench = bench();
    let (tokens, base) = (&bench.tokens, &bench.base);
    let sid = tokens.another_sid();
    let token = tokens.refresh(base, &sid, 3, "salt").unwrap();
    assert_eq!(tokens.refresh(base, &sid, 3, "salt").unwrap(), token);
    let presented = Tokens::read_refresh(&token).unwrap();
    assert_eq!((presented.sid.as_str(), presented.rgen), (sid.as_str(), 3));
    assert!(tokens.proves(base, &presented, "salt"));
    assert!(!tokens.proves(base, &presented, "other salt"));
    let other = Base::parse("https://other.example").unwrap();
    assert!(!tokens.proves(&other, &presented, "salt"));
    let next = Presented {
        rgen: 4,
        ..presented
    };
    assert!(!tokens.proves(base, &next, "salt"));
}

#[test]
fn no_changed_spelling_of_a_refresh_token_proves_anything() {
    let bench = bench();
    let (tokens, base) = (&bench.tokens, &bench.base);
    let sid = tokens.another_sid();
    let token = tokens.refresh(base, &sid, 3, "salt").unwrap();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let proves = Tokens::read_refresh(&changed)
            .is_some_and(|presented| tokens.proves(base, &presented, "salt"));
        assert!(!proves, "{at}");
    }
    assert!(Tokens::read_refresh(&format!("{token}=")).is_none());
    assert!(Tokens::read_refresh(&tokens.access(&claims(&bench))).is_none());
}
