//! What the audit stream says about callers after they signed in: their sessions, what they change,
//! credentials that are no good, and the old master secret.

use gitlab_mcp_tests::{Era, McpClient, Reply};
use serde_json::{Value, json};

use super::SIGNED_IN;
use crate::audit::{Stream, events};
use crate::mcp_sign_in::desk::{Desk, Setting, Tokens};
use crate::mcp_sign_in::restart::{Folder, SECRET, SETTINGS, secret};

const MUSIC_BOX: &str = "larkspur/music-box";

async fn create_branch(client: &mut McpClient, name: &str) -> Reply {
    let arguments = json!({ "project_id": MUSIC_BOX, "branch": name, "ref": "main" });
    let params = json!({ "name": "create_branch", "arguments": arguments });
    client.exchange("tools/call", params).await
}

/// The name of the mode of a setting.
fn mode(setting: Setting) -> &'static str {
    match setting {
        Setting::Session => "oauth-session",
        _ => "mcp-oauth",
    }
}

/// What is in the stream after two people signed in and [`made_trouble`].
const LATER: [&str; 5] = [
    "session_bound",
    "write_tool_called",
    "write_tool_called",
    "session_foreign",
    "bearer_rejected",
];

/// Alice opens a session and writes twice, the second time in vain; bob comes with her session,
/// somebody with a guess and somebody with nothing. The id of the session.
async fn made_trouble(desk: &Desk, alice: &Tokens, bob: &Tokens) -> String {
    let mut client = desk.mcp(&alice.access, Era::Legacy).await;
    for _ in 0..2 {
        let reply = create_branch(&mut client, "audited").await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let read = json!({ "project_id": MUSIC_BOX });
    client.call("get_project", read).await.item();
    let stolen = client.request("tools/list", json!({}));
    let stolen = stolen.header("Authorization", &format!("Bearer {}", bob.access));
    let stolen = stolen.header("User-Agent", "thief/1.0 \"quoted\"");
    assert_eq!(desk.send(&stolen).await.status, 404);
    let guess = "gmat_guess-0123456789abcdef";
    desk.watch(guess);
    // Who presents nothing is not rejected.
    assert_eq!(desk.ping(None).await.status, 401);
    assert_eq!(desk.ping(Some(guess)).await.status, 401);
    client.session().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_writes_and_refusals_are_recorded_in_order_without_a_secret() {
    for setting in Setting::ALL {
        let stream = Stream::new(&format!("calls-{setting:?}"));
        let desk = Desk::apart(setting, &[stream.variable()]).await;
        let alice = desk.signed_in("alice").await;
        let bob = desk.signed_in("bob").await;
        let session = made_trouble(&desk, &alice, &bob).await;
        let all = stream.entries("bearer_rejected", 1).await;
        let expected = [&SIGNED_IN[..], &SIGNED_IN, &LATER].concat();
        assert_eq!(events(&all), expected, "{setting:?}");
        let subject = |person: usize| all[SIGNED_IN.len() * person - 1]["subject"].as_str();
        let (alice_id, bob_id) = (subject(1).unwrap(), subject(2).unwrap());
        let later = &all[2 * SIGNED_IN.len()..];
        let bound = ["ok", "", alice_id, &alice.client, "127.0.0.1", "-", "-"];
        let done = [
            "ok",
            "",
            alice_id,
            &alice.client,
            "127.0.0.1",
            "create_branch",
            MUSIC_BOX,
        ];
        let foreign = [
            "refused",
            "foreign_session",
            bob_id,
            &bob.client,
            "127.0.0.1",
            "-",
            "-",
        ];
        let rejected = ["refused", "unauthorized", "", "", "-", "-", "-"];
        assert_eq!(told(&later[0]), bound, "{setting:?}");
        assert_eq!(told(&later[1]), done, "{setting:?}");
        let again = told(&later[2]);
        assert_eq!(
            (again[0], &again[2..]),
            ("failed", &done[2..]),
            "{setting:?}"
        );
        assert_eq!(told(&later[3]), foreign, "{setting:?}");
        assert_eq!(later[3]["agent"], "thief/1.0 \\\"quoted\\\"");
        assert_eq!(told(&later[4]), rejected, "{setting:?}");
        assert_eq!(later[4]["suppressed"], 0);
        for entry in later {
            assert_eq!(entry["mode"], mode(setting), "{entry}");
            assert_eq!(entry["address"], "127.0.0.1", "{entry}");
        }
        desk.assert_silent(&stream.text());
        assert!(!stream.text().contains(&session), "{setting:?}");
    }
}

/// How an event ended, why, whose it was, and what it was about.
fn told(entry: &Value) -> [&str; 7] {
    [
        "outcome", "reason", "subject", "client", "instance", "tool", "project",
    ]
    .map(|name| entry[name].as_str().unwrap_or("-"))
}

#[tokio::test]
async fn a_flood_of_wrong_credentials_leaves_a_line_a_second_that_counts_the_others() {
    let stream = Stream::new("flood");
    let desk = Desk::apart(Setting::Session, &[stream.variable()]).await;
    let mut sent = 0_u64;
    let entries = loop {
        assert_eq!(desk.ping(Some("gmat_wrong")).await.status, 401);
        sent += 1;
        let entries = stream.read().unwrap_or_default();
        if entries.len() > 2 {
            break entries;
        }
        assert!(sent < 100_000, "{entries:?}");
    };
    assert_eq!(events(&entries), ["bearer_rejected"; 3]);
    let counted: Vec<u64> = entries
        .iter()
        .map(|entry| entry["suppressed"].as_u64().unwrap())
        .collect();
    // The entry of a request is written before its answer.
    assert_eq!(counted.iter().sum::<u64>() + 3, sent, "{counted:?}");
    assert!(counted[1] > 0 && counted[2] > 0, "{counted:?}");
}

#[tokio::test]
async fn a_write_beyond_the_scopes_of_a_login_is_recorded_as_refused() {
    let stream = Stream::new("scope");
    let further = [("GITLAB_OAUTH_SCOPES", "read_api"), stream.variable()];
    let desk = Desk::apart(Setting::CallbackProxy, &further).await;
    let alice = desk.signed_in("alice").await;
    let mut client = desk.mcp(&alice.access, Era::Modern).await;
    assert_eq!(create_branch(&mut client, "refused").await.status, 403);
    let all = stream.entries("write_tool_called", 1).await;
    let entry = all.last().unwrap();
    for (name, value) in [
        ("outcome", "refused"),
        ("reason", "insufficient_scope"),
        ("tool", "create_branch"),
        ("project", MUSIC_BOX),
        ("mode", "mcp-oauth"),
        ("client", &alice.client),
        ("request", "1"),
    ] {
        assert_eq!(entry[name], value, "{entry}");
    }
    desk.assert_silent(&stream.text());
}

#[tokio::test]
async fn the_operator_learns_what_still_needs_the_old_master_secret() {
    for setting in SETTINGS {
        let folder = Folder::new();
        let file = folder.file();
        let stream = Stream::new(&format!("keys-{setting:?}"));
        let further = [
            ("OAUTH_STORAGE_TYPE", "sqlite"),
            ("OAUTH_STORAGE_FILE_PATH", file.as_str()),
            (secret(setting), SECRET),
            stream.variable(),
        ];
        let desk = Desk::apart(setting, &further).await;
        let old = desk.signed_in("alice").await;
        assert_eq!(desk.whoami(&old.access).await, "alice");
        let before = stream.entries("token_issued", 1).await.len();
        let other = "Zr5-aB1c_De3Fg6Hi8Jk0Lm2No4Pq7Rs9Tu";
        desk.watch(other);
        desk.watch(SECRET);
        let previous = format!("{}_PREVIOUS", secret(setting));
        let desk = desk.set(secret(setting), other).set(&previous, SECRET);
        let desk = desk.restarted().await;
        for _ in 0..3 {
            assert_eq!(desk.whoami(&old.access).await, "alice", "{setting:?}");
        }
        let renewed = desk.refresh(&old.client, &old.refresh).await;
        assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
        let all = stream.entries("token_refreshed", 1).await;
        let mut used: Vec<&str> = all[before..]
            .iter()
            .filter(|entry| entry["event"] == "key_previous_used")
            .map(|entry| entry["reason"].as_str().unwrap())
            .collect();
        used.sort_unstable();
        let expected = ["access_token", "at_rest", "look_up", "refresh_token"];
        assert_eq!(used, expected, "{setting:?}");
        assert!(!events(&all[..before]).contains(&"key_previous_used"));
        desk.assert_silent(&stream.text());
    }
}
