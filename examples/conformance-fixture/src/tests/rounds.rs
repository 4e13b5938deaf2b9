//! The tools that ask or tell, against a client whose answers are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use gitlab_mcp_core::conversation::{Reply, Suspension};
use gitlab_mcp_core::tool::{Content, ToolError, ToolOutput};
use serde_json::{Value, json};

use super::client::{Client, call};

const ALL: &[&str] = &["elicitation", "sampling", "roots"];

fn accepted(fields: Value) -> Reply {
    match fields {
        Value::Object(fields) => Reply::Accepted(fields),
        other => Reply::Result(other),
    }
}

fn client(replies: &[(&str, Reply)], state: Option<Value>) -> Arc<Client> {
    let replies: BTreeMap<String, Reply> = replies
        .iter()
        .map(|(key, reply)| ((*key).to_owned(), reply.clone()))
        .collect();
    Arc::new(Client {
        supports: ALL,
        replies,
        state,
        ..Client::default()
    })
}

fn suspension(answer: Result<ToolOutput, ToolError>) -> Suspension {
    *answer.unwrap_err().suspended.unwrap()
}

fn text(answer: Result<ToolOutput, ToolError>) -> String {
    match answer.unwrap().content.as_slice() {
        [Content::Text(text)] => text.clone(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_question_suspends_the_call_and_its_answer_completes_it() {
    let name = "test_input_required_result_elicitation";
    let first = suspension(call(name, json!({}), client(&[], None)).await);
    assert_eq!(first.questions.keys().collect::<Vec<_>>(), ["user_name"]);
    assert_eq!(first.state, None);
    let replies = [("user_name", accepted(json!({ "name": "Alice" })))];
    let second = call(name, json!({}), client(&replies, None)).await;
    assert_eq!(text(second), "Hello, Alice!");
}

#[tokio::test]
async fn three_rounds_carry_the_first_answer_in_the_state() {
    let name = "test_input_required_result_multi_round";
    let first = suspension(call(name, json!({}), client(&[], None)).await);
    assert!(first.questions.contains_key("step1"));
    let replies = [("step1", accepted(json!({ "name": "Alice" })))];
    let second = suspension(call(name, json!({}), client(&replies, first.state.clone())).await);
    assert!(second.questions.contains_key("step2"));
    assert_ne!(first.state, second.state);
    let replies = [("step2", accepted(json!({ "color": "blue" })))];
    let third = call(name, json!({}), client(&replies, second.state)).await;
    assert_eq!(text(third), "Alice likes blue.");
}

#[tokio::test]
async fn a_state_that_came_back_is_confirmed() {
    let name = "test_input_required_result_request_state";
    let first = suspension(call(name, json!({}), client(&[], None)).await);
    assert!(first.state.is_some());
    let replies = [("confirm", accepted(json!({ "ok": true })))];
    let second = call(name, json!({}), client(&replies, first.state)).await;
    assert_eq!(
        text(second),
        r#"state-ok: action=accept, content={"ok":true}"#
    );
}

#[tokio::test]
async fn only_what_the_client_supports_is_asked() {
    let cases: [(&[&str], &[&str]); 3] = [
        (&["sampling"], &["greeting"]),
        (&["elicitation"], &["user_name"]),
        (ALL, &["client_roots", "greeting", "user_name"]),
    ];
    for (supports, keys) in cases {
        let supports: &'static [&'static str] = supports.to_vec().leak();
        let client = Arc::new(Client {
            supports,
            ..Client::default()
        });
        let name = "test_input_required_result_capabilities";
        let asked = suspension(call(name, json!({}), client).await);
        assert_eq!(asked.questions.keys().collect::<Vec<_>>(), keys);
    }
}

#[tokio::test]
async fn a_missing_capability_is_named() {
    let answer = call("test_missing_capability", json!({}), Arc::default()).await;
    assert_eq!(suspension(answer).missing_capability, Some("sampling"));
}

#[tokio::test(start_paused = true)]
async fn notices_are_sent_in_order() {
    let cases: [(&str, &[&str]); 5] = [
        ("test_tool_with_progress", &["0/100", "50/100", "100/100"]),
        (
            "test_tool_with_logging",
            &[
                r#"Info "Tool execution started""#,
                r#"Info "Tool processing data""#,
                r#"Info "Tool execution completed""#,
            ],
        ),
        ("test_reconnection", &["stream closed"]),
        ("test_trigger_tool_change", &["Tools changed"]),
        ("test_trigger_prompt_change", &["Prompts changed"]),
    ];
    for (name, expected) in cases {
        let client = client(&[], None);
        call(name, json!({}), Arc::clone(&client)).await.unwrap();
        assert_eq!(*client.heard.lock().unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn the_failing_tool_fails_with_the_text_of_the_suite() {
    let error = call("test_error_handling", json!({}), Arc::default()).await;
    let expected = "This tool intentionally returns an error for testing";
    assert_eq!(error.unwrap_err().message, expected);
}
