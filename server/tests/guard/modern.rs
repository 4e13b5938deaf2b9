//! 2026-07-28: each request stands alone.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{Ask, request, session};
use crate::server::Server;
use crate::tools::LINGERING;

fn call(name: &str, arguments: Value) -> Ask {
    let params = json!({ "name": name, "arguments": arguments });
    Ask::modern("tools/call", params, Some(name))
}

#[tokio::test]
async fn discover_list_and_call() {
    let server = Server::start().await;
    let answer = Ask::modern("server/discover", json!({}), None)
        .send(&server)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = &answer.json()["result"];
    assert_eq!(result["capabilities"]["tools"]["listChanged"], true);
    assert_eq!(result["capabilities"].get("prompts"), None);
    assert_eq!(result["cacheScope"], "private");
    assert_eq!(
        result["supportedVersions"],
        json!(["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
    );

    let answer = Ask::modern("tools/list", json!({}), None)
        .send(&server)
        .await;
    let result = &answer.json()["result"];
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["ttlMs"], 60_000);
    let info = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(info["name"], "gitlab-mcp");
    let tools = result["tools"].as_array().unwrap();
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "ask",
            "boom",
            "echo",
            "interrupt",
            "keep",
            "linger",
            "slow",
            "steps"
        ]
    );
    assert_eq!(tools[2]["annotations"]["readOnlyHint"], true);
    assert_eq!(tools[2]["title"], "Echo");

    let answer = call("echo", json!({ "text": "hi" })).send(&server).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let result = &answer.json()["result"];
    let expected = json!({ "text": "hi", "caller": "ann" });
    assert_eq!(result["structuredContent"], expected, "{answer:?}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
    assert!(result["_meta"]["io.modelcontextprotocol/serverInfo"].is_object());
}

#[tokio::test]
async fn the_list_of_rmcp_and_the_ready_one_are_the_same() {
    let server = Server::start().await;
    let ready = Ask::modern("tools/list", json!({}), None)
        .send(&server)
        .await;
    let walked = Ask::modern("tools/list", json!({ "cursor": null }), None)
        .send(&server)
        .await;
    assert_eq!(ready.json(), walked.json());
    // An id that is no number, and a tool list that rmcp has to make.
    let id = session(&server, "2025-11-25", "ann").await;
    let body = r#"{"jsonrpc":"2.0","id":"a\"b","method":"tools/list"}"#;
    let answer = Ask::post(body)
        .with("Mcp-Session-Id", &id)
        .send(&server)
        .await;
    assert_eq!(answer.json()["id"], "a\"b");
}

#[tokio::test]
async fn headers_must_match_the_body() {
    let server = Server::start().await;
    let echo = || call("echo", json!({ "text": "x" }));
    let list = || Ask::modern("tools/list", json!({}), None);
    for ask in [
        list().without("Mcp-Method"),
        list().with("Mcp-Method", "tools/call"),
        list().and("Mcp-Method", "tools/list"),
        list().without("MCP-Protocol-Version"),
        list().with("MCP-Protocol-Version", "2025-11-25"),
        list().and("MCP-Protocol-Version", "2025-11-25"),
        echo().without("Mcp-Name"),
        echo().with("Mcp-Name", "slow"),
        echo().and("Mcp-Name", "echo"),
        echo().with("Mcp-Name", "=?base64?c2xvdw==?="),
    ] {
        let answer = ask.send(&server).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, -32020),
            "{ask:?} {answer:?}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let encoded = echo()
        .with("Mcp-Name", "=?base64?ZWNobw==?=")
        .send(&server)
        .await;
    assert_eq!(encoded.status, 200, "{encoded:?}");
    let ignored = echo()
        .with("Mcp-Session-Id", "x")
        .with("Last-Event-ID", "7");
    assert_eq!(ignored.send(&server).await.status, 200);
}

#[tokio::test]
async fn versions_methods_and_metadata_are_judged() {
    let server = Server::start().await;
    let mut body = request(
        1,
        "tools/list",
        json!({ "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2030-01-01",
            "io.modelcontextprotocol/clientCapabilities": {},
        }}),
    );
    let ask = |body: &Value, version: &str| {
        Ask::post(body)
            .with("MCP-Protocol-Version", version)
            .with("Mcp-Method", "tools/list")
    };
    let answer = ask(&body, "2030-01-01").send(&server).await;
    assert_eq!((answer.status, answer.code()), (400, -32022), "{answer:?}");
    let data = &answer.json()["error"]["data"];
    assert_eq!(data["requested"], "2030-01-01");
    assert!(
        data["supported"]
            .as_array()
            .unwrap()
            .contains(&json!("2026-07-28"))
    );
    body["params"] = json!({});
    let answer = ask(&body, "2026-07-28").send(&server).await;
    assert_eq!((answer.status, answer.code()), (400, -32602), "{answer:?}");
    body["params"]["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    let answer = ask(&body, "2026-07-28").send(&server).await;
    assert_eq!((answer.status, answer.code()), (400, -32602), "{answer:?}");
    for method in [
        "no/such",
        "ping",
        "prompts/list",
        "resources/subscribe",
        "logging/setLevel",
    ] {
        let answer = Ask::modern(method, json!({}), None).send(&server).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, -32601),
            "{method} {answer:?}"
        );
        assert_eq!(answer.json()["id"], 1);
    }
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    let answer = ask(&response, "2026-07-28").send(&server).await;
    assert_eq!((answer.status, answer.code()), (400, -32600));
    let notice = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {} });
    let answer = Ask::post(notice).with("MCP-Protocol-Version", "2026-07-28");
    let answer = answer
        .with("Mcp-Method", "notifications/cancelled")
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
}

#[tokio::test]
async fn tools_fail_in_words_a_model_can_act_on() {
    let server = Server::start().await;
    let answer = call("ecco", json!({})).send(&server).await;
    assert_eq!((answer.status, answer.code()), (200, -32602));
    assert!(answer.body.contains("did you mean `echo`"), "{answer:?}");
    let answer = call("delete_thing", json!({})).send(&server).await;
    let result = &answer.json()["result"];
    assert_eq!(result["isError"], true, "{answer:?}");
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "PERMISSION_MODE"
    );
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    let answer = call("echo", json!({ "txet": 1 })).send(&server).await;
    let error = &answer.json()["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "INVALID_PARAMS", "{answer:?}");
    let answer = call("boom", json!({})).send(&server).await;
    assert_eq!((answer.status, answer.code()), (200, -32603), "{answer:?}");
    assert!(answer.json()["error"]["data"]["incident"].is_string());
    assert!(!answer.body.contains("secret"), "{answer:?}");
    let answer = call("slow", json!({ "milliseconds": 9000 }))
        .send(&server)
        .await;
    let error = &answer.json()["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "TIMEOUT", "{answer:?}");
}

#[tokio::test]
async fn a_question_ends_the_call_and_the_answer_repeats_it() {
    let server = Server::start().await;
    let ask = |extra: Value| {
        let mut params = json!({ "name": "ask", "arguments": {} });
        for (key, value) in extra.as_object().unwrap() {
            params[key] = value.clone();
        }
        Ask::modern("tools/call", params, Some("ask"))
    };
    let accept = |name: &str| json!({ "action": "accept", "content": { "name": name } });
    let first = ask(json!({})).send(&server).await;
    let result = &first.json()["result"];
    assert_eq!(result["resultType"], "input_required", "{first:?}");
    let question = &result["inputRequests"]["first"];
    assert_eq!(question["method"], "elicitation/create");
    let state = result["requestState"].as_str().unwrap().to_owned();
    let second = ask(json!({
        "requestState": &state,
        "inputResponses": { "first": accept("Ann"), "unasked": {} },
    }));
    let second = second.send(&server).await;
    let result = &second.json()["result"];
    let keys: Vec<&String> = result["inputRequests"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(keys, ["second"], "{second:?}");
    let later = result["requestState"].as_str().unwrap().to_owned();
    let end = json!({ "requestState": &later, "inputResponses": { "second": accept("Lee") } });
    let third = ask(end.clone()).send(&server).await;
    let names = &third.json()["result"]["structuredContent"]["names"];
    assert_eq!(*names, json!(["Ann", "Lee"]), "{third:?}");

    let foreign = ask(end.clone())
        .with("Authorization", "Bearer bob")
        .send(&server)
        .await;
    assert_eq!(
        (foreign.status, foreign.code()),
        (200, -32602),
        "{foreign:?}"
    );
    let altered = ask(json!({ "requestState": format!("{later}x") }))
        .send(&server)
        .await;
    assert_eq!((altered.status, altered.code()), (200, -32602));
    server.clock.advance(Duration::from_secs(601));
    let expired = ask(end).send(&server).await;
    assert_eq!((expired.status, expired.code()), (200, -32602));

    let params = json!({ "name": "ask", "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let unable = Ask::modern("tools/call", json!({}), Some("ask"));
    let body = request(1, "tools/call", params).to_string();
    let unable = unable.body(body.as_bytes()).send(&server).await;
    assert_eq!((unable.status, unable.code()), (400, -32021), "{unable:?}");
    let required = &unable.json()["error"]["data"]["requiredCapabilities"];
    assert!(required["elicitation"].is_object(), "{unable:?}");
}

#[tokio::test]
async fn progress_comes_as_a_stream() {
    let server = Server::start().await;
    let mut params = json!({ "name": "steps", "arguments": {} });
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": 7,
    });
    let body = request(1, "tools/call", params).to_string();
    let answer = call("steps", json!({}))
        .body(body.as_bytes())
        .send(&server)
        .await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    assert_eq!(answer.events().len(), 4, "{answer:?}");
}

#[tokio::test]
async fn a_listening_stream_is_acknowledged_and_ended() {
    let server = Server::start().await;
    let asked =
        json!({ "notifications": { "toolsListChanged": true, "promptsListChanged": true } });
    let listen = Ask::modern("subscriptions/listen", asked, None);
    let mut socket = listen.without("Connection").open(&server).await;
    let mut text = String::new();
    while !text.contains("acknowledged") {
        let mut piece = [0; 4096];
        let read = socket.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    assert!(text.contains("toolsListChanged"), "{text}");
    assert!(!text.contains("promptsListChanged"), "{text}");
    server.shutdown.cancel();
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains(r#""result""#), "{rest}");
}

async fn lingering(wanted: usize) {
    let reached = tokio::time::timeout(Duration::from_secs(1), async {
        while LINGERING.load(Ordering::SeqCst) != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    reached.await.expect("within a second");
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_reads() {
    let server = Server::start().await;
    let short = call("linger", json!({}));
    // A name in base64 takes the way through the transport.
    let long = short.clone().with("Mcp-Name", "=?base64?bGluZ2Vy?=");
    for ask in [short, long] {
        let socket = ask.open(&server).await;
        lingering(1).await;
        drop(socket);
        lingering(0).await;
    }
}
