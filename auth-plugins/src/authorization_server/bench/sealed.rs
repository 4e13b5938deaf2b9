//! Two replicas that share keys and a clock, and no state.

use gitlab_mcp_store::Memory;
use http::Request;
use serde_json::json;

use super::browser::{REDIRECT, asking, parameter, redeeming, renewing};
use super::replicas::{Answered, Pair, REFRESH, answered, base, posted};
use super::*;
use crate::authorization_server::rules::{Sealed, TokenFormat};
use crate::authorization_server::verify::VerifyError;

/// The rules of a server that stores nothing.
pub(crate) fn sealed() -> Rules {
    Rules {
        format: TokenFormat::SelfContained,
        sealed: Some(Sealed {
            client_life: Duration::from_hours(24),
        }),
        code_life: Duration::from_mins(2),
        // All callers come from one address here.
        requests_per_minute: 10_000,
        registrations_per_hour: 1_000,
        ..Rules::default()
    }
}

/// The replicas.
pub(crate) struct Apart {
    pub(crate) bench: Bench,
    pub(crate) servers: [Arc<AuthorizationServer>; 2],
}

impl Apart {
    /// Replicas with these rules.
    pub(crate) async fn with(rules: Rules) -> Self {
        let bench = bench_with(rules).await;
        let other = bench.replica(
            Arc::new(Memory::new(bench.clock.clone(), 10_000)),
            bench.clock.clone(),
        );
        let servers = [Arc::clone(&bench.server), other];
        Self { bench, servers }
    }

    /// `POST /register` at one of them.
    pub(crate) async fn register(&self, at: usize, redirect_uris: &[&str]) -> Answered {
        let body = json!({ "client_name": "Editor", "redirect_uris": redirect_uris });
        let request = Request::post("/register")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body.to_string()));
        let server = Arc::clone(&self.servers[at]);
        answered(server.register(request.unwrap()).await).await
    }

    /// The id of a client that registered.
    pub(crate) async fn client(&self) -> String {
        let registered = self.register(0, &[REDIRECT]).await;
        registered.body["client_id"].as_str().unwrap().to_owned()
    }

    /// What a client asks a browser for.
    pub(crate) fn asking(client: &str) -> String {
        asking(&[("client_id", Some(client))])
    }

    /// A code for `user`: the browser meets the first replica and comes back to the second.
    pub(crate) async fn code(&self, client: &str, user: &str) -> String {
        let mut browser = self.bench.visitor();
        let gitlab = browser.approve(&Self::asking(client)).await;
        let back = browser.authorize_as(user, &gitlab).await;
        browser.server = Arc::clone(&self.servers[1]);
        let seen = browser.open(back.as_str()).await;
        let location = seen.location().expect("the way back to the client");
        parameter(&location, "code").expect("a code")
    }

    /// `POST /token` at one of them.
    pub(crate) async fn token(&self, at: usize, form: &[(&str, &str)]) -> Answered {
        let server = Arc::clone(&self.servers[at]);
        answered(server.token(posted("/token", form)).await).await
    }

    /// A code redeemed at one of them.
    pub(crate) async fn redeem(&self, at: usize, client: &str, code: &str) -> Answered {
        self.token(at, &redeeming(client, code)).await
    }

    /// A refresh at one of them.
    pub(crate) async fn refresh(&self, at: usize, client: &str, token: &str) -> Answered {
        self.token(at, &renewing(client, token)).await
    }

    /// `POST /revoke` at one of them.
    pub(crate) async fn revoke(&self, at: usize, client: &str, token: &str) -> Answered {
        let form = [("token", token), ("client_id", client)];
        let server = Arc::clone(&self.servers[at]);
        answered(server.revoke(posted("/revoke", &form)).await).await
    }

    /// The subject of a bearer token at one of them, or the refusal.
    pub(crate) async fn verify(&self, at: usize, bearer: &str) -> Result<String, VerifyError> {
        let verified = self.servers[at].verify(&base(), bearer).await;
        verified.map(|verified| verified.subject)
    }

    /// A client, and its tokens for alice. The log of GitLab is empty afterwards.
    pub(crate) async fn signed_in(&self) -> (String, Pair) {
        let client = self.client().await;
        let code = self.code(&client, "alice").await;
        let pair = self.redeem(0, &client, &code).await.pair();
        self.bench.gitlab.log().clear();
        (client, pair)
    }

    /// How often GitLab was asked for tokens since the log was cleared.
    pub(crate) fn renewals(&self) -> usize {
        self.bench.gitlab.log().of(REFRESH).count()
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, seconds: u64) {
        self.bench.clock.advance(Duration::from_secs(seconds));
    }
}
