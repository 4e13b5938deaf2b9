//! An authorization server in front of a mock GitLab, for the tests of its parts.

use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::EgressConfig;
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_core::secret::{Kind, Secret};
use gitlab_mcp_store::Memory;
use mock_gitlab::MockGitlab;
use mock_gitlab::world::{Member, NewGroup, Visibility};
use url::Url;

use super::*;
use crate::gitlab_oauth::{Authorization, Code, Tokens as GitLabTokens, Verifier};

pub(crate) mod browser;
pub(crate) mod heard;
pub(crate) mod replicas;
pub(crate) mod sealed;
pub(crate) mod stores;
pub(crate) mod weak_store;

/// Seconds since 1970 at the start of every test.
pub(crate) const START: u64 = 1_790_000_000;
/// The base URL of the server under test.
pub(crate) const BASE: &str = "https://mcp.example";

/// The server, the GitLab behind it, and the clock of the server.
pub(crate) struct Bench {
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) gitlab: MockGitlab,
    pub(crate) clock: Arc<ManualClock>,
}

/// A server with the default rules.
pub(crate) async fn bench() -> Bench {
    bench_with(Rules::default()).await
}

/// A server with these rules.
pub(crate) async fn bench_with(rules: Rules) -> Bench {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let application = gitlab
        .oauth_app("team")
        .redirect("https://mcp.example/callback")
        .redirect("https://mcp.example/oauth/callback")
        .scopes(&["api", "read_api", "read_user"])
        .confidential(false)
        .create();
    let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(START)));
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(7));
    let keys = Arc::new(Keys::of_this_process(&*random));
    let instance = Instance::parse(gitlab.url()).unwrap();
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let id = application.client_id;
    let client = GitLabOAuth::new(&instance, None, &id, None, egress.clone()).unwrap();
    let server = AuthorizationServer::new(Parts {
        site: Site::Fixed(site::Base::parse(BASE).unwrap()),
        rules,
        browser: instance.clone(),
        instance,
        application: client,
        application_id: id,
        egress,
        keys,
        store: Arc::new(Memory::new(clock.clone(), 10_000)),
        clock: clock.clone(),
        random,
    });
    Bench {
        server,
        gitlab,
        clock,
    }
}

impl AuthorizationServer {
    /// The login `sid` with GitLab tokens to use.
    pub(crate) async fn fresh(self: &Arc<Self>, sid: &str) -> Result<grant::Login, NotFresh> {
        let found = self.login(sid).await?.ok_or(NotFresh::Ended)?;
        Ok(self.freshen(found).await?.record)
    }
}

impl Bench {
    /// The same server with other rules.
    pub(crate) fn with_rules(&self, rules: Rules) -> Arc<AuthorizationServer> {
        let first = &self.server;
        AuthorizationServer::new(Parts {
            site: first.site.clone(),
            rules,
            instance: first.instance.clone(),
            browser: first.browser.clone(),
            application: first.application.clone(),
            application_id: first.application_id.clone(),
            egress: first.egress.clone(),
            keys: Arc::clone(&first.keys),
            store: Arc::clone(first.records.store()),
            clock: Arc::clone(&first.clock),
            random: Arc::clone(&first.random),
        })
    }

    /// Another replica of the server: everything is shared but the store and the clock.
    pub(crate) fn replica(
        &self,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Arc<AuthorizationServer> {
        let keys = Arc::clone(&self.server.keys);
        self.replica_with(keys, store, clock)
    }

    /// Another replica with keys of its own.
    pub(crate) fn replica_with(
        &self,
        keys: Arc<Keys>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Arc<AuthorizationServer> {
        let first = &self.server;
        AuthorizationServer::new(Parts {
            site: first.site.clone(),
            rules: first.rules.clone(),
            instance: first.instance.clone(),
            browser: first.browser.clone(),
            application: first.application.clone(),
            application_id: first.application_id.clone(),
            egress: first.egress.clone(),
            keys,
            store,
            clock,
            random: Arc::clone(&first.random),
        })
    }

    /// Makes a group with alice in it, below `parent`.
    pub(crate) fn group_of_alice(&self, path: &str, parent: Option<u64>) -> u64 {
        let now = self.gitlab.clock().now();
        let (alice, root) = (
            self.gitlab.user("alice").id(),
            self.gitlab.user("root").id(),
        );
        self.gitlab.edit(|world| {
            let new = NewGroup {
                name: path,
                path,
                parent,
                description: "",
                visibility: Visibility::Private,
            };
            let id = world.add_group(new, root, now);
            let group = world.groups.get_mut(&id).unwrap();
            group.members = vec![Member::new(alice, 10, now)];
            id
        })
    }

    /// GitLab's tokens of `user`, as they come out of an exchange.
    pub(crate) async fn upstream_tokens(&self, user: &str) -> GitLabTokens {
        let verifier: Secret<Verifier> = secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let callback = Url::parse("https://mcp.example/callback").unwrap();
        let url = self.server.application.authorize_url(&Authorization {
            redirect_uri: &callback,
            scopes: &self.server.rules.scopes,
            state: &secret("state-of-this-test"),
            verifier: &verifier,
        });
        let place = self.gitlab.browser(user).approve(url.as_str()).await;
        let place = Url::parse(&place.unwrap()).unwrap();
        let code = place.query_pairs().find(|(name, _)| name == "code");
        let code: Secret<Code> = secret(&code.unwrap().1);
        let exchanged = self
            .server
            .application
            .exchange(&code, &callback, &verifier);
        exchanged.await.unwrap()
    }
}

/// A secret of any kind.
pub(crate) fn secret<K: Kind>(text: &str) -> Secret<K> {
    Secret::parse(text.to_owned(), 1).unwrap()
}
