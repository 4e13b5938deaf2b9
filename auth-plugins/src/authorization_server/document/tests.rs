//! Documents over the real way out: good ones, hostile ones, and hosts that may not be asked.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::authorization_server::bench::{Bench, bench_with};
use host::{Host, Reply};

mod host;
mod limits;
mod load;
mod refusals;

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
