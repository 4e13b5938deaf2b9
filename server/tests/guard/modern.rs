//! 2026-07-28: each request stands alone.

use serde_json::{Value, json};

use crate::client::Ask;
use crate::server::Server;

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
    let names: Vec<&str> = result["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ask", "boom", "echo", "interrupt", "slow", "steps"]);

    let call = json!({ "name": "echo", "arguments": { "text": "hi" } });
    let answer = Ask::modern("tools/call", call, Some("echo"))
        .send(&server)
        .await;
    assert_eq!(answer.header("content-type"), "application/json");
    let result = &answer.json()["result"];
    let expected = json!({ "text": "hi", "caller": "ann" });
    assert_eq!(result["structuredContent"], expected, "{answer:?}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
    assert!(result["_meta"]["io.modelcontextprotocol/serverInfo"].is_object());
}
