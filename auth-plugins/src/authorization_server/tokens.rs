//! Our own access and refresh tokens. Opaque to clients: a sealed access token, and a refresh token
//! that is a generation number with a proof. RFC 6749 sections 1.4 and 1.5, RFC 9700 section 4.14.
//!
//! Both have exactly one accepted spelling, and neither opens where the other belongs.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::random::{self, Random};
use gitlab_mcp_core::secret::{Alphabet, Kind, Secret};
use serde::{Deserialize, Serialize};

use super::keys::{Keys, Purpose};
use super::site::Base;

pub mod self_contained;

/// How far clocks may differ.
pub const LEEWAY: Duration = Duration::from_secs(30);

const ACCESS: &str = "gmat_";
const REFRESH: &str = "gmrt_";
/// Layout of refresh tokens.
const LAYOUT: u8 = 1;
/// Bytes of the id of a login.
const SID: usize = 16;

/// An access token of this server.
#[derive(Debug, Clone, Copy)]
pub enum McpAccess {}

impl Kind for McpAccess {
    const NAME: &'static str = "McpAccess";
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// A refresh token of this server.
#[derive(Debug, Clone, Copy)]
pub enum McpRefresh {}

impl Kind for McpRefresh {
    const NAME: &'static str = "McpRefresh";
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The server that made it.
    pub iss: String,
    /// The one resource it is good for.
    pub aud: String,
    /// GitLab's user id.
    pub sub: String,
    /// The client it was made for.
    pub client: String,
    /// The login behind it.
    pub sid: String,
    /// Its own id.
    pub jti: String,
    /// The refresh generation it was made with.
    pub rgen: u64,
    /// What it may be used for, separated by blanks.
    pub scope: String,
    /// Unix seconds.
    pub iat: u64,
    /// Unix seconds.
    pub exp: u64,
}

/// What a refresh token says. Its proof is checked with the salt of the login it names.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The login.
    pub sid: String,
    /// Which of its refresh tokens.
    pub rgen: u64,
    proof: Vec<u8>,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({})", self.rgen)
    }
}

/// Makes and reads tokens. Cloning shares the keys.
#[derive(Debug, Clone)]
pub struct Tokens {
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Tokens {
    /// Tokens under `keys`.
    pub fn new(keys: Arc<Keys>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            keys,
            clock,
            random,
        }
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        unix(self.clock.now())
    }

    /// The id of another login.
    pub fn another_sid(&self) -> String {
        random::token(&*self.random, SID)
    }

    /// Seals `claims` into an access token.
    pub fn access(&self, claims: &Claims) -> String {
        let plain = serde_json::to_vec(claims).unwrap_or_default();
        let sealed = self
            .keys
            .seal_text(Purpose::AccessToken, &[], &plain, &*self.random);
        format!("{ACCESS}{sealed}")
    }

    /// What an access token for `base` says, if it is one of ours and still good by its date.
    pub fn open_access(&self, base: &Base, token: &str) -> Option<Claims> {
        let sealed = token.strip_prefix(ACCESS)?;
        let opened = self
            .keys
            .open_text(Purpose::AccessToken, &[], sealed)
            .ok()?;
        let claims: Claims = serde_json::from_slice(&opened.plain).ok()?;
        self.is_good(base, &claims).then_some(claims)
    }

    /// Whether a token with these claims is for `base` and good by its date.
    fn is_good(&self, base: &Base, claims: &Claims) -> bool {
        let now = self.now();
        let alive = claims.exp.saturating_add(LEEWAY.as_secs()) > now
            && claims.iat <= now.saturating_add(LEEWAY.as_secs());
        alive && claims.iss == base.issuer() && claims.aud == base.resource()
    }

    /// Another id for an access token.
    pub fn another_jti(&self) -> String {
        random::token(&*self.random, 16)
    }

    /// The refresh token number `rgen` of a login; the same number always gives the same token.
    pub fn refresh(&self, base: &Base, sid: &str, rgen: u64, salt: &str) -> Option<String> {
        let raw = URL_SAFE_NO_PAD.decode(sid).ok()?;
        let parts = parts(base, sid, rgen, salt);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let proof = self.keys.sign(Purpose::RefreshToken, &parts);
        let token = [&[LAYOUT], raw.as_slice(), &rgen.to_be_bytes(), &proof].concat();
        Some(format!("{REFRESH}{}", URL_SAFE_NO_PAD.encode(token)))
    }

    /// Takes a refresh token apart; nothing is proven yet.
    pub fn read_refresh(token: &str) -> Option<Presented> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(REFRESH)?).ok()?;
        let (layout, rest) = bytes.split_first()?;
        let (sid, rest) = rest.split_first_chunk::<SID>()?;
        let (number, proof) = rest.split_first_chunk::<8>()?;
        (*layout == LAYOUT).then(|| Presented {
            sid: URL_SAFE_NO_PAD.encode(sid),
            rgen: u64::from_be_bytes(*number),
            proof: proof.to_vec(),
        })
    }

    /// Whether this server made the refresh token, for the login with this salt.
    pub fn proves(&self, base: &Base, presented: &Presented, salt: &str) -> bool {
        let parts = parts(base, &presented.sid, presented.rgen, salt);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        self.keys
            .verify(Purpose::RefreshToken, &parts, &presented.proof)
    }
}

fn parts(base: &Base, sid: &str, rgen: u64, salt: &str) -> [Vec<u8>; 4] {
    [
        base.issuer().into(),
        sid.into(),
        rgen.to_be_bytes().into(),
        salt.into(),
    ]
}

/// Unix seconds of a date; zero before 1970.
pub fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A token as a secret, for whoever keeps it.
pub fn secret<K: Kind>(text: String) -> Option<Secret<K>> {
    Secret::parse(text, 1).ok()
}

#[cfg(test)]
mod tests;
