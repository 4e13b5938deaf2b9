//! Clients that hold GitLab's own tokens: issued, used, renewed and given back. GitLab says what each
//! is worth, and only tokens of our application count here.
//! <https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information>

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use gitlab_mcp_core::auth::{Credential, HeaderKind};
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::{Namespace, StoreError};
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AuthorizationServer;
use super::audit::Event;
use super::browser::digest;
use super::error::{OAuthError, PAUSE, answer};
use super::grant::Login;
use super::records::Record;
use super::rules::TokenFormat;
use super::self_contained::not_renewed;
use super::token::Presented;
use super::token::refusal::refresh_refused;
use super::tokens::secret;
use super::verify::{Behind, Verified, VerifyError};
use crate::gitlab_oauth::{GrantError, TokenInfo};

/// Tokens that GitLab is asked about at one time.
pub(super) const AT_ONCE: usize = 256;
/// Longest token in bytes.
const LONGEST: usize = 4 * 1024;

/// A token that GitLab vouched for a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vouched {
    subject: String,
    /// Separated by blanks.
    scope: String,
}

impl Record for Vouched {
    const NAMESPACE: Namespace = Namespace::Login;
}

impl Vouched {
    /// What GitLab's answer vouches for: a person, through our application and no other.
    fn by(info: &TokenInfo, application: &str) -> Option<Self> {
        let ours = info.application.as_deref() == Some(application);
        let subject = info.user.filter(|_| ours)?;
        Some(Self {
            subject: subject.to_string(),
            scope: info.scopes.join(" "),
        })
    }
}

impl AuthorizationServer {
    /// The token answer with GitLab's own pair. RFC 6749 section 5.1.
    pub(super) fn issue_gitlab(&self, login: &Login) -> Response<Body> {
        let refresh = login.refresh.as_ref().map(Secret::expose);
        self.pair_answer(&login.access, refresh, login.access_ends, &login.scope)
    }

    fn pair_answer(
        &self,
        access: &Secret<GitLabToken>,
        refresh: Option<&str>,
        ends: Option<u64>,
        scope: &str,
    ) -> Response<Body> {
        let mut body = serde_json::Map::new();
        body.insert("access_token".to_owned(), access.expose().into());
        body.insert("token_type".to_owned(), "Bearer".into());
        if let Some(ends) = ends {
            let left = ends.saturating_sub(self.tokens.now());
            body.insert("expires_in".to_owned(), left.into());
        }
        if let Some(refresh) = refresh {
            body.insert("refresh_token".to_owned(), refresh.into());
        }
        body.insert("scope".to_owned(), scope.into());
        answer(StatusCode::OK, &Value::Object(body))
    }

    /// The grant `refresh_token`, forwarded for our application.
    pub(super) async fn refresh_gitlab(
        self: &Arc<Self>,
        presented: &Presented<'_>,
    ) -> Result<Response<Body>, OAuthError> {
        let token = presented.asked.form.need("refresh_token")?;
        let refresh = secret(token.to_owned()).filter(|_| token.len() <= LONGEST);
        let refresh = refresh.ok_or_else(refresh_refused)?;
        let pair = self.renewed_once(refresh).await.map_err(not_renewed)?;
        let own = self.rules.scopes.join(" ");
        let scope = pair.scope.as_deref().unwrap_or(&own);
        self.entry(Event::TokenRefreshed)
            .client(&presented.client.id, &presented.client.name)
            .scope(scope)
            .from(&presented.from)
            .write();
        let refresh = pair.refresh.as_ref().map_or(token, Secret::expose);
        Ok(self.pair_answer(&pair.access, Some(refresh), pair.ends, scope))
    }

    /// What a token of GitLab is good for here.
    pub(super) async fn verify_gitlab(
        self: &Arc<Self>,
        bearer: &str,
    ) -> Result<Verified, VerifyError> {
        let access: Option<Secret<GitLabToken>> = secret(bearer.to_owned());
        let access = access.filter(|_| bearer.len() <= LONGEST);
        let access = Arc::new(access.ok_or(VerifyError::Invalid)?);
        let id = digest(bearer);
        let vouched = match self.records.get::<Vouched>(&id).await? {
            Some(found) => found.record,
            None => self.vouched(&id, &access).await?,
        };
        // Nothing else ends such a token here, and what stands in the store costs a way to it.
        if !self.rules.groups.is_empty() {
            let used = self.may_use(&id, 0, &access).await;
            if used == Err(VerifyError::Denied) {
                let entry = self.entry(Event::GroupDenied).person(&vouched.subject, "");
                self.shut_out(&id, &access, "", entry).await?;
                return Err(VerifyError::Denied);
            }
            used?;
        }
        Ok(Verified {
            behind: Behind::Vouched(id),
            subject: vouched.subject,
            client: None,
            scope: vouched.scope,
            credential: Credential::new(&self.instance, HeaderKind::Bearer, access),
        })
    }

    /// Asks GitLab, once for all who present the token at the same time.
    async fn vouched(
        self: &Arc<Self>,
        id: &str,
        access: &Arc<Secret<GitLabToken>>,
    ) -> Result<Vouched, VerifyError> {
        let (server, key, access) = (Arc::clone(self), id.to_owned(), Arc::clone(access));
        let run = async move { server.ask_about(&key, &access).await };
        let asked = self.vouching.join(id.to_owned(), run).await;
        asked.unwrap_or(Err(VerifyError::Unavailable(PAUSE)))
    }

    async fn ask_about(
        &self,
        id: &str,
        access: &Secret<GitLabToken>,
    ) -> Result<Vouched, VerifyError> {
        let TokenFormat::GitLab {
            cache,
            ask_by_query,
        } = self.rules.format
        else {
            return Err(VerifyError::Invalid);
        };
        let mut told = self.application.token_info(access).await;
        if ask_by_query && matches!(told, Err(GrantError::Refused(_))) {
            told = self.application.token_info_by_query(access).await;
        }
        let info = match told {
            Ok(info) => info,
            Err(GrantError::Refused(_)) => return Err(VerifyError::Invalid),
            Err(GrantError::Transient | GrantError::Invalid) => {
                return Err(VerifyError::Unavailable(PAUSE));
            }
        };
        let life = info.expires_in.unwrap_or(Duration::MAX).min(cache);
        let vouched = Vouched::by(&info, &self.application_id).ok_or(VerifyError::Invalid)?;
        if !life.is_zero() {
            let rank = i64::try_from(self.tokens.now()).unwrap_or(i64::MAX);
            self.records.put_ranked(id, &vouched, rank, life).await?;
        }
        Ok(vouched)
    }

    /// GitLab refused the token: it is asked again before the token counts again.
    pub(super) async fn doubt(&self, id: &str) -> Result<(), StoreError> {
        self.records.delete::<Vouched>(id).await.map(drop)
    }

    /// Gives a token of GitLab back. RFC 7009 section 2.1.
    pub(super) async fn revoke_gitlab(&self, token: &str) -> Result<(), OAuthError> {
        let Some(token) = secret::<GitLabToken>(token.to_owned()) else {
            return Ok(());
        };
        match self.application.revoke(&token).await {
            // GitLab ends no token of another application, which nobody has to know.
            Ok(()) | Err(GrantError::Refused(_)) => {}
            Err(GrantError::Transient | GrantError::Invalid) => {
                return Err(OAuthError::unavailable(PAUSE));
            }
        }
        Ok(self.doubt(&digest(token.expose())).await?)
    }
}

#[cfg(test)]
mod tests;
