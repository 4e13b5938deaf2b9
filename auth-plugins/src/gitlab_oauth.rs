//! GitLab's OAuth 2.0 endpoints as a client sees them: what every mode that signs people in shares.
//! <https://docs.gitlab.com/api/oauth2/>, RFC 6749, RFC 7636, RFC 8628.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::gitlab::{Egress, Instance, InstanceError};
use gitlab_mcp_core::secret::{Alphabet, ClientSecret, GitLabToken, Kind, Secret};
use oauth2::basic::{BasicClient, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, DeviceAuthorizationUrl, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _, TokenUrl,
};
use url::Url;

mod channel;
mod device;
mod info;
pub mod settings;

use channel::Channel;

pub use device::{DeviceCode, DeviceError, DeviceGrant};
pub use info::TokenInfo;

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Kind for $name {
            const NAME: &'static str = stringify!($name);
            const ALPHABET: Alphabet = Alphabet::Header;
        }
    )+};
}

kinds! {
    /// A refresh token of GitLab; each use replaces it. RFC 6749 section 1.5.
    RefreshToken;
    /// An authorization code; good for one exchange. RFC 6749 section 4.1.2.
    Code;
    /// What binds a callback to the browser it was sent to. RFC 6749 section 10.12.
    State;
    /// The proof that an exchange belongs to its authorization request. RFC 7636 section 4.1.
    Verifier;
}

/// What GitLab hands out for a grant. RFC 6749 section 5.1.
#[derive(Debug)]
pub struct Tokens {
    /// Goes to the API as `Authorization: Bearer`.
    pub access: Secret<GitLabToken>,
    /// Replaces the one it was made with; `None` keeps that one.
    pub refresh: Option<Secret<RefreshToken>>,
    /// Life of the access token from the moment the answer came.
    pub expires_in: Option<Duration>,
    /// What was granted, separated by blanks.
    pub scope: Option<String>,
}

/// Why there are no tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// GitLab's error code. RFC 6749 section 5.2, RFC 8628 section 3.5.
    #[error("GitLab refuses with {0}")]
    Refused(String),
    /// Nobody can say: no connection, a timeout, 404, 408, 429, 5xx, or an answer that is not JSON.
    /// The grant may still be good.
    #[error("GitLab cannot be asked at the moment")]
    Transient,
    /// An answer that breaks the protocol, such as 200 without an access token.
    #[error("GitLab's answer cannot be used")]
    Invalid,
}

/// One authorization request. RFC 6749 section 4.1.1, RFC 7636 section 4.3.
#[derive(Debug, Clone, Copy)]
pub struct Authorization<'a> {
    /// Where the browser comes back to.
    pub redirect_uri: &'a Url,
    /// What is asked for.
    pub scopes: &'a [String],
    /// Comes back with the browser.
    pub state: &'a Secret<State>,
    /// Goes along as its S256 challenge.
    pub verifier: &'a Secret<Verifier>,
}

/// An OAuth application at one GitLab. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct GitLabOAuth {
    client_id: Arc<str>,
    secret: Option<Arc<Secret<ClientSecret>>>,
    endpoints: Arc<Endpoints>,
    channel: Channel,
}

#[derive(Debug)]
struct Endpoints {
    authorize: Url,
    token: Url,
    device: Url,
    revoke: Url,
    info: Url,
}

/// The crate's client with the endpoints GitLab has.
type Client = BasicClient<
    EndpointSet,
    EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    EndpointSet,
>;

impl GitLabOAuth {
    /// The application `client_id` at `instance`; `secret` only for confidential ones. `browser` is
    /// the GitLab as a browser reaches it, when that differs.
    ///
    /// # Errors
    /// [`InstanceError`] when an endpoint is not a URL, which a parsed instance rules out.
    pub fn new(
        instance: &Instance,
        browser: Option<&Instance>,
        client_id: &str,
        secret: Option<Secret<ClientSecret>>,
        egress: Egress,
    ) -> Result<Self, InstanceError> {
        let at = |base: &Instance, path: &str| {
            Url::parse(&format!("{}/oauth/{path}", base.base())).map_err(|_| InstanceError)
        };
        let endpoints = Endpoints {
            authorize: at(browser.unwrap_or(instance), "authorize")?,
            token: at(instance, "token")?,
            device: at(instance, "authorize_device")?,
            revoke: at(instance, "revoke")?,
            info: at(instance, "token/info")?,
        };
        Ok(Self {
            client_id: client_id.into(),
            secret: secret.map(Arc::new),
            endpoints: Arc::new(endpoints),
            channel: Channel::new(egress),
        })
    }

    /// The page on which a person allows the application in.
    pub fn authorize_url(&self, request: &Authorization<'_>) -> Url {
        let client = self.client();
        let state = CsrfToken::new(request.state.expose().to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
            request.verifier.expose().to_owned(),
        ));
        let (url, _) = client
            .authorize_url(|| state)
            .add_scopes(request.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .set_redirect_uri(redirect(request.redirect_uri))
            .url();
        url
    }

    /// The tokens for the code that came back from [`GitLabOAuth::authorize_url`].
    ///
    /// # Errors
    /// [`GrantError`]; `invalid_grant` for a code that was used, has expired, or was made with
    /// another verifier or redirect URI.
    pub async fn exchange(
        &self,
        code: &Secret<Code>,
        redirect_uri: &Url,
        verifier: &Secret<Verifier>,
    ) -> Result<Tokens, GrantError> {
        self.exchange_at(code, redirect_uri.as_str(), verifier)
            .await
    }

    /// [`GitLabOAuth::exchange`] with the redirect URI in the very bytes somebody else sent GitLab.
    ///
    /// # Errors
    /// Those of [`GitLabOAuth::exchange`].
    pub async fn exchange_at(
        &self,
        code: &Secret<Code>,
        redirect_uri: &str,
        verifier: &Secret<Verifier>,
    ) -> Result<Tokens, GrantError> {
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned());
        let redirect_uri = redirect_uri.map_err(|_| GrantError::Invalid)?;
        let client = self.client();
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect_uri))
            .request_async(&self.channel)
            .await;
        tokens(&answer.map_err(channel::failed)?)
    }

    /// New tokens for a refresh token, which GitLab revokes in the same step together with its
    /// access token.
    ///
    /// # Errors
    /// [`GrantError`]; `invalid_grant` when somebody else used the token first.
    pub async fn refresh(&self, refresh: &Secret<RefreshToken>) -> Result<Tokens, GrantError> {
        let client = self.client();
        let token = oauth2::RefreshToken::new(refresh.expose().to_owned());
        let answer = client
            .exchange_refresh_token(&token)
            .request_async(&self.channel)
            .await;
        tokens(&answer.map_err(channel::failed)?)
    }

    /// Ends a token: an access token, or a refresh token together with its access token. RFC 7009.
    ///
    /// # Errors
    /// [`GrantError`]; a token that GitLab does not know is no error.
    pub async fn revoke<K: Kind>(&self, token: &Secret<K>) -> Result<(), GrantError> {
        let form = self.form(&[("token", token.expose())]);
        self.channel.order(&self.endpoints.revoke, form).await
    }

    /// Posts a form with the application's own fields, for what the crate has no request for.
    async fn post(
        &self,
        endpoint: &Url,
        fields: &[(&str, &str)],
    ) -> Result<serde_json::Value, GrantError> {
        self.channel.post(endpoint, self.form(fields)).await
    }

    fn form(&self, fields: &[(&str, &str)]) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id);
        if let Some(secret) = &self.secret {
            form.append_pair("client_secret", secret.expose());
        }
        form.extend_pairs(fields).finish()
    }

    /// The application's fields travel in the form, as in GitLab's documentation.
    fn client(&self) -> Client {
        let client = BasicClient::new(ClientId::new((*self.client_id).to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(self.endpoints.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.endpoints.token.clone()))
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(
                self.endpoints.device.clone(),
            ));
        match &self.secret {
            Some(secret) => {
                client.set_client_secret(oauth2::ClientSecret::new(secret.expose().to_owned()))
            }
            None => client,
        }
    }
}

fn redirect(uri: &Url) -> std::borrow::Cow<'static, RedirectUrl> {
    std::borrow::Cow::Owned(RedirectUrl::from_url(uri.clone()))
}

fn tokens(answer: &BasicTokenResponse) -> Result<Tokens, GrantError> {
    if *answer.token_type() != BasicTokenType::Bearer {
        return Err(GrantError::Invalid);
    }
    let access = Secret::parse(answer.access_token().secret().clone(), 1)
        .map_err(|_| GrantError::Invalid)?;
    let refresh = answer
        .refresh_token()
        .map(|token| Secret::parse(token.secret().clone(), 1))
        .transpose()
        .map_err(|_| GrantError::Invalid)?;
    let scope = answer.scopes().map(|scopes| {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        scopes.join(" ")
    });
    Ok(Tokens {
        access,
        refresh,
        expires_in: answer.expires_in(),
        scope,
    })
}

#[cfg(test)]
mod tests;
