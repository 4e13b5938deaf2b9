//! Sessions of browsers: the cookie, who is signed in, and the CSRF token.
//! <https://docs.gitlab.com/api/rest/authentication/#session-cookie>

use super::layout::Page;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::{Session, User};

const COOKIE: &str = "_gitlab_session";

/// The session of this request, if there is one.
pub(crate) fn current<'a>(cx: &'a Cx<'_>) -> Option<&'a Session> {
    let id = cx.caller.session.as_ref()?;
    cx.world.sessions.get(id)
}

/// As [`current`], to be changed.
pub(super) fn current_mut<'a>(cx: &'a mut Cx<'_>) -> Option<&'a mut Session> {
    let id = cx.caller.session.as_ref()?;
    cx.world.sessions.get_mut(id)
}

/// Who is signed in and not blocked.
pub(crate) fn user(cx: &Cx<'_>) -> Option<User> {
    let user = current(cx)?.user?;
    let user = cx.world.users.get(&user);
    user.filter(|user| user.state == "active").cloned()
}

/// Makes sure that there is a session: forms need its CSRF token.
pub(super) fn begin(cx: &mut Cx<'_>) {
    if current(cx).is_none() {
        let session = cx.world.open_session(cx.now);
        cx.caller.session = Some(session.id);
    }
}

/// A signed-in session in place of the present one: its id and its CSRF token are new.
pub(super) fn sign_in(cx: &mut Cx<'_>, user: u64) -> Option<String> {
    let old = cx.caller.session.take();
    let old = old.and_then(|id| cx.world.sessions.remove(&id));
    let session = cx.world.open_session(cx.now);
    if let Some(session) = cx.world.sessions.get_mut(&session.id) {
        session.user = Some(user);
    }
    cx.caller.session = Some(session.id);
    cx.caller.user = Some(user);
    old.and_then(|session| session.return_to)
}

/// Ends the session.
pub(super) fn sign_out(cx: &mut Cx<'_>) {
    if let Some(id) = cx.caller.session.take() {
        cx.world.sessions.remove(&id);
    }
    cx.caller.user = None;
}

/// To the sign-in page; this page is where the browser comes back to.
pub(crate) fn sign_in_first(cx: &mut Cx<'_>) -> Answer {
    begin(cx);
    let target = match (cx.request.is_read(), cx.request.query.as_str()) {
        (false, _) => None,
        (true, "") => Some(cx.request.path.clone()),
        (true, query) => Some(format!("{}?{query}", cx.request.path)),
    };
    if let Some(session) = current_mut(cx) {
        session.return_to = target;
    }
    let answer = Answer::redirect(302, cx.site.url("/users/sign_in"));
    with_cookie(cx, answer)
}

/// Whether the form (or the header of a script) repeats the token of the session.
pub(super) fn is_genuine(cx: &Cx<'_>) -> bool {
    let header = cx.request.header("x-csrf-token").map(str::to_owned);
    let given = cx.params.filled("authenticity_token").or(header);
    current(cx).is_some_and(|session| given.as_ref() == Some(&session.csrf_token))
}

/// 422 for a form that came from elsewhere.
pub(crate) fn check_csrf(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    if is_genuine(cx) {
        return Ok(());
    }
    let body = maud::html! {
        h1 { "The change you requested was rejected" }
        p { "The form was too old, or it did not come from this site." }
    };
    let page = Page::new("The change you requested was rejected", body).status(422);
    Err(page.send(cx).into())
}

/// Adds the cookie when the browser does not have it yet.
pub(super) fn with_cookie(cx: &Cx<'_>, answer: Answer) -> Answer {
    let sent = cx.request.cookie(COOKIE);
    let path = if cx.site.base_path.is_empty() {
        "/"
    } else {
        &cx.site.base_path
    };
    let secure = if cx.site.external_url.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    match &cx.caller.session {
        Some(id) if sent != Some(id) => answer.header(
            "Set-Cookie",
            format!("{COOKIE}={id}; path={path}; HttpOnly; SameSite=Lax{secure}"),
        ),
        None if sent.is_some() => answer.header(
            "Set-Cookie",
            format!("{COOKIE}=; path={path}; max-age=0; HttpOnly; SameSite=Lax{secure}"),
        ),
        _ => answer,
    }
}
