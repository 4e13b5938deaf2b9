//! What callers change is recorded whatever the mode and the transport, and what is recorded holds no
//! secret.

use gitlab_mcp_tests::{Canary, Era, Listening, McpClient, Talk};
use mock_gitlab::MockGitlab;
use serde_json::{Value, json};

mod stream;

pub(crate) use stream::{Stream, events};

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");
const MUSIC_BOX: &str = "larkspur/music-box";

fn branch(name: &str) -> Value {
    json!({ "project_id": MUSIC_BOX, "branch": name, "ref": "main" })
}

/// Event, outcome, reason, tool and project of an entry about a call.
fn told(entry: &Value) -> [&str; 5] {
    ["event", "outcome", "reason", "tool", "project"]
        .map(|name| entry[name].as_str().unwrap_or("-"))
}

#[tokio::test]
async fn over_stdio_every_write_is_recorded_and_no_read() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let token = Canary::watch(&gitlab.user("alice").pat(&["api"]));
    let stream = Stream::new("stdio");
    let environment = [
        ("GITLAB_API_URL", gitlab.url()),
        ("GITLAB_TOKEN", token.secret()),
        ("GITLAB_PERMISSION_MODE", "modify"),
        stream.variable(),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut talk = Talk::start(PROGRAM, &environment);
    talk.initialize(json!({})).await;
    talk.call("get_project", json!({ "project_id": MUSIC_BOX }))
        .await
        .item();
    talk.call("create_branch", branch("audited")).await.item();
    assert!(
        talk.call("create_branch", branch("audited"))
            .await
            .is_error()
    );
    let url = format!("{}/{MUSIC_BOX}", gitlab.url());
    let by_url = json!({ "project_id": url, "branch": "by-url", "ref": "main" });
    talk.call("create_branch", by_url).await.item();
    let hostile = format!("{}\n\u{1b}[2J\"", token.secret());
    let hostile = json!({ "project_id": hostile, "branch": "x", "ref": "main" });
    assert!(talk.call("create_branch", hostile).await.is_error());
    let forbidden = json!({ "project_id": MUSIC_BOX, "branch": "audited" });
    assert!(talk.call("delete_branch", forbidden).await.is_error());
    let all = stream.entries("write_tool_called", 5).await;
    talk.stop().await;

    let write = "write_tool_called";
    let seen: Vec<_> = all.iter().map(told).collect();
    let [done, again, located, wrong, refused] = &seen[..] else {
        unreachable!("{seen:?}");
    };
    assert_eq!(done, &[write, "ok", "", "create_branch", MUSIC_BOX]);
    assert_eq!(again[..2], [write, "failed"]);
    assert!(!again[2].is_empty() && again[4] == MUSIC_BOX, "{again:?}");
    assert_eq!(located, &[write, "ok", "", "create_branch", MUSIC_BOX]);
    assert_eq!(
        wrong[..4],
        [write, "failed", "invalid_params", "create_branch"]
    );
    assert_eq!(wrong[4], "[masked]\\n\\u{1b}[2J\\\"");
    assert_eq!(
        refused,
        &[
            write,
            "refused",
            "permission_mode",
            "delete_branch",
            MUSIC_BOX
        ]
    );
    for (entry, number) in all.iter().zip(2..) {
        is_of_a_local_call(entry, number);
    }
    token.assert_silent(&stream.text());
}

/// Whose call it was is said as far as there is something to say about a pipe.
fn is_of_a_local_call(entry: &Value, number: u32) {
    assert_eq!(entry["mode"], "pat", "{entry}");
    assert_eq!(entry["instance"], "127.0.0.1", "{entry}");
    assert_eq!(entry["request"], format!("call {number}"), "{entry}");
    assert_eq!(entry["address"], "", "{entry}");
    assert!(entry["timestamp"].is_string(), "{entry}");
}

#[tokio::test]
async fn over_http_with_one_bearer_for_all_sessions_and_writes_are_recorded() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let token = Canary::watch(&gitlab.user("alice").pat(&["api"]));
    let bearer = Canary::watch("bearer-of-everybody-Xk39vQ");
    let stream = Stream::new("http");
    let server = Listening::start(
        PROGRAM,
        &[
            ("GITLAB_API_URL", gitlab.url()),
            ("GITLAB_TOKEN", token.secret()),
            ("STREAMABLE_HTTP_AUTH_TOKEN", bearer.secret()),
            stream.variable(),
        ],
    )
    .await;
    let mut session = None;
    for era in Era::ALL {
        let mut client = McpClient::connect(server.address, era, Some(bearer.secret())).await;
        let name = format!("{era:?}");
        client.call("create_branch", branch(&name)).await.item();
        session = session.or(client.session().map(str::to_owned));
    }
    let all = stream.entries("write_tool_called", 2).await;
    assert_eq!(
        events(&all),
        ["session_bound", "write_tool_called", "write_tool_called"]
    );
    for entry in &all {
        assert_eq!(entry["outcome"], "ok", "{entry}");
        assert_eq!(entry["mode"], "pat", "{entry}");
        assert_eq!(entry["address"], "127.0.0.1", "{entry}");
        assert!(!entry["subject"].as_str().unwrap().is_empty(), "{entry}");
    }
    for secret in [token, bearer] {
        secret.assert_silent(&stream.text());
    }
    assert!(!stream.text().contains(&session.unwrap()));
}
