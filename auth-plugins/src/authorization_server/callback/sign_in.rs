//! From what GitLab brought back to a login and a code for the client.

use gitlab_mcp_store::StoreError;
use tracing::error;
use url::Url;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::grant::{Code, Method, Opens, Pending};
use crate::authorization_server::logins::{Beginning, NotBegun};
use crate::authorization_server::parameters::Parameters;
use crate::authorization_server::rules::TokenFormat;
use crate::authorization_server::site::Base;
use crate::authorization_server::tokens::secret;
use crate::gitlab_oauth::{GrantError, Tokens};

/// One browser that came back.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) base: &'a Base,
    /// The path it came to, below the base.
    pub(super) path: &'a str,
    pub(super) from: &'a From,
}

/// Who signed in.
pub(super) struct SignedIn {
    pub(super) sid: String,
    pub(super) subject: String,
    pub(super) username: Option<String>,
    pub(super) scope: String,
    /// Why the login is shorter than others, for the audit; else empty.
    pub(super) shortness: &'static str,
    /// The same for the person.
    pub(super) notice: Option<String>,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// The person said no at GitLab.
    Denied,
    /// The person is in none of the groups that may use this server.
    Group,
    /// GitLab or the store cannot be asked.
    Unavailable,
    /// GitLab does not know our application any more: only the operator can help.
    Application,
    /// GitLab refused, or what it answered cannot be used.
    Unusable,
}

impl Failed {
    /// For the audit.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Denied => "denied_at_gitlab",
            Self::Group => "not_in_an_allowed_group",
            Self::Unavailable => "unavailable",
            Self::Application => "application_refused",
            Self::Unusable => "unusable_answer",
        }
    }

    /// For the client.
    pub(super) fn error(self) -> OAuthError {
        let (code, description) = match self {
            Self::Denied => ("access_denied", "the person did not authorize it at GitLab"),
            Self::Group => (
                "access_denied",
                "this person is in none of the groups that may use this server",
            ),
            Self::Unavailable => (
                "temporarily_unavailable",
                "GitLab or the state of this server cannot be reached at the moment: start again",
            ),
            Self::Application => (
                "server_error",
                "GitLab refuses the application of this server: tell the people who run it",
            ),
            Self::Unusable => (
                "server_error",
                "GitLab did not complete the sign-in: start again",
            ),
        };
        OAuthError::bad(code, description)
    }
}

impl std::convert::From<StoreError> for Failed {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl std::convert::From<NotBegun> for Failed {
    fn from(reason: NotBegun) -> Self {
        match reason {
            NotBegun::Unavailable => Self::Unavailable,
            NotBegun::Denied => Self::Group,
            NotBegun::Unknown => Self::Unusable,
        }
    }
}

impl AuthorizationServer {
    /// Who approved at GitLab, and a code that opens the login.
    pub(super) async fn sign_in(
        &self,
        visit: Visit<'_>,
        parameters: &Parameters,
        pending: Pending,
    ) -> Result<(SignedIn, String), Failed> {
        match parameters.get("error") {
            None => {}
            Some("access_denied") => return Err(Failed::Denied),
            Some(_) => return Err(Failed::Unusable),
        }
        let code = parameters.get("code").ok_or(Failed::Unusable)?;
        let tokens = self.exchanged(visit, code, &pending).await?;
        let request = pending.request;
        let beginning = Beginning {
            issuer: &request.issuer,
            client: &request.client,
            method: Method::Browser,
        };
        let login = self.begin(tokens, beginning).await?;
        let signed_in = SignedIn {
            sid: login.sid.clone(),
            subject: login.subject.clone(),
            username: login.username.clone(),
            scope: login.scope.clone(),
            shortness: login.shortness(),
            notice: self.notice(&login),
        };
        let opens = match self.rules.format {
            TokenFormat::Reference => Opens::Stored(login.sid.clone()),
            TokenFormat::SelfContained | TokenFormat::GitLab { .. } => Opens::Here(Box::new(login)),
        };
        let code = self.code_for(opens, request);
        match self.hand_out(&code).await {
            Ok(name) => Ok((signed_in, name)),
            Err(reason) => {
                self.abandon(code).await;
                Err(reason.into())
            }
        }
    }

    /// A login that nobody can reach must not stay until it expires.
    async fn abandon(&self, code: Code) {
        let ended = match code.opens {
            Opens::Here(login) => {
                self.revoke_upstream(login.access).await;
                Ok(())
            }
            Opens::Stored(sid) => match self.login(&sid).await {
                Ok(Some(found)) => self.end(found.record, "no_code").await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "a login without a code stays until it expires");
        }
    }

    /// GitLab's tokens for its code.
    async fn exchanged(
        &self,
        visit: Visit<'_>,
        code: &str,
        pending: &Pending,
    ) -> Result<Tokens, Failed> {
        let code = secret(code.to_owned()).ok_or(Failed::Unusable)?;
        let redirect_uri = visit.base.at(visit.path);
        let redirect_uri = Url::parse(&redirect_uri).map_err(|_| Failed::Unusable)?;
        let exchange = self
            .application
            .exchange(&code, &redirect_uri, &pending.verifier);
        exchange.await.map_err(|reason| self.not_exchanged(&reason))
    }

    fn not_exchanged(&self, reason: &GrantError) -> Failed {
        match reason {
            GrantError::Transient => Failed::Unavailable,
            GrantError::Refused(code)
                if matches!(code.as_str(), "invalid_client" | "unauthorized_client") =>
            {
                error!(
                    gitlab = self.instance.host(),
                    code,
                    "GitLab refuses the application of this server: nobody can sign in; check \
                     its id and its secret against the application registered at GitLab"
                );
                Failed::Application
            }
            GrantError::Refused(_) | GrantError::Invalid => Failed::Unusable,
        }
    }
}
