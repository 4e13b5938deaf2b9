// integration: replaced by device
//! Signing in by device.

use super::AuthorizationServer;
use super::audit::From;
use super::client::Client;
use super::error::OAuthError;
use super::grant::Login;
use super::site::Base;

impl AuthorizationServer {
    #[expect(clippy::unused_async, reason = "device codes are kept in the store")]
    pub(crate) async fn redeem_device(
        &self,
        _: &Base,
        _: &Client,
        _: &str,
        _: &From,
    ) -> Result<Login, OAuthError> {
        Err(OAuthError::invalid_grant("the device code is not known"))
    }
}
