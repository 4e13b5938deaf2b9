//! `POST /oauth/device_authorization`: a client of RFC 8628 begins. RFC 8628 sections 3.1 and 3.2.

use std::sync::Arc;

use axum::body::Body;
use http::{Request as HttpRequest, Response, StatusCode};
use serde_json::{Value, json};

use super::Kind;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::error::{OAuthError, answer};
use crate::authorization_server::grant::Request;
use crate::authorization_server::limits::Limited;
use crate::authorization_server::rules::DeviceRule;

impl AuthorizationServer {
    /// Begins the device login of a client.
    pub(crate) async fn device_authorization(
        self: Arc<Self>,
        request: HttpRequest<Body>,
    ) -> Response<Body> {
        let begun = self.authorize_device(request).await;
        begun.unwrap_or_else(OAuthError::into_response)
    }

    async fn authorize_device(
        &self,
        request: HttpRequest<Body>,
    ) -> Result<Response<Body>, OAuthError> {
        if self.rules.device != DeviceRule::On {
            return Err(OAuthError {
                status: StatusCode::NOT_FOUND,
                ..OAuthError::bad(
                    "not_found",
                    "this server has no device authorization for programs; sign in with a browser",
                )
            });
        }
        let asked = self.asked(request).await?;
        self.limit(Limited::Device, &asked.parts).await?;
        let client = self.authenticated(&asked.parts, &asked.form).await?;
        let resource = asked.form.get("resource");
        if resource.is_some_and(|resource| !asked.base.is_resource(resource)) {
            return Err(OAuthError::invalid_target());
        }
        let request = Request {
            issuer: asked.base.issuer().to_owned(),
            client: client.id,
            client_name: client.name,
            redirect_uri: None,
            state: None,
            // The device code alone is redeemed; no code of ours is made for this request.
            challenge: String::new(),
            resource: resource.map(str::to_owned),
        };
        let handle = self.device_handle();
        let from = From::of(&asked.parts);
        let started = self.start_device(handle, request, Kind::Grant, &from).await;
        let started = started.map_err(|reason| reason.answer())?;
        let mut told = started.told(self.tokens.now());
        told.insert("device_code".to_owned(), json!(started.handle));
        Ok(answer(StatusCode::OK, &Value::Object(told)))
    }
}
