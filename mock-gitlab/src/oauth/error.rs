//! How the provider says no: RFC 6749 section 5.2, in Doorkeeper's words.

use serde_json::json;

use crate::answer::Answer;
use crate::error::ApiError;

/// One refusal of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OAuthError {
    /// A parameter is not there.
    Missing(&'static str),
    /// `invalid_request` of an introspection without authentication.
    NotAuthorized,
    /// `invalid_request` of a dynamic application that forgot its verifier.
    VerifierRequired,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    InvalidRedirectUri,
    InvalidCodeChallengeMethod,
    PkceRequired,
    RegistrationDisabled,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedResponseMode,
    AccessDenied,
    /// `access_denied` for an application without the device grant.
    DeviceDisabled(u16),
    InvalidToken(TokenTrouble),
    InsufficientScope(&'static str),
    AuthorizationPending,
    SlowDown,
    ExpiredToken,
    /// `unauthorized_client` of a revocation.
    ForeignToken,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenTrouble {
    Unknown,
    Revoked,
    Expired,
}

impl OAuthError {
    /// The word programs look at.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::NotAuthorized | Self::VerifierRequired => "invalid_request",
            Self::InvalidClient | Self::RegistrationDisabled => "invalid_client",
            Self::ForeignToken => "unauthorized_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidCodeChallengeMethod => "invalid_code_challenge_method",
            Self::PkceRequired => "pkce_required_for_dynamic_applications",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedResponseMode => "unsupported_response_mode",
            Self::AccessDenied | Self::DeviceDisabled(_) => "access_denied",
            Self::InvalidToken(_) => "invalid_token",
            Self::InsufficientScope(_) => "insufficient_scope",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
        }
    }

    /// The words people look at.
    pub(crate) fn description(&self) -> String {
        let text = match self {
            Self::Missing(name) => return format!("Missing required parameter: {name}."),
            Self::InsufficientScope(scope) => {
                return format!("Access to this resource requires scope \"{scope}\".");
            }
            Self::NotAuthorized => {
                "The request is missing a required parameter, includes an unsupported parameter \
                 value, or is otherwise malformed."
            }
            Self::VerifierRequired => {
                "PKCE code_verifier is required for dynamic OAuth applications"
            }
            Self::InvalidClient => {
                "Client authentication failed due to unknown client, no client authentication \
                 included, or unsupported authentication method."
            }
            Self::RegistrationDisabled => {
                "Client authentication failed due to unknown client. Dynamic client registration \
                 is disabled on this instance."
            }
            Self::ForeignToken => "You are not authorized to revoke this token",
            Self::InvalidGrant => {
                "The provided authorization grant is invalid, expired, revoked, does not match \
                 the redirection URI used in the authorization request, or was issued to another \
                 client."
            }
            Self::InvalidScope => "The requested scope is invalid, unknown, or malformed.",
            Self::InvalidRedirectUri => "The redirect URI included is not valid.",
            Self::InvalidCodeChallengeMethod => {
                "The code_challenge_method must be one of plain, S256."
            }
            Self::PkceRequired => {
                "PKCE code_challenge with method S256 is required for dynamic OAuth applications"
            }
            Self::UnsupportedGrantType => {
                "The authorization grant type is not supported by the authorization server."
            }
            Self::UnsupportedResponseType => {
                "The authorization server does not support this response type."
            }
            Self::UnsupportedResponseMode => {
                "The authorization server does not support this response mode."
            }
            Self::AccessDenied | Self::DeviceDisabled(_) => {
                "The resource owner or authorization server denied the request."
            }
            Self::InvalidToken(TokenTrouble::Unknown) => "The access token is invalid",
            Self::InvalidToken(TokenTrouble::Revoked) => "The access token was revoked",
            Self::InvalidToken(TokenTrouble::Expired) => "The access token expired",
            Self::AuthorizationPending => {
                "The authorization request is still pending as the end user hasn't yet completed \
                 the user interaction steps."
            }
            Self::SlowDown => {
                "The authorization request is still pending and polling should continue, but the \
                 interval MUST be increased by 5 seconds for this and all subsequent requests."
            }
            Self::ExpiredToken => "The device_code has expired.",
        };
        text.to_owned()
    }

    /// The status in a JSON answer.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::InvalidClient | Self::RegistrationDisabled | Self::InvalidToken(_) => 401,
            Self::ForeignToken | Self::InsufficientScope(_) => 403,
            Self::DeviceDisabled(status) => *status,
            _ => 400,
        }
    }

    /// Whether the browser is sent back with this error. Whoever may not be trusted
    /// with a code gets no redirect either.
    pub(crate) fn goes_back(&self) -> bool {
        !matches!(
            self,
            Self::InvalidRedirectUri
                | Self::InvalidClient
                | Self::RegistrationDisabled
                | Self::Missing("client_id")
        )
    }

    /// The JSON answer, with a challenge where there is one.
    pub(crate) fn answer(&self) -> Answer {
        self.answer_to(None)
    }

    /// The same for a request with a state, which comes back.
    pub(crate) fn answer_to(&self, state: Option<&str>) -> Answer {
        let (word, description) = (self.word(), self.description());
        let mut body = json!({ "error": word, "error_description": description });
        let state = match self {
            // Whatever the request said.
            Self::InvalidToken(_) => Some("unauthorized"),
            _ => state,
        };
        if let (Some(all), Some(state)) = (body.as_object_mut(), state) {
            all.insert("state".to_owned(), state.into());
        }
        let answer = super::json(self.status(), &body);
        if matches!(self, Self::ForeignToken | Self::VerifierRequired) {
            return answer;
        }
        let quoted = description.replace('"', "'");
        answer.header(
            "WWW-Authenticate",
            format!(
                "Bearer realm=\"Doorkeeper\", error=\"{word}\", error_description=\"{quoted}\""
            ),
        )
    }
}

impl From<OAuthError> for ApiError {
    fn from(error: OAuthError) -> Self {
        error.answer().into()
    }
}
