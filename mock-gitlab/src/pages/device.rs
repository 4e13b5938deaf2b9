//! `/oauth/device`: where the user of a device types its code.
//! <https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow>

use std::time::Duration;

use maud::html;

use super::consent::scope_list;
use super::layout::{Page, csrf_field};
use super::session;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{DeviceGrant, User};

const LIFETIME: Duration = Duration::from_mins(5);
const INVALID: &str = "The user code is invalid";
const EXPIRED: &str = "The user code is expired";
const DONE: &str = "Device successfully authorized";

pub(super) fn routes(table: &mut RouteTable) {
    table.get("oauth/device", ask);
    table.post("oauth/device/confirm", confirm);
    table.post("oauth/device", approve);
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn ask(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if session::user(cx).is_none() {
        return Ok(session::sign_in_first(cx));
    }
    let flash = session::current_mut(cx).and_then(|session| session.flash.take());
    let typed = cx.params.text("user_code").unwrap_or_default();
    let body = html! {
        h1 { "Connect a device" }
        @if let Some(text) = &flash { p class="flash" role="status" id="flash" { (text) } }
        p { "Go on only if you started this yourself, on a device you can see." }
        form id="device" action=(cx.site.url("/oauth/device/confirm")) method="post" {
            (csrf_field(cx))
            label for="user_code" { "Code shown on the device" }
            input type="text" id="user_code" name="user_code" value=(typed)
                autocomplete="off" autocapitalize="characters" required autofocus;
            button class="main" type="submit" { "Continue" }
        }
    };
    Ok(Page::new("Connect a device", body).send(cx))
}

fn confirm(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = signed_in(cx)?;
    let (_, device) = match wanted(cx) {
        Ok(found) => found,
        Err(text) => return Ok(back(cx, text)),
    };
    let application = cx.world.applications.get(&device.application);
    let name = application.map_or_else(String::new, |application| application.name.clone());
    let title = format!("Authorize {name}");
    let body = html! {
        h1 { (name) " is requesting access to your account on a device" }
        p { "You are signed in as " strong { (user.name) } " (@" (user.username) ")." }
        p { "The device shows the code " code { (device.user_code) } "." }
        h2 { "It will be able to" }
        (scope_list(&device.scopes))
        form id="authorize" class="inline" action=(cx.site.url("/oauth/device")) method="post" {
            (csrf_field(cx))
            input type="hidden" name="user_code" value=(device.user_code);
            button class="main" type="submit" { "Authorize" }
        }
        p { a href=(cx.site.url("/oauth/device")) { "Cancel" } }
    };
    Ok(Page::new(&title, body).send(cx))
}

fn approve(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = signed_in(cx)?;
    let (code, _) = match wanted(cx) {
        Ok(found) => found,
        Err(text) => return Ok(back(cx, text)),
    };
    if let Some(device) = cx.world.oauth.devices.get_mut(&code) {
        device.user = Some(user.id);
    }
    Ok(back(cx, DONE))
}

fn signed_in(cx: &mut Cx<'_>) -> Result<User, ApiError> {
    session::check_csrf(cx)?;
    match session::user(cx) {
        Some(user) => Ok(user),
        None => Err(session::sign_in_first(cx).into()),
    }
}

/// The waiting device whose code was typed, in whatever case and with whatever dashes.
fn wanted(cx: &Cx<'_>) -> Result<(String, DeviceGrant), &'static str> {
    let typed = cx.params.text("user_code").unwrap_or_default();
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    let mut devices = cx.world.oauth.devices.iter();
    let found = devices.find(|(_, device)| device.user_code == code && device.user.is_none());
    let (value, device) = found.ok_or(INVALID)?;
    if cx.now >= device.created_at.plus(LIFETIME) {
        return Err(EXPIRED);
    }
    Ok((value.clone(), device.clone()))
}

fn back(cx: &mut Cx<'_>, text: &str) -> Answer {
    if let Some(session) = session::current_mut(cx) {
        session.flash = Some(text.to_owned());
    }
    Answer::redirect(302, cx.site.url("/oauth/device"))
}
