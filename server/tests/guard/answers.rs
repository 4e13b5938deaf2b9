//! Every refusal before a message is looked at, and that the next request is served.

use std::time::Duration;

use gitlab_mcp::http::Limit;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Ask, request, session};
use crate::server::{Server, settings};

fn list() -> Ask {
    Ask::modern("tools/list", json!({}), None)
}

async fn still_serves(server: &Server) {
    let answer = list().send(server).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn hosts_and_origins_are_judged_on_every_route() {
    let server = Server::start().await;
    for path in [
        "/mcp",
        "/health",
        "/health/live",
        "/metrics",
        "/token",
        "/consent",
        "/no",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let ask = Ask::new(method, path);
            let answer = ask.clone().with("Host", "evil.example").send(&server).await;
            assert_eq!(answer.status, 403, "{method} {path} {answer:?}");
            let answer = ask.clone().without("Host").send(&server).await;
            assert_eq!(answer.status, 400, "{method} {path} {answer:?}");
            let answer = ask.and("Host", "localhost").send(&server).await;
            assert_eq!(answer.status, 400, "{method} {path} {answer:?}");
        }
    }
    for (method, path) in [
        ("POST", "/mcp"),
        ("GET", "/mcp"),
        ("DELETE", "/mcp"),
        ("GET", "/health"),
        ("GET", "/metrics"),
        ("POST", "/consent"),
    ] {
        for origin in ["https://evil", "null", "http://localhost.evil"] {
            let answer = Ask::new(method, path)
                .and("Origin", origin)
                .send(&server)
                .await;
            assert_eq!(answer.status, 403, "{method} {path} {answer:?}");
            assert!(answer.body.contains("origin"), "{answer:?}");
        }
    }
    let answer = list().with("Host", "evil.example").send(&server).await;
    assert_eq!((answer.code(), answer.reason().as_str()), (-32600, "host"));
    assert!(answer.body.contains("MCP_ALLOWED_HOSTS"), "{answer:?}");
    still_serves(&server).await;
}

#[tokio::test]
async fn a_known_page_may_read_answers() {
    let server = Server::start().await;
    let page = "https://page.example";
    let answer = list().and("Origin", page).send(&server).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), page);
    let answer = list()
        .with("Authorization", "x")
        .and("Origin", page)
        .send(&server)
        .await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .header("access-control-expose-headers")
            .contains("WWW-Authenticate")
    );
    let preflight = Ask::new("OPTIONS", "/mcp").with("Access-Control-Request-Method", "POST");
    let answer = preflight.clone().and("Origin", page).send(&server).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let answer = preflight.and("Origin", "https://evil").send(&server).await;
    assert_eq!(answer.status, 403);
    let answer = Ask::new("POST", "/token")
        .and("Origin", "https://any")
        .send(&server)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn routes_and_methods() {
    let server = Server::start().await;
    for path in [
        "/",
        "/nothing",
        "/mcp/",
        "/.well-known/oauth-protected-resource/mcp",
        "/sse",
    ] {
        let answer = Ask::new("GET", path).send(&server).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"], "not_found", "{path}");
    }
    for (method, path, allow) in [
        ("PUT", "/mcp", "GET, POST, DELETE"),
        ("TRACE", "/mcp", "GET, POST, DELETE"),
        ("OPTIONS", "/mcp", "GET, POST, DELETE"),
        ("INVENTED", "/mcp", "GET, POST, DELETE"),
        ("POST", "/health", "GET, HEAD"),
        ("GET", "/token", "POST"),
    ] {
        let answer = Ask::new(method, path).send(&server).await;
        assert_eq!(answer.status, 405, "{method} {path} {answer:?}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        assert!(answer.json()["error"] != json!(null), "{answer:?}");
    }
    for path in ["/health", "/health/live", "/health/ready"] {
        let answer = Ask::new("GET", path)
            .without("Authorization")
            .send(&server)
            .await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({ "status": "ok" }))
        );
    }
    let answer = Ask::new("GET", "/metrics").send(&server).await;
    assert!(
        answer.body.contains("gitlab_mcp_http_requests_total"),
        "{answer:?}"
    );
    for (method, path) in [
        ("GET", "/health"),
        ("GET", "/x"),
        ("POST", "/mcp"),
        ("POST", "/token"),
    ] {
        let answer = Ask::new(method, path).send(&server).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("server"), "");
    }
}

#[tokio::test]
async fn callers_are_judged() {
    let server = Server::start().await;
    for token in ["", "Bearer nobody", "bearer"] {
        let answer = list().with("Authorization", token).send(&server).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer realm="gitlab-mcp""#
        );
        let expected = json!({ "error": "unauthorized", "error_description": "sign in" });
        assert_eq!(answer.json(), expected);
    }
    let answer = list()
        .and("Authorization", "Bearer ann")
        .send(&server)
        .await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "duplicate_credential")
    );
    let answer = list()
        .with("Authorization", "Bearer eve")
        .send(&server)
        .await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (403, "access_denied")
    );
    let answer = list()
        .with("Authorization", "Bearer down")
        .send(&server)
        .await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (503, "unavailable")
    );
    assert_eq!(answer.header("retry-after"), "7");
    still_serves(&server).await;
}

#[tokio::test]
async fn rates_are_limited_by_principal_and_by_address() {
    let mut http = settings();
    http.accepted = Some(Limit::per_minute(3));
    http.unaccepted = Some(Limit::per_minute(2));
    let server = Server::with(http).await;
    for _ in 0..3 {
        still_serves(&server).await;
    }
    let answer = list().send(&server).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (429, "rate_limited")
    );
    assert_eq!(answer.header("retry-after"), "20");
    let bob = list().with("Authorization", "Bearer bob");
    assert_eq!(bob.send(&server).await.status, 200);
    server.clock.advance(Duration::from_secs(20));
    still_serves(&server).await;
    for _ in 0..2 {
        assert_eq!(
            list().with("Authorization", "x").send(&server).await.status,
            401
        );
    }
    assert_eq!(
        list().with("Authorization", "x").send(&server).await.status,
        429
    );
    server.clock.advance(Duration::from_mins(2));
    still_serves(&server).await;
}

#[tokio::test]
async fn bodies_have_a_limit_and_a_type() {
    let server = Server::start().await;
    let large = vec![b' '; 65_537];
    let answer = list().body(&large).send(&server).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (413, "too_large")
    );
    assert_eq!(answer.json()["error"]["data"]["limit"], 65_536);
    assert_eq!(answer.header("connection"), "close");
    let mut chunked = format!("{:x}\r\n", large.len()).into_bytes();
    chunked.extend_from_slice(&large);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let answer = list()
        .body(&chunked)
        .and("Transfer-Encoding", "chunked")
        .send(&server)
        .await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (413, "too_large")
    );
    let answer = list()
        .with("Content-Type", "text/plain")
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (415, -32600));
    for accept in ["application/json", "text/event-stream", "text/html"] {
        let answer = list().with("Accept", accept).send(&server).await;
        assert_eq!((answer.status, answer.code()), (406, -32600), "{accept}");
    }
    let answer = list().without("Accept").send(&server).await;
    assert_eq!(answer.status, 406);
    for accept in [
        "*/*",
        "application/*, text/*",
        "text/event-stream, */*;q=0.1",
    ] {
        assert_eq!(
            list().with("Accept", accept).send(&server).await.status,
            200,
            "{accept}"
        );
    }
    let call = json!({ "name": "echo", "arguments": { "text": "x" } });
    let call = Ask::modern("tools/call", call, Some("echo")).with("Accept", "*/*");
    assert_eq!(call.send(&server).await.status, 200);
    still_serves(&server).await;
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}{}}}"#,
        "[".repeat(128),
        "]".repeat(128)
    );
    for (body, code) in [
        ("{", -32700),
        ("", -32700),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\u{1}\"}",
            -32700,
        ),
        (deep.as_str(), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        ("[]", -32600),
        ("7", -32600),
    ] {
        for ask in [list(), Ask::post("").with("Mcp-Session-Id", &id)] {
            let answer = ask.body(body.as_bytes()).send(&server).await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, code),
                "{body} {answer:?}"
            );
            assert_eq!(answer.header("content-type"), "application/json");
            assert_ne!(answer.json().get("id"), Some(&json!(null)), "{answer:?}");
        }
    }
    let answer = list()
        .body(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}")
        .send(&server)
        .await;
    assert_eq!((answer.status, answer.code()), (400, -32700));
    still_serves(&server).await;
    let ping = Ask::post(request(5, "ping", json!({}))).with("Mcp-Session-Id", &id);
    assert_eq!(ping.send(&server).await.json()["result"], json!({}));
}

#[tokio::test]
async fn connections_are_kept_and_broken_ones_closed() {
    let server = Server::start().await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    for _ in 0..2 {
        let text = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        socket.write_all(text).await.unwrap();
        let mut answer = [0; 1024];
        let read = socket.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    }
    for text in [
        "GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut answer));
        closed.await.expect("the connection is closed").ok();
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{text:?}");
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn shutdown_lets_calls_finish_and_ends_streams() {
    let mut server = Server::start().await;
    let id = session(&server, "2025-11-25", "ann").await;
    let call = json!({ "name": "slow", "arguments": { "milliseconds": 300 } });
    let call = Ask::post(request(1, "tools/call", call)).with("Mcp-Session-Id", &id);
    let mut running = call.open(&server).await;
    let mut stream = Ask::new("GET", "/mcp")
        .with("Mcp-Session-Id", &id)
        .without("Connection")
        .open(&server)
        .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.shutdown.cancel();
    let mut text = String::new();
    running.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("done"), "{text}");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let ended = tokio::time::timeout(Duration::from_secs(5), &mut server.task).await;
    ended.expect("the server ends").unwrap().unwrap();
}
