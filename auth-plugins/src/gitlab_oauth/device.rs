//! The device grant: a person signs in with any browser, this process asks until it is done.
//! RFC 8628, <https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow>

use std::time::Duration;

use gitlab_mcp_core::secret::{Alphabet, Kind, Secret};
use oauth2::basic::BasicTokenResponse;
use oauth2::{EmptyExtraDeviceAuthorizationFields, RequestTokenError, Scope};

use super::channel::{Unanswered, failed};
use super::{GitLabOAuth, GrantError, Tokens, tokens};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a client asks for tokens with. RFC 8628 section 3.2.
#[derive(Debug, Clone, Copy)]
pub enum DeviceCode {}

impl Kind for DeviceCode {
    const NAME: &'static str = "DeviceCode";
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// A device authorization that waits for a person. RFC 8628 section 3.2.
#[derive(Debug)]
pub struct DeviceGrant {
    /// For the token endpoint.
    pub code: Secret<DeviceCode>,
    /// What the person types.
    pub user_code: String,
    /// Where the person types it. As GitLab wrote it: check it before anybody opens it.
    pub verification_uri: String,
    /// The same page with the code filled in, when GitLab has that. To be checked as well.
    pub verification_uri_complete: Option<String>,
    /// How long the codes live.
    pub expires_in: Duration,
    /// The least time between two polls: 1 to 60 s.
    pub interval: Duration,
}

/// Why there is no device authorization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// 404.
    #[error("this GitLab has no device grant (needs 17.1 with its flag, 17.9 without)")]
    NotThere,
    /// `access_denied`, the default of new applications since about GitLab 18.10.
    #[error("the device grant is switched off for this application")]
    SwitchedOff,
    /// As for every grant.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

impl GitLabOAuth {
    /// Begins a device grant. RFC 8628 section 3.1.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn authorize_device(&self, scopes: &[String]) -> Result<DeviceGrant, DeviceError> {
        let client = self.client();
        let answer: Result<
            oauth2::DeviceAuthorizationResponse<EmptyExtraDeviceAuthorizationFields>,
            _,
        > = client
            .exchange_device_code()
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .request_async(&self.channel)
            .await;
        let answer = answer.map_err(|error| match error {
            RequestTokenError::Request(Unanswered::NotThere) => DeviceError::NotThere,
            error => match failed(error) {
                GrantError::Refused(code) if code == "access_denied" => DeviceError::SwitchedOff,
                error => error.into(),
            },
        })?;
        let code = Secret::parse(answer.device_code().secret().clone(), 1)
            .map_err(|_| GrantError::Invalid)?;
        let interval = match answer.interval().as_secs() {
            0 => 5,
            seconds => seconds.min(60),
        };
        Ok(DeviceGrant {
            code,
            user_code: answer.user_code().secret().clone(),
            verification_uri: (**answer.verification_uri()).clone(),
            verification_uri_complete: answer
                .verification_uri_complete()
                .map(|uri| uri.secret().clone()),
            expires_in: answer.expires_in(),
            interval: Duration::from_secs(interval),
        })
    }

    /// Asks once whether the person is done. RFC 8628 section 3.4.
    ///
    /// # Errors
    /// [`GrantError`]; `authorization_pending` and `slow_down` ask for another poll.
    pub async fn poll_device(&self, code: &Secret<DeviceCode>) -> Result<Tokens, GrantError> {
        let fields = [("grant_type", GRANT), ("device_code", code.expose())];
        let answer = self.post(&self.endpoints.token, &fields).await?;
        let answer: BasicTokenResponse =
            serde_json::from_value(answer).map_err(|_| GrantError::Invalid)?;
        tokens(&answer)
    }
}
