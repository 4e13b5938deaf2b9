//! `/users/sign_in` and `/users/sign_out`. <https://docs.gitlab.com/user/profile/>

use maud::{Markup, html};

use super::layout::{Page, csrf_field};
use super::session;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::User;

pub(super) fn routes(table: &mut RouteTable) {
    table.get("users/sign_in", ask);
    table.post("users/sign_in", sign_in);
    table.get("users/sign_out", ask_out);
    table.post("users/sign_out", sign_out);
    table.delete("users/sign_out", sign_out);
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn ask(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if session::user(cx).is_some() {
        return Ok(Answer::redirect(302, cx.site.url("/")));
    }
    Ok(page(cx, None))
}

fn page(cx: &mut Cx<'_>, message: Option<&str>) -> Answer {
    session::begin(cx);
    let action = cx.site.url("/users/sign_in");
    let body = html! {
        h1 { "Sign in" }
        @if let Some(message) = message { p class="flash" role="alert" id="message" { (message) } }
        form id="sign_in" action=(action) method="post" {
            (csrf_field(cx))
            label for="login" { "Username or primary email" }
            input type="text" id="login" name="user[login]" autocomplete="username" required autofocus;
            label for="password" { "Password" }
            input type="password" id="password" name="user[password]"
                autocomplete="current-password" required;
            button class="main" type="submit" { "Sign in" }
        }
        @if cx.world.oauth.open_sign_in { (open_list(cx, &action)) }
    };
    let page = Page::new("Sign in", body);
    page.status(if message.is_some() { 422 } else { 200 })
        .send(cx)
}

/// This is a test double with well-known people: one button each.
fn open_list(cx: &Cx<'_>, action: &str) -> Markup {
    html! {
        h2 { "Sign in as …" }
        p class="muted" { "This instance is a test double. No password is needed." }
        @for user in cx.world.users.values().filter(|user| !user.bot && user.state == "active") {
            form class="inline" action=(action) method="post" {
                (csrf_field(cx))
                input type="hidden" name="sign_in_as" value=(user.username);
                button type="submit" { (user.name) " (" (user.username) ")" }
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn sign_in(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if !session::is_genuine(cx) {
        let text = "This page was open for too long, or the form did not come from it. Try again.";
        return Ok(page(cx, Some(text)));
    }
    let Some(user) = who(cx) else {
        return Ok(page(cx, Some("Invalid login or password.")));
    };
    if user.state != "active" {
        return Ok(page(cx, Some("Your account has been blocked.")));
    }
    let target = session::sign_in(cx, user.id);
    let target = target.unwrap_or_else(|| "/".to_owned());
    let answer = Answer::redirect(302, cx.site.url(&target));
    Ok(session::with_cookie(cx, answer))
}

fn who(cx: &Cx<'_>) -> Option<User> {
    if let Some(name) = cx.params.filled("sign_in_as") {
        let named = cx.world.users.values().find(|user| user.username == name);
        return named
            .filter(|user| cx.world.oauth.open_sign_in && !user.bot)
            .cloned();
    }
    let form = cx.params.object("user")?;
    let (login, password) = (form.filled("login")?, form.text("password")?);
    cx.world.user_with_password(&login, &password).cloned()
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
fn ask_out(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if session::user(cx).is_none() {
        return Ok(Answer::redirect(302, cx.site.url("/users/sign_in")));
    }
    let body = html! {
        h1 { "Sign out" }
        form id="sign_out" action=(cx.site.url("/users/sign_out")) method="post" {
            (csrf_field(cx))
            button class="main" type="submit" { "Sign out" }
        }
    };
    Ok(Page::new("Sign out", body).send(cx))
}

fn sign_out(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    session::check_csrf(cx)?;
    session::sign_out(cx);
    let answer = Answer::redirect(302, cx.site.url("/users/sign_in"));
    Ok(session::with_cookie(cx, answer))
}
