//! Documents over the real way out: good ones, hostile ones, and hosts that may not be asked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::authorization_server::bench::{Bench, bench_with};
use host::{Host, Reply};

mod host;
mod load;

const ID: &str = "https://app.example/client.json";

fn document() -> Value {
    json!({
        "client_id": ID,
        "client_name": "App",
        "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "logo_uri": "https://evil.example/logo.png",
        "jwks_uri": "https://evil.example/keys",
    })
}

/// A server whose way out ends at `host`.
async fn bench(host: &Host, rules: Rules) -> Bench {
    let mut bench = bench_with(rules).await;
    Arc::get_mut(&mut bench.server).unwrap().egress = host.egress(&[]);
    bench
}

async fn asked(host: &Host) -> Result<Client, NoClient> {
    let bench = bench(host, Rules::default()).await;
    bench.server.client(ID).await
}

#[tokio::test]
async fn a_good_document_makes_a_client_that_shows_its_host() {
    let host = Host::playing([Reply::json(&document())]).await;
    let client = asked(&host).await.unwrap();
    assert_eq!((client.id.as_str(), client.name.as_str()), (ID, "App"));
    assert!(client.may_use("http://127.0.0.1:41000/cb"));
    assert!(!client.may_use("https://evil.example/cb"));
    let shown = "app.example".to_owned();
    assert_eq!(client.origin, Origin::Document { host: shown });
    // One request, and nothing that the document names was fetched.
    let heads = host.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert!(
        heads[0].starts_with("GET /client.json HTTP/1.1\r\n"),
        "{heads:?}"
    );
    assert!(heads[0].contains("accept: application/json"), "{heads:?}");
    for secret in ["authorization", "cookie", "private-token"] {
        assert!(!heads[0].to_ascii_lowercase().contains(secret), "{heads:?}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
async fn a_document_that_does_not_fit_is_refused() {
    let changed = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        Reply::json(&document)
    };
    let without = |name: &str| {
        let mut document = document();
        document.as_object_mut().unwrap().remove(name);
        Reply::json(&document)
    };
    let text = document().to_string();
    let twice = format!(r#"{{"client_id":"{ID}",{}"#, text.trim_start_matches('{'));
    let padded = changed("x", "a".repeat(5 * 1024).into());
    for (what, reply) in [
        (
            "another case",
            changed("client_id", "https://app.example/Client.json".into()),
        ),
        (
            "a slash more",
            changed("client_id", format!("{ID}/").into()),
        ),
        (
            "an encoding",
            changed("client_id", "https://app.example/client%2ejson".into()),
        ),
        (
            "another host",
            changed("client_id", "https://evil.example/client.json".into()),
        ),
        ("no text", changed("client_id", json!([ID]))),
        ("no id", without("client_id")),
        ("no name", without("client_name")),
        (
            "an invisible name",
            changed("client_name", "\u{202e}".into()),
        ),
        ("no redirect URIs", without("redirect_uris")),
        ("none of them", changed("redirect_uris", json!([]))),
        (
            "a bad one",
            changed("redirect_uris", json!(["javascript:alert(1)"])),
        ),
        (
            "cleartext",
            changed("redirect_uris", json!(["http://app.example/cb"])),
        ),
        ("a secret", changed("client_secret", "s".into())),
        (
            "an end of a secret",
            changed("client_secret_expires_at", 0.into()),
        ),
        (
            "a method",
            changed("token_endpoint_auth_method", "client_secret_post".into()),
        ),
        (
            "a key",
            changed("token_endpoint_auth_method", "private_key_jwt".into()),
        ),
        (
            "a grant",
            changed("grant_types", json!(["client_credentials"])),
        ),
        ("a member twice", Reply::text("application/json", &twice)),
        (
            "an array",
            Reply::text("application/json", &format!("[{text}]")),
        ),
        ("no JSON", Reply::text("application/json", "<html>")),
        ("HTML", Reply::text("text/html", &text)),
        ("plain text", Reply::text("text/plain", &text)),
        (
            "a page behind JSON",
            Reply::text("text/html; a=application/json", &text),
        ),
        ("too long", padded),
        (
            "ten MiB",
            Reply::text("application/json", &" ".repeat(10 * 1024 * 1024)),
        ),
        ("301", Reply::redirect(301)),
        ("302", Reply::redirect(302)),
        ("307", Reply::redirect(307)),
        ("308", Reply::redirect(308)),
        ("404", Reply::status(404)),
        ("403", Reply::status(403)),
        ("204", Reply::status(204)),
    ] {
        let host = Host::playing([reply, Reply::json(&document())]).await;
        assert_eq!(asked(&host).await, Err(NoClient::Unknown), "{what}");
        assert_eq!(host.heads().len(), 1, "{what}");
    }
    for reply in [
        changed("token_endpoint_auth_method", Value::Null),
        without("grant_types"),
        Reply::text("application/client-metadata+json; charset=utf-8", &text),
    ] {
        let host = Host::playing([reply]).await;
        assert!(asked(&host).await.is_ok());
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_asked_says_nothing_about_the_client() {
    for (what, reply) in [
        ("500", Reply::status(500)),
        ("503", Reply::status(503)),
        ("429", Reply::status(429)),
        ("a broken answer", Reply::Close),
        ("no HTTP", Reply::Raw(b"hello\r\n\r\n".to_vec())),
    ] {
        let host = Host::playing([reply]).await;
        assert_eq!(asked(&host).await, Err(NoClient::Unavailable), "{what}");
    }
}

#[tokio::test]
async fn a_bomb_in_gzip_stops_at_five_kib() {
    let reply = Reply::gzip_bomb();
    let host = Host::playing([reply]).await;
    assert_eq!(asked(&host).await, Err(NoClient::Unknown));
}

#[tokio::test]
async fn a_slow_answer_ends_after_five_seconds() {
    let start = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    for reply in [Reply::Stall(Vec::new()), Reply::Stall(start.to_vec())] {
        let host = Host::playing([reply]).await;
        let bench = bench(&host, Rules::default()).await;
        let asking = bench.server.client(ID);
        let stopped = async {
            host.until_asked(1).await;
            // Nothing moves any more but time.
            tokio::time::pause();
        };
        let (found, ()) = tokio::join!(asking, stopped);
        assert_eq!(found, Err(NoClient::Unavailable));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let many = "x-padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(20_000);
    let long = format!("x-padding: {}\r\n", "a".repeat(2 * 1024 * 1024));
    for headers in [many, long] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}");
        let host = Host::playing([Reply::Stall(head.into_bytes())]).await;
        let bench = bench(&host, Rules::default()).await;
        assert!(bench.server.client(ID).await.is_err());
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to_and_the_answer_does_not_tell() {
    let canary = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let hosts = ["inside.example", "internal.example", "unknown.example"];
    let rules = Rules {
        // Only a listed host may have a port, which is what the canary needs.
        document_hosts: Some(hosts.map(str::to_owned).into()),
        ..Rules::default()
    };
    let mut bench = bench_with(rules).await;
    // What the operator calls internal for GitLab's sake is no exception.
    let direct = host::direct(&["internal.example"]);
    Arc::get_mut(&mut bench.server).unwrap().egress = direct;
    for host in hosts {
        let id = format!("https://{host}:{port}/client.json");
        let found = bench.server.client(&id).await;
        assert_eq!(found, Err(NoClient::Unavailable), "{host}");
    }
    let connected = tokio::time::timeout(Duration::ZERO, canary.accept()).await;
    assert!(connected.is_err());
}

#[tokio::test]
async fn a_host_that_is_not_listed_is_not_even_looked_up() {
    let host = Host::playing([Reply::json(&document())]).await;
    let rules = |listed: &str| Rules {
        document_hosts: Some([listed.to_owned()].into()),
        ..Rules::default()
    };
    let closed = bench(&host, rules("other.example")).await;
    assert_eq!(closed.server.client(ID).await, Err(NoClient::Unknown));
    assert_eq!((host.looked_up(), host.heads().len()), (0, 0));
    let open = bench(&host, rules("app.example")).await;
    assert!(open.server.client(ID).await.is_ok());
    assert_ne!(host.looked_up(), 0);
}

#[tokio::test]
async fn a_document_is_fetched_again_when_its_headers_say_so() {
    let mut renamed = document();
    renamed["client_name"] = "Renamed".into();
    let kept = Reply::json(&document()).with("cache-control: max-age=3600");
    let host = Host::playing([kept, Reply::json(&renamed)]).await;
    let bench = bench(&host, Rules::default()).await;
    let name = async || bench.server.client(ID).await.unwrap().name;
    assert_eq!(name().await, "App");
    bench.clock.advance(Duration::from_secs(3_599));
    assert_eq!(name().await, "App");
    assert_eq!(host.heads().len(), 1);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(name().await, "Renamed");
    assert_eq!(host.heads().len(), 2);
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_minute() {
    let host = Host::playing([
        Reply::status(404),
        Reply::json(&document()),
        Reply::status(503),
        Reply::status(404),
    ])
    .await;
    let bench = bench(&host, Rules::default()).await;
    let client = async || bench.server.client(ID).await;
    for _ in 0..10 {
        assert_eq!(client().await, Err(NoClient::Unknown));
    }
    assert_eq!(host.heads().len(), 1);
    bench.clock.advance(Duration::from_mins(1));
    assert!(client().await.is_ok());
    // A host that is down does not log anybody out.
    bench.clock.advance(Duration::from_mins(5));
    assert!(client().await.is_ok());
    assert_eq!(host.heads().len(), 3);
    // A document that was taken away is gone.
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(client().await, Err(NoClient::Unknown));
}
