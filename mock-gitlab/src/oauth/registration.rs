//! Dynamic client registration, for GitLab's own MCP server only.
//! <https://docs.gitlab.com/user/gitlab_duo/model_context_protocol/mcp_server/>, RFC 7591.

use std::time::Duration;

use serde_json::{Value, json};

use super::redirect_uri;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Application;

const PER_HOUR: usize = 10;

pub(super) fn routes(table: &mut RouteTable) {
    table.post("oauth/register", create);
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    limit(cx)?;
    if cx.world.quirks.registration_off {
        return Err(Answer::html(404, "").into());
    }
    let name = cx.params.filled("client_name");
    let name = name.filter(|name| name.chars().count() < 200);
    let name = name.ok_or_else(|| refusal("client_name is too long"))?;
    let uris = redirect_uris(cx)?;
    // Whatever is asked for, such a client never reaches REST or GraphQL.
    let orbit = cx.params.filled("resource");
    let orbit = orbit.is_some_and(|resource| resource.ends_with("/api/v4/orbit/mcp"));
    let scope = if orbit { "mcp_orbit" } else { "mcp" };
    let id = cx.world.next_id("application");
    let application = Application {
        id,
        uid: cx.world.ids.hex("client id", 64),
        secret: format!("gloas-{}", cx.world.ids.hex("client secret", 64)),
        name: format!("[Unverified Dynamic Application] {name}"),
        owner: None,
        redirect_uris: uris,
        scopes: vec![scope.to_owned()],
        confidential: false,
        trusted: false,
        dynamic: true,
        device: !cx.world.quirks.device_default_off,
        created_at: cx.now,
    };
    let body = described(&application, scope);
    cx.world.applications.insert(id, application);
    Ok(super::json(201, &body))
}

fn described(application: &Application, scope: &str) -> Value {
    json!({
        "client_id": application.uid,
        "client_id_issued_at": application.created_at.as_seconds(),
        "redirect_uris": application.redirect_uris,
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code"],
        "require_pkce": true,
        "client_name": application.name,
        "scope": scope,
        "dynamic": true,
    })
}

fn redirect_uris(cx: &Cx<'_>) -> Result<Vec<String>, ApiError> {
    let uris = match cx.params.get("redirect_uris") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    if uris.is_empty() {
        return Err(refusal("Redirect URI can't be blank"));
    }
    if uris.iter().all(|uri| redirect_uri::may_be_registered(uri)) {
        Ok(uris)
    } else {
        Err(refusal("Redirect URI must be an absolute URI."))
    }
}

/// Every request counts, whatever becomes of it.
fn limit(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    let hour_ago = cx.now.minus(Duration::from_hours(1));
    let address = cx.request.address.to_string();
    let seen = cx.world.oauth.registrations.entry(address).or_default();
    seen.retain(|at| *at > hour_ago);
    if seen.len() >= PER_HOUR {
        let text = "This endpoint has been requested too many times. Try again later.";
        return Err(Answer::text(429, text).into());
    }
    seen.push(cx.now);
    Ok(())
}

fn refusal(description: &str) -> ApiError {
    let body = json!({ "error": "invalid_client_metadata", "error_description": description });
    super::json(400, &body).into()
}
