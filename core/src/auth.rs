//! Ways to sign in. A plugin implements [`AuthProvider`] (what the server holds) and
//! [`AuthPlugin`] (how it is made from configuration), and registers itself with
//! [`register_auth_plugin!`](crate::register_auth_plugin).

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;

mod attachment;
mod caller;
mod challenge;
mod credential;
mod front;
mod granted;
mod registry;
mod routes;
mod static_bearer;

pub use attachment::Attachment;
pub use caller::{Caller, Principal};
pub use challenge::{AuthError, Challenge, SignInLink, SignInPage, bearer_realm};
pub use credential::{Credential, ForeignOrigin, Generation, HeaderKind};
pub use front::{ReachedAt, SERVER_URL, STATELESS_MODE};
pub use granted::{Granted, Scope};
pub use registry::{
    AUTH_MODE, AuthDescriptor, BEARER, Listening, OPEN_LOOPBACK, Prepared, RegistryError, SETTINGS,
    Selection, choose, implied_http, linked, select,
};
pub use routes::{AuthClass, Routes};
pub use static_bearer::StaticBearer;

use crate::clock::Clock;
use crate::config::{Reader, Section, Setting};
use crate::gitlab::{Egress, Instance};
use crate::random::Random;

/// Answers, for every request, who is calling and with what they act at GitLab.
///
/// The server holds one `Arc<dyn AuthProvider>` and never asks which one it is.
#[async_trait]
pub trait AuthProvider: Debug + Send + Sync + 'static {
    /// Who sent this HTTP request. Called for every request to an MCP route; must not trust a
    /// session id.
    ///
    /// # Errors
    /// [`AuthError`], which the HTTP guard turns into the matching answer.
    async fn authenticate(&self, request: &Parts) -> Result<Caller, AuthError>;

    /// The one caller of a stdio process, or `None` when this mode cannot serve stdio.
    fn local(&self) -> Option<Caller> {
        None
    }

    /// What this caller's GitLab requests carry; `None` means anonymous.
    ///
    /// # Errors
    /// [`AuthError`] when there is no usable credential.
    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError>;

    /// Asked once after GitLab answered 401: a credential newer than `rejected`, or `None` to give
    /// up. Implementations re-read before they renew.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when whatever renews cannot be reached.
    async fn renew(
        &self,
        _caller: &Caller,
        _rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }

    /// Waits for the sign-in that an [`AuthError::SignIn`] announced, no longer than this mode lets
    /// a call wait; true when it is worth asking for the credential again.
    async fn signed_in(&self, _caller: &Caller) -> bool {
        false
    }

    /// What a person should do after GitLab refused this caller's credential for good.
    fn sign_in_advice(&self) -> &'static str {
        "the GitLab credential is not valid any more: sign in again"
    }

    /// Whether callers can be served: what this mode remembers can be asked. Anybody may send a
    /// readiness probe, so this must stay cheap under a flood of them.
    async fn ready(&self) -> bool {
        true
    }

    /// Whether any replica must be able to answer any request without shared state: the server then
    /// keeps no sessions.
    fn is_stateless(&self) -> bool {
        false
    }

    /// Routes this mode adds to the HTTP server, each with its auth class.
    fn routes(self: Arc<Self>) -> Routes {
        Routes::default()
    }

    /// Awaits whatever must not be cut off at shutdown, such as a token refresh in flight.
    async fn shutdown(&self) {}
}

/// Whose GitLab identity a mode uses; decides the transport guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The server's own credential: over HTTP every caller must present the static bearer.
    Server,
    /// Each caller's own.
    EachCaller,
    /// Nobody's: public data only.
    Nobody,
}

/// Transports a mode can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// One process, one caller.
    pub stdio: bool,
    /// Streamable HTTP.
    pub http: bool,
}

/// What selects a mode when `GITLAB_AUTH_MODE` does not.
#[derive(Debug, Clone, Copy)]
pub enum SelectedBy {
    /// Only its name.
    NameOnly,
    /// A boolean setting that is true.
    Switch(&'static Setting),
    /// A credential setting that is present; the lowest rank wins (built-in modes use 10 to 30,
    /// other crates should use 100 and more).
    Credential {
        /// The setting whose presence claims the configuration.
        setting: &'static Setting,
        /// Order among present credentials, lowest first.
        rank: u16,
    },
}

/// How an [`AuthProvider`] is made. The static side of a plugin.
#[async_trait]
pub trait AuthPlugin: AuthProvider + Sized {
    /// Registered name, `[a-z][a-z0-9-]{1,31}`.
    const NAME: &'static str;
    /// One line for `gitlab-mcp auth-modes`.
    const SUMMARY: &'static str;
    /// Whose identity acts at GitLab.
    const IDENTITY: Identity;
    /// Where the mode can be served.
    const TRANSPORTS: Transports;
    /// What selects it without `GITLAB_AUTH_MODE`.
    const SELECTED_BY: SelectedBy;
    /// The settings this mode reads.
    type Config: Section + Send;
    /// Settings among them that loosen something: a switch that is on, or a choice other than the
    /// default, is an error in every other mode, because whoever sets one expects this mode.
    const ONLY_HERE: &'static [&'static Setting] = &[];
    /// Selecting the mode selects HTTP as well, unless a transport is chosen.
    const IMPLIES_HTTP: bool = false;
    /// MCP is served on `/` as well, unless `MCP_ROOT_ENDPOINT` says otherwise.
    const SERVES_ROOT: bool = false;

    /// Makes the provider. May spawn; must not wait for the network.
    ///
    /// # Errors
    /// [`BuildError`] when the checked configuration still cannot be used.
    async fn build(config: Self::Config, context: &BuildContext) -> Result<Self, BuildError>;
}

/// What a plugin gets to build itself with: everything outside it, as parameters.
#[derive(Debug, Clone)]
pub struct BuildContext {
    /// The default GitLab instance.
    pub instance: Instance,
    /// Every instance the operator allows, the default one first.
    pub instances: Vec<Instance>,
    /// The only way to the network.
    pub egress: Egress,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub random: Arc<dyn Random>,
}

/// Why a mode could not be built although its configuration was valid.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub String);

/// Reads nothing: the `Config` of a plugin without settings.
#[derive(Debug, Clone, Copy)]
pub struct NoSettings;

impl Section for NoSettings {
    const SETTINGS: &'static [&'static Setting] = &[];

    fn read(_: &mut Reader) -> Self {
        Self
    }
}
