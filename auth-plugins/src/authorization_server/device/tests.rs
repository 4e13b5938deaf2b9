//! Device logins against a mock GitLab. Its clock and the server's move together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_store::Store;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::authorization_server::audit::From as Origin;
use crate::authorization_server::bench::{BASE, Bench, bench_with};
use crate::authorization_server::client::{Client, Registration};
use crate::authorization_server::codes;
use crate::authorization_server::rules::{DeviceRule, Flow, Rules};
use crate::authorization_server::site::Base;

mod browser;
mod client;
mod failures;
mod front;
mod program;
mod races;
mod schedule;
mod short;
mod tokens;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CLIENT: &str = "client-1";
/// Where the server asks GitLab.
const POLLS: &str = "POST /oauth/token";

struct Scene {
    bench: Bench,
    server: Arc<AuthorizationServer>,
}

/// An answer, read.
struct Told {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Told {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

fn rules() -> Rules {
    Rules {
        flow: Flow::Callback("/oauth/callback"),
        device: DeviceRule::On,
        // GitLab's codes live for five minutes.
        device_life: Duration::from_mins(10),
        ..Rules::default()
    }
}

fn request() -> Request {
    Request {
        issuer: BASE.to_owned(),
        client: CLIENT.to_owned(),
        client_name: "Editor".to_owned(),
        redirect_uri: None,
        state: Some("state of the client".to_owned()),
        challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
        resource: None,
    }
}

fn base() -> Base {
    Base::parse(BASE).unwrap()
}

fn address(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    SocketAddr::from(([192, 0, high, low], 4_321))
}

async fn scene() -> Scene {
    scene_with(rules()).await
}

async fn scene_with(rules: Rules) -> Scene {
    scene_of(bench_with(rules).await).await
}

async fn scene_of(bench: Bench) -> Scene {
    let known = Registration {
        id: CLIENT.to_owned(),
        name: "Editor".to_owned(),
        redirect_uris: vec!["https://client.example/back".to_owned()],
        issued_at: 0,
        used_at: None,
    };
    let life = Duration::from_hours(1);
    let records = &bench.server.records;
    records.put_new(CLIENT, &known, life).await.unwrap();
    let server = Arc::clone(&bench.server);
    Scene { bench, server }
}

impl Scene {
    /// Lets time pass, here and at GitLab.
    fn pass(&self, time: Duration) {
        self.bench.clock.advance(time);
        self.bench.gitlab.clock().advance(time);
    }

    fn pass_seconds(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// How often GitLab was asked about device codes.
    fn polls(&self) -> usize {
        self.bench.gitlab.log().of(POLLS).count()
    }

    async fn confirm(&self, user_code: &str) {
        let mut browser = self.bench.gitlab.browser("alice");
        browser.device(user_code).await.unwrap();
    }

    async fn client(&self) -> Client {
        self.server.client(CLIENT).await.unwrap()
    }

    /// Starts the login of a program.
    async fn program(&self) -> Told {
        let (base, from) = (base(), Origin::default());
        let started = self.server.start_device_json(&base, request(), &from);
        Told::of(started.await).await
    }

    /// Sends a browser to its page.
    async fn page(&self) -> Told {
        let (base, from) = (base(), Origin::default());
        let started = self.server.start_device_page(&base, request(), &from);
        Told::of(started.await).await
    }

    async fn poll(&self, flow_state: &str) -> Told {
        self.poll_from(flow_state, 1).await
    }

    async fn poll_from(&self, flow_state: &str, from: u16) -> Told {
        let query = format!("?flow_state={flow_state}");
        self.ask(&query, from, &[]).await
    }

    async fn ask(&self, query: &str, from: u16, headers: &[(&str, &str)]) -> Told {
        ask(&self.server, query, from, headers).await
    }

    /// Another process over the same store, with the same keys: the one before is dropped.
    fn restarted(mut self) -> Self {
        self.bench.server = self.replica();
        self.server = Arc::clone(&self.bench.server);
        assert_eq!(Arc::strong_count(&self.server), 2);
        self
    }

    fn replica(&self) -> Arc<AuthorizationServer> {
        self.replica_over(Arc::clone(self.server.records.store()))
    }

    fn replica_over(&self, store: Arc<dyn Store>) -> Arc<AuthorizationServer> {
        self.bench.replica(store, Arc::clone(&self.server.clock))
    }

    /// Redeems the code of a flow at the token endpoint's own function.
    async fn redeem(&self, code: &str) -> codes::Redeemed {
        let proof = codes::Proof {
            client: CLIENT,
            redirect_uri: None,
            verifier: VERIFIER,
            issuer: BASE,
        };
        self.server.redeem(code, proof).await.unwrap()
    }
}

async fn ask(
    server: &Arc<AuthorizationServer>,
    query: &str,
    from: u16,
    headers: &[(&str, &str)],
) -> Told {
    let mut request = http::Request::builder()
        .uri(format!("{BASE}/oauth/poll{query}"))
        .extension(ConnectInfo(address(from)));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    Told::of(Arc::clone(server).poll(request).await).await
}
