//! Everything that is sealed, signed or looked up by digest: one key per purpose, derived from the
//! master secret. RFC 5869 (HKDF), RFC 8439 with extended nonces (XChaCha20-Poly1305).
//!
//! A sealed value is `layout ‖ key id ‖ nonce ‖ ciphertext`. Purpose, layout and the caller's context are
//! part of key or associated data, so a value of one place opens nowhere else. Values made with the
//! previous master secret still open; nothing is made with it any more.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use gitlab_mcp_core::random::Random;
use gitlab_mcp_core::secret::{MasterSecret, Secret};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

mod client_id;
mod previous;

use previous::Uses;

const LAYOUT: u8 = 1;
const ID: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// What a key is for. A key of one purpose is never used for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens.
    AccessToken,
    /// Refresh tokens.
    RefreshToken,
    /// Access tokens with the login inside.
    SelfContainedAccess,
    /// Refresh tokens with the login inside.
    SelfContainedRefresh,
    /// Authorization requests on their way through GitLab.
    State,
    /// Authorization codes.
    Code,
    /// Names of states and codes that are stored.
    Handle,
    /// What the store keeps.
    AtRest,
    /// Keys of the store.
    LookUp,
    /// Cookies of the pages.
    Cookie,
    /// Consent forms.
    ConsentForm,
}

impl Purpose {
    const fn info(self) -> &'static str {
        match self {
            Self::AccessToken => "gitlab-mcp access token",
            Self::RefreshToken => "gitlab-mcp refresh token",
            Self::SelfContainedAccess => "gitlab-mcp self-contained access token",
            Self::SelfContainedRefresh => "gitlab-mcp self-contained refresh token",
            Self::State => "gitlab-mcp state",
            Self::Code => "gitlab-mcp code",
            Self::Handle => "gitlab-mcp handle",
            Self::AtRest => "gitlab-mcp at rest",
            Self::LookUp => "gitlab-mcp look-up",
            Self::Cookie => "gitlab-mcp cookie",
            Self::ConsentForm => "gitlab-mcp consent form",
        }
    }
}

/// A value could not be opened: damaged, of another purpose or context, or of a key that is gone.
/// Which of them is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be opened")]
pub struct Unopened;

/// What was sealed.
pub struct Opened {
    /// The plain bytes, zeroed on drop.
    pub plain: Zeroizing<Vec<u8>>,
    /// True when it was made with the previous master secret.
    pub by_previous: bool,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

/// The keys of a server: those of the present master secret, and of the one before.
pub struct Keys {
    present: Master,
    previous: Option<Master>,
    uses: Option<Uses>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

struct Master {
    id: [u8; ID],
    derive: Hkdf<Sha256>,
    client_id: Zeroizing<[u8; 64]>,
}

impl Master {
    fn new(secret: &[u8]) -> Self {
        let derive = Hkdf::<Sha256>::new(Some(b"gitlab-mcp"), secret);
        let mut id = [0; ID];
        expand(&derive, b"gitlab-mcp key id", &mut id);
        let client_id = client_id::derive(secret);
        Self {
            id,
            derive,
            client_id,
        }
    }

    fn key<const LENGTH: usize>(&self, purpose: Purpose) -> Zeroizing<[u8; LENGTH]> {
        let mut key = Zeroizing::new([0; LENGTH]);
        expand(&self.derive, purpose.info().as_bytes(), key.as_mut());
        key
    }

    fn cipher(&self, purpose: Purpose) -> XChaCha20Poly1305 {
        let key = self.key::<32>(purpose);
        XChaCha20Poly1305::new((&*key).into())
    }

    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> Hmac<Sha256> {
        let key = self.key::<64>(purpose);
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new((&*key).into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

/// HKDF only fails for outputs longer than 8160 bytes.
fn expand(derive: &Hkdf<Sha256>, info: &[u8], output: &mut [u8]) {
    if derive.expand(info, output).is_err() {
        unreachable!("an output of {} bytes", output.len());
    }
}

impl Keys {
    /// The keys of a master secret, and of the one it replaces.
    pub fn new(present: &Secret<MasterSecret>, previous: Option<&Secret<MasterSecret>>) -> Self {
        Self {
            present: Master::new(present.expose().as_bytes()),
            previous: previous.map(|secret| Master::new(secret.expose().as_bytes())),
            uses: None,
        }
    }

    /// Keys that end with the process.
    pub fn of_this_process(random: &dyn Random) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        random.fill(secret.as_mut());
        Self {
            present: Master::new(secret.as_ref()),
            previous: None,
            uses: None,
        }
    }

    /// Seals `plain` for `purpose`; it opens only with an equal `context`.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        plain: &[u8],
        random: &dyn Random,
    ) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce);
        let cipher = self.present.cipher(purpose);
        let aad = associated(self.present.id, purpose, context);
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        // Encryption only fails beyond 256 GiB.
        let sealed = cipher.encrypt(&nonce.into(), payload).unwrap_or_default();
        [&[LAYOUT], &self.present.id[..], &nonce, &sealed].concat()
    }

    /// Opens what [`Keys::seal`] made.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Opened, Unopened> {
        let (layout, rest) = sealed.split_first().ok_or(Unopened)?;
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Unopened)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(Unopened)?;
        if *layout != LAYOUT || body.len() < TAG {
            return Err(Unopened);
        }
        let masters = [Some(&self.present), self.previous.as_ref()];
        let master = masters
            .into_iter()
            .flatten()
            .find(|master| master.id == *id)
            .ok_or(Unopened)?;
        let cipher = master.cipher(purpose);
        let aad = associated(master.id, purpose, context);
        let payload = Payload {
            msg: body,
            aad: &aad,
        };
        let plain = cipher
            .decrypt(nonce.into(), payload)
            .map_err(|_| Unopened)?;
        let by_previous = master.id != self.present.id;
        let plain = Zeroizing::new(plain);
        if by_previous {
            self.previous_was_used(purpose);
        }
        Ok(Opened { plain, by_previous })
    }

    /// [`Keys::seal`] as text: base64url without padding.
    pub fn seal_text(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        plain: &[u8],
        random: &dyn Random,
    ) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(purpose, context, plain, random))
    }

    /// Opens text of [`Keys::seal_text`]; it has exactly one accepted spelling.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open_text(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        text: &str,
    ) -> Result<Opened, Unopened> {
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| Unopened)?;
        self.open(purpose, context, &sealed)
    }

    /// The keys under which the store may hold `value`: of the present secret, then of the previous.
    /// What is stored says nothing about `value` to whoever lacks the secret.
    pub fn look_up(&self, kind: &str, value: &str) -> Vec<String> {
        let digest = |master: &Master| {
            let parts = [kind.as_bytes(), value.as_bytes()];
            let mac = master.mac(Purpose::LookUp, &parts).finalize();
            URL_SAFE_NO_PAD.encode(mac.into_bytes())
        };
        std::iter::once(&self.present)
            .chain(&self.previous)
            .map(digest)
            .collect()
    }

    /// A code that proves that this server made `parts`, with the id of its key.
    pub fn sign(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<u8> {
        let mac = self.present.mac(purpose, parts).finalize();
        [&self.present.id[..], &mac.into_bytes()].concat()
    }

    /// Whether [`Keys::sign`] made `signature` for `parts`; takes the same time wherever it differs.
    pub fn verify(&self, purpose: Purpose, parts: &[&[u8]], signature: &[u8]) -> bool {
        let Some((id, mac)) = signature.split_first_chunk::<ID>() else {
            return false;
        };
        let masters = [Some(&self.present), self.previous.as_ref()];
        let mut fitting = masters.into_iter().flatten().filter(|one| one.id == *id);
        let fits = fitting.any(|master| master.mac(purpose, parts).verify_slice(mac).is_ok());
        if fits && *id != self.present.id {
            self.previous_was_used(purpose);
        }
        fits
    }
}

/// Layout, key, purpose and context, each with its length: no two lists look alike.
fn associated(id: [u8; ID], purpose: Purpose, context: &[&[u8]]) -> Vec<u8> {
    let mut all = vec![LAYOUT];
    all.extend(id);
    for part in std::iter::once(&purpose.info().as_bytes()).chain(context) {
        all.extend((part.len() as u64).to_be_bytes());
        all.extend(*part);
    }
    all
}

#[cfg(test)]
mod tests;
