//! `/oauth/authorize`: the user is asked, and the answer goes back.
//! <https://docs.gitlab.com/api/oauth2/#authorization-code-flow>

use super::OAuthError;
use super::callback::{Callback, Mode, Way};
use super::request::{AuthorizationRequest, Refused};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::pages::consent::{self, Question};
use crate::pages::session;
use crate::routes::RouteTable;
use crate::world::{AuthorizationCode, TokenKind, User};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("oauth/authorize", ask);
    table.post("oauth/authorize", decide);
    table.delete("oauth/authorize", deny);
    table.get("oauth/authorize/native", show_code);
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn ask(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let Some(user) = session::user(cx) else {
        return Ok(session::sign_in_first(cx));
    };
    let request = match AuthorizationRequest::check(cx) {
        Ok(request) => request,
        Err(refused) => return Ok(error_page(cx, &refused.error)),
    };
    let known = request.application.confidential && was_approved(cx, &request, &user);
    if request.application.trusted || known {
        let way = approved(cx, &request, &user);
        return Ok(match way {
            Way::Location(location) => consent::skip_page(cx, &location),
            Way::Form(action, fields) => consent::form_post_page(cx, &action, &fields),
        });
    }
    let owner = request
        .application
        .owner
        .and_then(|id| cx.world.users.get(&id));
    let owner = owner.map(|user| user.username.clone());
    let question = Question {
        name: &request.application.name,
        owner: owner.as_deref(),
        dynamic: request.application.dynamic,
        scopes: &request.scopes,
        place: request.callback.place(),
        scheme: request.callback.scheme(),
        fields: fields(&request),
    };
    Ok(consent::ask_page(cx, &user, &question))
}

/// What the forms of the consent page repeat.
fn fields(request: &AuthorizationRequest) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("client_id", request.application.uid.clone()),
        ("redirect_uri", request.callback.uri.clone()),
        ("response_type", "code".to_owned()),
        ("scope", request.scopes.join(" ")),
    ];
    let optional = [
        ("state", request.callback.state.clone()),
        ("nonce", request.nonce.clone()),
        ("code_challenge", request.challenge.clone()),
        ("code_challenge_method", request.challenge_method.clone()),
    ];
    for (name, value) in optional {
        fields.extend(value.map(|value| (name, value)));
    }
    if request.callback.mode != Mode::Query {
        fields.push(("response_mode", request.callback.mode.name().to_owned()));
    }
    fields
}

/// Whether the user once gave the application a token with just these scopes.
fn was_approved(cx: &Cx<'_>, request: &AuthorizationRequest, user: &User) -> bool {
    let sorted = |scopes: &[String]| {
        let mut scopes = scopes.to_vec();
        scopes.sort();
        scopes
    };
    let wanted = sorted(&request.scopes);
    cx.world.tokens.values().any(|token| {
        token.kind == TokenKind::OAuth
            && token.application == Some(request.application.id)
            && (token.user == user.id && !token.revoked && sorted(&token.scopes) == wanted)
    })
}

fn decide(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if cx.params.text("_method").as_deref() == Some("delete") {
        return deny(cx);
    }
    let (user, request) = match answered(cx)? {
        Ok(answered) => answered,
        Err(answer) => return Ok(answer),
    };
    let way = approved(cx, &request, &user);
    Ok(send(cx, way))
}

fn deny(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, request) = match answered(cx)? {
        Ok(answered) => answered,
        Err(answer) => return Ok(answer),
    };
    Ok(send_error(cx, &request.callback, &OAuthError::AccessDenied))
}

/// The user and the request behind an answer to the question; checked once more,
/// because a form can be changed on its way.
fn answered(cx: &mut Cx<'_>) -> Result<Result<(User, AuthorizationRequest), Answer>, ApiError> {
    session::check_csrf(cx)?;
    let Some(user) = session::user(cx) else {
        return Ok(Err(session::sign_in_first(cx)));
    };
    match AuthorizationRequest::check(cx) {
        Ok(request) => Ok(Ok((user, request))),
        Err(Refused {
            error,
            callback: Some(callback),
        }) if error.goes_back() => Ok(Err(send_error(cx, &callback, &error))),
        Err(refused) => {
            let state = cx.params.filled("state");
            Ok(Err(refused.error.answer_to(state.as_deref())))
        }
    }
}

/// Makes the code.
fn approved(cx: &mut Cx<'_>, request: &AuthorizationRequest, user: &User) -> Way {
    let value = cx.world.ids.hex("authorization code", 64);
    let code = AuthorizationCode {
        application: request.application.id,
        user: user.id,
        redirect_uri: request.callback.uri.clone(),
        scopes: request.scopes.clone(),
        challenge: request.challenge.clone(),
        challenge_method: request.challenge_method.clone(),
        created_at: cx.now,
        used: false,
    };
    cx.world.oauth.codes.insert(value.clone(), code);
    let issuer = issuer(cx);
    let mut answer = vec![("code", value.as_str())];
    answer.extend(issuer.as_deref().map(|issuer| ("iss", issuer)));
    request.callback.way(cx.site, &answer)
}

fn send_error(cx: &mut Cx<'_>, callback: &Callback, error: &OAuthError) -> Answer {
    let description = error.description();
    let issuer = issuer(cx);
    let mut answer = vec![
        ("error", error.word()),
        ("error_description", description.as_str()),
    ];
    answer.extend(issuer.as_deref().map(|issuer| ("iss", issuer)));
    let way = callback.way(cx.site, &answer);
    send(cx, way)
}

/// What the answer names as `iss` (RFC 9207): nothing at GitLab.
fn issuer(cx: &Cx<'_>) -> Option<String> {
    let told = cx.world.quirks.callback_issuer.as_deref()?;
    Some(match told {
        "on" => cx.site.url(""),
        other => other.to_owned(),
    })
}

fn send(cx: &mut Cx<'_>, way: Way) -> Answer {
    match way {
        Way::Location(location) => {
            Answer::redirect(302, location).header("Cache-Control", "no-store")
        }
        Way::Form(action, fields) => consent::form_post_page(cx, &action, &fields),
    }
}

/// What cannot be asked is told here and never elsewhere.
fn error_page(cx: &mut Cx<'_>, error: &OAuthError) -> Answer {
    let status = cx.world.quirks.authorize_error_status;
    let help = (*error == OAuthError::RegistrationDisabled)
        .then_some("https://docs.gitlab.com/integration/oauth_provider/");
    consent::error_page(cx, status, (error.word(), &error.description()), help)
}

/// For `urn:ietf:wg:oauth:2.0:oob`: the code, to be copied.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn show_code(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if session::user(cx).is_none() {
        return Ok(session::sign_in_first(cx));
    }
    let code = cx.params.filled("code").unwrap_or_default();
    Ok(consent::code_page(cx, &code))
}
