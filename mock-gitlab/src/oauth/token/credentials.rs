//! The password and client credentials grants: RFC 6749 sections 4.3 and 4.4.

use super::{Grant, check_user, issue};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::oauth::{OAuthError, client, scopes};
use crate::world::Application;

/// A user's name and password.
pub(super) fn of_a_user(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let application = client::require(cx)?;
    let name = cx.params.filled("username").unwrap_or_default();
    let password = cx.params.text("password").unwrap_or_default();
    let user = cx.world.user_with_password(&name, &password);
    let user = user.map(|user| user.id).ok_or(OAuthError::InvalidGrant)?;
    check_user(cx, user)?;
    grant(cx, application, Some(user))
}

/// A client for itself. The token speaks for nobody, so REST refuses it.
pub(super) fn of_a_client(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let application = client::require(cx)?;
    grant(cx, application, None)
}

fn grant(cx: &mut Cx<'_>, application: Application, user: Option<u64>) -> Result<Answer, ApiError> {
    let wanted = cx.params.filled("scope");
    let scopes = scopes::granted(wanted.as_deref(), &application.scopes);
    let scopes = scopes.ok_or(OAuthError::InvalidScope)?;
    let grant = Grant {
        application,
        user,
        scopes,
        family: None,
        life: None,
    };
    Ok(issue(cx, grant))
}
