//! One client over standard input and output: in this process and as a process.

use std::time::Duration;

use gitlab_mcp_tests::{Process, Scene};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio_util::sync::CancellationToken;

/// Both ends of a client's pipe.
struct Pipe {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    input: WriteHalf<DuplexStream>,
}

impl Pipe {
    fn new(stream: DuplexStream) -> Self {
        let (output, input) = tokio::io::split(stream);
        Self {
            lines: BufReader::new(output).lines(),
            input,
        }
    }

    async fn say(&mut self, line: &str) {
        self.input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(10), self.lines.next_line()).await;
        let line = line
            .expect("a line within 10 s")
            .unwrap()
            .expect("an open pipe");
        serde_json::from_str(&line).expect("a line of JSON")
    }

    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.say(&request.to_string()).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
}

fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "it", "version": "1" },
    })
}

fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

fn get_project() -> Value {
    json!({ "name": "get_project", "arguments": { "project_id": 1 } })
}

#[tokio::test]
async fn both_eras_work_over_a_pipe_and_garbage_between_them_does_not_hurt() {
    let scene = Scene::usual().await;
    for legacy in [true, false] {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(theirs);
        let app = scene.server.app.clone();
        let shutdown = CancellationToken::new();
        let serving = gitlab_mcp::stdio::serve_stdio(app, input, output, shutdown.clone());
        let serving = tokio::spawn(serving);
        let mut pipe = Pipe::new(ours);
        if legacy {
            pipe.ask(1, "initialize", initialize()).await;
            pipe.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
                .await;
        }
        let own = |params| if legacy { params } else { modern(params) };
        let tools = pipe.ask(2, "tools/list", own(json!({}))).await;
        assert!(tools["result"]["tools"].as_array().unwrap().len() > 30);
        for garbage in ["hello", "{", "7", "[]", r#"{"jsonrpc":"2.0","id":9}"#] {
            pipe.say(garbage).await;
            let answer = pipe.hear().await;
            assert!(
                answer["error"]["code"].as_i64().unwrap() < 0,
                "{garbage}: {answer}"
            );
        }
        let answer = pipe.ask(3, "tools/call", own(get_project())).await;
        assert_eq!(
            answer["result"]["structuredContent"]["item"]["id"], 1,
            "{answer}"
        );
        shutdown.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(10), serving).await;
        ended.expect("an end within 10 s").unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_process_speaks_json_lines_on_stdout_and_ends_with_its_input() {
    let scene = Scene::usual().await;
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize() }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": get_project() }),
    ];
    let input: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    let environment = [
        ("GITLAB_API_URL", scene.gitlab.url()),
        ("GITLAB_TOKEN", &scene.token),
        ("GITLAB_TOOLSETS", "all"),
        ("LOG_LEVEL", "trace"),
    ];
    let process = Process::new(env!("CARGO_BIN_EXE_under-test"), &["stdio"]).env(&environment);
    let finished = process.input(&input.concat()).run().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let answers: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("only JSON on stdout"))
        .collect();
    let called = answers.iter().find(|one| one["id"] == 2).unwrap();
    assert_eq!(
        called["result"]["structuredContent"]["item"]["id"], 1,
        "{called}"
    );
    assert!(!finished.stderr.is_empty(), "trace logs nothing");
    assert!(
        !finished.everything().contains(&scene.token),
        "the token was shown"
    );
}
