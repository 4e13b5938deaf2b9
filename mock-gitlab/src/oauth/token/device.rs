//! The device grant, polled: RFC 8628 section 3.4, in GitLab's order of checks.

use super::{Grant, check_user, issue};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::oauth::device::{INTERVAL, LIFETIME};
use crate::oauth::{OAuthError, client};
use crate::world::DeviceGrant;

pub(super) fn exchange(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let application = client::require(cx)?;
    let value = cx.params.filled("device_code").unwrap_or_default();
    let found = cx.world.oauth.devices.get(&value);
    let device = found
        .filter(|device| device.application == application.id)
        .cloned()
        .ok_or(OAuthError::InvalidGrant)?;
    let early = cx.world.quirks.device_expires_early;
    if early || cx.now >= device.created_at.plus(LIFETIME) {
        cx.world.oauth.devices.remove(&value);
        return Err(OAuthError::ExpiredToken.into());
    }
    if cx.world.quirks.device_denied || device.denied {
        return Err(OAuthError::AccessDenied.into());
    }
    if too_soon(cx, &device) {
        return Err(OAuthError::SlowDown.into());
    }
    let Some(user) = approved_by(cx, &device) else {
        note_poll(cx, &value, cx.now);
        return Err(OAuthError::AuthorizationPending.into());
    };
    check_user(cx, user)?;
    cx.world.oauth.devices.remove(&value);
    let grant = Grant {
        application,
        user: Some(user),
        scopes: device.scopes,
        family: None,
        life: None,
    };
    Ok(issue(cx, grant))
}

fn too_soon(cx: &mut Cx<'_>, device: &DeviceGrant) -> bool {
    if cx.world.quirks.device_slow_downs > 0 {
        cx.world.quirks.device_slow_downs -= 1;
        return true;
    }
    device
        .polled_at
        .is_some_and(|last| cx.now < last.plus(INTERVAL))
}

fn approved_by(cx: &mut Cx<'_>, device: &DeviceGrant) -> Option<u64> {
    if cx.world.quirks.device_pending_polls > 0 {
        cx.world.quirks.device_pending_polls -= 1;
        return None;
    }
    device.user
}

fn note_poll(cx: &mut Cx<'_>, value: &str, now: Timestamp) {
    if let Some(device) = cx.world.oauth.devices.get_mut(value) {
        device.polled_at = Some(now);
    }
}
