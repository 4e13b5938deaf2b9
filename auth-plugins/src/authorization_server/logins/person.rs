//! Who a GitLab token belongs to. <https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information>,
//! <https://docs.gitlab.com/api/users/#get-the-current-user>

use bytes::Bytes;
use gitlab_mcp_core::gitlab::Limits;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Request, StatusCode};
use serde_json::Value;

use super::NotBegun;
use crate::authorization_server::AuthorizationServer;
use crate::gitlab_oauth::GrantError;

/// A user of GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// The numeric id.
    pub(super) id: u64,
    /// The user name, when GitLab told it.
    pub(super) name: Option<String>,
}

impl AuthorizationServer {
    /// Whose token it is: what the token endpoint says, else what the API says.
    pub(super) async fn person(&self, access: &Secret<GitLabToken>) -> Result<Person, NotBegun> {
        let told = self.application.token_info(access).await;
        let user = self.current_user(access).await;
        match (told, user) {
            (Ok(info), user) => match (info.user, user) {
                (Some(id), Ok(user)) if user.id == id => Ok(user),
                (Some(id), Err(_)) => Ok(Person { id, name: None }),
                _ => Err(NotBegun::Unknown),
            },
            // Some installations let no Bearer header through to the token endpoint.
            (Err(_), Ok(user)) => Ok(user),
            (Err(GrantError::Transient), Err(_)) | (Err(_), Err(NotBegun::Unavailable)) => {
                Err(NotBegun::Unavailable)
            }
            (Err(_), Err(other)) => Err(other),
        }
    }

    async fn current_user(&self, access: &Secret<GitLabToken>) -> Result<Person, NotBegun> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose()))
            .map_err(|_| NotBegun::Unknown)?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .uri(format!("{}/user", self.instance.api_url()))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, bearer)
            .body(Bytes::new())
            .map_err(|_| NotBegun::Unknown)?;
        let fetched = self.egress.fetch(request, Limits::default()).await;
        let answer = fetched.map_err(|_| NotBegun::Unavailable)?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() => return Err(NotBegun::Unavailable),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                return Err(NotBegun::Unavailable);
            }
            _ => return Err(NotBegun::Unknown),
        }
        let user: Value = serde_json::from_slice(answer.body()).map_err(|_| NotBegun::Unknown)?;
        let id = user.get("id").and_then(Value::as_u64);
        let name = user.get("username").and_then(Value::as_str);
        Ok(Person {
            id: id.ok_or(NotBegun::Unknown)?,
            name: name.map(str::to_owned),
        })
    }
}
