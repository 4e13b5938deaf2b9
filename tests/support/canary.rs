//! A secret that must not sing: everything the process logs is kept, and looked through.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Every log line of this process, at the most talkative level.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: OnceLock<()> = OnceLock::new();

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A secret value that no output may hold.
#[derive(Debug, Clone)]
pub struct Canary(String);

impl Canary {
    /// Watches for `secret` in whatever is logged from now on.
    pub fn watch(secret: &str) -> Self {
        STARTED.get_or_init(|| {
            let logging = tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(|| Kept);
            // Whoever was first keeps the log; then it is looked through where it went.
            drop(logging.try_init());
        });
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
        let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        let log = String::from_utf8_lossy(&log);
        let half = self.0.get(..self.0.len() / 2).unwrap_or(&self.0);
        let line = |text: &str| {
            let line = text.lines().find(|line| line.contains(half));
            line.map(str::to_owned)
        };
        assert_eq!(line(text), None, "the secret was shown");
        assert_eq!(line(&log), None, "the secret was logged");
    }

    /// True once anything at all was logged: the check is worth something.
    pub fn is_listening(&self) -> bool {
        !LOG.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}
