//! A server on a free port with an auth mode that knows two tokens.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::routing::post;
use gitlab_mcp::app::{App, HttpSettings};
use gitlab_mcp::http::Limit;
use gitlab_mcp_core::auth::{
    AuthClass, AuthError, AuthProvider, Caller, Challenge, Credential, Granted, Principal, Routes,
};
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, GitLab, Instance};
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_core::tool::{Catalog, PermissionMode, Policy, PolicyInput, ToolSettings};
use http::header::AUTHORIZATION;
use http::request::Parts;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// `Bearer ann` and `Bearer bob` are people; `Bearer down` finds nobody at home; `Bearer reader` is
/// ann with less granted.
#[derive(Debug)]
pub(crate) struct TwoPeople;

fn person(subject: &str) -> Caller {
    let instance = Instance::parse("http://127.0.0.1:1").unwrap();
    Caller::new(Principal::new(instance, subject))
}

fn granted(scopes: &str) -> Caller {
    let metadata = || "https://mcp.example/metadata".to_owned();
    person("ann").granted(Granted::less_than_all(scopes, metadata))
}

#[async_trait]
impl AuthProvider for TwoPeople {
    async fn authenticate(&self, request: &Parts) -> Result<Caller, AuthError> {
        if request.headers.get_all(AUTHORIZATION).iter().count() > 1 {
            return Err(AuthError::Malformed {
                reason: "duplicate_credential",
                description: "two credentials".to_owned(),
            });
        }
        let value = request.headers.get(AUTHORIZATION);
        match value.and_then(|value| value.to_str().ok()) {
            Some("Bearer ann" | "Bearer ann2") => Ok(person("ann")),
            Some("Bearer bob") => Ok(person("bob")),
            Some("Bearer reader") => Ok(granted("read_api")),
            Some("Bearer knows-only-names") => Ok(granted("read_user")),
            Some("Bearer eve") => Err(AuthError::Denied {
                description: "not in the group".to_owned(),
            }),
            Some("Bearer down") => Err(AuthError::Unavailable {
                retry_after: Duration::from_secs(7),
            }),
            _ => Err(Challenge::realm("unauthorized").describe("sign in").into()),
        }
    }

    fn local(&self) -> Option<Caller> {
        Some(person("local"))
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }

    fn routes(self: Arc<Self>) -> Routes {
        Routes::default()
            .route("/token", AuthClass::Public, post(async || "{}"))
            .route("/consent", AuthClass::Form, post(async || "{}"))
    }
}

/// Settings that tests change.
pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        allowed_hosts: BTreeSet::from(["mcp.example".to_owned()]),
        allowed_origins: BTreeSet::from(["https://page.example".to_owned()]),
        root_endpoint: false,
        body_limit: 65_536,
        legacy_sessions: true,
        max_sessions: 100,
        session_timeout: Duration::from_hours(1),
        sse_heartbeat: Duration::from_secs(30),
        keep_alive: Duration::from_secs(5),
        accepted: Some(Limit::per_minute(6000)),
        unaccepted: None,
        ..HttpSettings::default()
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// The collaborators of a server.
pub(crate) fn app(http: HttpSettings) -> (App, Arc<ManualClock>) {
    let catalog = Arc::new(Catalog::linked().unwrap());
    let input = PolicyInput {
        toolsets: Some(vec!["testing".to_owned()]),
        mode: PermissionMode::Modify,
        ..PolicyInput::default()
    };
    let (policy, _) = Policy::new(input, &catalog).unwrap();
    let clock = Arc::new(ManualClock::default());
    let random = Arc::new(SeededRandom::new(1));
    let auth: Arc<dyn AuthProvider> = Arc::new(TwoPeople);
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let gitlab = GitLab::new(
        egress,
        Arc::clone(&auth),
        Arc::clone(&clock) as _,
        Arc::clone(&random) as _,
    );
    let app = App {
        catalog,
        policy: Arc::new(policy),
        prompts: Arc::new(Vec::new()),
        resources: Arc::new(Vec::new()),
        capabilities: Arc::new(Vec::new()),
        mode: "two-people",
        auth,
        gitlab: Arc::new(gitlab),
        tool_settings: Arc::new(ToolSettings::default()),
        tool_timeout: Duration::from_secs(5),
        server_name: "gitlab-mcp".into(),
        clock: Arc::clone(&clock) as _,
        random,
        http: Arc::new(http),
    };
    (app, clock)
}

impl Server {
    /// Starts a server with the usual settings.
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    /// Starts a server.
    pub(crate) async fn with(http: HttpSettings) -> Self {
        let (app, clock) = app(http);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(gitlab_mcp::http::serve(app, listener, shutdown.clone()));
        Self {
            address,
            clock,
            shutdown,
            task,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
