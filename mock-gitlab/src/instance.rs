//! A running instance, as a test holds it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::builder::Builder;
use crate::clock::{Clock, Timestamp};
use crate::coverage::Coverage;
use crate::faults::FaultPlan;
use crate::ledger::Ledger;
use crate::server::Shared;
use crate::snapshots::SnapshotId;
use crate::world::{Token, World};

/// A running instance. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct MockGitlab {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl MockGitlab {
    /// An instance to be set up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        url: String,
        address: SocketAddr,
        shared: Arc<Shared>,
        serving: JoinHandle<()>,
    ) -> Self {
        Self {
            url,
            address,
            shared,
            serving,
        }
    }

    /// Where it really listens, base path included, without a final slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The REST API: `http://127.0.0.1:40123/api/v4`.
    pub fn api_url(&self) -> String {
        format!("{}/api/v4", self.url)
    }

    /// The GraphQL API: `http://127.0.0.1:40123/api/graphql`.
    pub fn graphql_url(&self) -> String {
        format!("{}/api/graphql", self.url)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `/gitlab`, or empty.
    pub(crate) fn base_path(&self) -> &str {
        &self.shared.site.base_path
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Its clock.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// Its faults.
    pub fn faults(&self) -> FaultPlan {
        self.shared.faults.clone()
    }

    /// Every request it saw.
    pub fn log(&self) -> Ledger {
        self.shared.ledger.clone()
    }

    /// Looks at the world or changes it, between two requests.
    pub fn edit<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        change(&mut self.shared.world())
    }

    /// A copy of the world, to look at.
    pub fn world(&self) -> World {
        self.shared.world().clone()
    }

    /// Keeps a copy of the world inside the instance, which holds up to sixteen.
    pub fn snapshot(&self) -> SnapshotId {
        self.shared.snapshots.take(&self.shared.world())
    }

    /// Goes back to a snapshot, as often as wanted. Clock, ledger and faults go on.
    ///
    /// # Panics
    /// When the instance does not have that snapshot: sixteen later ones
    /// push it out.
    #[expect(clippy::panic, reason = "a snapshot that is not there should be loud")]
    pub fn restore(&self, snapshot: SnapshotId) {
        match self.shared.snapshots.get(snapshot) {
            Some(world) => *self.shared.world() = world,
            None => panic!("this instance does not have {snapshot:?}"),
        }
    }

    /// Which routes were hit, and which never.
    pub fn coverage(&self) -> Coverage {
        self.shared.coverage.read(&self.shared.routes)
    }

    /// Back to the start: world, ledger, coverage and faults. The clock goes on.
    pub fn reset(&self) {
        self.shared.reset(&mut self.shared.world());
    }

    /// A user by name.
    ///
    /// # Panics
    /// When nobody is called that.
    #[expect(
        clippy::panic,
        reason = "a name in a test that does not exist should be loud"
    )]
    pub fn user(&self, name: &str) -> UserHandle<'_> {
        match self.shared.world().find_user(name) {
            Some(user) => UserHandle {
                gitlab: self,
                id: user.id,
            },
            None => panic!("nobody is called `{name}` in this world"),
        }
    }

    /// A token by its value.
    pub fn token(&self, value: &str) -> TokenHandle<'_> {
        TokenHandle {
            gitlab: self,
            value: value.to_owned(),
        }
    }

    /// Stops listening and ends every connection.
    pub async fn shutdown(mut self) {
        self.serving.abort();
        // Waiting for the abort makes sure that the port is free afterwards.
        (&mut self.serving).await.ok();
    }
}

impl Drop for MockGitlab {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A user of a running instance.
#[derive(Debug)]
pub struct UserHandle<'a> {
    gitlab: &'a MockGitlab,
    id: u64,
}

impl UserHandle<'_> {
    /// The user's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// A new personal access token with these scopes.
    pub fn pat(&self, scopes: &[&str]) -> String {
        self.mint(scopes, None)
    }

    /// A new personal access token that dies on a day (`2026-12-01`) or at a time.
    ///
    /// # Panics
    /// When `expires` is neither.
    #[expect(clippy::panic, reason = "the text is written by the author of a test")]
    pub fn expiring_pat(&self, scopes: &[&str], expires: &str) -> String {
        match Timestamp::parse(expires) {
            Some(end) => self.mint(scopes, Some(end)),
            None => panic!("`{expires}` is not a time"),
        }
    }

    fn mint(&self, scopes: &[&str], expires_at: Option<Timestamp>) -> String {
        let now = self.gitlab.shared.clock.now();
        self.gitlab.edit(|world| {
            let value = world.ids.personal_access_token();
            let id = world.next_id("personal token");
            let token = Token::personal(id, self.id, "made by a test", scopes, now);
            world.tokens.insert(
                value.clone(),
                Token {
                    expires_at,
                    ..token
                },
            );
            value
        })
    }

    /// Blocks the user: sign-in and every token stop working.
    pub fn block(&self) {
        self.gitlab.edit(|world| {
            if let Some(user) = world.users.get_mut(&self.id) {
                "blocked".clone_into(&mut user.state);
            }
        });
    }
}

/// A token of a running instance.
#[derive(Debug)]
pub struct TokenHandle<'a> {
    gitlab: &'a MockGitlab,
    value: String,
}

impl TokenHandle<'_> {
    /// Takes it back.
    pub fn revoke(&self) {
        self.change(|token| token.revoked = true);
    }

    /// Ends it now.
    pub fn expire(&self) {
        let now = self.gitlab.shared.clock.now();
        self.change(|token| token.expires_at = Some(now));
    }

    /// Gives it other scopes.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.change(|token| token.scopes = scopes.iter().map(|s| (*s).to_owned()).collect());
    }

    fn change(&self, change: impl FnOnce(&mut Token)) {
        self.gitlab
            .edit(|world| world.tokens.get_mut(&self.value).map(change));
    }
}
