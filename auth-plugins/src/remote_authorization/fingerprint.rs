//! The name of a credential in our tables: a keyed hash, so that no table holds a token and no
//! table of another process can be compared with ours. RFC 2104 asks for more than a map key needs:
//! nobody is shown these hashes whole.

use std::fmt::Write as _;

use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::random::Random;
use sha2::{Digest as _, Sha256};

use super::presented::{Presented, shown};

/// Names one token in one header at one instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

/// The key of this process.
pub(super) struct Fingerprints {
    key: [u8; 32],
}

impl Fingerprints {
    /// A key of its own for each process.
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self { key }
    }

    /// The name of what was presented to `instance`.
    pub(super) fn of(&self, instance: &Instance, presented: &Presented) -> Fingerprint {
        let parts = [
            instance.base(),
            shown(presented.kind),
            presented.token.expose(),
        ];
        let mut hash = Sha256::new();
        hash.update(self.key);
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Fingerprint(hash.finalize().into())
    }
}

impl Fingerprint {
    /// The subject of somebody whom GitLab does not name: `tok:` and 32 hexadecimal digits.
    pub(super) fn subject(&self) -> String {
        let mut text = "tok:".to_owned();
        for byte in self.0.iter().take(16) {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
        }
        text
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl std::fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprints")
    }
}

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::auth::HeaderKind;
    use gitlab_mcp_core::random::SeededRandom;
    use gitlab_mcp_core::secret::Secret;

    use super::*;

    fn presented(kind: HeaderKind, token: &str) -> Presented {
        let token = Secret::parse(token.to_owned(), 8).unwrap();
        Presented { kind, token }
    }

    #[test]
    fn instance_header_token_and_process_all_count() {
        let here = Instance::parse("https://gitlab.example").unwrap();
        let there = Instance::parse("https://gitlab.example/prefix").unwrap();
        let keys = Fingerprints::new(&SeededRandom::new(1));
        let one = presented(HeaderKind::PrivateToken, "glpat-canary-0001");
        let name = keys.of(&here, &one);
        assert_eq!(name, keys.of(&here, &one));
        let bearer = presented(HeaderKind::Bearer, "glpat-canary-0001");
        let other = presented(HeaderKind::PrivateToken, "glpat-canary-0002");
        let elsewhere = Fingerprints::new(&SeededRandom::new(2));
        for different in [
            keys.of(&there, &one),
            keys.of(&here, &bearer),
            keys.of(&here, &other),
            elsewhere.of(&here, &one),
        ] {
            assert!(name != different);
            assert_ne!(name.subject(), different.subject());
        }
        assert_eq!(name.subject().len(), 36);
        assert!(!format!("{name:?} {keys:?} {}", name.subject()).contains("canary"));
    }
}
