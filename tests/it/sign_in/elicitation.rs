//! Clients that can show a page to the person themselves.

use gitlab_mcp_tests::Talk;
use serde_json::{Value, json};

use super::browser::visit;
use super::home::Home;
use super::link::{link_in, printed_link};

fn pages() -> Value {
    json!({ "elicitation": { "url": {} } })
}

fn call(capabilities: &Value) -> Value {
    json!({
        "name": "get_project",
        "arguments": { "project_id": 1 },
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        },
    })
}

fn get_project() -> Value {
    json!({ "name": "get_project", "arguments": { "project_id": 1 } })
}

/// Calls a tool as a client of 2025-11-25 and hands back the server's question.
async fn asked(talk: &mut Talk) -> Value {
    talk.initialize(pages()).await;
    talk.send(1, "tools/call", get_project()).await;
    let question = talk.hear().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"]["mode"], "url", "{question}");
    question
}

async fn reply(talk: &mut Talk, question: &Value, action: &str) {
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": action } });
    talk.say(&answer).await;
}

#[tokio::test]
async fn a_client_of_a_session_is_asked_to_open_the_page_and_the_call_goes_on() {
    let home = Home::new().await;
    let mut talk = home.server(30);
    let question = asked(&mut talk).await;
    let link = question["params"]["url"].as_str().unwrap().to_owned();
    assert_eq!(printed_link(&talk).await, link);
    reply(&mut talk, &question, "accept").await;
    assert_eq!(visit(&home.approve(&link).await).await.status, 200);
    let answer = talk.hear().await;
    let item = &answer["result"]["structuredContent"]["item"];
    assert_eq!(item["id"], 1, "{answer}");
    talk.stop().await;
}

#[tokio::test]
async fn who_signs_in_before_answering_the_client_is_not_waited_for() {
    let home = Home::new().await;
    let mut talk = home.server(30);
    let question = asked(&mut talk).await;
    let link = question["params"]["url"].as_str().unwrap();
    assert_eq!(visit(&home.approve(link).await).await.status, 200);
    let answer = loop {
        let heard = talk.hear().await;
        if heard["id"] == 1 {
            break heard;
        }
        assert_eq!(heard["method"], "notifications/cancelled", "{heard}");
    };
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    talk.stop().await;
}

#[tokio::test]
async fn the_link_does_not_reach_the_model_when_the_client_showed_it() {
    for action in ["accept", "decline", "cancel"] {
        let home = Home::new().await;
        let mut talk = home.server(0);
        let question = asked(&mut talk).await;
        reply(&mut talk, &question, action).await;
        let answer = talk.hear().await;
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{action}: {answer}");
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "UNAUTHORIZED", "{action}: {answer}");
        assert!(
            error["next_step"]
                .as_str()
                .unwrap()
                .contains("repeat the call")
        );
        assert_eq!(link_in(&answer.to_string()), None, "{action}: {answer}");
        talk.stop().await;
    }
}

#[tokio::test]
async fn a_client_without_sessions_gets_the_question_as_a_result_and_repeats_the_call() {
    let home = Home::new().await;
    let mut talk = home.server(30);
    let waits = talk.ask(1, "tools/call", call(&pages())).await["result"].clone();
    assert_eq!(waits["resultType"], "input_required", "{waits}");
    let question = &waits["inputRequests"]["sign_in"];
    assert_eq!(question["method"], "elicitation/create", "{waits}");
    assert_eq!(question["params"]["mode"], "url", "{waits}");
    let link = question["params"]["url"].as_str().unwrap();
    assert_eq!(visit(&home.approve(link).await).await.status, 200);

    let mut repeated = call(&pages());
    repeated["inputResponses"] = json!({ "sign_in": { "action": "accept" } });
    repeated["requestState"] = waits["requestState"].clone();
    let answer = talk.ask(2, "tools/call", repeated).await;
    let item = &answer["result"]["structuredContent"]["item"];
    assert_eq!(item["id"], 1, "{answer}");
    talk.stop().await;
}

#[tokio::test]
async fn a_client_that_only_shows_forms_gets_the_link_in_the_result() {
    for capabilities in [
        json!({}),
        json!({ "elicitation": {} }),
        json!({ "elicitation": { "form": {} } }),
    ] {
        let home = Home::new().await;
        let mut talk = home.server(0);
        let answer = talk.ask(1, "tools/call", call(&capabilities)).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(link_in(&answer.to_string()).is_some(), "{answer}");
        talk.stop().await;
    }
}
