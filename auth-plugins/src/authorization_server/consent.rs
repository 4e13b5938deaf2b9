//! The person's consent: the page that asks, and `POST /consent`, which takes the answer.
//! RFC 6749 sections 10.2 and 10.12; MCP Authorization, "Confused deputy problem".
//!
//! Nothing is remembered between the two: the request travels in the form, sealed, and is good for
//! one answer of the browser it was made for.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Response, StatusCode};
use url::{Host, Url};

use super::AuthorizationServer;
use super::audit::{Entry, Event, From};
use super::browser::back::{Back, Told};
use super::browser::refusal::Stop;
use super::browser::{self, is_own_form};
use super::client::{Client, Origin};
use super::error::{OAuthError, PAUSE};
use super::grant::Request;
use super::limits::Limited;
use super::page::{
    Consent, FormTarget, Nonce, Problem, Redirect, RedirectKind, Voucher, consent, field,
};
use super::parameters::Parameters;
use super::redirect_uri::shown_target;
use super::site::Base;

mod form;
mod remembered;
mod to_gitlab;

use form::{Form, LIFE};
pub(crate) use to_gitlab::After;

impl AuthorizationServer {
    /// The page that asks the person about `request`.
    pub(crate) fn ask(
        &self,
        base: &Base,
        request: Request,
        client: &Client,
        parts: &Parts,
    ) -> Response<Body> {
        let word = browser::form_word(&parts.headers, base, &*self.random);
        let may_remember = self.may_remember(client, &request);
        let form = self.form(request, may_remember);
        let target = target(&form.request);
        self.consented(Event::ConsentShown, &form.request, |entry| {
            entry.from(&From::of(parts)).write();
        });
        // Cancel leads there by a redirect.
        let form_targets = form
            .request
            .redirect_uri
            .as_deref()
            .and_then(FormTarget::of);
        let form_targets: Vec<FormTarget> = form_targets.into_iter().collect();
        let page = consent(
            &Nonce::draw(&*self.random),
            &Consent {
                client_name: &client.name,
                vouched_by: match &client.origin {
                    Origin::Document { host } => Voucher::Host(host),
                    Origin::Configured { .. } => Voucher::Operator,
                    Origin::Registered => Voucher::Nobody,
                },
                redirect: form.request.redirect_uri.as_deref().map(|uri| Redirect {
                    uri,
                    target: &target,
                    kind: kind(uri),
                }),
                gitlab_host: self.browser.host(),
                scopes: &self.rules.scopes,
                form_action: &format!("{}/consent", base.path()),
                transaction: &self.seal_form(base, &word, &form),
                csrf: &word,
                remember_days: may_remember.then_some(self.rules.remember_days),
                form_targets: &form_targets,
            },
        );
        let mut response = page.into_response();
        let life = u32::try_from(LIFE.as_secs()).unwrap_or(u32::MAX);
        let cookie = browser::keep_form_word(&word, base, life);
        response.headers_mut().append(SET_COOKIE, cookie);
        response
    }

    /// Answers `POST /consent`.
    pub(crate) async fn consent(self: Arc<Self>, request: http::Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Some(base) = self.site.of(&parts.extensions) else {
            return OAuthError::unavailable(PAUSE).into_response();
        };
        if let Err(error) = self.limit(Limited::Consent, &parts).await {
            return self.stop(&parts, Stop::Error(error));
        }
        let Some((form, answer)) = self.read_answer(&base, &parts, body).await else {
            return self.problem(&Problem::stale_form());
        };
        match self.use_form(&form).await {
            Ok(true) => {}
            Ok(false) => return self.problem(&Problem::stale_form()),
            Err(_) => return self.problem(&Problem::store_unavailable()),
        }
        let from = From::of(&parts);
        match answer {
            Answer::Cancel => self.cancelled(&base, &form.request, &from),
            Answer::Approve { remember } => {
                self.consented(Event::ConsentApproved, &form.request, |entry| {
                    entry.from(&from).write();
                });
                let kept = (remember && form.may_remember)
                    .then(|| self.remember(&base, &form.request))
                    .flatten();
                let mut response = self.go_on(&base, form.request, After::Form, &from).await;
                if let Some(cookie) = kept {
                    response.headers_mut().append(SET_COOKIE, cookie);
                }
                response
            }
        }
    }

    /// What was answered, and to what, if this browser could answer it at all. Nothing is changed.
    async fn read_answer(&self, base: &Base, parts: &Parts, body: Body) -> Option<(Form, Answer)> {
        if !is_own_form(&parts.headers, base) {
            return None;
        }
        let fields = Parameters::of_form(parts, body).await.ok()?;
        let word = browser::read_form_word(&parts.headers, base)?;
        if !form::is_same(fields.get(field::CSRF)?, &word) {
            return None;
        }
        let form = self.open_form(base, &word, fields.get(field::TRANSACTION)?)?;
        let answer = match fields.get(field::DECISION)? {
            field::APPROVE => Answer::Approve {
                remember: fields.get(field::REMEMBER) == Some("1"),
            },
            field::CANCEL => Answer::Cancel,
            _ => return None,
        };
        Some((form, answer))
    }

    fn cancelled(&self, base: &Base, request: &Request, from: &From) -> Response<Body> {
        self.consented(Event::ConsentDenied, request, |entry| {
            entry.refused("cancelled").from(from).write();
        });
        let Some(back) = Back::of(request) else {
            return self.problem(&Problem {
                error: "access_denied",
                title: "Nobody was signed in",
                what: "You chose Cancel, so the program has no access.".into(),
                why: "".into(),
                next: "You can close this window.".into(),
                ..Problem::stale_form()
            });
        };
        let error = OAuthError::bad(
            "access_denied",
            "the person chose Cancel on the consent page",
        );
        self.send_back(base, &back, &Told::Error(&error), StatusCode::SEE_OTHER)
    }

    /// An audit entry about a request.
    fn consented(&self, event: Event, request: &Request, write: impl FnOnce(Entry<'_>)) {
        let entry = self
            .entry(event)
            .client(&request.client, &request.client_name)
            .scope(&self.rules.scope);
        write(entry.redirect(&target(request)));
    }
}

/// What a person can answer.
enum Answer {
    Approve { remember: bool },
    Cancel,
}

/// The host or the private-use scheme the answer goes to, for people and for the audit; empty for
/// the device page.
fn target(request: &Request) -> String {
    let redirect_uri = request.redirect_uri.as_deref();
    redirect_uri.map(shown_target).unwrap_or_default()
}

fn kind(uri: &str) -> RedirectKind {
    let Ok(url) = Url::parse(uri) else {
        return RedirectKind::PrivateScheme;
    };
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "http" | "https" if is_here => RedirectKind::Loopback,
        "http" | "https" => RedirectKind::Site,
        _ => RedirectKind::PrivateScheme,
    }
}

#[cfg(test)]
mod tests;
