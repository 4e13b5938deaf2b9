//! Bearer tokens are read from one place, challenges say where to sign in, and an operator hears what
//! the state promises.

use http::header::AUTHORIZATION;

use super::*;
use crate::authorization_server::bench::heard::Heard;

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(
            AUTHORIZATION,
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

#[test]
fn one_bearer_token_is_read_in_any_case_of_the_scheme() {
    assert_eq!(bearer(&headers(&["Bearer abc"])).unwrap(), Some("abc"));
    assert_eq!(bearer(&headers(&["bearer  abc "])).unwrap(), Some("abc"));
    for none in [&[][..], &["Bearer"], &["Bearer "], &["Basic abc"], &["abc"]] {
        assert_eq!(bearer(&headers(none)).unwrap(), None, "{none:?}");
    }
}

#[test]
fn two_credentials_are_nobodys() {
    for (values, expected) in [
        (&["Bearer abc", "Bearer abc"][..], "duplicate_credential"),
        (&["Bearer abc, Bearer def"], "malformed_credential"),
        (&["Bearer abc\u{e4}"], "malformed_credential"),
    ] {
        let headers = headers(values);
        let refused = bearer(&headers).unwrap_err();
        assert!(
            matches!(refused, AuthError::Malformed { reason, .. } if reason == expected),
            "{values:?}"
        );
    }
}

#[test]
fn a_challenge_names_the_metadata_of_what_was_asked_and_one_scope() {
    let base = Base::parse("https://mcp.example/gitlab").unwrap();
    let challenge = nobody(&base, false, "api").www_authenticate;
    assert_eq!(
        challenge,
        "Bearer resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/gitlab/mcp\", scope=\"api\""
    );
    let challenge = foreign(&base, true, "read_api").www_authenticate;
    assert_eq!(
        challenge,
        "Bearer error=\"invalid_token\", error_description=\"the access token is unknown, expired or revoked: sign in again\", resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/gitlab\", scope=\"api\""
            .replace("scope=\"api\"", "scope=\"read_api\"")
            .as_str()
    );
}

#[test]
fn an_operator_hears_what_the_state_promises_and_no_more() {
    let promise = |durable, shared| Guarantees {
        durable,
        shared,
        one_time: true,
        revocation: true,
        lease: true,
    };
    let restart = "a restart of this process signs everybody out";
    for (durable, shared, warns, tells_of_restart) in [
        (true, true, false, false),
        (true, false, false, false),
        // The database goes on when the process ends; its own crash is what may lose something.
        (false, true, true, false),
        (false, false, true, true),
    ] {
        let heard = Heard::default();
        tracing::subscriber::with_default(heard.clone(), || {
            announce(
                promise(durable, shared),
                "a store: what a crash of it loses",
            );
        });
        let text = heard.text();
        assert!(text.contains("what a crash of it loses"), "{text}");
        assert_eq!(text.contains("level=WARN"), warns, "{text}");
        assert_eq!(text.contains(restart), tells_of_restart, "{text}");
    }
}
