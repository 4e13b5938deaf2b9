//! stdio, without a process.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::request;
use crate::server::{app, settings};

struct Local {
    input: DuplexStream,
    output: Lines<BufReader<DuplexStream>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Local {
    fn start() -> Self {
        let (app, _) = app(settings());
        let (input, theirs) = tokio::io::duplex(1 << 16);
        let (their_output, output) = tokio::io::duplex(1 << 16);
        let serving =
            gitlab_mcp::stdio::serve_stdio(app, theirs, their_output, CancellationToken::new());
        Self {
            input,
            output: BufReader::new(output).lines(),
            task: tokio::spawn(serving),
        }
    }

    async fn say(&mut self, line: impl ToString) {
        let line = line.to_string() + "\n";
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(5), self.output.next_line());
        let line = line.await.expect("a line within 5 s").unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn end(mut self) -> Vec<Value> {
        drop(self.input);
        let mut rest = Vec::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        let ended = tokio::time::timeout(Duration::from_secs(2), self.task).await;
        ended.expect("an end within 2 s").unwrap().unwrap();
        rest
    }
}

fn echo(id: u32) -> Value {
    request(
        id,
        "tools/call",
        json!({ "name": "echo", "arguments": { "text": "x" } }),
    )
}

fn initialize(version: &str) -> Value {
    let info = json!({ "name": "t", "version": "1" });
    let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": info });
    request(0, "initialize", params)
}

#[tokio::test]
async fn a_usual_client() {
    let mut local = Local::start();
    local.say(initialize("2025-11-25")).await;
    assert_eq!(
        local.hear().await["result"]["protocolVersion"],
        "2025-11-25"
    );
    local
        .say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
    local.say(echo(1)).await;
    let answer = local.hear().await;
    assert_eq!(
        answer["result"]["structuredContent"]["caller"], "local",
        "{answer}"
    );
    local.say("{ nonsense").await;
    assert_eq!(local.hear().await["error"]["code"], -32700);
    local.say(json!([echo(2)])).await;
    assert_eq!(local.hear().await["error"]["code"], -32600);
    local.say(echo(3)).await;
    assert_eq!(local.hear().await["id"], 3);
    assert_eq!(local.end().await, [] as [Value; 0]);
}

#[tokio::test]
async fn early_lines_do_not_end_the_process() {
    let mut local = Local::start();
    local.say("Starting...").await;
    local
        .say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
    local.say(request(1, "ping", json!({}))).await;
    assert_eq!(local.hear().await["result"], json!({}));
    local.say(echo(2)).await;
    let answer = local.hear().await;
    assert_eq!(
        answer["id"], 2,
        "the answer to our own initialize is not printed"
    );
    assert!(
        answer["result"]["structuredContent"].is_object(),
        "{answer}"
    );
    local.say(initialize("2025-06-18")).await;
    assert_eq!(
        local.hear().await["result"]["protocolVersion"],
        "2025-06-18"
    );
    local.say(echo(3)).await;
    assert_eq!(local.hear().await["id"], 3);
}

#[tokio::test]
async fn a_modern_client() {
    let mut local = Local::start();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    local
        .say(request(1, "server/discover", json!({ "_meta": meta })))
        .await;
    let answer = local.hear().await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    let mut call = echo(2);
    call["params"]["_meta"] = meta;
    local.say(call).await;
    let answer = local.hear().await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    local.say(echo(3)).await;
    assert_eq!(local.hear().await["error"]["code"], -32602, "no metadata");
}

#[tokio::test]
async fn the_end_of_the_input_waits_for_calls() {
    let mut local = Local::start();
    local.say(initialize("2025-11-25")).await;
    local.hear().await;
    let slow = json!({ "name": "slow", "arguments": { "milliseconds": 300 } });
    local.say(request(1, "tools/call", slow)).await;
    let rest = local.end().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_cancelled_call_is_not_waited_for() {
    let mut local = Local::start();
    local.say(initialize("2025-11-25")).await;
    local.hear().await;
    let slow = json!({ "name": "slow", "arguments": { "milliseconds": 60_000 } });
    local.say(request(1, "tools/call", slow)).await;
    let params = json!({ "requestId": 1 });
    local
        .say(json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }))
        .await;
    assert_eq!(local.end().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_open_subscription_does_not_hold_the_process() {
    let mut local = Local::start();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let asked = json!({ "notifications": { "toolsListChanged": true }, "_meta": meta });
    local.say(request(1, "subscriptions/listen", asked)).await;
    let acknowledged = local.hear().await;
    assert!(
        acknowledged["method"]
            .as_str()
            .unwrap()
            .contains("acknowledged")
    );
    let ended = tokio::time::timeout(Duration::from_secs(2), local.end()).await;
    ended.expect("an end within 2 s");
}
