//! The key of client ids that carry their registration. Derived as another server of this kind does
//! from the same secret, so that the ids it issued stay good here. RFC 5869, RFC 2104.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, GeneralPurpose as Engine};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Keys, Master};

const SALT: &[u8] = b"gitlab-mcp-stateless-v1";
const INFO: &[u8] = b"gitlab-mcp/cid";
/// Stands in front of what is signed.
const PURPOSE: &[u8] = b"cid\0";
/// Bytes of the key. HMAC fills it up with zeros to a block of its hash. RFC 2104 section 2.
const KEY: usize = 32;
const BLOCK: usize = 64;
/// Least length of a secret in bytes, once it is decoded.
const LEAST: usize = 32;

/// Operators paste either alphabet, with or without padding.
const LENIENT: Engine = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The key that follows from a master secret: from its bytes where it is base64, else from its text.
pub(super) fn derive(secret: &[u8]) -> Zeroizing<[u8; BLOCK]> {
    let url_safe: Zeroizing<Vec<u8>> = Zeroizing::new(
        secret
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect(),
    );
    let decoded = LENIENT.decode(&*url_safe).map(Zeroizing::new);
    let material = match &decoded {
        Ok(bytes) if bytes.len() >= LEAST => bytes.as_slice(),
        _ => secret,
    };
    let mut key = Zeroizing::new([0; BLOCK]);
    if let Some(start) = key.first_chunk_mut::<KEY>() {
        super::expand(&Hkdf::<Sha256>::new(Some(SALT), material), INFO, start);
    }
    key
}

fn mac(key: &[u8; BLOCK], registration: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(key.into());
    mac.update(PURPOSE);
    mac.update(registration);
    mac
}

impl Keys {
    /// The proof that a server with this secret wrote the registration in a client id.
    pub fn sign_client_id(&self, registration: &[u8]) -> Vec<u8> {
        let mac = mac(&self.present.client_id, registration);
        mac.finalize().into_bytes().to_vec()
    }

    /// Whether a server with this secret, or the one before, wrote it.
    pub fn proves_client_id(&self, registration: &[u8], proof: &[u8]) -> bool {
        let proves = |master: &Master| {
            let made = mac(&master.client_id, registration);
            made.verify_slice(proof).is_ok()
        };
        if proves(&self.present) {
            return true;
        }
        let by_previous = self.previous.as_ref().is_some_and(proves);
        if by_previous {
            self.note_previous("gitlab-mcp client id");
        }
        by_previous
    }
}
