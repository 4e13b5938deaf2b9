//! `/oauth/authorize_device`: RFC 8628 section 3.1.
//! <https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow>

use std::time::Duration;

use serde_json::{Value, json};

use super::departures::refuse_in_maintenance;
use super::{OAuthError, client, scopes};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::DeviceGrant;

/// Life of a device code.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);
/// Time between two polls.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn routes(table: &mut RouteTable) {
    table.post("oauth/authorize_device", create);
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    refuse_in_maintenance(cx)?;
    let application = client::require(cx)?;
    if !application.device {
        let status = cx.world.quirks.device_disabled_status;
        return Err(OAuthError::DeviceDisabled(status).into());
    }
    let wanted = cx.params.filled("scope");
    let scopes = scopes::granted(wanted.as_deref(), &application.scopes);
    let scopes = scopes.ok_or(OAuthError::InvalidScope)?;
    let device_code = cx.world.ids.hex("device code", 64);
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let user_code = cx.world.ids.text("user code", 8, alphabet);
    let device = DeviceGrant {
        user_code: user_code.clone(),
        application: application.id,
        scopes,
        user: None,
        denied: false,
        created_at: cx.now,
        polled_at: None,
    };
    cx.world.oauth.devices.insert(device_code.clone(), device);
    Ok(super::json(200, &body(cx, &device_code, &user_code)))
}

fn body(cx: &Cx<'_>, device_code: &str, user_code: &str) -> Value {
    let quirks = &cx.world.quirks;
    let uri = quirks.verification_uri.clone();
    let uri = uri.unwrap_or_else(|| cx.site.url("/oauth/device"));
    let complete = json!(format!("{uri}?user_code={user_code}"));
    let interval = quirks.device_interval.clone();
    let lifetime = quirks.device_expires_in.clone();
    let mut body = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": uri,
        "verification_uri_complete": quirks.verification_uri_complete.clone().unwrap_or(complete),
        "expires_in": lifetime.unwrap_or_else(|| LIFETIME.as_secs().into()),
        "interval": interval.unwrap_or_else(|| INTERVAL.as_secs().into()),
    });
    if let Some(all) = body.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    body
}
