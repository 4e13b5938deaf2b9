//! Client ids that carry the registration, signed: any replica with the secret knows the client, and
//! none has to remember it. RFC 7591 section 3.2.1 leaves the form of the id to the server.
//!
//! `v1.cid.<registration>.<proof>`, both in base64url; the registration is JSON with the members
//! `v`, `iat`, `n` (random), `ruris` (redirect URIs) and `cn` (name).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::NoClient;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::client::{Registration, name};
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::rules::Sealed;

/// What such an id starts with.
pub(crate) const PREFIX: &str = "v1.cid.";
/// The only layout.
const LAYOUT: u8 = 1;
/// Longest id that is issued, in bytes; it travels in addresses and inside codes.
const LONGEST: usize = 1536;
/// Longest id that is read.
const LONGEST_READ: usize = 8 * 1024;
/// How far the clock of whoever issued it may be ahead, in seconds.
const AHEAD: u64 = 60;

/// The registration in an id.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    v: u8,
    iat: u64,
    n: String,
    ruris: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cn: Option<String>,
}

/// Which ids count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::authorization_server) enum Age {
    /// Those whose time is not over: a sign-in begins.
    Young,
    /// All: a sign-in that lives longer than the id goes on.
    Any,
}

impl AuthorizationServer {
    /// Puts the registration into its id; `n` is a random word.
    ///
    /// # Errors
    /// `invalid_client_metadata` when it is too much for an id.
    pub(super) fn sealed_client(&self, client: &Registration) -> Result<String, OAuthError> {
        let content = Content {
            v: LAYOUT,
            iat: client.issued_at,
            n: client.id.clone(),
            ruris: client.redirect_uris.clone(),
            cn: Some(client.name.clone()),
        };
        // A plain struct with text keys always has a JSON form.
        let content = serde_json::to_vec(&content).unwrap_or_default();
        let proof = self.keys.sign_client_id(&content);
        let (content, proof) = (
            URL_SAFE_NO_PAD.encode(content),
            URL_SAFE_NO_PAD.encode(proof),
        );
        let id = format!("{PREFIX}{content}.{proof}");
        if id.len() > LONGEST {
            return Err(OAuthError::bad(
                "invalid_client_metadata",
                "this server keeps registrations inside client ids, and this one is too long for \
                 that: register fewer or shorter redirect_uris",
            ));
        }
        Ok(id)
    }

    /// The registration in `id`, if this server or one with the same secret issued it.
    pub(super) fn unsealed_client(
        &self,
        id: &str,
        lives: Sealed,
        age: Age,
    ) -> Result<Registration, NoClient> {
        let content = self.content_of(id).ok_or(NoClient::Unknown)?;
        let now = self.tokens.now();
        let ends = content.iat.saturating_add(lives.client_life.as_secs());
        let is_young = ends > now && content.iat <= now.saturating_add(AHEAD);
        if age == Age::Young && !is_young {
            return Err(NoClient::Unknown);
        }
        Ok(Registration {
            id: id.to_owned(),
            name: name::registered(content.cn.as_deref()),
            redirect_uris: content.ruris,
            issued_at: content.iat,
            used_at: None,
        })
    }

    fn content_of(&self, id: &str) -> Option<Content> {
        let rest = id
            .strip_prefix(PREFIX)
            .filter(|_| id.len() <= LONGEST_READ)?;
        let (content, proof) = rest.split_once('.')?;
        let content = URL_SAFE_NO_PAD.decode(content).ok()?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        if !self.keys.proves_client_id(&content, &proof) {
            return None;
        }
        let content: Content = serde_json::from_slice(&content).ok()?;
        (content.v == LAYOUT).then_some(content)
    }
}

#[cfg(test)]
mod tests;
