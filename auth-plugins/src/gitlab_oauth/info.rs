//! What a token is: its scopes, its owner, its application.
//! <https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information>

use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::request::Builder;
use http::{HeaderValue, Request, header};
use serde_json::Value;

use super::{GitLabOAuth, GrantError};

/// GitLab's description of an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// The id of the user it acts as; `None` for a token without a user.
    pub user: Option<u64>,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// What remains of its life; `None` when it does not expire.
    pub expires_in: Option<Duration>,
    /// The client id of the application it was made for.
    pub application: Option<String>,
}

impl GitLabOAuth {
    /// Asks GitLab what `access` is.
    ///
    /// # Errors
    /// [`GrantError`]; `invalid_token` for one that is not an OAuth token, has expired or was
    /// revoked.
    pub async fn token_info(&self, access: &Secret<GitLabToken>) -> Result<TokenInfo, GrantError> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose()))
            .map_err(|_| GrantError::Invalid)?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .uri(self.endpoints.info.as_str())
            .header(header::AUTHORIZATION, bearer);
        self.told(request).await
    }

    /// The same with the token in the query, where proxies write it into their logs: only for a
    /// GitLab whose edge takes the header away. RFC 6750 section 2.3.
    ///
    /// # Errors
    /// Those of [`GitLabOAuth::token_info`].
    pub async fn token_info_by_query(
        &self,
        access: &Secret<GitLabToken>,
    ) -> Result<TokenInfo, GrantError> {
        let mut url = self.endpoints.info.clone();
        url.query_pairs_mut()
            .append_pair("access_token", access.expose());
        self.told(Request::builder().uri(url.as_str())).await
    }

    async fn told(&self, request: Builder) -> Result<TokenInfo, GrantError> {
        let request = request
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|_| GrantError::Invalid)?;
        let answer = self.channel.decided(request).await?;
        let scopes = answer.get("scope").and_then(Value::as_array);
        let scopes = scopes.ok_or(GrantError::Invalid)?;
        Ok(TokenInfo {
            user: answer.get("resource_owner_id").and_then(Value::as_u64),
            scopes: scopes
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            expires_in: answer
                .get("expires_in")
                .and_then(Value::as_u64)
                .map(Duration::from_secs),
            application: answer
                .pointer("/application/uid")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}
