//! Numbers and secrets that look random and are not: sha-256 of seed and counter.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// A seeded source of ids, tokens and hashes.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    /// A source that always yields the same sequence for the same seed.
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// `length` lower-case hexadecimal digits. `label` keeps kinds of secrets apart.
    pub fn hex(&mut self, label: &str, length: usize) -> String {
        let mut text = String::with_capacity(length + 64);
        while text.len() < length {
            for byte in self.draw(label) {
                // Writing to a String cannot fail.
                write!(text, "{byte:02x}").ok();
            }
        }
        text.truncate(length);
        text
    }

    /// `length` characters of the given alphabet (which must be ASCII and not empty).
    pub fn text(&mut self, label: &str, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut text = String::with_capacity(length);
        while text.len() < length && !letters.is_empty() {
            for byte in self.draw(label).into_iter().take(length - text.len()) {
                text.extend(letters.get(usize::from(byte) % letters.len()));
            }
        }
        text
    }

    /// A personal access token as GitLab mints them.
    pub fn personal_access_token(&mut self) -> String {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        format!("glpat-{}", self.text("pat", 20, alphabet))
    }

    /// How many were drawn so far.
    pub(crate) const fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Goes on from where another source stood.
    pub(crate) const fn go_to(&mut self, drawn: u64) {
        self.drawn = drawn;
    }

    fn draw(&mut self, label: &str) -> [u8; 32] {
        self.drawn = self.drawn.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(label.as_bytes());
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_yields_the_same_sequence() {
        let (mut one, mut two) = (Ids::seeded(42), Ids::seeded(42));
        assert_eq!(one.hex("sha", 64), two.hex("sha", 64));
        assert_eq!(one.personal_access_token(), two.personal_access_token());
        assert_ne!(one.hex("sha", 64), one.hex("sha", 64));
        assert_ne!(Ids::seeded(1).hex("sha", 40), Ids::seeded(2).hex("sha", 40));
    }
}
