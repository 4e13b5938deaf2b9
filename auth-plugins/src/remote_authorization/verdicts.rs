//! What is remembered about tokens: good ones for a moment, bad ones for a shorter one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_mcp_core::clock::Clock;

use super::bounded::Bounded;
use super::fingerprint::Fingerprint;

/// How long a rejected token is rejected without asking again.
const REJECTED: Duration = Duration::from_secs(10);

/// How long somebody who was let in counts as known while GitLab cannot be asked.
const KNOWN: Duration = Duration::from_mins(15);

/// Half of the most tokens of each sort that are remembered.
const HALF: usize = 10_000;

/// What is remembered about one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Let in a moment ago, as this subject.
    Accepted(Arc<str>),
    /// Rejected a moment ago.
    Rejected,
    /// Let in within the last quarter of an hour, but GitLab has to be asked again.
    Known,
    /// Nothing.
    Unknown,
}

/// A subject, and when GitLab was asked for it.
#[derive(Debug, Clone)]
struct Accepted {
    subject: Arc<str>,
    asked: Duration,
}

/// The memory.
#[derive(Debug)]
pub(super) struct Verdicts {
    clock: Arc<dyn Clock>,
    life: Duration,
    tables: Mutex<Tables>,
}

#[derive(Debug)]
struct Tables {
    accepted: Bounded<Fingerprint, Accepted>,
    rejected: Bounded<Fingerprint, Duration>,
}

impl Verdicts {
    /// Nothing yet; accepted tokens are let in for `life` without asking.
    pub(super) fn new(clock: Arc<dyn Clock>, life: Duration) -> Self {
        Self {
            clock,
            life,
            tables: Mutex::new(Tables {
                accepted: Bounded::new(HALF),
                rejected: Bounded::new(HALF),
            }),
        }
    }

    /// What is remembered about `name`.
    pub(super) fn standing(&self, name: &Fingerprint) -> Standing {
        let now = self.clock.monotonic();
        let tables = self.tables();
        if let Some(known) = tables.accepted.get(name) {
            let age = now.saturating_sub(known.asked);
            if age < self.life {
                return Standing::Accepted(known.subject);
            }
            if age < KNOWN {
                return Standing::Known;
            }
        }
        match tables.rejected.get(name) {
            Some(asked) if now.saturating_sub(asked) < REJECTED => Standing::Rejected,
            _ => Standing::Unknown,
        }
    }

    /// Remembers that GitLab, asked at `asked`, accepted `name`.
    pub(super) fn accept(&self, name: Fingerprint, subject: Arc<str>, asked: Duration) {
        let mut tables = self.tables();
        tables.rejected.remove(&name);
        tables.accepted.put(name, Accepted { subject, asked });
    }

    /// Remembers that GitLab, asked at `asked`, rejected `name`.
    pub(super) fn reject(&self, name: Fingerprint, asked: Duration) {
        let mut tables = self.tables();
        tables.accepted.remove(&name);
        tables.rejected.put(name, asked);
    }

    /// Forgets `name`: GitLab has to be asked before it is let in again.
    pub(super) fn forget(&self, name: &Fingerprint) {
        self.tables().accepted.remove(name);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::auth::HeaderKind;
    use gitlab_mcp_core::clock::ManualClock;
    use gitlab_mcp_core::gitlab::Instance;
    use gitlab_mcp_core::random::SeededRandom;
    use gitlab_mcp_core::secret::Secret;

    use super::super::fingerprint::Fingerprints;
    use super::super::presented::Presented;
    use super::*;

    fn name(token: &str) -> Fingerprint {
        let presented = Presented {
            kind: HeaderKind::PrivateToken,
            token: Secret::parse(token.to_owned(), 8).unwrap(),
        };
        let instance = Instance::parse("https://gitlab.example").unwrap();
        Fingerprints::new(&SeededRandom::new(1)).of(&instance, &presented)
    }

    fn verdicts(life: u64) -> (Verdicts, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        let life = Duration::from_secs(life);
        (Verdicts::new(Arc::clone(&clock) as _, life), clock)
    }

    #[test]
    fn a_good_token_is_let_in_for_its_time_and_known_for_a_quarter_of_an_hour() {
        let (verdicts, clock) = verdicts(30);
        let ann = name("canary-of-ann");
        assert_eq!(verdicts.standing(&ann), Standing::Unknown);
        verdicts.accept(ann, "7".into(), clock.monotonic());
        for (pass, expected) in [
            (29, Standing::Accepted("7".into())),
            (1, Standing::Known),
            (869, Standing::Known),
            (1, Standing::Unknown),
        ] {
            clock.advance(Duration::from_secs(pass));
            assert_eq!(verdicts.standing(&ann), expected, "{pass}");
        }
        assert_eq!(verdicts.standing(&name("canary-of-bob")), Standing::Unknown);
    }

    #[test]
    fn a_life_of_zero_asks_each_time() {
        let (verdicts, clock) = verdicts(0);
        let ann = name("canary-of-ann");
        verdicts.accept(ann, "7".into(), clock.monotonic());
        assert_eq!(verdicts.standing(&ann), Standing::Known);
    }

    #[test]
    fn a_bad_token_is_bad_for_ten_seconds_and_no_longer_known() {
        let (verdicts, clock) = verdicts(30);
        let ann = name("canary-of-ann");
        verdicts.accept(ann, "7".into(), clock.monotonic());
        verdicts.reject(ann, clock.monotonic());
        clock.advance(Duration::from_secs(9));
        assert_eq!(verdicts.standing(&ann), Standing::Rejected);
        clock.advance(Duration::from_secs(1));
        assert_eq!(verdicts.standing(&ann), Standing::Unknown);
        verdicts.accept(ann, "7".into(), clock.monotonic());
        verdicts.forget(&ann);
        assert_eq!(verdicts.standing(&ann), Standing::Unknown);
    }
}
