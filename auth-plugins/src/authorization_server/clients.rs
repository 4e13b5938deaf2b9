//! Which client an id means, and how many clients are remembered for how long. RFC 6749 section 2.2,
//! RFC 7591.

use std::time::Duration;

use gitlab_mcp_store::{Namespace, Place, StoreError, Updated};
use tracing::warn;

use super::AuthorizationServer;
use super::client::{Client, Origin, Registration};
use super::error::{OAuthError, PAUSE};

pub(crate) mod sealed;

use sealed::Age;

/// How long a client is remembered that nobody has signed in with.
const UNUSED: Duration = Duration::from_hours(24);
/// How long one is remembered after the latest login with it.
const USED: Duration = Duration::from_hours(180 * 24);
/// Most clients that make room at one time.
const AT_ONCE: u64 = 256;
/// When a full server may have room: as soon as a client expires, nobody knows which.
const FULL: Duration = Duration::from_hours(1);
/// How often a change that another one overtook is tried.
const TRIES: usize = 8;

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
    /// The client of an id: one the operator configured, one whose id is the URL of a metadata
    /// document, or one that registered itself.
    ///
    /// # Errors
    /// [`NoClient`].
    pub async fn client(&self, id: &str) -> Result<Client, NoClient> {
        self.client_of_age(id, Age::Young).await
    }

    /// As [`AuthorizationServer::client`] for whoever already has tokens or a code: an id that
    /// carries its registration does not end before what was issued to it.
    ///
    /// # Errors
    /// [`NoClient`].
    pub(super) async fn client_with_grant(&self, id: &str) -> Result<Client, NoClient> {
        self.client_of_age(id, Age::Any).await
    }

    async fn client_of_age(&self, id: &str, age: Age) -> Result<Client, NoClient> {
        if let Some(known) = self.rules.configured(id) {
            return Ok(Client {
                id: known.id.clone(),
                name: known.name.clone(),
                redirect_uris: known.redirect_uris.clone(),
                origin: Origin::Configured {
                    skips_consent: known.skips_consent,
                },
            });
        }
        if is_url(id) {
            return self.document_client(id).await;
        }
        if let Some(lives) = self.rules.sealed {
            let client = self.unsealed_client(id, lives, age)?;
            return Ok(client.client(&self.rules.redirects));
        }
        let found = self.records.get::<Registration>(id).await?;
        let found = found.ok_or(NoClient::Unknown)?;
        Ok(found.record.client(&self.rules.redirects))
    }

    /// What a client calls itself, as far as nobody outside has to be asked; else empty.
    pub(super) async fn name_at_hand(&self, id: &str) -> String {
        if is_url(id) {
            return String::new();
        }
        let client = self.client_with_grant(id).await;
        client.map(|client| client.name).unwrap_or_default()
    }

    /// Marks a registration as used: a login with it begins. Ids of other kinds need no mark.
    pub async fn client_used(&self, id: &str) {
        let is_stored = self.rules.sealed.is_none() && !is_url(id);
        if !is_stored || self.rules.configured(id).is_some() {
            return;
        }
        match self.mark_used(id).await {
            Ok(true) => {}
            Ok(false) => warn!(
                client = id,
                "a client is used so often that its mark is lost"
            ),
            // The registration keeps the place and the life it had.
            Err(error) => warn!(%error, client = id, "the use of a client is not written down"),
        }
    }

    /// False when other changes were faster each time.
    async fn mark_used(&self, id: &str) -> Result<bool, StoreError> {
        // A login may last longer than a client is remembered; the client may not go before it.
        let life = USED.max(self.rules.longest_life);
        for _ in 0..TRIES {
            let Some(found) = self.records.get::<Registration>(id).await? else {
                return Ok(true);
            };
            let used = Registration {
                used_at: Some(self.tokens.now()),
                ..found.record.clone()
            };
            let moved = self.records.moved(&found, id, (&used, used.rank()), life);
            if moved.await? {
                return Ok(true);
            }
            let updated = self
                .records
                .update_ranked(&found, &used, used.rank(), life)
                .await?;
            if updated != Updated::Moved {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives a client that was registered the id it is known by: its own, once it is stored where
    /// there is room or room can be made, or one that carries the registration.
    ///
    /// # Errors
    /// 503 when every client may have a login, or the store cannot be asked;
    /// `invalid_client_metadata` for a registration that is too long to be carried.
    pub(super) async fn admit_client(
        &self,
        mut client: Registration,
    ) -> Result<Registration, OAuthError> {
        if self.rules.sealed.is_some() {
            client.id = self.sealed_client(&client)?;
        } else {
            self.remember_client(&client).await?;
        }
        Ok(client)
    }

    pub(super) async fn remember_client(&self, client: &Registration) -> Result<(), OAuthError> {
        self.make_room_for_client().await?;
        let stored = self
            .records
            .put_ranked(&client.id, client, client.rank(), UNUSED);
        if stored.await? {
            Ok(())
        } else {
            Err(OAuthError::unavailable(PAUSE))
        }
    }

    /// Forgets clients until there is room for one more: never used ones, oldest first, then those
    /// without a login, longest unused first. Registrations at the same moment may pass the limit
    /// by as many as they are; the next one evens that out.
    async fn make_room_for_client(&self) -> Result<(), OAuthError> {
        let count = self.records.count::<Registration>().await?;
        let excess = count
            .saturating_add(1)
            .saturating_sub(self.rules.most_clients);
        if excess == 0 {
            return Ok(());
        }
        // Whoever began a login later than this may still be signed in.
        let ended = self
            .tokens
            .now()
            .saturating_sub(self.rules.longest_life.as_secs());
        let ended = i64::try_from(ended).unwrap_or(i64::MAX);
        let wanted = usize::try_from(excess.min(AT_ONCE)).unwrap_or(1);
        // By place, because a record that cannot be opened makes room as well.
        let store = self.records.store();
        let rows = store.lowest(Namespace::Client, ended, wanted).await?;
        if rows.len() < wanted {
            warn!("no client can register: OAUTH_MAX_CLIENTS clients may all be signed in");
            return Err(full());
        }
        for (key, _) in rows {
            store.delete(&Place::new(Namespace::Client, key)).await?;
        }
        Ok(())
    }
}

/// Whether an id is the URL of a metadata document; ids of other kinds have no colon.
fn is_url(id: &str) -> bool {
    id.starts_with("https://")
}

fn full() -> OAuthError {
    OAuthError {
        description: "this server remembers as many clients as it may, and all of them may be \
                      signed in: try again later, or ask its operator to raise OAUTH_MAX_CLIENTS"
            .to_owned(),
        ..OAuthError::unavailable(FULL)
    }
}

#[cfg(test)]
mod tests;
