//! The device login of a program without a redirect URI that takes JSON: the person's typing of the
//! code at GitLab is the act of consent.

use axum::body::Body;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::Kind;
use super::start::Started;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::error::{OAuthError, answer};
use crate::authorization_server::grant::Request;
use crate::authorization_server::rules::DeviceRule;
use crate::authorization_server::site::Base;

impl AuthorizationServer {
    /// Starts the device login of a judged request and says where to poll.
    pub(crate) async fn start_device_json(
        &self,
        base: &Base,
        request: Request,
        from: &From,
    ) -> Response<Body> {
        if self.rules.device != DeviceRule::On {
            let missing = "the parameter redirect_uri is missing";
            return OAuthError::invalid_request(missing).into_response();
        }
        let handle = self.device_handle();
        let started = match self.start_device(handle, request, Kind::Json, from).await {
            Ok(started) => started,
            Err(reason) => return reason.answer().into_response(),
        };
        let mut body = started.told(self.tokens.now());
        body.insert("flow_state".to_owned(), json!(started.handle));
        body.insert("poll_endpoint".to_owned(), json!(base.at("/oauth/poll")));
        answer(StatusCode::OK, &Value::Object(body))
    }
}

impl Started {
    /// What every program needs to know. RFC 8628 section 3.2.
    pub(super) fn told(&self, now: u64) -> Map<String, Value> {
        let flow = &self.flow;
        let mut told = Map::new();
        let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
        tell("user_code", json!(flow.user_code));
        tell("verification_uri", json!(flow.links.plain));
        if let Some(complete) = &flow.links.complete {
            tell("verification_uri_complete", json!(complete));
        }
        tell("expires_in", json!(flow.left(now)));
        tell("interval", json!(flow.interval));
        told
    }
}
