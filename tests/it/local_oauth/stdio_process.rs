//! The server as a process of its own, spoken to over its standard streams.

use std::process::Stdio;
use std::time::Duration;

use gitlab_mcp_tests::CallResult;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

pub(super) struct StdioProcess {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    next: u64,
}

impl StdioProcess {
    /// Starts with these variables and no others, and shakes hands.
    pub(super) async fn start(variables: &[(String, String)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_under-test"))
            .arg("stdio")
            .env_clear()
            .envs(variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self {
            child,
            input,
            lines,
            next: 1,
        };
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "it", "version": "1" },
        });
        process.ask("initialize", params).await;
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        process.say(&initialized).await;
        process
    }

    async fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        let answer = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("an open pipe");
                let message: Value = serde_json::from_str(&line).expect("a line of JSON");
                if message["id"] == id {
                    return message["result"].clone();
                }
            }
        };
        let answer = tokio::time::timeout(Duration::from_mins(1), answer).await;
        answer.expect("an answer within 60 s")
    }

    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> CallResult {
        let params = json!({ "name": tool, "arguments": arguments });
        CallResult(self.ask("tools/call", params).await)
    }

    /// Closes its input and waits for its end.
    pub(super) async fn stop(self) {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
        assert!(ended.expect("an end within 30 s").unwrap().success());
    }
}
