//! Which client speaks: RFC 6749 section 2.3, HTTP Basic first, then parameters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::OAuthError;
use crate::context::Cx;
use crate::world::Application;

/// What a request says about its client.
#[derive(Debug)]
pub(super) struct Credentials {
    uid: String,
    secret: String,
}

/// The credentials of a request, if it carries any.
pub(super) fn presented(cx: &Cx<'_>) -> Option<Credentials> {
    let from_parameters = || {
        Some(Credentials {
            uid: cx.params.filled("client_id")?,
            secret: cx.params.text("client_secret").unwrap_or_default(),
        })
    };
    from_basic(cx).or_else(from_parameters)
}

fn from_basic(cx: &Cx<'_>) -> Option<Credentials> {
    let (scheme, value) = cx.request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (uid, secret) = plain.split_once(':')?;
    Some(Credentials {
        uid: uid.to_owned(),
        secret: secret.to_owned(),
    })
}

/// The application, if it proved what it has to: a public one needs no secret, yet a
/// wrong one does not pass.
pub(super) fn check(cx: &Cx<'_>, credentials: &Credentials) -> Option<Application> {
    let application = cx.world.application_by_uid(&credentials.uid)?;
    let open = !application.confidential && credentials.secret.is_empty();
    (open || application.secret == credentials.secret).then(|| application.clone())
}

/// The client of a request, if there is one and it is genuine.
pub(super) fn find(cx: &Cx<'_>) -> Option<Application> {
    presented(cx).and_then(|credentials| check(cx, &credentials))
}

/// The client of a request, or 401.
pub(super) fn require(cx: &Cx<'_>) -> Result<Application, OAuthError> {
    find(cx).ok_or(OAuthError::InvalidClient)
}
