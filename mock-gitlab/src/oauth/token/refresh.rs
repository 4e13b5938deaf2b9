//! The refresh grant, with rotation: RFC 6749 section 6. The world is locked while a
//! request runs, so of several parallel refreshes exactly one finds a living pair.

use std::time::Duration;

use super::{Grant, check_user, issue};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::oauth::{OAuthError, client, scopes};
use crate::world::{Application, Token};

pub(super) fn exchange(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let refresh = cx.params.filled("refresh_token");
    let refresh = refresh.ok_or(OAuthError::Missing("refresh_token"))?;
    let access = cx.world.access_token_of(&refresh).map(str::to_owned);
    let access = access.ok_or(OAuthError::InvalidGrant)?;
    let old = living(cx, &access)?;
    let application = client_of(cx, &old)?;
    let scopes = narrowed(cx, &old)?;
    check_user(cx, old.user)?;
    if cx.world.quirks.refuse_refreshes > 0 {
        cx.world.quirks.refuse_refreshes -= 1;
        return Err(OAuthError::InvalidGrant.into());
    }
    let life = cx.world.oauth.lineages.get(&access);
    let life = life.and_then(|lineage| lineage.life);
    let family = retire(cx, &access);
    let grant = Grant {
        application,
        user: Some(old.user),
        scopes,
        family,
        life,
    };
    Ok(issue(cx, grant))
}

/// The pair, if its refresh token may still be used.
fn living(cx: &mut Cx<'_>, access: &str) -> Result<Token, OAuthError> {
    let token = cx.world.tokens.get(access).cloned();
    let token = token.ok_or(OAuthError::InvalidGrant)?;
    let lineage = cx.world.oauth.lineages.get(access);
    let over = lineage.is_some_and(|lineage| lineage.grace_until.is_some_and(|end| end <= cx.now));
    if !token.revoked && !over {
        return Ok(token);
    }
    let used = lineage.filter(|lineage| lineage.uses > 0);
    let lineage = used.cloned().ok_or(OAuthError::InvalidGrant)?;
    if cx.world.quirks.second_winner && lineage.uses == 1 {
        return Ok(token);
    }
    if cx.world.quirks.family_revocation {
        cx.world.revoke_family(lineage.family);
    }
    Err(OAuthError::InvalidGrant)
}

/// A wrong client is 401, another one (or none at all) spoils the grant.
fn client_of(cx: &Cx<'_>, token: &Token) -> Result<Application, OAuthError> {
    let credentials = client::presented(cx).ok_or(OAuthError::InvalidGrant)?;
    let application = client::check(cx, &credentials).ok_or(OAuthError::InvalidClient)?;
    if token.application == Some(application.id) {
        Ok(application)
    } else {
        Err(OAuthError::InvalidGrant)
    }
}

fn narrowed(cx: &Cx<'_>, token: &Token) -> Result<Vec<String>, OAuthError> {
    match cx.params.filled("scope") {
        None => Ok(token.scopes.clone()),
        Some(text) => scopes::granted(Some(&text), &token.scopes).ok_or(OAuthError::InvalidScope),
    }
}

/// Ends the old pair, at once unless there is a grace.
fn retire(cx: &mut Cx<'_>, access: &str) -> Option<u64> {
    let grace = Duration::from_secs(cx.world.quirks.refresh_grace_seconds);
    let end = cx.now.plus(grace);
    if let Some(token) = cx.world.tokens.get_mut(access) {
        if grace.is_zero() {
            token.revoked = true;
        } else {
            token.expires_at = Some(token.expires_at.map_or(end, |at| at.min(end)));
        }
    }
    let lineage = cx.world.oauth.lineages.get_mut(access)?;
    lineage.uses += 1;
    lineage.grace_until.get_or_insert(end);
    Some(lineage.family)
}
