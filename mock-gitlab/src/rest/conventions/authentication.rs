//! Who is calling: the credentials of a REST request, in GitLab's order.
//! <https://docs.gitlab.com/api/rest/authentication/>

use base64::Engine;

use super::parameters::Params;
use super::scopes;
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::request::Request;
use crate::routes::{Route, Surface};
use crate::world::{Token, TokenKind, World};

/// Who is calling. Without a user the caller is anonymous.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) user: Option<u64>,
    /// The value of the token that was used.
    pub(crate) token: Option<String>,
    pub(crate) kind: Option<TokenKind>,
    /// The session cookie, when that was the credential.
    pub(crate) session: Option<String>,
    /// The administrator behind a `Sudo` request.
    pub(crate) sudo_by: Option<u64>,
}

/// Resolves the caller of a request to `route`, scopes included.
pub(crate) fn resolve(
    world: &mut World,
    request: &Request,
    params: &Params,
    route: &Route,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    let caller = match route.surface {
        Surface::Rest | Surface::GraphQl => match presented(request, params) {
            Some(value) => by_token(world, &value, now)?,
            None => match presented_job_token(request, params) {
                Some(value) if route.job_token => by_job_token(world, &value)?,
                _ => by_session(world, request, request.is_read()),
            },
        },
        Surface::Web | Surface::Control => by_session(world, request, true),
    };
    if !matches!(route.surface, Surface::Rest | Surface::GraphQl) {
        return Ok(caller);
    }
    if let Some(token) = caller
        .token
        .as_ref()
        .and_then(|value| world.tokens.get_mut(value))
    {
        if token.kind != TokenKind::Job && route.surface == Surface::Rest {
            scopes::check(&token.scopes, request.is_read(), route.also)?;
        }
        token.last_used_at = Some(now);
    }
    sudo(world, request, params, caller)
}

/// The personal or OAuth token of a request, if it carries one.
fn presented(request: &Request, params: &Params) -> Option<Presented> {
    let private = request.header("private-token").map(str::to_owned);
    if let Some(value) = private.or_else(|| params.filled("private_token")) {
        return Some(Presented::Private(value));
    }
    if let Some(value) = params.filled("access_token") {
        return Some(Presented::Bearer(value));
    }
    let (scheme, value) = request.header("authorization")?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Presented::Bearer(value.trim().to_owned()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let plain = base64::engine::general_purpose::STANDARD
            .decode(value.trim())
            .ok()?;
        let plain = String::from_utf8(plain).ok()?;
        return Some(Presented::Private(plain.split_once(':')?.1.to_owned()));
    }
    None
}

/// The value of the token a request carries, whether it is any good or not.
pub(crate) fn value_of(request: &Request) -> Option<String> {
    let params = Params::read(request).unwrap_or_default();
    match presented(request, &params) {
        Some(Presented::Private(value) | Presented::Bearer(value)) => Some(value),
        None => presented_job_token(request, &params),
    }
}

/// The name of the user whose token or session a request carries.
pub(crate) fn name_of(world: &World, request: &Request) -> Option<String> {
    let token = value_of(request).and_then(|value| world.tokens.get(&value));
    let session = request.cookie("_gitlab_session");
    let session = session.and_then(|id| world.sessions.get(id)?.user);
    let id = token.map(|token| token.user).or(session)?;
    world.users.get(&id).map(|user| user.username.clone())
}

enum Presented {
    /// As `PRIVATE-TOKEN`: OAuth tokens do not count.
    Private(String),
    /// As Bearer: any token counts.
    Bearer(String),
}

fn by_token(world: &World, presented: &Presented, now: Timestamp) -> Result<Caller, ApiError> {
    let (value, oauth_too) = match presented {
        Presented::Private(value) => (value, false),
        Presented::Bearer(value) => (value, true),
    };
    let token = world.tokens.get(value).ok_or_else(ApiError::unauthorized)?;
    let fits = match token.kind {
        TokenKind::Personal | TokenKind::Impersonation | TokenKind::Project | TokenKind::Group => {
            true
        }
        TokenKind::OAuth => oauth_too,
        TokenKind::Job => false,
    };
    if !fits {
        return Err(ApiError::unauthorized());
    }
    check_alive(token, now)?;
    let user = world
        .users
        .get(&token.user)
        .ok_or_else(ApiError::unauthorized)?;
    if user.state != "active" {
        return Err(ApiError::forbidden_because(
            "Your account has been blocked.",
        ));
    }
    Ok(caller_of(value, token))
}

/// 401 in the words GitLab uses for tokens that were good once.
fn check_alive(token: &Token, now: Timestamp) -> Result<(), ApiError> {
    if token.revoked {
        let text = "Token was revoked. You have to re-authorize from the user.";
        return Err(ApiError::invalid_token(text));
    }
    if token.expires_at.is_some_and(|end| end <= now) {
        let text = "Token is expired. You can either do re-authorization or token refresh.";
        return Err(ApiError::invalid_token(text));
    }
    Ok(())
}

fn caller_of(value: &str, token: &Token) -> Caller {
    Caller {
        user: Some(token.user),
        token: Some(value.to_owned()),
        kind: Some(token.kind),
        ..Caller::default()
    }
}

fn presented_job_token(request: &Request, params: &Params) -> Option<String> {
    let header = request.header("job-token").map(str::to_owned);
    header.or_else(|| params.filled("job_token"))
}

fn by_job_token(world: &World, value: &str) -> Result<Caller, ApiError> {
    let token = world
        .tokens
        .get(value)
        .filter(|token| token.kind == TokenKind::Job);
    let alive = token.filter(|token| !token.revoked);
    alive
        .map(|token| caller_of(value, token))
        .ok_or_else(ApiError::unauthorized)
}

/// A session counts for reads; for writes only together with its CSRF token.
fn by_session(world: &World, request: &Request, csrf_free: bool) -> Caller {
    let session = request
        .cookie("_gitlab_session")
        .and_then(|id| world.sessions.get(id));
    let trusted = session.filter(|session| {
        csrf_free || request.header("x-csrf-token") == Some(session.csrf_token.as_str())
    });
    let active = |id: &u64| world.users.get(id).is_some_and(|u| u.state == "active");
    Caller {
        user: trusted.and_then(|session| session.user).filter(active),
        session: trusted.map(|session| session.id.clone()),
        ..Caller::default()
    }
}

/// <https://docs.gitlab.com/api/rest/authentication/#sudo>
fn sudo(
    world: &World,
    request: &Request,
    params: &Params,
    caller: Caller,
) -> Result<Caller, ApiError> {
    let header = request.header("sudo").map(str::to_owned);
    let Some(wanted) = header.or_else(|| params.filled("sudo")) else {
        return Ok(caller);
    };
    let Some(user) = caller.user.and_then(|id| world.users.get(&id)) else {
        return Err(ApiError::unauthorized());
    };
    if !user.admin {
        return Err(ApiError::forbidden_because("Must be admin to use sudo"));
    }
    let token = caller
        .token
        .as_ref()
        .and_then(|value| world.tokens.get(value));
    if !token.is_some_and(|token| token.scopes.iter().any(|scope| scope == "sudo")) {
        return Err(ApiError::insufficient_scope(&["sudo"]));
    }
    match world.find_user(&wanted) {
        Some(target) => Ok(Caller {
            sudo_by: caller.user,
            user: Some(target.id),
            ..caller
        }),
        None => Err(ApiError::not_found(&format!(
            "User with ID or username '{wanted}'"
        ))),
    }
}
