//! The device login of a browser: a page of ours that shows the code and waits, bound to the browser
//! that approved. RFC 8628 section 3.3.

use axum::response::IntoResponse as _;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use url::form_urlencoded::Serializer;

use super::start::NotStarted;
use super::{DeviceFlow, Kind, Outcome};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::browser::{Binding, is_bound};
use crate::authorization_server::grant::Request;
use crate::authorization_server::page::{
    self, Device, DeviceCode, DeviceEnd, DeviceFailed, Nonce, Page, Problem,
};
use crate::authorization_server::site::Base;
use crate::gitlab_oauth::{DeviceError, GrantError};

/// A body as every endpoint answers with.
type Answer = Response<axum::body::Body>;

impl AuthorizationServer {
    /// Starts the device login of an approved request and sends the browser to its page, which a
    /// reload shows again without another approval.
    pub(crate) async fn start_device_page(
        &self,
        base: &Base,
        request: Request,
        from: &From,
    ) -> Answer {
        let retry = retry_url(base, &request);
        let handle = self.device_handle();
        let life = self.rules.device_life.saturating_add(self.rules.code_life);
        let seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
        let binding = Binding::draw(&*self.random);
        let kind = Kind::Page {
            browser: binding.digest(),
        };
        let started = self.start_device(handle, request, kind, from).await;
        let handle = match started {
            Ok(started) => started.handle,
            Err(reason) => return self.device_not_started(&reason, &retry),
        };
        let query = Serializer::new(String::new())
            .append_pair("flow_state", &handle)
            .finish();
        let place = base.at(&format!("/oauth/poll?{query}"));
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        // Both are made of ASCII alone.
        if let Ok(place) = HeaderValue::from_str(&place) {
            headers.insert(LOCATION, place);
        }
        headers.insert(SET_COOKIE, binding.cookie(&handle, base, seconds));
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
        response
    }

    /// How a flow stands, as a page.
    pub(crate) fn device_page(
        &self,
        base: &Base,
        handle: &str,
        flow: &DeviceFlow,
        outcome: &Outcome<'_>,
    ) -> Page {
        let nonce = Nonce::draw(&*self.random);
        let retry = retry_url(base, &flow.request);
        match outcome {
            Outcome::Pending => {
                let poll = base.at("/oauth/poll");
                page::device_waiting(
                    &nonce,
                    &Device {
                        client_name: &flow.request.client_name,
                        gitlab_host: self.browser.host(),
                        user_code: &flow.user_code,
                        verification_uri: &flow.links.plain,
                        verification_uri_complete: flow.links.complete.as_deref(),
                        remaining_seconds: flow.left(self.tokens.now()),
                        interval_seconds: flow.interval,
                        poll_url: &poll,
                        flow_state: handle,
                        check_now_action: &poll,
                        retry_url: &retry,
                        needs_vpn_hint: true,
                    },
                )
            }
            Outcome::Complete(code, notice) => page::device_complete(
                &nonce,
                &DeviceCode {
                    client_name: &flow.request.client_name,
                    code,
                    notice: notice.as_deref(),
                },
            ),
            Outcome::Failed(failure) => page::device_failed(
                &nonce,
                &DeviceFailed {
                    end: failure.end(),
                    description: Some(failure.description()),
                    retry_url: Some(&retry),
                },
            ),
            Outcome::Over => self.device_ended(DeviceEnd::Expired, Some(&retry)),
        }
    }

    /// A flow that cannot be shown.
    pub(crate) fn device_ended(&self, end: DeviceEnd, retry_url: Option<&str>) -> Page {
        let view = DeviceFailed {
            end,
            description: None,
            retry_url,
        };
        page::device_failed(&Nonce::draw(&*self.random), &view)
    }

    fn device_not_started(&self, reason: &NotStarted, retry: &str) -> Answer {
        let problem = match reason {
            NotStarted::Store => Problem::store_unavailable(),
            NotStarted::GitLab(DeviceError::Grant(GrantError::Transient)) => {
                Problem::gitlab_unreachable(self.browser.host())
            }
            reason => {
                let view = DeviceFailed {
                    end: DeviceEnd::Failed,
                    description: Some(&reason.explained()),
                    retry_url: Some(retry),
                };
                return page::device_failed(&Nonce::draw(&*self.random), &view).into_response();
            }
        };
        self.problem(&problem.with_retry(retry))
    }
}

impl DeviceFlow {
    /// Whether the request comes from the browser that started the flow. Flows of programs belong
    /// to whoever holds the flow state.
    pub(crate) fn is_of(&self, headers: &HeaderMap, handle: &str, base: &Base) -> bool {
        match &self.kind {
            Kind::Page { browser } => is_bound(headers, handle, base, browser),
            Kind::Json | Kind::Grant => true,
        }
    }
}

/// The same request again, from its beginning: the person is asked again.
fn retry_url(base: &Base, request: &Request) -> String {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &request.client)
        .append_pair("code_challenge", &request.challenge)
        .append_pair("code_challenge_method", "S256");
    for (name, value) in [("state", &request.state), ("resource", &request.resource)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    base.at(&format!("/authorize?{}", query.finish()))
}
