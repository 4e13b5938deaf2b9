//! Whether an authorization request is one, in the order in which it matters who learns of it: what
//! is wrong with the client or its redirect URI is never sent there. RFC 6749 section 4.1.2.1,
//! RFC 7636 section 4.3, RFC 8707 section 2, RFC 9700 section 2.1.

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::browser::back::Back;
use crate::authorization_server::browser::refusal::Stop;
use crate::authorization_server::client::Client;
use crate::authorization_server::clients::NoClient;
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::grant::Request;
use crate::authorization_server::parameters::Parameters;
use crate::authorization_server::rules::DeviceRule;
use crate::authorization_server::site::Base;

/// Longest state of a client in bytes.
const STATE: usize = 2 * 1024;
/// Characters of an S256 challenge. RFC 7636 section 4.2.
const CHALLENGE: usize = 43;

/// A request that may go on.
#[derive(Debug)]
pub(crate) struct Judged {
    /// What was asked for.
    pub(crate) request: Request,
    /// By whom.
    pub(crate) client: Client,
}

/// A request that may not.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Only whoever sent it is told.
    Here(Stop),
    /// The client is told at its redirect URI.
    Back(Back, OAuthError),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::Here(stop)
    }
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::Here(Stop::Error(error))
    }
}

impl AuthorizationServer {
    /// Judges a request to `base`. Without a redirect URI it is one for the device flow, where the
    /// operator allows that. What the client says about scopes is not looked at: GitLab is always
    /// asked for the configured ones.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) async fn judge(
        &self,
        base: &Base,
        parameters: &Parameters,
    ) -> Result<Judged, Refusal> {
        let state = state(parameters)?;
        let client = self.asking_client(parameters).await?;
        let redirect_uri = self.redirect_uri(&client, parameters)?;
        match demands(base, parameters, redirect_uri.is_some()) {
            Ok(challenge) => Ok(Judged {
                request: Request {
                    issuer: base.issuer().to_owned(),
                    client: client.id.clone(),
                    client_name: client.name.clone(),
                    redirect_uri,
                    state,
                    challenge,
                    resource: parameters.get("resource").map(str::to_owned),
                },
                client,
            }),
            Err(error) => Err(match redirect_uri {
                None => error.into(),
                Some(redirect_uri) => {
                    let back = Back {
                        client_name: client.name,
                        redirect_uri,
                        state,
                    };
                    Refusal::Back(back, error)
                }
            }),
        }
    }

    async fn asking_client(&self, parameters: &Parameters) -> Result<Client, OAuthError> {
        let id = parameters.need("client_id")?;
        self.client(id).await.map_err(|error| match error {
            NoClient::Unknown => OAuthError::bad(
                "invalid_client",
                "this client is not known here: register it again",
            ),
            NoClient::Unavailable => OAuthError::unavailable(PAUSE),
        })
    }

    fn redirect_uri(
        &self,
        client: &Client,
        parameters: &Parameters,
    ) -> Result<Option<String>, Stop> {
        match parameters.get("redirect_uri") {
            Some(requested) if client.may_use(requested) => Ok(Some(requested.to_owned())),
            Some(_) => Err(Stop::RedirectUri("is not one that the program registered")),
            None if self.rules.device == DeviceRule::Off => {
                Err(Stop::RedirectUri("is missing from the request"))
            }
            None => Ok(None),
        }
    }
}

/// The client's state. One that cannot be returned as it came is refused.
fn state(parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    let state = parameters.get("state");
    if state.is_some_and(|state| state.len() > STATE) {
        let problem = "the parameter state is longer than 2 KiB";
        return Err(OAuthError::invalid_request(problem));
    }
    if state.is_some_and(|state| state.contains(char::REPLACEMENT_CHARACTER)) {
        let problem = "the parameter state is not UTF-8";
        return Err(OAuthError::invalid_request(problem));
    }
    Ok(state.map(str::to_owned))
}

/// Everything the client may be told; `Ok` is its challenge.
fn demands(base: &Base, parameters: &Parameters, by_redirect: bool) -> Result<String, OAuthError> {
    match parameters.get("response_type") {
        Some("code") => {}
        None if by_redirect => {
            return Err(OAuthError::invalid_request(
                "the parameter response_type is missing: only code is offered",
            ));
        }
        _ => {
            return Err(OAuthError::bad(
                "unsupported_response_type",
                "the parameter response_type must be code",
            ));
        }
    }
    if parameters.get("response_mode").unwrap_or("query") != "query" {
        let problem = "the parameter response_mode must be query or left out";
        return Err(OAuthError::invalid_request(problem));
    }
    let challenge = challenge(parameters)?;
    let resource = parameters.get("resource");
    if resource.is_some_and(|resource| !base.is_resource(resource)) {
        return Err(OAuthError::invalid_target());
    }
    unsupported(parameters)?;
    Ok(challenge)
}

fn challenge(parameters: &Parameters) -> Result<String, OAuthError> {
    let is_challenge = |text: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        text.len() == CHALLENGE && text.bytes().all(allowed)
    };
    let challenge = parameters.get("code_challenge").filter(is_challenge);
    let Some(challenge) = challenge else {
        return Err(OAuthError::invalid_request(
            "the parameter code_challenge must be the SHA-256 of the verifier, 43 characters of \
             base64url",
        ));
    };
    if parameters.get("code_challenge_method") != Some("S256") {
        let problem = "the parameter code_challenge_method must be S256";
        return Err(OAuthError::invalid_request(problem));
    }
    Ok(challenge.to_owned())
}

/// What OpenID Connect has and this server has not. OpenID Connect Core sections 3.1.2.1 and 6.
fn unsupported(parameters: &Parameters) -> Result<(), OAuthError> {
    if parameters.has("request") {
        return Err(OAuthError::bad(
            "request_not_supported",
            "the parameter request is not supported: send plain parameters",
        ));
    }
    if parameters.has("request_uri") {
        return Err(OAuthError::bad(
            "request_uri_not_supported",
            "the parameter request_uri is not supported: send plain parameters",
        ));
    }
    let mut prompts = parameters.get("prompt").unwrap_or_default().split(' ');
    if prompts.any(|prompt| prompt == "none") {
        return Err(OAuthError::bad(
            "interaction_required",
            "nobody can sign in here without a page: leave out prompt=none",
        ));
    }
    Ok(())
}
