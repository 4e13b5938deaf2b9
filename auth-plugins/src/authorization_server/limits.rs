// integration: replaced by `clients`
//! How many requests an address may send.

use http::request::Parts;

use super::AuthorizationServer;
use super::error::OAuthError;

/// What is limited.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limited {
    /// `GET /authorize`.
    Authorize,
    /// `POST /consent`.
    Consent,
}

impl AuthorizationServer {
    #[expect(clippy::unused_async, reason = "the shape of the real one")]
    pub(crate) async fn limit(&self, _: Limited, _: &Parts) -> Result<(), OAuthError> {
        Ok(())
    }
}
