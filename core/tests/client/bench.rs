//! The client on the bench: a fake way to sign in, a clock that stands still, tiny patience, and
//! one row of a table that says what must come of a scripted GitLab.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthProvider, Caller, Credential, Generation, HeaderKind, Principal,
};
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::{
    Answer, ApiError, ApiPath, ApiRequest, Egress, EgressConfig, GitLab, Instance, Method, Retries,
    Timeouts,
};
use gitlab_mcp_core::random::{Random, SeededRandom};
use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_core::tool::{ErrorCode, ToolError};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::upstream::Upstream;

/// The credential every bench starts with; it may stand in one header and nowhere else.
pub(crate) const CANARY: &str = "glpat-canary-0123456789abcdef";
/// What a renewal hands out.
pub(crate) const NEWER: &str = "glpat-newer-0123456789abcdef";
/// What the fake tells a person to do.
pub(crate) const ADVICE: &str = "put a valid token on the bench";

/// Tries and waits that no test has to wait for.
pub(crate) const QUICK: Retries = Retries {
    attempts: 2,
    base: Duration::from_millis(1),
    longest: Duration::from_millis(20),
};

pub(crate) fn credential(instance: &Instance, kind: HeaderKind, token: &str) -> Credential {
    let secret = Secret::parse(token.to_owned(), 1).unwrap();
    Credential::new(instance, kind, Arc::new(secret))
}

/// Signs in with what it was given and counts how often it is asked for something newer.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) credential: Option<Credential>,
    pub(crate) newer: Option<Credential>,
    pub(crate) renewals: AtomicUsize,
}

#[async_trait]
impl AuthProvider for Fake {
    async fn authenticate(&self, _: &http::request::Parts) -> Result<Caller, AuthError> {
        Err(AuthError::Denied {
            description: "nobody calls the bench over HTTP".to_owned(),
        })
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(self.credential.clone())
    }

    async fn renew(
        &self,
        _: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let newer = self.newer.clone();
        Ok(newer.filter(|newer| newer.number() > rejected))
    }

    fn sign_in_advice(&self) -> &'static str {
        ADVICE
    }
}

/// A client with everything around it under control.
pub(crate) struct Bench {
    pub(crate) auth: Arc<Fake>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retries: Retries,
    pub(crate) random: Arc<dyn Random>,
    egress: Egress,
    instance: Instance,
}

impl Bench {
    /// A client for the GitLab at `url`, with [`CANARY`] as a personal access token.
    pub(crate) fn at(url: &str) -> Self {
        let instance = Instance::parse(url).unwrap();
        let own = credential(&instance, HeaderKind::PrivateToken, CANARY);
        Self::signed_in(
            instance,
            Fake {
                credential: Some(own),
                ..Fake::default()
            },
        )
    }

    pub(crate) fn signed_in(instance: Instance, auth: Fake) -> Self {
        // Reading the system's certificates takes long; no reply leaves a connection behind.
        static EGRESS: OnceLock<Egress> = OnceLock::new();
        let egress = EGRESS.get_or_init(|| Egress::new(&EgressConfig::default()).unwrap());
        Self {
            egress: egress.clone(),
            auth: Arc::new(auth),
            clock: Arc::new(ManualClock::default()),
            timeouts: Timeouts::default(),
            retries: QUICK,
            random: Arc::new(SeededRandom::new(7)),
            instance,
        }
    }

    /// The same client with another way out.
    pub(crate) fn through(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// The deadlines of tests in which time runs out.
    pub(crate) fn impatient(mut self) -> Self {
        let short = Duration::from_millis(40);
        self.timeouts = Timeouts {
            headers: short,
            body: 2 * short,
            idle: short,
        };
        self
    }

    /// Sends a request and hands back what a tool would see.
    pub(crate) async fn send(&self, request: ApiRequest) -> Result<Answer, ToolError> {
        self.try_send(request).await.map_err(ToolError::from)
    }

    /// The client itself.
    pub(crate) fn client(&self) -> GitLab {
        let (auth, clock) = (Arc::clone(&self.auth), Arc::clone(&self.clock));
        GitLab::new(self.egress.clone(), auth, clock, Arc::clone(&self.random))
            .with_patience(self.timeouts, self.retries)
    }

    async fn try_send(&self, request: ApiRequest) -> Result<Answer, ApiError> {
        let gitlab = self.client();
        let caller = Caller::new(Principal::new(self.instance.clone(), "7"));
        let whole = gitlab.send(&caller, request);
        let answer = tokio::time::timeout(Duration::from_secs(20), whole).await;
        answer.expect("the client hangs")
    }

    pub(crate) async fn get(&self) -> Result<Answer, ToolError> {
        self.send(request(Method::Get)).await
    }

    pub(crate) async fn post(&self) -> Result<Answer, ToolError> {
        self.send(request(Method::Post)).await
    }
}

/// `GET projects/group%2Fproject/issues`, or the same path with a body.
pub(crate) fn request(method: Method) -> ApiRequest {
    let path = ApiPath::fill("projects/{id}/issues", &[("id", "group/project")]).unwrap();
    let request = ApiRequest::new(method, path);
    match method {
        Method::Get | Method::Delete => request,
        _ => request.json(json!({ "title": "hello" })),
    }
}

/// A row: what GitLab does, and what must come of it.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) method: Method,
    pub(crate) script: Vec<Reply>,
    pub(crate) code: ErrorCode,
    pub(crate) status: Option<u16>,
    /// Stands in the text a model reads.
    pub(crate) says: &'static str,
    /// Stands in the next step.
    pub(crate) advises: &'static str,
    /// How often GitLab was asked.
    pub(crate) requests: usize,
}

/// Plays every row and reports all that differ.
pub(crate) async fn check(rows: Vec<Row>, prepare: impl Fn(Bench) -> Bench) {
    let mut failures = Vec::new();
    for row in rows {
        let upstream = Upstream::playing(row.script).await;
        let bench = prepare(Bench::at(&upstream.url()));
        let result = bench.send(request(row.method)).await;
        // JSON that is none shows only when it is read.
        let result = result.and_then(|answer| answer.json().map_err(ToolError::from));
        let Err(error) = result else {
            failures.push(format!("{}: succeeded", row.what));
            continue;
        };
        let fits = error.code == row.code
            && error.status == row.status
            && error.to_text().contains(row.says)
            && error.next_step.contains(row.advises)
            && upstream.count() == row.requests;
        if !fits {
            let requests = upstream.count();
            failures.push(format!("{}: {requests} requests, {error:?}", row.what));
        }
        if told(&error).contains(CANARY) {
            failures.push(format!("{}: the credential is in the error", row.what));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Everything an error shows anywhere.
pub(crate) fn told(error: &ToolError) -> String {
    let json: Value = error.to_json("some_tool");
    format!("{error} {error:?} {json} {}", error.to_text())
}
