//! `GET /callback`: GitLab sends the browser back. RFC 6749 section 4.1.2, RFC 9207, RFC 9700
//! section 4.7.
//!
//! Until the state, the browser and the issuer are known to be right, nobody but whoever sent the
//! request is told anything; from then on the client is, in our own words: what GitLab says about an
//! error is not passed on.

use std::sync::Arc;

use axum::body::Body;
use http::header::SET_COOKIE;
use http::{Response, StatusCode};
use serde_json::json;

use super::AuthorizationServer;
use super::audit::{Event, From};
use super::browser::back::{Back, Told};
use super::browser::refusal::Stop;
use super::browser::{self, idle_answer};
use super::error::{OAuthError, PAUSE, answer};
use super::grant::Pending;
use super::limits::Limited;

use super::page::Problem;
use super::parameters::Parameters;
use super::redirect_uri::shown_target;
use super::rules::Flow;

mod claim;
mod sign_in;

use sign_in::{Failed, Visit};

impl AuthorizationServer {
    /// Answers the endpoint.
    pub(crate) async fn callback(self: Arc<Self>, request: http::Request<Body>) -> Response<Body> {
        let (parts, _) = request.into_parts();
        if let Some(answer) = idle_answer(&parts) {
            return answer;
        }
        let Flow::Callback(path) = self.rules.flow else {
            let body = json!({
                "error": "not_found",
                "error_description": "GitLab sends browsers to the clients of this server, not here",
            });
            return answer(StatusCode::NOT_FOUND, &body);
        };
        let Some(base) = self.site.of(&parts.extensions) else {
            return OAuthError::unavailable(PAUSE).into_response();
        };
        if let Err(error) = self.limit(Limited::Callback, &parts).await {
            return self.stop(&parts, Stop::Error(error));
        }
        let parameters = match Parameters::of_query(&parts) {
            Ok(parameters) => parameters,
            Err(error) => return self.stop(&parts, Stop::Error(error)),
        };
        let Some(state) = parameters.get("state") else {
            return self.problem(&Problem::unknown_state());
        };
        let from = From::of(&parts);
        let pending = match self.claim(&base, &parts, &parameters, state).await {
            Ok(pending) => pending,
            Err(refused) => {
                // A state that nobody knows is nobody's login.
                if let Some(reason) = refused.reason() {
                    let entry = self.entry(Event::LoginFailed).refused(reason);
                    entry.from(&from).write();
                }
                return self.problem(&refused.problem());
            }
        };
        let visit = Visit {
            base: &base,
            path,
            from: &from,
        };
        let mut response = self.finish(visit, &parameters, pending).await;
        let cookie = browser::unbind(state, &base);
        response.headers_mut().append(SET_COOKIE, cookie);
        response
    }

    /// Tells the client how it ended.
    async fn finish(
        &self,
        visit: Visit<'_>,
        parameters: &Parameters,
        pending: Pending,
    ) -> Response<Body> {
        let Some(back) = Back::of(&pending.request) else {
            return self.problem(&Problem::unknown_state());
        };
        let id = pending.request.client.clone();
        let target = shown_target(&back.redirect_uri);
        let entry = |event| {
            self.entry(event)
                .client(&id, &back.client_name)
                .redirect(&target)
                .from(visit.from)
        };
        let failed = match self.sign_in(visit, parameters, pending).await {
            Ok((login, code)) => {
                let name = login.username.as_deref().unwrap_or_default();
                entry(Event::LoginCompleted)
                    .because(login.shortness)
                    .person(&login.subject, name)
                    .scope(&login.scope)
                    .login(&login.sid)
                    .write();
                self.client_used(&id).await;
                let told = Told::Code(&code, login.notice.as_deref());
                return self.send_back(visit.base, &back, &told, StatusCode::FOUND);
            }
            Err(failed) => failed,
        };
        let event = match failed {
            Failed::Group => Event::GroupDenied,
            _ => Event::LoginFailed,
        };
        entry(event).refused(failed.reason()).write();
        let error = failed.error();
        self.send_back(visit.base, &back, &Told::Error(&error), StatusCode::FOUND)
    }
}

#[cfg(test)]
mod tests;
