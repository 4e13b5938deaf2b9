//! `POST /oauth/device_authorization`: a client of RFC 8628 begins. RFC 8628 sections 3.1 and 3.2.

use std::sync::Arc;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request as HttpRequest, Response, StatusCode};
use serde_json::{Value, json};

use super::Kind;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::From;
use crate::authorization_server::clients::NoClient;
use crate::authorization_server::error::{OAuthError, PAUSE, answer};
use crate::authorization_server::grant::Request;
use crate::authorization_server::limits::Limited;
use crate::authorization_server::parameters::Parameters;
use crate::authorization_server::rules::DeviceRule;
use crate::authorization_server::site::Base;

impl AuthorizationServer {
    /// Begins the device login of a client.
    pub(crate) async fn device_authorization(
        self: Arc<Self>,
        request: HttpRequest<Body>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let begun = self.authorize_device(&parts, body).await;
        begun.unwrap_or_else(OAuthError::into_response)
    }

    async fn authorize_device(
        &self,
        parts: &Parts,
        body: Body,
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
        self.limit(Limited::Device, parts).await?;
        let base = self.site.of(&parts.extensions);
        let base = base.ok_or_else(|| OAuthError::unavailable(PAUSE))?;
        let parameters = Parameters::of_form(parts, body).await?;
        let request = self.device_request(&base, &parameters, parts).await?;
        let from = From::of(parts);
        let handle = self.device_handle();
        let started = self.start_device(handle, request, Kind::Grant, &from).await;
        let started = started.map_err(|reason| reason.answer())?;
        let mut told = started.told(self.tokens.now());
        told.insert("device_code".to_owned(), json!(started.handle));
        Ok(answer(StatusCode::OK, &Value::Object(told)))
    }

    async fn device_request(
        &self,
        base: &Base,
        parameters: &Parameters,
        parts: &Parts,
    ) -> Result<Request, OAuthError> {
        let basic = parts.headers.contains_key(AUTHORIZATION);
        if basic || parameters.has("client_secret") {
            // Clients have no secret here: RFC 6749 section 5.2.
            return Err(OAuthError {
                basic,
                ..OAuthError::invalid_client()
            });
        }
        let client = self.client(parameters.need("client_id")?).await;
        let client = client.map_err(|reason| match reason {
            NoClient::Unknown => OAuthError::invalid_client(),
            NoClient::Unavailable => OAuthError::unavailable(PAUSE),
        })?;
        let resource = parameters.get("resource");
        if resource.is_some_and(|resource| !base.is_resource(resource)) {
            return Err(OAuthError::invalid_target());
        }
        Ok(Request {
            issuer: base.issuer().to_owned(),
            client: client.id,
            client_name: client.name,
            redirect_uri: None,
            state: None,
            // The device code alone is redeemed; no code of ours is made for this request.
            challenge: String::new(),
            resource: resource.map(str::to_owned),
        })
    }
}
