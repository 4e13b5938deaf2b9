//! The OAuth authorization server in front of GitLab, shared by the modes in which MCP clients
//! sign their users in. RFC 6749, RFC 7591, RFC 8414, RFC 8628, RFC 9728.
//!
//! A login, step by step:
//!
//! | step | file | what it leaves |
//! |---|---|---|
//! | the client learns where to go | `metadata` | – |
//! | it makes itself known | `registration`, `document` | `client::Registration` |
//! | it sends the person's browser | `authorize` | a sealed consent form |
//! | the person approves | `consent` | `grant::Pending`, found by the state |
//! | GitLab sends the browser back | `callback` | `grant::Login` and `grant::Code` |
//! | the client redeems the code | `token` | our tokens |
//! | it calls tools | `verify` | the GitLab credential of the login, renewed in `renewal` |
//!
//! A device login takes `device` in place of `authorize` to `callback`.
//!
//! What clients hold is the operator's choice (`rules::TokenFormat`): tokens that refer to a login in
//! the store, tokens that carry it (`self_contained`; then states, codes and client ids carry their
//! content too, see `handles` and `clients::sealed`), or GitLab's own (`gitlab_tokens`).

use std::fmt;
use std::sync::Arc;

use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::{Egress, Instance};
use gitlab_mcp_core::random::Random;
use gitlab_mcp_store::Store;
use tokio::sync::Semaphore;

pub mod audit;
mod authorize;
mod browser;
mod callback;
pub mod client;
pub mod clients;
pub mod codes;
mod consent;
pub mod device;
pub(crate) mod document;
pub mod error;
mod gitlab_tokens;
pub mod grant;
pub mod groups;
mod handles;
mod json;
pub mod keys;
mod limits;
pub mod logins;
pub(crate) mod metadata;
mod outbox;
pub mod page;
pub mod parameters;
mod poll;
pub(crate) mod provider;
mod readiness;
pub mod records;
pub mod redirect_uri;
pub(crate) mod registration;
pub mod renewal;
mod revoke;
mod routes;
pub mod rules;
mod self_contained;
pub mod settings;
pub mod site;
mod token;
pub mod tokens;
pub mod verify;

use gitlab_tokens::Vouched;
use groups::NotMember;
use keys::Keys;
use records::Records;
use renewal::NotFresh;
use renewal::once::{NotRenewed, Pair};
use rules::Rules;
use site::Site;
use tokens::Tokens;
use verify::VerifyError;

use crate::gitlab_oauth::GitLabOAuth;
use crate::single_flight::SingleFlight;

/// What an authorization server is made of; everything outside it as a parameter.
pub struct Parts {
    /// Where it is.
    pub site: Site,
    /// What the operator decided.
    pub rules: Rules,
    /// The GitLab it stands in front of.
    pub instance: Instance,
    /// That GitLab as a browser reaches it.
    pub browser: Instance,
    /// The application registered there.
    pub application: GitLabOAuth,
    /// The application's id.
    pub application_id: String,
    /// The way out, for what is not OAuth.
    pub egress: Egress,
    /// The keys of everything sealed and signed.
    pub keys: Arc<Keys>,
    /// The state.
    pub store: Arc<dyn Store>,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub random: Arc<dyn Random>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// The authorization server of one process. Replicas that share a store act as one.
pub struct AuthorizationServer {
    pub(crate) site: Site,
    pub(crate) rules: Rules,
    pub(crate) instance: Instance,
    pub(crate) browser: Instance,
    pub(crate) application: GitLabOAuth,
    pub(crate) application_id: String,
    pub(crate) egress: Egress,
    pub(crate) keys: Arc<Keys>,
    pub(crate) records: Records,
    pub(crate) tokens: Tokens,
    pub(crate) limits: limits::Limits,
    pub(crate) documents: document::Documents,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    renewals: Arc<SingleFlight<String, Result<(), NotFresh>>>,
    /// The places of renewals at GitLab.
    places: Semaphore,
    checks: Arc<SingleFlight<String, Result<(), NotMember>>>,
    revoking: Arc<Semaphore>,
    device_asks: Arc<SingleFlight<String, ()>>,
    pairs: Arc<SingleFlight<String, Result<Arc<Pair>, NotRenewed>>>,
    vouching: Arc<SingleFlight<String, Result<Vouched, VerifyError>>>,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("site", &self.site)
            .field("rules", &self.rules)
            .field("instance", &self.instance)
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

impl AuthorizationServer {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            site,
            rules,
            instance,
            browser,
            application,
            application_id,
            egress,
            keys,
            store,
            clock,
            random,
        } = parts;
        let records = Records::new(store, Arc::clone(&keys), Arc::clone(&random));
        let tokens = Tokens::new(Arc::clone(&keys), Arc::clone(&clock), Arc::clone(&random));
        Arc::new(Self {
            site,
            rules,
            instance,
            browser,
            application,
            application_id,
            places: Semaphore::new(egress.connections().max(1)),
            egress,
            keys,
            records,
            tokens,
            limits: limits::Limits::default(),
            documents: document::Documents::default(),
            clock,
            random,
            renewals: Arc::new(SingleFlight::new(renewal::AT_ONCE)),
            checks: Arc::new(SingleFlight::new(renewal::AT_ONCE)),
            revoking: Arc::new(Semaphore::new(outbox::AT_ONCE)),
            device_asks: Arc::new(SingleFlight::new(device::AT_ONCE)),
            pairs: Arc::new(SingleFlight::new(renewal::AT_ONCE)),
            vouching: Arc::new(SingleFlight::new(gitlab_tokens::AT_ONCE)),
        })
    }
}

#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod tests;
