//! `/oauth/token`: grants become tokens. <https://docs.gitlab.com/api/oauth2/>, RFC 6749 section 5.

mod code;
mod credentials;
mod device;
mod refresh;

use std::time::Duration;

use serde_json::{Map, Value};

use super::departures::refuse_in_maintenance;
use super::{OAuthError, cross_origin};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Application, Lineage, Token, TokenKind};

/// The grant type of devices, RFC 8628.
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn routes(table: &mut RouteTable) {
    table.post("oauth/token", create);
    table.options("oauth/token", cross_origin::before_post);
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let answer = exchange(cx);
    cross_origin::open(cx, cross_origin::POST, answer)
}

fn exchange(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    refuse_in_maintenance(cx)?;
    match cx.params.filled("grant_type").as_deref() {
        None => Err(OAuthError::Missing("grant_type").into()),
        Some("authorization_code") => code::exchange(cx),
        Some("refresh_token") => refresh::exchange(cx),
        Some(DEVICE_GRANT) => device::exchange(cx),
        Some("password") => credentials::of_a_user(cx),
        Some("client_credentials") => credentials::of_a_client(cx),
        Some(_) => Err(OAuthError::UnsupportedGrantType.into()),
    }
}

/// What a new pair is made of.
struct Grant {
    application: Application,
    /// Nobody, for a client that speaks for itself.
    user: Option<u64>,
    scopes: Vec<String>,
    /// The approval it descends from; none starts a new family.
    family: Option<u64>,
    /// Seconds the access token lives; none is what the instance says.
    life: Option<u64>,
}

/// Blocked users get neither a token nor JSON: they are sent to the sign-in page.
fn check_user(cx: &Cx<'_>, user: u64) -> Result<(), ApiError> {
    let user = cx.world.users.get(&user);
    if user.is_some_and(|user| user.state == "active") {
        Ok(())
    } else {
        Err(Answer::redirect(302, cx.site.url("/users/sign_in")).into())
    }
}

/// Makes a pair and the answer that carries it.
fn issue(cx: &mut Cx<'_>, grant: Grant) -> Answer {
    let lifetime = grant.life.unwrap_or(cx.world.quirks.access_token_seconds);
    let access = cx.world.ids.hex("access token", 64);
    let refresh = grant
        .user
        .map(|_| cx.world.ids.hex("refresh token", 64))
        .filter(|_| !cx.world.quirks.no_refresh_token);
    let family = match grant.family {
        Some(family) => family,
        None => cx.world.next_id("oauth approval"),
    };
    let token = Token {
        id: cx.world.next_id("oauth token"),
        kind: TokenKind::OAuth,
        name: grant.application.name,
        user: grant.user.unwrap_or_default(),
        scopes: grant.scopes,
        created_at: cx.now,
        expires_at: Some(cx.now.plus(Duration::from_secs(lifetime))),
        revoked: false,
        last_used_at: None,
        resource: None,
        job: None,
        application: Some(grant.application.id),
        refresh_token: refresh,
    };
    let answer = body(
        &access,
        &token,
        lifetime,
        cx.world.quirks.expires_in.as_ref(),
    );
    let lineage = Lineage {
        family,
        grace_until: None,
        uses: 0,
        life: Some(lifetime),
    };
    cx.world.oauth.lineages.insert(access.clone(), lineage);
    cx.world.tokens.insert(access, token);
    super::json(200, &answer)
}

fn body(access: &str, token: &Token, lifetime: u64, expires_in: Option<&Value>) -> Value {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| {
        // Blank members are left out.
        if !value.is_null() && value != "" {
            answer.insert(name.to_owned(), value);
        }
    };
    put("access_token", access.into());
    put("token_type", "Bearer".into());
    put(
        "expires_in",
        expires_in.cloned().unwrap_or_else(|| lifetime.into()),
    );
    put("refresh_token", token.refresh_token.clone().into());
    put("scope", token.scopes.join(" ").into());
    put("created_at", token.created_at.as_seconds().into());
    Value::Object(answer)
}
