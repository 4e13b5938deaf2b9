//! Calls of tools beyond what was granted to the caller's token: the answer that asks for more, in
//! both eras and in batches, and what goes on as before.

use serde_json::{Value, json};

use crate::client::{Answer, Ask, request, session};
use crate::server::Server;

/// A token for reading through the API.
const READER: &str = "Bearer reader";
/// A token that suffices for no tool.
const NOBODY: &str = "Bearer knows-only-names";

fn modern(tool: &str) -> Ask {
    let params = json!({ "name": tool, "arguments": { "text": "x" } });
    Ask::modern("tools/call", params, Some(tool))
}

fn legacy(tool: &str, session: &str) -> Ask {
    let params = json!({ "name": tool, "arguments": { "text": "x" } });
    Ask::post(request(1, "tools/call", params)).with("Mcp-Session-Id", session)
}

fn batch(tools: &[&str], session: &str) -> Ask {
    let calls = tools.iter().zip(1..).map(|(tool, id)| {
        request(
            id,
            "tools/call",
            json!({ "name": tool, "arguments": { "text": "x" } }),
        )
    });
    let calls: Vec<Value> = calls.collect();
    Ask::post(Value::from(calls)).with("Mcp-Session-Id", session)
}

/// Fails unless `answer` asks for `scope` because of `tool`, in exactly these words.
fn asks_for(answer: &Answer, scope: &str, tool: &str, needed: &str, had: &str) {
    let text = format!(
        "the tool {tool} needs the scope {needed}, and this sign-in has {had}: sign in again; where \
         that changes nothing, the operator of this server has to allow it"
    );
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(
        answer.header("www-authenticate"),
        format!(
            "Bearer error=\"insufficient_scope\", scope=\"{scope}\", \
             resource_metadata=\"https://mcp.example/metadata\", error_description=\"{text}\""
        )
    );
    assert_eq!(
        answer.json(),
        json!({ "error": "insufficient_scope", "error_description": text })
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn a_token_for_reading_reads_and_is_asked_for_more_when_it_writes() {
    let server = Server::start().await;
    let old = session(&server, "2025-11-25", "ann").await;
    let calls = |tool| [modern(tool), legacy(tool, &old)];
    for ask in calls("keep") {
        let answer = ask.with("Authorization", READER).send(&server).await;
        asks_for(&answer, "read_api api", "keep", "api", "read_api");
    }
    for ask in calls("echo") {
        let answer = ask.with("Authorization", READER).send(&server).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["result"]["structuredContent"]["text"], "x");
    }
    // The session goes on, and the full token does what it did.
    for ask in calls("keep") {
        let answer = ask.send(&server).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["result"]["structuredContent"]["kept"], "x");
    }
}

#[tokio::test]
async fn a_token_for_neither_is_asked_for_what_each_tool_needs() {
    let server = Server::start().await;
    for (tool, needed) in [("echo", "read_api"), ("keep", "api")] {
        let ask = modern(tool).with("Authorization", NOBODY);
        let answer = ask.send(&server).await;
        let scope = format!("read_user {needed}");
        asks_for(&answer, &scope, tool, needed, "read_user");
    }
}

#[tokio::test]
async fn one_call_of_a_batch_is_enough_and_nothing_of_it_runs() {
    let server = Server::start().await;
    let old = session(&server, "2025-03-26", "ann").await;
    for (token, tools, scope, tool, needed, had) in [
        (
            READER,
            &["echo", "keep", "echo"][..],
            "read_api api",
            "keep",
            "api",
            "read_api",
        ),
        // One challenge asks for all that the batch needs.
        (
            NOBODY,
            &["echo", "keep"],
            "read_user api",
            "keep",
            "api",
            "read_user",
        ),
        (
            NOBODY,
            &["echo"],
            "read_user read_api",
            "echo",
            "read_api",
            "read_user",
        ),
    ] {
        let ask = batch(tools, &old).with("Authorization", token);
        asks_for(&ask.send(&server).await, scope, tool, needed, had);
    }
    let answer = batch(&["echo", "echo"], &old)
        .with("Authorization", READER)
        .send(&server)
        .await;
    assert_eq!(
        (answer.status, answer.events().len()),
        (200, 2),
        "{answer:?}"
    );
    let answer = batch(&["echo", "keep"], &old).send(&server).await;
    assert_eq!(
        (answer.status, answer.events().len()),
        (200, 2),
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_no_sign_in_could_help_keeps_its_own_answer() {
    let server = Server::start().await;
    for token in [READER, NOBODY] {
        let as_reader = |ask: Ask| ask.with("Authorization", token);
        // The operator forbids it.
        let answer = as_reader(modern("delete_thing")).send(&server).await;
        let error = &answer.json()["result"]["structuredContent"]["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (200, &json!("PERMISSION_MODE"))
        );
        // There is no such tool.
        let answer = as_reader(modern("no_such_tool")).send(&server).await;
        assert_eq!((answer.status, answer.code()), (200, -32602), "{answer:?}");
        // No tool is named at all, or not by a text.
        for params in [json!({}), json!({ "name": 7 }), json!({ "name": null })] {
            let ask = as_reader(Ask::modern("tools/call", params, None));
            let answer = ask.send(&server).await;
            assert!([200, 400].contains(&answer.status), "{answer:?}");
            assert!([-32602, -32020].contains(&answer.code()), "{answer:?}");
        }
        // Other methods with a name in their parameters are no calls.
        let params = json!({ "name": "keep" });
        let ask = as_reader(Ask::modern("prompts/get", params, Some("keep")));
        assert_ne!(ask.send(&server).await.status, 403);
        let answer = as_reader(Ask::modern("tools/list", json!({}), None));
        assert_eq!(answer.send(&server).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_request_itself_comes_first() {
    let server = Server::start().await;
    let old = session(&server, "2025-11-25", "ann").await;
    let reader = |ask: Ask| ask.with("Authorization", READER);
    for (ask, status) in [
        (reader(legacy("keep", "unknown")), 404),
        (
            reader(legacy("keep", &old)).with("MCP-Protocol-Version", "1999-01-01"),
            400,
        ),
        (reader(batch(&["keep", "keep"], &old)), 400),
        (reader(modern("keep")).with("Host", "evil.example"), 403),
        (modern("keep").with("Authorization", "Bearer wrong"), 401),
    ] {
        let answer = ask.send(&server).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(!answer.body.contains("insufficient_scope"), "{answer:?}");
    }
}
