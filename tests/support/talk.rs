//! The server as a process of its own, spoken to over its standard streams.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::CallResult;

/// Longest wait for a line, and for an end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stdio server with every line of it at hand.
#[derive(Debug)]
pub struct Talk {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    errors: Arc<Mutex<String>>,
    calls: u64,
}

impl Talk {
    /// Starts `program` with these variables and no others.
    pub fn start(program: &str, environment: &[(String, String)]) -> Self {
        let mut child = Command::new(program)
            .arg("stdio")
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let errors = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&errors);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            child,
            input,
            lines: BufReader::new(output).lines(),
            errors,
            calls: 0,
        }
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next message; every line of stdout is one.
    pub async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("a line within 30 s").unwrap();
        serde_json::from_str(&line.expect("an open pipe")).expect("a line of JSON")
    }

    /// Sends a request whose answer is the next message.
    pub async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.send(id, method, params).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Sends a request.
    pub async fn send(&mut self, id: u64, method: &str, params: Value) {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
    }

    /// The handshake of 2025-11-25 with a client that declares these capabilities.
    pub async fn initialize(&mut self, capabilities: Value) {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": { "name": "it", "version": "1" },
        });
        let answer = self.ask(0, "initialize", params).await;
        assert!(answer["result"].is_object(), "{answer}");
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
    }

    /// Calls a tool, whatever the server says before its answer.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> CallResult {
        self.calls += 1;
        let id = format!("call {}", self.calls);
        let params = json!({ "name": tool, "arguments": arguments });
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
            .await;
        loop {
            let message = self.hear().await;
            if message["id"] == id.as_str() {
                return CallResult(message["result"].clone());
            }
        }
    }

    /// What it has said on its standard error so far.
    pub fn stderr(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// Closes its input and waits for its end.
    pub async fn stop(self) {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        assert!(ended.expect("an end within 30 s").unwrap().success());
    }
}
