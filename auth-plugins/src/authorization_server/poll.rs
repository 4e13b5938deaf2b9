//! `GET /oauth/poll`: how a device login stands, for the page that shows its code, for that page
//! without a script, and for programs without a redirect URI.

use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse as _;
use gitlab_mcp_store::StoreError;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::AuthorizationServer;
use super::audit::From;
use super::browser::refusal::Stop;
use super::browser::{idle_answer, wants_page};
use super::device::{DeviceFlow, Kind, Outcome};
use super::error::{OAuthError, PAUSE, answer};
use super::limits::Limited;
use super::page::{DeviceEnd, Problem};
use super::parameters::Parameters;
use super::rules::DeviceRule;
use super::site::Base;

impl AuthorizationServer {
    /// How the flow of the parameter `flow_state` stands. HEAD and what browsers fetch ahead change
    /// nothing.
    pub(crate) async fn poll(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let (parts, _) = request.into_parts();
        if let Some(answer) = idle_answer(&parts) {
            return answer;
        }
        if self.rules.device == DeviceRule::Off {
            return OAuthError {
                status: StatusCode::NOT_FOUND,
                ..OAuthError::bad("not_found", "this server does not sign in by device")
            }
            .into_response();
        }
        if let Err(refused) = self.limit(Limited::Poll, &parts).await {
            return self.stop(&parts, Stop::Error(refused));
        }
        match self.poll_device_flow(&parts).await {
            Ok(response) => response,
            Err(error) if wants_page(&parts.headers) => {
                tracing::warn!(%error, "a device login cannot be shown");
                self.problem(&Problem::store_unavailable())
            }
            Err(_) => OAuthError::unavailable(PAUSE).into_response(),
        }
    }

    async fn poll_device_flow(
        self: &Arc<Self>,
        parts: &Parts,
    ) -> Result<Response<Body>, StoreError> {
        let as_page = wants_page(&parts.headers);
        let ended = |end: DeviceEnd| {
            if as_page {
                self.device_ended(end, None).into_response()
            } else {
                told_ended(end)
            }
        };
        let Some(base) = self.site.of(&parts.extensions) else {
            return Ok(OAuthError::unavailable(PAUSE).into_response());
        };
        let parameters = Parameters::of_query(parts);
        let handle = parameters
            .as_ref()
            .ok()
            .and_then(|all| all.get("flow_state"));
        let Some(handle) = handle else {
            let body = json!({ "status": "failed", "error": "invalid_request" });
            return Ok(if as_page {
                ended(DeviceEnd::Expired)
            } else {
                answer(StatusCode::BAD_REQUEST, &body)
            });
        };
        let found = self.records.get::<DeviceFlow>(handle).await?;
        let Some(found) = found.filter(|found| is_polled(&found.record, &base)) else {
            return Ok(ended(DeviceEnd::Expired));
        };
        if !found.record.is_of(&parts.headers, handle, &base) {
            return Ok(ended(DeviceEnd::OtherBrowser));
        }
        let found = self.advance_device(handle, found, &From::of(parts)).await?;
        let Some(found) = found else {
            return Ok(ended(DeviceEnd::Expired));
        };
        let flow = &found.record;
        let outcome = self.device_outcome(flow).await?;
        if as_page && matches!(flow.kind, Kind::Page { .. }) {
            let page = self.device_page(&base, handle, flow, &outcome);
            return Ok(page.into_response());
        }
        Ok(self.device_told(flow, &outcome))
    }

    fn device_told(&self, flow: &DeviceFlow, outcome: &Outcome<'_>) -> Response<Body> {
        let body = match outcome {
            Outcome::Pending => json!({
                "status": "pending",
                "interval": flow.interval,
                "expires_in": flow.left(self.tokens.now()),
            }),
            Outcome::Complete(code, notice) => {
                let mut body = json!({ "status": "complete", "code": code });
                let further = [("state", &flow.request.state), ("notice", notice)];
                if let Some(all) = body.as_object_mut() {
                    for (name, value) in further {
                        let value = value.as_deref().map(Value::from);
                        all.extend(value.map(|value| (name.to_owned(), value)));
                    }
                }
                body
            }
            Outcome::Failed(failure) => json!({
                "status": "failed",
                "error": failure.code(),
                "error_description": failure.description(),
            }),
            Outcome::Over => return told_ended(DeviceEnd::Expired),
        };
        answer(StatusCode::OK, &body)
    }
}

/// Device codes of RFC 8628 are no flow states, and a flow lives under one base URL.
fn is_polled(flow: &DeviceFlow, base: &Base) -> bool {
    flow.kind != Kind::Grant && flow.request.issuer == base.issuer()
}

fn told_ended(end: DeviceEnd) -> Response<Body> {
    match end {
        DeviceEnd::OtherBrowser | DeviceEnd::Denied => answer(
            StatusCode::FORBIDDEN,
            &json!({
                "status": "failed",
                "error": "access_denied",
                "error_description": "this sign-in belongs to the browser that started it",
            }),
        ),
        DeviceEnd::Expired | DeviceEnd::Failed => {
            answer(StatusCode::BAD_REQUEST, &json!({ "status": "expired" }))
        }
    }
}
