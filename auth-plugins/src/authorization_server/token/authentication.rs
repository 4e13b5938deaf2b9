//! Which client asks. Every client is a public one: it has an id and no secret. RFC 6749 sections 2.1
//! and 2.3.

use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::client::Client;
use crate::authorization_server::clients::NoClient;
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::parameters::Parameters;

impl AuthorizationServer {
    /// The client that a request names.
    ///
    /// # Errors
    /// `invalid_client` for an unknown one and for one that presents a secret, which this server gave
    /// to nobody: a client that thinks it has one talks to the wrong server.
    pub(in crate::authorization_server) async fn authenticated(
        &self,
        request: &Parts,
        form: &Parameters,
    ) -> Result<Client, OAuthError> {
        if tries_basic(request) {
            return Err(OAuthError {
                basic: true,
                ..OAuthError::invalid_client()
            });
        }
        let id = form.need("client_id")?;
        let secrets = ["client_secret", "client_assertion"];
        if secrets.iter().any(|name| form.get(name).is_some()) {
            return Err(OAuthError::invalid_client());
        }
        self.client_with_grant(id)
            .await
            .map_err(|error| match error {
                NoClient::Unavailable => OAuthError::unavailable(PAUSE),
                NoClient::Unknown => OAuthError::invalid_client(),
            })
    }
}

fn tries_basic(request: &Parts) -> bool {
    request.headers.get_all(AUTHORIZATION).iter().any(|value| {
        let bytes = value.as_bytes();
        bytes
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
    })
}
