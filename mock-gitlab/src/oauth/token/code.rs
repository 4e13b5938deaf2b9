//! The authorization code grant: RFC 6749 section 4.1.3 with RFC 7636.

use std::time::Duration;

use super::{Grant, check_user, issue};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::oauth::{OAuthError, challenge, client, redirect_uri};
use crate::world::{Application, AuthorizationCode};

const LIFETIME: Duration = Duration::from_mins(10);

pub(super) fn exchange(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let application = client::find(cx);
    let value = cx.params.filled("code").unwrap_or_default();
    let code = cx.world.oauth.codes.get(&value).cloned();
    let (application, code) = check(cx, application, code)?;
    check_user(cx, code.user)?;
    if let Some(code) = cx.world.oauth.codes.get_mut(&value) {
        code.used = true;
    }
    let grant = Grant {
        application,
        user: Some(code.user),
        scopes: code.scopes,
        family: None,
        life: None,
    };
    Ok(issue(cx, grant))
}

fn check(
    cx: &Cx<'_>,
    application: Option<Application>,
    code: Option<AuthorizationCode>,
) -> Result<(Application, AuthorizationCode), OAuthError> {
    let verifier = cx.params.filled("code_verifier");
    if verifier.is_none() && application.as_ref().is_some_and(|app| app.dynamic) {
        return Err(OAuthError::VerifierRequired);
    }
    if cx.params.filled("code").is_none() {
        return Err(OAuthError::Missing("code"));
    }
    let challenged = code.as_ref().is_some_and(|code| code.challenge.is_some());
    if challenged && verifier.is_none() {
        return Err(OAuthError::Missing("code_verifier"));
    }
    let uri = cx.params.filled("redirect_uri");
    let uri = uri.ok_or(OAuthError::Missing("redirect_uri"))?;
    let application = application.ok_or(OAuthError::InvalidClient)?;
    let fresh = |code: &AuthorizationCode| {
        code.application == application.id
            && !code.used
            && cx.now < code.created_at.plus(LIFETIME)
            && redirect_uri::fits(&uri, &code.redirect_uri)
    };
    let code = code.filter(fresh).ok_or(OAuthError::InvalidGrant)?;
    let (stored, method) = (code.challenge.as_deref(), code.challenge_method.as_deref());
    let answered = verifier.is_none_or(|verifier| challenge::fits(&verifier, stored, method));
    if answered {
        Ok((application, code))
    } else {
        Err(OAuthError::InvalidGrant)
    }
}
