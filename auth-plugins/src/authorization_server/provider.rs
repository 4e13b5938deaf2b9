//! The callers of a mode with an authorization server: who presents one of its tokens is who signed
//! in for it. RFC 6750, RFC 9728 section 5.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthProvider, BuildContext, BuildError, Caller, Challenge, Credential, Generation,
    Granted, HeaderKind, Principal, Routes,
};
use gitlab_mcp_store::{Guarantees, open};
use http::header::AUTHORIZATION;
use http::request::Parts as Head;
use http::{HeaderMap, HeaderValue};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::keys::Keys;
use super::readiness::Readiness;
use super::renewal::NotFresh;
use super::settings::Settings;
use super::site::{Base, Site};
use super::verify::{Behind, VerifyError};
use super::{AuthorizationServer, Parts};
use crate::gitlab_oauth::GitLabOAuth;
use crate::remote_authorization::Callers;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(15);

/// An authorization server and the callers it lets in.
#[derive(Debug)]
pub(crate) struct Provider {
    server: Arc<AuthorizationServer>,
    bypass: Option<Callers>,
    readiness: Readiness,
    ticking: JoinHandle<()>,
}

/// What is remembered of a caller for one request.
#[derive(Debug)]
struct Own {
    behind: Behind,
    credential: Credential,
}

impl Provider {
    /// Opens the storage and sets the server up. `bypass` knows the callers with tokens of GitLab in
    /// other headers.
    ///
    /// # Errors
    /// [`BuildError`] naming what cannot be used.
    pub(crate) async fn open(
        settings: Settings,
        context: &BuildContext,
        bypass: Option<Callers>,
    ) -> Result<Self, BuildError> {
        let clock = Arc::clone(&context.clock);
        let random = Arc::clone(&context.random);
        let Settings {
            rules,
            base,
            application,
            application_secret,
            browser,
            secret,
            previous,
            backend,
            prefix,
            patience,
        } = settings;
        let keys = match &secret {
            Some(secret) => Keys::new(secret, previous.as_ref()).recording(
                Arc::clone(&clock),
                rules.mode,
                context.instance.clone(),
            ),
            None => Keys::of_this_process(&*random),
        };
        let store = open(&backend, &prefix, patience, Arc::clone(&clock))
            .await
            .map_err(|error| BuildError(format!("OAUTH_STORAGE_TYPE: {error}")))?;
        if rules.sealed.is_some() {
            announce_sealed();
        } else {
            announce(store.guarantees(), &store.describe());
        }
        let client = GitLabOAuth::new(
            &context.instance,
            browser.as_ref(),
            &application,
            application_secret,
            context.egress.clone(),
        )
        .map_err(|error| BuildError(format!("GITLAB_API_URL: {error}")))?;
        let server = AuthorizationServer::new(Parts {
            site: base.map_or(Site::PerRequest, Site::Fixed),
            rules,
            browser: browser.unwrap_or_else(|| context.instance.clone()),
            instance: context.instance.clone(),
            application: client,
            application_id: application,
            egress: context.egress.clone(),
            keys: Arc::new(keys),
            store,
            clock,
            random,
        });
        let ticking = tokio::spawn(tick(Arc::clone(&server)));
        Ok(Self {
            server,
            bypass,
            readiness: Readiness::default(),
            ticking,
        })
    }

    /// Who sent this request.
    ///
    /// # Errors
    /// [`AuthError`].
    pub(crate) async fn authenticate(&self, request: &Head) -> Result<Caller, AuthError> {
        if let Some(bypass) = &self.bypass {
            let instance = &self.server.instance;
            if let Some(caller) = bypass.by_header(&request.headers, instance).await? {
                self.check_membership(&caller).await?;
                return Ok(caller);
            }
        }
        let Some(base) = self.server.site.of(&request.extensions) else {
            return Err(AuthError::Unavailable { retry_after: TICK });
        };
        let is_root = request.uri.path().trim_end_matches('/') == base.path();
        let scope = &self.server.rules.scope;
        let Some(token) = bearer(&request.headers)? else {
            return Err(nobody(&base, is_root, scope).into());
        };
        let verified = match self.server.verify(&base, token).await {
            Ok(verified) => verified,
            Err(VerifyError::Invalid) => return Err(foreign(&base, is_root, scope).into()),
            Err(VerifyError::Denied) => return Err(outsider()),
            Err(VerifyError::Unavailable(retry_after)) => {
                return Err(AuthError::Unavailable { retry_after });
            }
        };
        let principal = Principal::new(self.server.instance.clone(), verified.subject.as_str());
        let principal = match verified.client {
            Some(client) => principal.through(client),
            None => principal,
        };
        let granted = Granted::less_than_all(&verified.scope, || base.resource_metadata(is_root));
        let own = Own {
            behind: verified.behind,
            credential: verified.credential,
        };
        Ok(Caller::with_own(principal, Arc::new(own)).granted(granted))
    }

    /// The group list holds for tokens in other headers as well.
    async fn check_membership(&self, caller: &Caller) -> Result<(), AuthError> {
        if self.server.rules.groups.is_empty() {
            return Ok(());
        }
        let member = match Callers::token(caller) {
            // A job token may not list groups.
            Some((HeaderKind::JobToken, _)) | None => Ok(false),
            Some((_, token)) => self.server.is_member(&token).await,
        };
        match member {
            Ok(true) => Ok(()),
            Ok(false) => Err(outsider()),
            Err(_) => Err(AuthError::Unavailable {
                retry_after: super::error::PAUSE,
            }),
        }
    }

    /// What the GitLab requests of `caller` carry: what was good a moment ago, when the request came
    /// in.
    pub(crate) fn credential(caller: &Caller) -> Option<Credential> {
        match caller.own::<Own>() {
            Some(own) => Some(own.credential.clone()),
            None => Callers::credential(caller),
        }
    }

    /// A credential newer than the one GitLab refused.
    ///
    /// # Errors
    /// [`AuthError`].
    pub(crate) async fn renew(
        &self,
        caller: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        let Some(own) = caller.own::<Own>() else {
            if let Some(bypass) = &self.bypass {
                bypass.forget(caller);
            }
            return Ok(None);
        };
        let gone = match &own.behind {
            Behind::Login(sid) => {
                return match self.server.renew_after_401(sid, rejected.0).await {
                    Ok(login) => Ok(Some(self.server.credential(login))),
                    Err(NotFresh::Ended) => Ok(None),
                    Err(NotFresh::Unavailable(retry_after)) => {
                        Err(AuthError::Unavailable { retry_after })
                    }
                };
            }
            Behind::Token(jti) => self.server.end_token(jti).await,
            Behind::Vouched(id) => self.server.doubt(id).await,
        };
        if let Err(error) = gone {
            warn!(%error, "a token that GitLab refuses is let in again");
        }
        Ok(None)
    }

    /// Waits for renewals that must not be cut off.
    pub(crate) async fn shutdown(&self) {
        self.ticking.abort();
        self.server.settle().await;
    }
}

/// A mode whose callers sign in at an authorization server; `Mode` is which one.
pub(crate) struct SignIn<Mode> {
    provider: Provider,
    mode: PhantomData<fn() -> Mode>,
}

impl<Mode> From<Provider> for SignIn<Mode> {
    fn from(provider: Provider) -> Self {
        Self {
            provider,
            mode: PhantomData,
        }
    }
}

impl<Mode> fmt::Debug for SignIn<Mode> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignIn").field(&self.provider).finish()
    }
}

#[async_trait]
impl<Mode: 'static> AuthProvider for SignIn<Mode> {
    async fn authenticate(&self, request: &Head) -> Result<Caller, AuthError> {
        self.provider.authenticate(request).await
    }

    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(Provider::credential(caller))
    }

    async fn renew(
        &self,
        caller: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        self.provider.renew(caller, rejected).await
    }

    async fn ready(&self) -> bool {
        self.provider.readiness.of(&self.provider.server).await
    }

    fn routes(self: Arc<Self>) -> Routes {
        self.provider.server.routes()
    }

    fn is_stateless(&self) -> bool {
        self.provider.server.rules.sealed.is_some()
    }

    async fn shutdown(&self) {
        self.provider.shutdown().await;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

async fn tick(server: Arc<AuthorizationServer>) {
    loop {
        tokio::time::sleep(TICK).await;
        server.tick().await;
    }
}

/// What shared state would promise.
fn announce_sealed() {
    info!("logins are kept in the tokens of the clients, sealed; nothing is stored");
    warn!(
        "without shared state a code, a sign-in on its way and a consent form are good once in each \
         replica, not once in all; a sign-out or revocation is known to the replica that heard of it \
         and to GitLab; the reuse of a refresh token is not detected; of two refreshes at two replicas \
         one has to sign in again. OAUTH_STORAGE_TYPE=redis or postgresql promises all of that"
    );
}

fn announce(guarantees: Guarantees, description: &str) {
    // Of a database that is not durable the description says what its crash may lose.
    if guarantees.shared && !guarantees.durable {
        warn!("logins are kept in {description}");
        return;
    }
    info!("logins are kept in {description}");
    if !guarantees.durable {
        warn!(
            "a restart of this process signs everybody out; OAUTH_STORAGE_TYPE names storages that \
             survive it"
        );
    }
}

/// The bearer token of a request. RFC 6750 section 2.1; a token in a query, body or cookie is none.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            return Err(AuthError::Malformed {
                reason: "duplicate_credential",
                description: "the Authorization header stands twice in the request; send it once"
                    .to_owned(),
            });
        }
    };
    let text = value.to_str().ok().filter(|text| !text.contains(','));
    let Some(text) = text else {
        return Err(AuthError::Malformed {
            reason: "malformed_credential",
            description: "the Authorization header holds control characters or several \
                          credentials"
                .to_owned(),
        });
    };
    let token = match text.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    };
    Ok(Some(token).filter(|token| !token.is_empty()))
}

/// The challenge of a request without a token. RFC 6750 section 3.1: no error code.
fn nobody(base: &Base, is_root: bool, scope: &str) -> Challenge {
    let metadata = base.resource_metadata(is_root);
    Challenge {
        www_authenticate: header(format!(
            r#"Bearer resource_metadata="{metadata}", scope="{scope}""#
        )),
        error: "unauthorized".to_owned(),
        error_description: Some("sign in first: this server needs an access token".to_owned()),
        retry_after: None,
    }
}

/// The challenge of a token that is not good here, whatever the reason.
fn foreign(base: &Base, is_root: bool, scope: &str) -> Challenge {
    let metadata = base.resource_metadata(is_root);
    let text = "the access token is unknown, expired or revoked: sign in again";
    Challenge {
        www_authenticate: header(format!(
            r#"Bearer error="invalid_token", error_description="{text}", resource_metadata="{metadata}", scope="{scope}""#
        )),
        error: "invalid_token".to_owned(),
        error_description: Some(text.to_owned()),
        retry_after: None,
    }
}

/// Known, but in none of the allowed groups.
fn outsider() -> AuthError {
    AuthError::Denied {
        description: "you are in none of the GitLab groups that may use this server; its operator \
                      lists them in GITLAB_OAUTH_ALLOWED_GROUPS"
            .to_owned(),
    }
}

/// A challenge; one that would be no header names only its scheme.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

#[cfg(test)]
mod tests;
