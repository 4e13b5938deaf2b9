//! Which client an id means. RFC 6749 section 2.2, RFC 7591.

use gitlab_mcp_store::StoreError;

use super::AuthorizationServer;
use super::client::{Client, Origin, Registration};

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoClient {
    /// Nobody here knows this id.
    #[error("this client is not known here")]
    Unknown,
    /// Nobody can say at the moment.
    #[error("the client cannot be looked up at the moment")]
    Unavailable,
}

impl From<StoreError> for NoClient {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl AuthorizationServer {
    /// The client of an id.
    ///
    /// # Errors
    /// [`NoClient`].
    pub async fn client(&self, id: &str) -> Result<Client, NoClient> {
        if let Some(known) = self.rules.configured.iter().find(|one| one.id == id) {
            return Ok(Client {
                id: known.id.clone(),
                name: known.name.clone(),
                redirect_uris: known.redirect_uris.clone(),
                origin: Origin::Configured {
                    skips_consent: known.skips_consent,
                },
            });
        }
        let found = self.records.get::<Registration>(id).await?;
        let found = found.ok_or(NoClient::Unknown)?;
        Ok(found.record.client(&self.rules.redirects))
    }
}
