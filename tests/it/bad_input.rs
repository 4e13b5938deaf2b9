//! What no honest client sends. Each is refused in words, GitLab hears nothing of it, and the next
//! honest request works.

use gitlab_mcp_tests::{Era, McpClient, Reply, Request, Scene};
use serde_json::json;

const BEARER: &str = "a-static-bearer-of-32-characters";

pub(crate) async fn guarded() -> Scene {
    Scene::with(&[
        ("STREAMABLE_HTTP_AUTH_TOKEN", BEARER),
        ("MCP_BODY_LIMIT_BYTES", "65536"),
    ])
    .await
}

/// An honest request, to be spoilt.
fn honest(client: &mut McpClient) -> Request {
    client.request("tools/list", json!({}))
}

pub(crate) async fn assert_alive(scene: &Scene, client: &mut McpClient, what: &str) {
    let result = client.call("get_project", json!({ "project_id": 1 })).await;
    assert_eq!(result.item()["id"], 1, "after {what}");
    scene.gitlab.log().clear();
}

/// A refusal is an error in words: never a success, never an empty body, never our insides.
pub(crate) fn assert_refused(reply: &Reply, statuses: &[u16], what: &str) {
    assert!(statuses.contains(&reply.status), "{what}: {reply:?}");
    let message = reply.message();
    let text = message["error"].to_string();
    assert!(text.len() > 4, "{what}: {reply:?}");
    for inside in ["panicked", "rmcp", "serde", ".rs:", BEARER] {
        assert!(
            !reply.body.contains(inside),
            "{what}: {inside} in {reply:?}"
        );
    }
}

#[tokio::test]
async fn bodies_that_are_no_message_are_refused() {
    let scene = guarded().await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("words", b"hello".to_vec()),
        ("half", br#"{"jsonrpc":"2.0","id":1,"method":"#.to_vec()),
        (
            "not UTF-8",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(),
        ),
        ("a number", b"7".to_vec()),
        ("null", b"null".to_vec()),
        ("an empty batch", b"[]".to_vec()),
        ("deep", deep.into_bytes()),
        (
            "wrong version",
            br#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#.to_vec(),
        ),
        ("no method", br#"{"jsonrpc":"2.0","id":1}"#.to_vec()),
        (
            "a list as id",
            br#"{"jsonrpc":"2.0","id":[1],"method":"tools/list"}"#.to_vec(),
        ),
        (
            "twice the same name",
            br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}"#.to_vec(),
        ),
    ];
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for (what, body) in &bodies {
            let mut request = client.raw(body.clone());
            if era == Era::Modern {
                request = request
                    .header("MCP-Protocol-Version", era.version())
                    .header("Mcp-Method", "tools/list");
            }
            let reply = request.send(scene.server.address).await;
            assert_refused(&reply, &[400], &format!("{what} {era:?}"));
        }
        assert_alive(&scene, &mut client, "bad bodies").await;
    }
}

#[tokio::test]
async fn methods_and_tools_that_do_not_exist_are_named() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        let reply = client.exchange("tools/drop_all", json!({})).await;
        assert_eq!(reply.code(), -32601, "{reply:?}");
        let params = json!({ "name": "get_projekt", "arguments": {} });
        let reply = client.exchange("tools/call", params).await;
        assert_eq!(reply.code(), -32602, "{reply:?}");
        let text = reply.message()["error"]["message"].to_string();
        assert!(
            text.contains("get_projekt") && text.contains("`get_project`"),
            "{text}"
        );
        assert_eq!(scene.asked(), 0);
        assert_alive(&scene, &mut client, "unknown names").await;
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        let params =
            json!({ "name": "get_project", "arguments": { "project_id": "x".repeat(70_000) } });
        let reply = client.exchange("tools/call", params).await;
        assert_refused(&reply, &[413], "70 KB");
        assert_alive(&scene, &mut client, "a large body").await;
    }
}

#[tokio::test]
async fn only_our_own_names_and_pages_are_served() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        let port = scene.server.address.port();
        for (name, value, statuses) in [
            ("Host", "evil.test".to_owned(), vec![403, 421]),
            ("Host", format!("evil.test:{port}"), vec![403, 421]),
            ("Host", "localhost.evil.test".to_owned(), vec![403, 421]),
            (
                "Host",
                "127.0.0.1@evil.test".to_owned(),
                vec![400, 403, 421],
            ),
            ("Origin", "https://evil.test".to_owned(), vec![403]),
            ("Origin", "null".to_owned(), vec![403]),
            (
                "Origin",
                format!("http://localhost.evil.test:{port}"),
                vec![403],
            ),
        ] {
            let reply = honest(&mut client)
                .header(name, &value)
                .send(scene.server.address)
                .await;
            assert_refused(&reply, &statuses, &format!("{name}: {value}"));
        }
        assert_alive(&scene, &mut client, "foreign names").await;
    }
}

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            &format!("Bearer {BEARER}x"),
            &format!("Bearer {}", BEARER.trim_start_matches('a')),
            &format!("Basic {BEARER}"),
            BEARER,
        ] {
            let request = honest(&mut client).header("Authorization", value);
            let reply = request.send(scene.server.address).await;
            assert_eq!(reply.status, 401, "{value:?}: {reply:?}");
            let challenge = reply.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{value:?}: {reply:?}");
            assert!(!reply.body.contains(BEARER), "{value:?}: {reply:?}");
        }
        assert_eq!(scene.asked(), 0);
        assert_alive(&scene, &mut client, "wrong tokens").await;
    }
}

#[tokio::test]
async fn paths_and_verbs_that_do_not_exist_are_refused() {
    let scene = guarded().await;
    let mut client = scene.client(Era::Modern).await;
    for (method, path, statuses) in [
        ("GET", "/", vec![404]),
        ("POST", "/", vec![404]),
        ("POST", "/mcp/x", vec![404]),
        ("POST", "/mcp/../mcp", vec![400, 404]),
        ("GET", "/../../etc/passwd", vec![400, 404]),
        ("PUT", "/mcp", vec![405]),
        ("PATCH", "/mcp", vec![405]),
    ] {
        let request =
            Request::new(method, path).header("Authorization", &format!("Bearer {BEARER}"));
        let reply = request.send(scene.server.address).await;
        assert!(
            statuses.contains(&reply.status),
            "{method} {path}: {reply:?}"
        );
    }
    assert_alive(&scene, &mut client, "wrong paths").await;
}

#[tokio::test]
async fn what_is_not_json_by_its_own_word_is_refused() {
    let scene = guarded().await;
    for era in Era::ALL {
        let mut client = scene.client(era).await;
        for (name, value, status) in [
            ("Content-Type", "text/plain", 415),
            ("Content-Type", "application/x-www-form-urlencoded", 415),
            ("Accept", "text/html", 406),
        ] {
            let request = honest(&mut client).header(name, value);
            let reply = request.send(scene.server.address).await;
            assert_refused(&reply, &[status], &format!("{name}: {value} {era:?}"));
        }
        assert_alive(&scene, &mut client, "media types").await;
    }
}

#[tokio::test]
async fn sessions_that_do_not_exist_or_belong_to_nobody_are_not_found() {
    let scene = guarded().await;
    let mut client = scene.client(Era::Legacy).await;
    for session in [
        "0",
        "00000000-0000-0000-0000-000000000000",
        "../x",
        &"a".repeat(5_000),
    ] {
        let request = honest(&mut client).header("Mcp-Session-Id", session);
        let reply = request.send(scene.server.address).await;
        assert_refused(&reply, &[400, 404], session);
    }
    assert_alive(&scene, &mut client, "foreign sessions").await;
}
