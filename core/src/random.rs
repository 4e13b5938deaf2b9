//! Randomness as a parameter: the operating system's, or a repeatable stream.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Where random bytes come from.
pub trait Random: Send + Sync + Debug {
    /// Overwrites all of `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The generator of the operating system; the only one fit for production.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(
        clippy::panic,
        reason = "an operating system without randomness leaves no safe answer; the request ends"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}

/// A repeatable stream for tests: SHA-256 over a seed and a block counter. Not secret at all.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    block: AtomicU64,
}

impl SeededRandom {
    /// Two generators of one seed give the same bytes in the same order.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            block: AtomicU64::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(block.to_be_bytes());
            for (target, byte) in chunk.iter_mut().zip(hash.finalize()) {
                *target = byte;
            }
        }
    }
}

/// An identifier of `bytes` random bytes, in base64url without padding (16 bytes give 22 characters).
pub fn token(random: &dyn Random, bytes: usize) -> String {
    let mut buffer = zeroize::Zeroizing::new(vec![0_u8; bytes]);
    random.fill(&mut buffer);
    URL_SAFE_NO_PAD.encode(&*buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream() {
        let (first, second) = (SeededRandom::new(7), SeededRandom::new(7));
        let stream = [token(&first, 40), token(&first, 40)];
        assert_eq!(stream, [token(&second, 40), token(&second, 40)]);
        assert_ne!(stream[0], stream[1]);
        assert_ne!(token(&SeededRandom::new(8), 40), stream[0]);
    }

    #[test]
    fn tokens_are_url_safe_and_differ() {
        let (first, second) = (token(&OsRandom, 16), token(&OsRandom, 16));
        assert_ne!(first, second);
        assert_eq!(first.len(), 22);
        assert!(
            first
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
    }
}
