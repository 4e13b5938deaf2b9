//! Proof key for code exchange: RFC 7636.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Whether a verifier answers the stored challenge. Without a challenge no verifier
/// does.
pub(super) fn fits(verifier: &str, challenge: Option<&str>, method: Option<&str>) -> bool {
    match (challenge, method) {
        (Some(challenge), Some("S256")) => {
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
        }
        (Some(challenge), Some("plain")) => verifier == challenge,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_fits() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(fits(verifier, challenge, Some("S256")));
        assert!(!fits(verifier, challenge, Some("plain")));
        assert!(fits("short", Some("short"), Some("plain")));
        assert!(!fits("short", None, None));
    }
}
