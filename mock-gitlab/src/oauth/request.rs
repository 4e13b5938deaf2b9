//! The checks of an authorization request, in Doorkeeper's order: RFC 6749 section 4.1.1.

use super::callback::{Callback, Mode};
use super::{OAuthError, redirect_uri, scopes};
use crate::context::Cx;
use crate::world::Application;

/// An authorization request that may be put to the user.
#[derive(Debug)]
pub(super) struct AuthorizationRequest {
    pub(super) application: Application,
    pub(super) callback: Callback,
    pub(super) scopes: Vec<String>,
    pub(super) challenge: Option<String>,
    pub(super) challenge_method: Option<String>,
    pub(super) nonce: Option<String>,
}

/// A request that was refused, and where the browser could be sent with that.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: OAuthError,
    pub(super) callback: Option<Callback>,
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self {
            error,
            callback: None,
        }
    }
}

impl AuthorizationRequest {
    /// Reads and checks the request.
    pub(super) fn check(cx: &Cx<'_>) -> Result<Self, Refused> {
        let application = client(cx)?;
        let uri = cx.params.filled("redirect_uri").unwrap_or_default();
        if !redirect_uri::is_allowed(&uri, &application.redirect_uris) {
            return Err(OAuthError::InvalidRedirectUri.into());
        }
        let mut callback = Callback {
            uri,
            mode: Mode::Query,
            state: cx.params.filled("state"),
        };
        match Self::check_rest(cx, &application, &mut callback) {
            Ok((scopes, challenge, challenge_method)) => Ok(Self {
                application,
                callback,
                scopes,
                challenge,
                challenge_method,
                nonce: cx.params.filled("nonce"),
            }),
            Err(error) => Err(Refused {
                error,
                callback: Some(callback),
            }),
        }
    }

    fn check_rest(
        cx: &Cx<'_>,
        application: &Application,
        callback: &mut Callback,
    ) -> Result<Checked, OAuthError> {
        match cx.params.filled("response_type").as_deref() {
            None => return Err(OAuthError::Missing("response_type")),
            Some("code") => {}
            Some(kind) => {
                // Where the implicit grant would have answered.
                if kind == "token" && cx.params.filled("response_mode").is_none() {
                    callback.mode = Mode::Fragment;
                }
                return Err(OAuthError::UnsupportedResponseType);
            }
        }
        if let Some(mode) = cx.params.filled("response_mode") {
            callback.mode = Mode::parse(&mode).ok_or(OAuthError::UnsupportedResponseMode)?;
        }
        let wanted = wanted_scopes(cx, application);
        let scopes = scopes::granted(wanted.as_deref(), &application.scopes)
            .ok_or(OAuthError::InvalidScope)?;
        let challenge = cx.params.filled("code_challenge");
        let method = cx.params.filled("code_challenge_method");
        check_challenge(application, challenge.as_deref(), method.as_deref())?;
        Ok((
            scopes,
            challenge.clone(),
            method.filter(|_| challenge.is_some()),
        ))
    }
}

type Checked = (Vec<String>, Option<String>, Option<String>);

fn client(cx: &Cx<'_>) -> Result<Application, OAuthError> {
    let uid = cx.params.filled("client_id");
    let uid = uid.ok_or(OAuthError::Missing("client_id"))?;
    let unknown = if cx.world.quirks.registration_off {
        OAuthError::RegistrationDisabled
    } else {
        OAuthError::InvalidClient
    };
    cx.world.application_by_uid(&uid).cloned().ok_or(unknown)
}

/// `resource` of GitLab's own MCP servers decides the scope, and so does signing in
/// with GitLab; otherwise it is what the request says.
fn wanted_scopes(cx: &Cx<'_>, application: &Application) -> Option<String> {
    let resource = cx.params.filled("resource").unwrap_or_default();
    if resource == cx.site.api_url("/mcp") {
        return Some("mcp".to_owned());
    }
    if resource == cx.site.api_url("/orbit/mcp") {
        return Some("mcp_orbit".to_owned());
    }
    let signs_in = cx.params.filled("gl_auth_type").as_deref() == Some("login");
    if signs_in && application.scopes.iter().any(|scope| scope == "read_user") {
        return Some("read_user".to_owned());
    }
    cx.params.filled("scope")
}

fn check_challenge(
    application: &Application,
    challenge: Option<&str>,
    method: Option<&str>,
) -> Result<(), OAuthError> {
    match (challenge, method) {
        (None, _) if application.dynamic => Err(OAuthError::PkceRequired),
        (None, _) | (Some(_), Some("S256")) => Ok(()),
        (Some(_), Some("plain")) if !application.dynamic => Ok(()),
        (Some(_), _) => Err(OAuthError::InvalidCodeChallengeMethod),
    }
}
