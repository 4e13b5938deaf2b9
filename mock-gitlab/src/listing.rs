//! What `--print-tokens` prints: every secret of the instance.

use mock_gitlab::World;
use serde_json::{Value, json};

pub(crate) fn of(world: &World) -> Value {
    let users: Vec<Value> = world
        .users
        .values()
        .map(|user| {
            let tokens = world
                .tokens
                .iter()
                .filter(|(_, token)| token.user == user.id);
            let tokens: Vec<Value> = tokens
                .map(|(value, token)| {
                    json!({ "value": value, "kind": token.kind.name(), "scopes": token.scopes })
                })
                .collect();
            json!({
                "id": user.id,
                "username": user.username,
                "name": user.name,
                "password": user.password,
                "admin": user.admin,
                "tokens": tokens,
            })
        })
        .collect();
    let applications: Vec<Value> = world
        .applications
        .values()
        .map(|application| {
            json!({
                "name": application.name,
                "client_id": application.uid,
                "client_secret": application.secret,
                "redirect_uris": application.redirect_uris,
                "scopes": application.scopes,
                "confidential": application.confidential,
            })
        })
        .collect();
    json!({ "users": users, "applications": applications })
}
