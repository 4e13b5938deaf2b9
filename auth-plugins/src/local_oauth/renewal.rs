//! The tokens in use: taken from the file at first need, renewed before they end, shared with the
//! other processes that use the file.
//!
//! GitLab revokes a refresh token when it is used, so of all processes exactly one may use it. A
//! renewal holds the file's lock, reads the file again, and asks GitLab only when nobody else has
//! saved anything meanwhile. RFC 6749 section 6.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use gitlab_mcp_core::auth::{Credential, Generation, HeaderKind};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::Instance;
use tokio_util::sync::CancellationToken;

use super::token_file::{LockedTokenFile, StoredTokens, TokenFile, TokenFileError};
use crate::gitlab_oauth::{GitLabOAuth, GrantError, Tokens};
use crate::single_flight::SingleFlight;

mod problem;

pub(super) use problem::Problem;

/// A token with less life than this is renewed before it is used.
const DUE: Duration = Duration::from_mins(5);

/// After a renewal that failed for a passing reason, the token is used for this long before the next
/// try, if it lives.
const REST: Duration = Duration::from_secs(10);

/// Tokens in use.
#[derive(Debug)]
pub(super) struct Present {
    tokens: StoredTokens,
    /// What the file held when these were read or saved; something else there is somebody else's.
    on_disk: Option<StoredTokens>,
    number: Generation,
}

impl Present {
    fn is_alive(&self, now: SystemTime) -> bool {
        let remaining = self.tokens.remaining(now);
        remaining.is_none_or(|left| left > Duration::ZERO)
    }

    /// Whether to renew first. What cannot be renewed is used to its end.
    fn is_due(&self, now: SystemTime) -> bool {
        let margin = if self.tokens.refresh.is_some() {
            DUE
        } else {
            Duration::ZERO
        };
        self.tokens
            .remaining(now)
            .is_some_and(|left| left <= margin)
    }

    /// What requests to `instance` carry.
    pub(super) fn credential(&self, instance: &Instance) -> Credential {
        let secret = Arc::clone(&self.tokens.access);
        Credential::new(instance, HeaderKind::Bearer, secret).generation(self.number)
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// Tokens that are not due.
    Fresh,
    /// Such tokens, newer than the ones GitLab has just refused.
    Newer(Generation),
}

type Outcome = Result<Arc<Present>, Problem>;

/// The tokens of the person at this machine.
pub(super) struct Held {
    file: TokenFile,
    oauth: GitLabOAuth,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    flight: Arc<SingleFlight<(), Outcome>>,
    /// Held by whoever changes the tokens.
    turn: tokio::sync::Mutex<()>,
    /// Cancelled when the server ends: nobody waits for a lock from then on.
    closing: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    present: Option<Arc<Present>>,
    last: Generation,
    rests_until: Duration,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

impl Held {
    pub(super) fn new(file: TokenFile, oauth: GitLabOAuth, clock: Arc<dyn Clock>) -> Self {
        Self {
            file,
            oauth,
            clock,
            state: Mutex::default(),
            flight: Arc::default(),
            turn: tokio::sync::Mutex::default(),
            closing: CancellationToken::new(),
        }
    }

    /// Tokens to use, renewed when it is time to. A renewal that fails leaves a living token in use.
    pub(super) async fn fresh(self: &Arc<Self>) -> Outcome {
        if let Some(present) = self.living()
            && (!present.is_due(self.clock.now()) || self.rests())
        {
            return Ok(present);
        }
        match self.run(Wanted::Fresh).await {
            Err(problem) if problem != Problem::SignedOut => self.living().ok_or(problem),
            outcome => outcome,
        }
    }

    /// Tokens newer than those GitLab has refused, or `None` when a person has to sign in.
    pub(super) async fn renewed(
        self: &Arc<Self>,
        rejected: Generation,
    ) -> Result<Option<Arc<Present>>, Problem> {
        // A run that was under way may have begun before the refusal and not know of it.
        for _ in 0..3 {
            if let Some(present) = self.present().filter(|one| one.number > rejected) {
                return Ok(Some(present));
            }
            match self.run(Wanted::Newer(rejected)).await {
                Ok(_) => {}
                Err(Problem::SignedOut) => return Ok(None),
                Err(problem) => return Err(problem),
            }
        }
        Ok(self.present().filter(|one| one.number > rejected))
    }

    /// Takes the tokens of a sign-in into use and saves them. When that fails, they are good for
    /// this process alone. A task of its own, because nobody else has them.
    pub(super) async fn store(self: &Arc<Self>, tokens: Tokens) {
        let held = Arc::clone(self);
        let storing = tokio::spawn(async move {
            let _turn = held.turn.lock().await;
            let received = StoredTokens::received(tokens, held.clock.now());
            match held.file.lock().await {
                Ok(locked) => drop(held.save(locked, received).await),
                Err(error) => {
                    tell_unsaved(&error);
                    let on_disk = held.load().await.ok().flatten();
                    held.take(received, on_disk);
                }
            }
        });
        storing.await.ok();
    }

    /// Waits for a renewal under way, so that its tokens are not lost. The server ends.
    pub(super) async fn settled(&self) {
        self.closing.cancel();
        self.flight.landed().await;
        drop(self.turn.lock().await);
    }

    async fn run(self: &Arc<Self>, wanted: Wanted) -> Outcome {
        let held = Arc::clone(self);
        let run = async move {
            let _turn = held.turn.lock().await;
            let outcome = held.obtain(wanted).await;
            match &outcome {
                Ok(_) | Err(Problem::SignedOut) => {}
                Err(problem) => held.rest(problem),
            }
            outcome
        };
        let outcome = self.flight.join((), run).await;
        outcome.unwrap_or(Err(Problem::Transient))
    }

    async fn obtain(&self, wanted: Wanted) -> Outcome {
        if let Some(present) = self.satisfying(wanted) {
            return Ok(present);
        }
        if self.present().is_none() {
            self.take_from_file().await?;
            if let Some(present) = self.satisfying(wanted) {
                return Ok(present);
            }
        }
        let locked = tokio::select! {
            locked = self.file.lock() => locked?,
            () = self.closing.cancelled() => return Err(Problem::Transient),
        };
        let (locked, stored) = read_again(locked).await?;
        if self.follow(stored)?
            && let Some(present) = self.satisfying(wanted)
        {
            return Ok(present);
        }
        self.renew(locked, wanted).await
    }

    fn satisfying(&self, wanted: Wanted) -> Option<Arc<Present>> {
        let present = self.present()?;
        let newer = match wanted {
            Wanted::Fresh => true,
            Wanted::Newer(rejected) => present.number > rejected,
        };
        (newer && !present.is_due(self.clock.now())).then_some(present)
    }

    /// The first need: what the file holds. A file without tokens is set aside.
    async fn take_from_file(&self) -> Result<(), Problem> {
        let stored = match self.load().await {
            Err(error) if error.is_unreadable() => {
                let locked = self.file.lock().await?;
                read_again(locked).await?.1.tokens()
            }
            loaded => loaded?,
        };
        let stored = stored.ok_or(Problem::SignedOut)?;
        self.take(stored.clone(), Some(stored));
        Ok(())
    }

    /// Takes what another process has saved since we last looked; true when there was something.
    fn follow(&self, stored: Stored) -> Result<bool, Problem> {
        let own = self.present();
        let own = own.as_ref().and_then(|present| present.on_disk.as_ref());
        match (stored, own) {
            (Stored::Tokens(stored), Some(own)) if stored.is(own) => Ok(false),
            (Stored::Tokens(stored), _) => {
                tracing::info!(
                    generation = stored.generation,
                    "another process saved tokens"
                );
                self.take(*stored.clone(), Some(*stored));
                Ok(true)
            }
            // Deleted by somebody who signed out.
            (Stored::Nothing, Some(_)) => {
                self.forget();
                Err(Problem::SignedOut)
            }
            (Stored::Nothing | Stored::SetAside, _) => Ok(false),
        }
    }

    async fn renew(&self, locked: LockedTokenFile, wanted: Wanted) -> Outcome {
        let present = self.present().ok_or(Problem::SignedOut)?;
        let Some(refresh) = &present.tokens.refresh else {
            self.forget();
            if matches!(wanted, Wanted::Newer(_)) {
                set_aside_stale(locked).await?;
            }
            return Err(Problem::SignedOut);
        };
        let began = self.clock.monotonic();
        let answer = self.oauth.refresh(refresh).await;
        let took = self.clock.monotonic().saturating_sub(began);
        match answer {
            Ok(tokens) => {
                let reason = match wanted {
                    Wanted::Fresh => "due",
                    Wanted::Newer(_) => "refused",
                };
                tracing::info!(reason, ms = took.as_millis(), "renewed the access token");
                let received = StoredTokens::received(tokens, self.clock.now());
                Ok(self.save(locked, received.renewing(&present.tokens)).await)
            }
            Err(GrantError::Refused(code)) if code == "invalid_grant" => self.refused(locked).await,
            Err(GrantError::Refused(code)) => Err(Problem::Refused(code)),
            Err(GrantError::Transient | GrantError::Invalid) => Err(Problem::Transient),
        }
    }

    /// The refresh token is spent. Perhaps by a program that saves without our lock.
    async fn refused(&self, locked: LockedTokenFile) -> Outcome {
        let (locked, stored) = read_again(locked).await?;
        if self.follow(stored)? {
            return self.living().ok_or(Problem::Transient);
        }
        tracing::warn!("GitLab does not accept the refresh token any more: sign in again");
        self.forget();
        set_aside_stale(locked).await?;
        Err(Problem::SignedOut)
    }

    /// Saves and takes into use; what cannot be saved is used all the same.
    async fn save(&self, locked: LockedTokenFile, received: StoredTokens) -> Arc<Present> {
        let unsaved = received.clone();
        let saved = blocking(move || {
            let before = locked.load().ok().flatten();
            (locked.save(&received), before)
        });
        match saved.await {
            Some((Ok(saved), _)) => self.take(saved.clone(), Some(saved)),
            Some((Err(error), before)) => {
                tell_unsaved(&error);
                self.take(unsaved, before)
            }
            None => self.take(unsaved, None),
        }
    }

    async fn load(&self) -> Result<Option<StoredTokens>, TokenFileError> {
        let file = self.file.clone();
        blocking(move || file.load()).await.unwrap_or(Ok(None))
    }

    fn take(&self, tokens: StoredTokens, on_disk: Option<StoredTokens>) -> Arc<Present> {
        let mut state = self.state();
        state.last = Generation(state.last.0.saturating_add(1));
        let present = Arc::new(Present {
            tokens,
            on_disk,
            number: state.last,
        });
        state.present = Some(Arc::clone(&present));
        state.rests_until = Duration::ZERO;
        present
    }

    fn forget(&self) {
        self.state().present = None;
    }

    fn present(&self) -> Option<Arc<Present>> {
        self.state().present.clone()
    }

    fn living(&self) -> Option<Arc<Present>> {
        let now = self.clock.now();
        self.present().filter(|present| present.is_alive(now))
    }

    fn rest(&self, problem: &Problem) {
        match problem {
            Problem::File(error) => {
                tracing::warn!(file = %error.path().display(), %error, "token file");
            }
            Problem::Refused(code) => tracing::error!(code, "GitLab refuses to renew the token"),
            Problem::Transient | Problem::SignedOut => {
                tracing::warn!("the access token could not be renewed");
            }
        }
        let now = self.clock.monotonic();
        self.state().rests_until = now.saturating_add(REST);
    }

    fn rests(&self) -> bool {
        self.clock.monotonic() < self.state().rests_until
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a locked file turned out to hold.
enum Stored {
    Tokens(Box<StoredTokens>),
    Nothing,
    /// Something that is no tokens, which has another name by this time.
    SetAside,
}

impl Stored {
    fn tokens(self) -> Option<StoredTokens> {
        match self {
            Self::Tokens(tokens) => Some(*tokens),
            Self::Nothing | Self::SetAside => None,
        }
    }
}

async fn read_again(locked: LockedTokenFile) -> Result<(LockedTokenFile, Stored), Problem> {
    let read = blocking(move || {
        let stored = match locked.load() {
            Ok(Some(tokens)) => Stored::Tokens(Box::new(tokens)),
            Ok(None) => Stored::Nothing,
            Err(error) if error.is_unreadable() => {
                locked.set_aside_unreadable()?;
                Stored::SetAside
            }
            Err(error) => return Err(Problem::File(error)),
        };
        Ok((locked, stored))
    });
    read.await.unwrap_or(Err(Problem::Transient))
}

async fn set_aside_stale(locked: LockedTokenFile) -> Result<(), TokenFileError> {
    blocking(move || locked.set_aside_stale())
        .await
        .unwrap_or(Ok(()))
}

/// Away from the threads that answer calls; `None` when the runtime ends.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn tell_unsaved(error: &TokenFileError) {
    tracing::error!(
        file = %error.path().display(), %error,
        "the tokens could not be saved and are good for this process alone"
    );
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
