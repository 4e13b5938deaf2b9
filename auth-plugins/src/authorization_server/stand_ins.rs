// integration: replaced by `clients` and `device`
//! What other parts provide.

use axum::body::Body;
use http::Response;

use super::AuthorizationServer;
use super::audit::From;
use super::error::OAuthError;
use super::error::PAUSE;
use super::grant::Request;
use super::site::Base;

#[expect(clippy::unused_async, reason = "the shape of the real ones")]
impl AuthorizationServer {
    pub(crate) async fn client_used(&self, _: &str) {}

    pub(crate) async fn start_device_page(&self, _: &Base, _: Request, _: &From) -> Response<Body> {
        OAuthError::unavailable(PAUSE).into_response()
    }

    pub(crate) async fn start_device_json(&self, _: &Base, _: Request, _: &From) -> Response<Body> {
        OAuthError::unavailable(PAUSE).into_response()
    }
}
