//! `GET /authorize`: where a client sends the browser of a person. RFC 6749 sections 3.1 and 4.1.1.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};

use super::AuthorizationServer;
use super::audit::From;
use super::browser::back::Told;
use super::browser::idle_answer;
use super::browser::refusal::Stop;
use super::browser::wants_page;
use super::client::{Client, Origin};
use super::consent::After;
use super::error::{OAuthError, PAUSE};
use super::grant::Request;
use super::limits::Limited;
use super::parameters::Parameters;
use super::rules::{ConsentRule, Flow};
use super::site::Base;

mod judge;

pub(crate) use judge::{Judged, Refusal};

impl AuthorizationServer {
    /// Answers the endpoint. HEAD and what browsers fetch ahead changes nothing.
    pub(crate) async fn authorize(self: Arc<Self>, request: http::Request<Body>) -> Response<Body> {
        let (parts, _) = request.into_parts();
        if let Some(answer) = idle_answer(&parts) {
            return answer;
        }
        let Some(base) = self.site.of(&parts.extensions) else {
            return OAuthError::unavailable(PAUSE).into_response();
        };
        match self.answer_authorize(&base, &parts).await {
            Ok(response) => response,
            Err(Refusal::Here(stop)) => self.stop(&parts, stop),
            Err(Refusal::Back(back, error)) => {
                self.send_back(&base, &back, &Told::Error(&error), StatusCode::FOUND)
            }
        }
    }

    async fn answer_authorize(
        &self,
        base: &Base,
        parts: &Parts,
    ) -> Result<Response<Body>, Refusal> {
        let limited = self.limit(Limited::Authorize, parts).await;
        limited.map_err(Stop::Error)?;
        let parameters = Parameters::of_query(parts).map_err(Stop::Error)?;
        let Judged { request, client } = self.judge(base, &parameters).await?;
        let from = From::of(parts);
        if request.redirect_uri.is_none() && !wants_page(&parts.headers) {
            return Ok(self.start_device_json(base, request, &from).await);
        }
        if self.must_ask(base, &client, &request, &parts.headers) {
            return Ok(self.ask(base, request, &client, parts));
        }
        Ok(self.go_on(base, request, After::Link, &from).await)
    }

    /// Whether a person has to approve on a page of ours first.
    fn must_ask(
        &self,
        base: &Base,
        client: &Client,
        request: &Request,
        headers: &HeaderMap,
    ) -> bool {
        match (self.rules.consent, self.rules.flow) {
            (ConsentRule::Off, _) => false,
            // Whoever is sent a link to the device page must not find a code there unasked.
            _ if request.redirect_uri.is_none() => true,
            (ConsentRule::AtGitLab, Flow::Passthrough) => false,
            _ => {
                let skips = Origin::Configured {
                    skips_consent: true,
                };
                client.origin != skips && !self.remembers(base, client, request, headers)
            }
        }
    }

    /// What follows once a request is approved, or needs no approval.
    pub(crate) async fn go_on(
        &self,
        base: &Base,
        request: Request,
        after: After,
        from: &From,
    ) -> Response<Body> {
        if request.redirect_uri.is_some() {
            self.to_gitlab(base, request, after, from).await
        } else {
            self.start_device_page(base, request, from).await
        }
    }
}

#[cfg(test)]
mod tests;
