//! The grant `authorization_code`: a code of ours, or in the passthrough flow a code of GitLab.
//! RFC 6749 section 4.1.3, RFC 7636 section 4.5.

use tracing::error;

use gitlab_mcp_core::secret::Secret;

use super::Presented;
use super::refusal::not_a_member;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::Event;
use crate::authorization_server::codes::{Proof, Redeemed, is_verifier};
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::grant::{Code, Login, Method, Opens};
use crate::authorization_server::logins::{Beginning, NotBegun};
use crate::authorization_server::rules::Flow;
use crate::gitlab_oauth::GrantError;

impl AuthorizationServer {
    /// The login that a code opens.
    pub(super) async fn by_code(&self, presented: &Presented<'_>) -> Result<Login, OAuthError> {
        let form = &presented.asked.form;
        let code = form.need("code")?;
        let verifier = form.need("code_verifier")?;
        let redirect_uri = form.get("redirect_uri");
        if self.rules.flow == Flow::Passthrough {
            let redirect_uri = form.need("redirect_uri")?;
            return self
                .by_gitlab_code(presented, code, redirect_uri, verifier)
                .await;
        }
        let proof = Proof {
            client: &presented.client.id,
            redirect_uri,
            verifier,
            issuer: presented.asked.base.issuer(),
        };
        // Read first: once the code is taken, nothing may fail any more.
        let login = self.login_of_code(code).await?;
        match self.redeem(code, proof).await? {
            Redeemed::Login(code) => match code.opens {
                Opens::Stored(sid) => login.filter(|login| login.sid == sid).ok_or_else(refused),
                Opens::Here(login) => Ok(*login),
            },
            Redeemed::Refused => Err(refused()),
            Redeemed::Replayed { code, is_theft } => {
                self.replayed(presented, code, is_theft).await?;
                Err(refused())
            }
        }
    }

    /// A code was used a second time, by whoever can prove to be the one it was made for. RFC 6749
    /// section 4.1.2: what came out of it is revoked.
    async fn replayed(
        &self,
        presented: &Presented<'_>,
        code: Code,
        is_theft: bool,
    ) -> Result<(), OAuthError> {
        let reason = if is_theft { "theft" } else { "repetition" };
        self.entry(Event::CodeReplayed)
            .refused(reason)
            .client(&presented.client.id, &presented.client.name)
            .login(code.sid())
            .from(&presented.from)
            .write();
        if !is_theft {
            return Ok(());
        }
        match code.opens {
            Opens::Stored(sid) => {
                if let Some(found) = self.login(&sid).await? {
                    self.end(found.record, "code_replayed").await?;
                }
            }
            Opens::Here(login) => self.disown(*login, "code_replayed").await?,
        }
        Ok(())
    }

    /// The passthrough flow: the code is GitLab's, and so is the check of its proof.
    async fn by_gitlab_code(
        &self,
        presented: &Presented<'_>,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Login, OAuthError> {
        if !presented.client.may_use(redirect_uri) || !is_verifier(verifier) {
            return Err(refused());
        }
        let code = Secret::parse(code.to_owned(), 1).map_err(|_| refused())?;
        let verifier = Secret::parse(verifier.to_owned(), 1).map_err(|_| refused())?;
        let exchanged = self
            .application
            .exchange_at(&code, redirect_uri, &verifier)
            .await;
        let tokens = exchanged.map_err(|reason| match reason {
            GrantError::Refused(code) if code == "invalid_grant" => refused(),
            GrantError::Refused(code) => {
                error!(
                    code,
                    "GitLab refuses the application of this server: nobody can sign in until its \
                     id, its secret and its settings at GitLab are right"
                );
                OAuthError::unavailable(PAUSE)
            }
            GrantError::Transient | GrantError::Invalid => OAuthError::unavailable(PAUSE),
        })?;
        let beginning = Beginning {
            issuer: presented.asked.base.issuer(),
            client: &presented.client.id,
            method: Method::Browser,
        };
        let begun = self.begin(tokens, beginning).await;
        let login = begun.map_err(|reason| {
            let (word, answer) = match reason {
                NotBegun::Denied => ("group_denied", not_a_member()),
                NotBegun::Unavailable => ("unavailable", OAuthError::unavailable(PAUSE)),
                NotBegun::Unknown => ("unknown_person", refused()),
            };
            let event = match reason {
                NotBegun::Denied => Event::GroupDenied,
                NotBegun::Unavailable | NotBegun::Unknown => Event::LoginFailed,
            };
            self.entry(event)
                .refused(word)
                .client(&presented.client.id, &presented.client.name)
                .from(&presented.from)
                .write();
            answer
        })?;
        // The browser came back to the client and not here: this is where its sign-in ends.
        self.note_issue(presented, Event::LoginCompleted, &login);
        self.client_used(&presented.client.id).await;
        Ok(login)
    }
}

/// One text for every reason: which it was is nobody's business.
fn refused() -> OAuthError {
    OAuthError::invalid_grant(
        "the code is unknown, used, expired, or was made for another client, redirect_uri or \
         code_verifier: start the sign-in again",
    )
}
