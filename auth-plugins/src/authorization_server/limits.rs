// integration: replaced by clients
//! How often an address may ask.

use http::request::Parts;

use super::AuthorizationServer;
use super::error::OAuthError;

/// An endpoint with a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Register,
    Authorize,
    Consent,
    Token,
    Revoke,
    Poll,
    Device,
}

impl AuthorizationServer {
    #[expect(clippy::unused_async, reason = "the budgets are kept in the store")]
    pub(crate) async fn limit(&self, _: Limited, _: &Parts) -> Result<(), OAuthError> {
        Ok(())
    }
}
