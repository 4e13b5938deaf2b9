// integration: replaced by `clients`
//! How often one address may ask an endpoint.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::request::Parts;

use super::AuthorizationServer;
use super::error::OAuthError;

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    /// `GET /authorize`.
    Authorize,
    /// `POST /consent`.
    Consent,
    /// `/oauth/poll`.
    Poll,
    /// `/oauth/device_authorization`.
    Device,
}

impl AuthorizationServer {
    /// Counts one request.
    pub(crate) async fn limit(&self, route: Limited, request: &Parts) -> Result<(), OAuthError> {
        let (most, window) = match route {
            Limited::Poll => (10, Duration::from_secs(1)),
            Limited::Authorize | Limited::Consent | Limited::Device => (
                self.rules.requests_per_minute.into(),
                Duration::from_mins(1),
            ),
        };
        let address = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = address.map(|info| info.0.ip().to_string());
        let key = format!("{route:?}:{}", address.unwrap_or_default());
        if self.records.store().incr(&key, window).await? > most {
            return Err(OAuthError::too_many_requests(window));
        }
        Ok(())
    }
}
