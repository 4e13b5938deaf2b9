//! Public SSH keys: whether a text is one, and its fingerprint.
//! <https://www.rfc-editor.org/rfc/rfc4253#section-6.6>

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

const ALGORITHMS: [&str; 8] = [
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The key as it is stored: `algorithm blob[ comment]`, without line breaks.
pub(crate) fn check(text: &str) -> Result<String, ApiError> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let algorithm = text.split(' ').next().unwrap_or_default();
    if !ALGORITHMS.contains(&algorithm) {
        return Err(ApiError::validation("key", "is invalid"));
    }
    let names_itself = blob(&text).is_some_and(|blob| {
        let length = u32::try_from(algorithm.len()).unwrap_or(0).to_be_bytes();
        blob.starts_with(&length)
            && blob
                .get(4..)
                .is_some_and(|rest| rest.starts_with(algorithm.as_bytes()))
    });
    if !names_itself {
        return Err(ApiError::validation(
            "fingerprint_sha256",
            "cannot be generated",
        ));
    }
    Ok(text)
}

/// The SHA-256 of the key, in base64 without padding.
pub(crate) fn fingerprint(key: &str) -> Option<String> {
    blob(key).map(|blob| STANDARD_NO_PAD.encode(Sha256::digest(blob)))
}

fn blob(key: &str) -> Option<Vec<u8>> {
    STANDARD.decode(key.split_whitespace().nth(1)?).ok()
}
