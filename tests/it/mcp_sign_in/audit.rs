//! What the audit stream says about logins: each decision once, in order, and no secret.

use serde_json::Value;

use super::desk::{Desk, Setting, text};
use crate::audit::{Stream, events};

mod calls;

/// What a login leaves behind until its client has tokens.
const SIGNED_IN: [&str; 6] = [
    "client_registered",
    "consent_shown",
    "consent_approved",
    "login_started",
    "login_completed",
    "token_issued",
];
/// Two renewals, then a refresh token that was used comes again.
const MISUSED: [&str; 5] = [
    "token_refreshed",
    "token_refreshed",
    "refresh_reuse",
    "login_ended",
    "upstream_revoked",
];
const REVOKED: [&str; 3] = ["login_ended", "token_revoked", "upstream_revoked"];

#[tokio::test]
async fn a_login_its_renewal_its_misuse_and_its_end_are_recorded_in_order_without_a_secret() {
    for setting in Setting::ALL {
        let stream = Stream::new(&format!("{setting:?}"));
        let desk = Desk::apart(setting, &[stream.variable()]).await;
        let first = desk.signed_in("alice").await;
        let second = desk.refresh(&first.client, &first.refresh).await.message();
        let second = text(&second, "refresh_token");
        let third = desk.refresh(&first.client, &second).await;
        assert_eq!(third.status, 200, "{setting:?} {third:?}");
        let reused = desk.refresh(&first.client, &first.refresh).await;
        assert_eq!(reused.message()["error"], "invalid_grant", "{reused:?}");
        // It is written when GitLab has answered, whatever else happens.
        let misused = stream.entries("upstream_revoked", 1).await;
        let other = desk.signed_in("bob").await;
        let fields = [
            ("token", other.refresh.as_str()),
            ("client_id", &other.client),
        ];
        assert_eq!(desk.post_form("/revoke", &fields).await.status, 200);
        let all = stream.entries("upstream_revoked", 2).await;
        let revoked = &all[misused.len()..];

        assert_eq!(
            events(&misused),
            [&SIGNED_IN[..], &MISUSED].concat(),
            "{setting:?}"
        );
        assert_eq!(
            events(revoked),
            [&SIGNED_IN[..], &REVOKED].concat(),
            "{setting:?}"
        );
        are_about(&misused, "alice", &first.client);
        are_about(revoked, "bob", &other.client);
        desk.assert_silent(&stream.text());
        desk.assert_silent(&desk.stderr());
        assert!(desk.stderr().contains("path=\"/token\""), "{setting:?}");
        for secret in [&first.access, &second, &other.refresh] {
            assert!(desk.watches(secret), "{setting:?}");
        }
    }
}

/// Every entry names the client as far as it is about one, and the person from the moment there is
/// one; entries about a login can be followed by its digest.
fn are_about(entries: &[Value], person: &str, client: &str) {
    let completed = entries
        .iter()
        .position(|entry| entry["event"] == "login_completed");
    let completed = completed.unwrap();
    for (number, entry) in entries.iter().enumerate() {
        let refused = entry["event"] == "refresh_reuse";
        let outcome = if refused { "refused" } else { "ok" };
        assert_eq!(entry["outcome"], outcome, "{entry}");
        assert_eq!(entry["target"], "audit", "{entry}");
        let signed_in = number >= completed;
        let login = if signed_in {
            entries[completed]["login"].as_str().unwrap()
        } else {
            ""
        };
        assert_eq!(entry["login"], login, "{entry}");
        if entry["event"] == "upstream_revoked" {
            continue;
        }
        assert_eq!(entry["client"], client, "{entry}");
        if entry["event"] == "login_ended" {
            assert!(entry["client_name"].as_str().unwrap().starts_with("Editor"));
        }
        if signed_in && entry["event"] != "token_revoked" {
            assert_eq!(entry["username"], person, "{entry}");
        }
    }
}
