//! 2025-03-26 to 2025-11-25: sessions, batches, questions on the open stream.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{Ask, parse, request, session};
use crate::server::{Server, settings};

fn call(id: u32, name: &str, arguments: Value) -> Value {
    request(
        id,
        "tools/call",
        json!({ "name": name, "arguments": arguments }),
    )
}

fn within(id: &str, body: impl ToString) -> Ask {
    Ask::post(body).with("Mcp-Session-Id", id)
}

fn initialize(version: &str) -> Ask {
    let params = json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    Ask::post(request(0, "initialize", params))
}

#[tokio::test]
async fn revisions_are_negotiated() {
    let server = Server::start().await;
    for (asked, answered) in [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("nonsense", "2025-11-25"),
    ] {
        let answer = initialize(asked).send(&server).await;
        let result = &answer.json()["result"];
        assert_eq!(result["protocolVersion"], answered, "{answer:?}");
        assert_eq!(result["capabilities"]["tools"]["listChanged"], true);
        assert_eq!(result["serverInfo"]["name"], "gitlab-mcp");
        assert!(result["instructions"].as_str().unwrap().contains("testing"));
        let id = answer.header("mcp-session-id");
        assert!(id.len() >= 22 && id.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    }
}

#[tokio::test]
async fn a_session_lists_calls_and_ends() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let answer = within(&id, request(1, "tools/list", json!({})))
        .send(&server)
        .await;
    let result = &answer.json()["result"];
    assert_eq!(result["tools"].as_array().unwrap().len(), 8);
    assert_eq!(result.get("resultType"), None);
    let answer = within(&id, call(2, "echo", json!({ "text": "hi" })))
        .send(&server)
        .await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["id"], 2);
    let result = &answer.json()["result"];
    assert_eq!(result["structuredContent"]["caller"], "ann", "{answer:?}");
    assert_eq!(result.get("resultType"), None);
    let answer = within(&id, request(3, "no/such", json!({})))
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (200, -32601));
    let answer = within(&id, request(4, "server/discover", json!({})))
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (200, -32601));
    let answer = within(&id, request(5, "tools/list", json!({ "cursor": "x" })))
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (200, -32602), "{answer:?}");
    let answer = within(&id, request(6, "tools/call", json!({ "arguments": {} })))
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (200, -32602), "{answer:?}");
    let delete = Ask::new("DELETE", "/mcp").with("Mcp-Session-Id", &id);
    assert_eq!(delete.send(&server).await.status, 204);
    for ask in [delete, within(&id, request(7, "ping", json!({})))] {
        let answer = ask.send(&server).await;
        assert_eq!((answer.status, answer.code()), (404, -32001), "{answer:?}");
    }
}

#[tokio::test]
async fn a_session_belongs_to_its_principal() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    for (method, body) in [
        ("POST", request(1, "ping", json!({})).to_string()),
        ("GET", String::new()),
        ("DELETE", String::new()),
    ] {
        let ask = Ask::new(method, "/mcp").body(body.as_bytes());
        let foreign = ask.clone().with("Mcp-Session-Id", &id);
        let foreign = foreign
            .with("Authorization", "Bearer bob")
            .send(&server)
            .await;
        let unknown = ask.clone().with("Mcp-Session-Id", "unknown");
        let unknown = unknown
            .with("Authorization", "Bearer bob")
            .send(&server)
            .await;
        assert_eq!(
            (foreign.status, &foreign.body),
            (404, &unknown.body),
            "{method}"
        );
        let stranger = ask.with("Mcp-Session-Id", &id).without("Authorization");
        assert_eq!(stranger.send(&server).await.status, 401, "{method}");
    }
    let refreshed = within(&id, request(1, "ping", json!({})));
    let refreshed = refreshed
        .with("Authorization", "Bearer ann2")
        .send(&server)
        .await;
    assert_eq!(refreshed.json()["result"], json!({}), "{refreshed:?}");
    let forged = initialize("2025-11-25")
        .with("Mcp-Session-Id", "chosen")
        .send(&server)
        .await;
    assert_eq!(forged.status, 404, "an id of the client is never adopted");
}

#[tokio::test]
async fn headers_of_a_session_are_judged() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let ping = || request(1, "ping", json!({}));
    let answer = Ask::post(ping()).send(&server).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "session_required")
    );
    assert_eq!(answer.json()["id"], 1);
    let answer = within(&id, ping())
        .and("Mcp-Session-Id", &id)
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (400, -32600));
    for version in ["2024-11-05", "nonsense"] {
        let answer = within(&id, ping())
            .with("MCP-Protocol-Version", version)
            .send(&server)
            .await;
        assert_eq!((answer.status, answer.code()), (400, -32600), "{version}");
    }
    for method in ["GET", "DELETE"] {
        let answer = Ask::new(method, "/mcp").send(&server).await;
        assert_eq!((answer.status, answer.code()), (400, -32600));
        let answer = Ask::new(method, "/mcp").with("MCP-Protocol-Version", "2026-07-28");
        let answer = answer.with("Mcp-Session-Id", &id).send(&server).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
    let answer = Ask::new("GET", "/mcp").with("Mcp-Session-Id", &id);
    let answer = answer
        .with("Accept", "application/json")
        .send(&server)
        .await;
    assert_eq!(answer.status, 406);
    let answer = within(
        &id,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    );
    let answer = answer.send(&server).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
}

#[tokio::test]
async fn idle_sessions_end_and_full_tables_make_room() {
    let mut http = settings();
    http.max_sessions = 2;
    let server = Server::with(http).await;
    let ping = |id: &str, token: &str| {
        within(id, request(1, "ping", json!({}))).with("Authorization", &format!("Bearer {token}"))
    };
    let bob = session(&server, "2025-11-25", "bob").await;
    let first = session(&server, "2025-11-25", "ann").await;
    server.clock.advance(Duration::from_secs(10));
    let second = session(&server, "2025-11-25", "ann").await;
    let left = [(&bob, "bob"), (&first, "ann")];
    let mut gone = 0;
    for (id, token) in left {
        gone += u32::from(ping(id, token).send(&server).await.status == 404);
    }
    assert_eq!(gone, 1, "one of the idle sessions made room");
    assert_eq!(ping(&second, "ann").send(&server).await.status, 200);
    server.clock.advance(Duration::from_hours(1));
    assert_eq!(ping(&second, "ann").send(&server).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_table_does_not_grow_when_many_come_at_once() {
    let mut http = settings();
    http.max_sessions = 16;
    let server = Server::with(http).await;
    let initialize = initialize("2025-11-25");
    let crowd = (0..400).map(|_| initialize.send(&server));
    let crowd = futures_util::stream::iter(crowd).buffer_unordered(12);
    let begun: Vec<_> = crowd.collect().await;
    let mut alive = 0;
    for answer in &begun {
        let id = answer.header("mcp-session-id");
        let ping = within(id, request(1, "ping", json!({})));
        alive += u32::from(ping.send(&server).await.status == 200);
    }
    assert_eq!(alive, 16);
}

#[tokio::test]
async fn a_busy_table_refuses_and_doubled_ids_are_refused() {
    let mut http = settings();
    http.max_sessions = 1;
    let server = Server::with(http).await;
    let id = session(&server, "2025-11-25", "ann").await;
    let slow = call(9, "slow", json!({ "milliseconds": 400 }));
    let mut running = within(&id, &slow).open(&server).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = initialize("2025-11-25").send(&server).await;
    assert_eq!((answer.status, answer.reason().as_str()), (503, "busy"));
    assert_ne!(answer.header("retry-after"), "");
    let answer = within(&id, &slow).send(&server).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "duplicate_id")
    );
    let parallel = within(&id, call(10, "echo", json!({ "text": "x" })))
        .send(&server)
        .await;
    assert_eq!(parallel.status, 200);
    let mut text = String::new();
    running.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("done"), "{text}");
    assert_eq!(within(&id, &slow).send(&server).await.status, 200);
}

#[tokio::test]
async fn batches_belong_to_2025_03_26() {
    let server = Server::start().await;
    let old = session(&server, "2025-03-26", "ann").await;
    let new = session(&server, "2025-11-25", "ann").await;
    let echo = |id| call(id, "echo", json!({ "text": "x" }));
    let batch = json!([
        echo(1),
        request(2, "tools/list", json!({})),
        echo(3),
        call(4, "delete_thing", json!({}))
    ]);
    let answer = within(&old, &batch).send(&server).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let mut ids: Vec<i64> = answer
        .events()
        .iter()
        .filter_map(|event| event["id"].as_i64())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4], "{answer:?}");
    let denied = answer
        .events()
        .into_iter()
        .find(|event| event["id"] == 4)
        .unwrap();
    assert_eq!(denied["result"]["isError"], true);
    let answer = within(&new, &batch).send(&server).await;
    assert_eq!((answer.status, answer.reason().as_str()), (400, "batch"));
    let answer = Ask::post(&batch)
        .with("MCP-Protocol-Version", "2026-07-28")
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.reason().as_str()), (400, "batch"));
    for bad in [
        json!([]),
        json!([[echo(1)]]),
        json!([echo(1), echo(1)]),
        json!((0..51).map(echo).collect::<Vec<_>>()),
        json!([request(1, "initialize", json!({}))]),
    ] {
        let answer = within(&old, &bad).send(&server).await;
        assert_eq!((answer.status, answer.code()), (400, -32600), "{bad}");
    }
    let notices = json!([{ "jsonrpc": "2.0", "method": "notifications/initialized" }]);
    assert_eq!(within(&old, notices).send(&server).await.status, 202);
}

#[tokio::test]
async fn progress_opens_a_stream_that_ends_with_the_answer() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let mut body = call(1, "steps", json!({}));
    let answer = within(&id, &body).send(&server).await;
    assert_eq!(
        answer.header("content-type"),
        "application/json",
        "no token, no progress"
    );
    body["params"]["_meta"] = json!({ "progressToken": "p" });
    let answer = within(&id, &body).send(&server).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert!(answer.body.starts_with("id: "), "{}", answer.body);
    assert!(answer.body.contains("retry: "), "{}", answer.body);
    let steps: Vec<f64> = answer
        .events()
        .iter()
        .filter_map(|event| event["params"]["progress"].as_f64())
        .collect();
    assert_eq!(steps, [0.0, 50.0, 100.0]);
    assert_eq!(answer.json()["id"], 1);
    let old = session(&server, "2025-06-18", "ann").await;
    let answer = within(&old, &body).send(&server).await;
    assert!(
        !answer.body.contains("retry: "),
        "older clients know no empty events"
    );
}

/// Reads until the text holds `wanted`.
async fn read_until(socket: &mut tokio::net::TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut piece));
        let read = read.await.expect("something arrives").unwrap();
        assert_ne!(read, 0, "the stream ended: {text}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    text
}

#[tokio::test]
async fn questions_ride_on_the_stream_of_their_call() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let mut socket = within(&id, call(1, "ask", json!({}))).open(&server).await;
    let mut text = String::new();
    for name in ["Ann", "Lee"] {
        text = read_until(&mut socket, "elicitation/create").await;
        let asked = parse(text.as_bytes());
        let question = asked.events().pop().unwrap_or_else(|| {
            let line = text.lines().find_map(|line| line.strip_prefix("data: {"));
            serde_json::from_str(&format!("{{{}", line.unwrap())).unwrap()
        });
        let reply = json!({ "jsonrpc": "2.0", "id": question["id"], "result": {
            "action": "accept", "content": { "name": name } } });
        assert_eq!(within(&id, reply).send(&server).await.status, 202);
    }
    drop(text);
    let text = read_until(&mut socket, r#""names":["Ann","Lee"]"#).await;
    assert!(text.contains(r#""id":1"#), "{text}");
}

#[tokio::test]
async fn a_broken_stream_is_resumed() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let answer = within(&id, call(1, "interrupt", json!({})))
        .send(&server)
        .await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert!(!answer.body.contains("after the break"), "{answer:?}");
    let last = answer
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .next_back();
    let resume = Ask::new("GET", "/mcp")
        .with("Mcp-Session-Id", &id)
        .with("Last-Event-ID", last.unwrap());
    let answer = resume.send(&server).await;
    assert!(answer.body.contains("after the break"), "{answer:?}");
    let nonsense = Ask::new("GET", "/mcp").with("Mcp-Session-Id", &id);
    let answer = nonsense
        .with("Last-Event-ID", "nonsense")
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[tokio::test]
async fn without_sessions_every_request_stands_alone() {
    let mut http = settings();
    http.legacy_sessions = false;
    let server = Server::with(http).await;
    let answer = initialize("2025-06-18").send(&server).await;
    assert_eq!(answer.header("mcp-session-id"), "");
    let result = &answer.json()["result"];
    assert_eq!(result["protocolVersion"], "2025-06-18");
    assert_eq!(result["capabilities"]["tools"], json!({}));
    let answer = within("ignored", call(1, "echo", json!({ "text": "x" })))
        .send(&server)
        .await;
    assert_eq!(
        answer.json()["result"]["structuredContent"]["text"],
        "x",
        "{answer:?}"
    );
    assert_eq!(answer.json()["result"].get("resultType"), None);
    let answer = Ask::post(call(1, "ask", json!({}))).send(&server).await;
    assert_eq!(answer.json()["result"]["isError"], true, "{answer:?}");
    let answer = Ask::post(request(1, "tools/list", json!({})))
        .send(&server)
        .await;
    assert_eq!(answer.json()["result"].get("ttlMs"), None);
    let answer = Ask::post(request(1, "no/such", json!({})))
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (200, -32601));
    for method in ["GET", "DELETE"] {
        let answer = Ask::new(method, "/mcp").send(&server).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
    let batch = json!([
        call(1, "echo", json!({ "text": "x" })),
        request(2, "tools/list", json!({}))
    ]);
    let answer = Ask::post(batch).send(&server).await;
    assert_eq!(answer.events().len(), 2, "{answer:?}");
    let notice = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(Ask::post(notice).send(&server).await.status, 202);
}
