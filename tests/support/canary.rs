//! A secret that must not sing: everything the process logs is kept, and looked through.

use crate::log;

/// A secret value that no output may hold.
#[derive(Debug, Clone)]
pub struct Canary(String);

impl Canary {
    /// Watches for `secret` in whatever is logged from now on.
    pub fn watch(secret: &str) -> Self {
        log::keep();
        log::plant(secret);
        Self(secret.to_owned())
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Fails when the secret, or a telling part of it, stands in `text` or in the log.
    ///
    /// # Panics
    /// That is its purpose.
    pub fn assert_silent(&self, text: &str) {
        let half = self.0.get(..self.0.len() / 2).unwrap_or(&self.0);
        let line = |text: &str| {
            let line = text.lines().find(|line| line.contains(half));
            line.map(str::to_owned)
        };
        assert_eq!(line(text), None, "the secret was shown");
        assert_eq!(log::look(line), None, "the secret was logged");
    }

    /// True once anything at all was logged: the check is worth something.
    pub fn is_listening(&self) -> bool {
        log::look(|log| !log.is_empty())
    }
}
