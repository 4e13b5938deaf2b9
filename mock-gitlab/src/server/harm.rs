//! What faults do to the credentials of a request.

use serde_json::Value;

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::faults::Action;
use crate::request::Request;
use crate::rest::conventions::authentication;
use crate::world::World;

/// Harms the token of a request, or its user.
pub(super) fn harm(action: &Action, world: &mut World, request: &Request, now: Timestamp) {
    let wanted = matches!(
        action,
        Action::ExpireToken | Action::RevokeToken | Action::ReduceScopes { .. } | Action::BlockUser
    );
    let value = Some(request)
        .filter(|_| wanted)
        .and_then(authentication::value_of);
    let Some(token) = value.and_then(|value| world.tokens.get_mut(&value)) else {
        return;
    };
    match action {
        Action::ExpireToken => token.expires_at = Some(now),
        Action::RevokeToken => token.revoked = true,
        Action::ReduceScopes { scopes } => token.scopes.clone_from(scopes),
        Action::BlockUser => {
            let user = token.user;
            if let Some(user) = world.users.get_mut(&user) {
                "blocked".clone_into(&mut user.state);
            }
        }
        _ => {}
    }
}

/// Forgets the token that an answer hands out.
pub(super) fn lose(action: &Action, world: &mut World, answer: &Answer) {
    if !matches!(action, Action::LoseToken) {
        return;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(value) = body.get("access_token").and_then(Value::as_str) {
        world.tokens.remove(value);
        world.oauth.lineages.remove(value);
    }
}
