//! Replicas over one state, a person who has signed in, and a client that talks to the endpoints.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_store::Store;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::weak_store::WeakStore;
use super::*;
use crate::authorization_server::grant::{self, Login, Method, Opens};
use crate::authorization_server::logins::Beginning;
use crate::authorization_server::rules::Configured;
use crate::authorization_server::site::Base;
use crate::authorization_server::verify::VerifyError;

/// The client of every test, and another one.
pub(crate) const CLIENT: &str = "client-of-this-test";
pub(crate) const OTHER_CLIENT: &str = "another-client";
pub(crate) const REDIRECT: &str = "https://mcp.example/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Life of an access token of the mock GitLab.
pub(crate) const LIFE: u64 = 7200;
pub(crate) const REFRESH: &str = "POST /oauth/token";
pub(crate) const REVOKE: &str = "POST /oauth/revoke";

/// Replicas of one authorization server.
pub(crate) struct Replicas {
    pub(crate) servers: Vec<Arc<AuthorizationServer>>,
    /// What each of them sees of the state.
    pub(crate) lines: Vec<Arc<WeakStore>>,
    pub(crate) clock: Arc<ManualClock>,
    bench: Bench,
}

/// Tokens of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// An answer of an endpoint.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    /// `200`, or the status with the error code.
    pub(crate) fn word(&self) -> String {
        match self.body.get("error").and_then(Value::as_str) {
            Some(error) => format!("{} {error}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }

    pub(crate) fn pair(&self) -> Pair {
        assert_eq!(self.word(), "200");
        let text = |name: &str| self.body[name].as_str().unwrap().to_owned();
        Pair {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

impl Replicas {
    /// One server with the default rules.
    pub(crate) async fn one() -> Self {
        Self::with(Rules::default(), 1).await
    }

    /// So many servers over one memory.
    pub(crate) async fn with(rules: Rules, number: usize) -> Self {
        let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(START)));
        let store: Arc<dyn Store> = Arc::new(Memory::new(clock.clone(), 10_000));
        Self::over(rules, clock, vec![store; number]).await
    }

    /// So many servers over each kind of state they can share, with its name.
    pub(crate) async fn everywhere(rules: &Rules, number: usize) -> Vec<(&'static str, Self)> {
        let mut all = Vec::new();
        for shared in stores::everywhere(number).await {
            let replicas = Self::over(rules.clone(), shared.clock, shared.lines).await;
            all.push((shared.name, replicas));
        }
        all
    }

    /// A server over each of these stores, which must be one state.
    pub(crate) async fn over(
        rules: Rules,
        clock: Arc<ManualClock>,
        stores: Vec<Arc<dyn Store>>,
    ) -> Self {
        // All callers come from one address here.
        let mut rules = Rules {
            requests_per_minute: 10_000,
            ..rules
        };
        let redirect = rules.redirects.accept(REDIRECT).unwrap();
        for id in [CLIENT, OTHER_CLIENT] {
            rules.configured.push(Configured {
                id: id.to_owned(),
                name: format!("Name of {id}"),
                redirect_uris: vec![redirect.clone()],
                skips_consent: false,
                secret: None,
            });
        }
        let bench = bench_with(rules).await;
        let lines: Vec<_> = stores.into_iter().map(WeakStore::over).collect();
        let server = |line: &Arc<WeakStore>| bench.replica(line.clone(), clock.clone());
        let servers = lines.iter().map(server).collect();
        Self {
            servers,
            lines,
            clock,
            bench,
        }
    }

    pub(crate) fn server(&self) -> &Arc<AuthorizationServer> {
        &self.servers[0]
    }

    pub(crate) fn bench(&self) -> &Bench {
        &self.bench
    }

    pub(crate) fn gitlab(&self) -> &MockGitlab {
        &self.bench.gitlab
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// How often GitLab was asked for tokens since the log was cleared.
    pub(crate) fn renewals(&self) -> usize {
        self.gitlab().log().of(REFRESH).count()
    }

    /// GitLab's tokens of `user`.
    pub(crate) async fn upstream(&self, user: &str) -> GitLabTokens {
        self.bench.upstream_tokens(user).await
    }

    /// A login of alice. The log of GitLab is empty afterwards.
    pub(crate) async fn login(&self) -> Login {
        let tokens = self.upstream("alice").await;
        let begun = self.server().begin(tokens, beginning()).await.unwrap();
        self.gitlab().log().clear();
        begun
    }

    /// A code for a login of alice.
    pub(crate) async fn code(&self) -> (String, String) {
        let login = self.login().await;
        let opens = Opens::Stored(login.sid.clone());
        let code = self.server().code_for(opens, request());
        let code = self.server().hand_out(&code).await;
        (code.unwrap(), login.sid)
    }

    /// Our tokens for a login of alice.
    pub(crate) async fn signed_in(&self) -> (Pair, String) {
        let (code, sid) = self.code().await;
        let answered = self.token(0, &redemption(&code)).await;
        self.gitlab().log().clear();
        (answered.pair(), sid)
    }

    /// The login as it is stored.
    pub(crate) async fn stored(&self, sid: &str) -> Option<Login> {
        let found = self.server().login(sid).await.unwrap();
        found.map(|found| found.record)
    }

    /// `POST /token` at one of the replicas.
    pub(crate) async fn token(&self, replica: usize, form: &[(&str, &str)]) -> Answered {
        let server = Arc::clone(&self.servers[replica]);
        answered(server.token(posted("/token", form)).await).await
    }

    /// The refresh grant at one of the replicas.
    pub(crate) async fn refresh(&self, replica: usize, token: &str) -> Answered {
        self.token(replica, &refreshing(token)).await
    }

    /// `POST /revoke`.
    pub(crate) async fn revoke(&self, form: &[(&str, &str)]) -> Answered {
        let server = Arc::clone(self.server());
        answered(server.revoke(posted("/revoke", form)).await).await
    }

    /// What a bearer token is good for at one of the replicas: the subject, or the refusal.
    pub(crate) async fn verify(&self, replica: usize, bearer: &str) -> Result<String, VerifyError> {
        let verified = self.servers[replica].verify(&base(), bearer).await;
        verified.map(|verified| verified.subject)
    }
}

/// Where these servers are.
pub(crate) fn base() -> Base {
    Base::parse(BASE).unwrap()
}

/// What the logins of these tests are for.
pub(crate) fn beginning() -> Beginning<'static> {
    Beginning {
        issuer: BASE,
        client: CLIENT,
        method: Method::Browser,
    }
}

/// The request behind the codes of these tests.
pub(crate) fn request() -> grant::Request {
    let challenge = Sha256::digest(VERIFIER);
    grant::Request {
        issuer: BASE.to_owned(),
        client: CLIENT.to_owned(),
        client_name: "Client".to_owned(),
        redirect_uri: Some(REDIRECT.to_owned()),
        state: None,
        challenge: URL_SAFE_NO_PAD.encode(challenge),
        resource: None,
    }
}

/// The form that redeems a code with full proof.
pub(crate) fn redemption(code: &str) -> [(&str, &str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
}

/// The form that uses a refresh token.
pub(crate) fn refreshing(token: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", CLIENT),
    ]
}

/// The same form with one parameter changed, or left out.
pub(crate) fn but<'a>(
    form: &[(&'a str, &'a str)],
    name: &'a str,
    value: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let others = form.iter().copied().filter(|(other, _)| *other != name);
    others.chain(value.map(|value| (name, value))).collect()
}

pub(crate) fn posted(path: &str, form: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

pub(crate) async fn answered(response: http::Response<Body>) -> Answered {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answered {
        status: parts.status,
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap(),
    }
}
