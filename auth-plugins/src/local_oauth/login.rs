//! One sign-in with a browser: open a link, wait for the callback, keep the tokens. RFC 8252.
//!
//! At most one login is open; whoever needs one shares it. Each has a state, a verifier and a
//! listener of its own.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::{AuthError, SignInLink, SignInPage};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::random::{Random, token};
use gitlab_mcp_core::secret::{Kind, Secret};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::listener::{Callback, ListenError, Listener};
use super::opener::Opener;
use super::page::Page;
use super::renewal::Held;
use super::token_file::{StoredTokens, TokenFile};
use crate::gitlab_oauth::{Authorization, GitLabOAuth, State, Verifier};

/// How long a login stays open.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);

/// How often the token file is looked at while another process signs in.
const LOOK: Duration = Duration::from_millis(500);

/// Random bytes of a state and of a verifier.
const BYTES: usize = 32;

/// Why no login is open.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// Nothing listens for the callback.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The link is not one for a browser.
    #[error("the sign-in link is not an http(s) link: check GITLAB_OAUTH_BROWSER_URL")]
    Link,
}

impl From<LoginError> for AuthError {
    fn from(error: LoginError) -> Self {
        Self::Unusable {
            problem: format!("nobody is signed in to GitLab: {error}"),
            remedy: error.remedy().to_owned(),
        }
    }
}

impl LoginError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Listen(ListenError::Taken(_)) => {
                "finish the sign-in of the other process and repeat the call, or change the port \
                 in GITLAB_OAUTH_REDIRECT_URI"
            }
            Self::Listen(_) => {
                "set GITLAB_OAUTH_REDIRECT_URI to a loopback address of this machine"
            }
            Self::Link => "set GITLAB_OAUTH_BROWSER_URL to the http(s) address of GitLab",
        }
    }
}

/// What came of asking for a login.
#[derive(Debug)]
pub(super) enum Opened {
    /// A login that waits for a person.
    Page(SignInPage),
    /// Another process has signed in meanwhile: read the token file again.
    Elsewhere,
}

/// What a login needs; the same for each.
#[derive(Debug)]
pub(super) struct Parts {
    /// The application.
    pub(super) oauth: GitLabOAuth,
    /// Where tokens of other processes arrive.
    pub(super) file: TokenFile,
    /// Takes the tokens.
    pub(super) held: Arc<Held>,
    /// Where the browser comes back to; port 0 or none takes a free one.
    pub(super) redirect_uri: Url,
    /// What is asked for.
    pub(super) scopes: Vec<String>,
    /// Shows the link.
    pub(super) opener: Arc<dyn Opener>,
    /// The only source of time.
    pub(super) clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub(super) random: Arc<dyn Random>,
}

/// Signs in the person at this machine. Cloning shares the open login.
#[derive(Debug, Clone)]
pub(super) struct Login {
    parts: Arc<Parts>,
    open: Arc<Mutex<Option<Open>>>,
}

/// A login that was opened. Dropping it closes its listener.
#[derive(Debug)]
struct Open {
    page: SignInPage,
    until: Duration,
    state: watch::Receiver<Progress>,
    stop: DropGuard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    SignedIn,
    Failed,
}

impl Login {
    /// Nothing is opened yet.
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            open: Arc::default(),
        }
    }

    /// The page of the open login; opens one when there is none. When another process has the
    /// port, its login is waited for, for as long as `wait`.
    ///
    /// # Errors
    /// [`LoginError`], with what to do about it.
    pub(super) async fn open(&self, wait: Duration) -> Result<Opened, LoginError> {
        let mut open = self.open.lock().await;
        let now = self.parts.clock.monotonic();
        if let Some(login) = open.as_ref()
            && login.until > now
            && *login.state.borrow() == Progress::Waiting
        {
            return Ok(Opened::Page(login.page.clone()));
        }
        // The listener of an expired login must be gone before the next one binds the same port.
        if let Some(expired) = open.take() {
            expired.close().await;
        }
        let listener = match Listener::bind(&self.parts.redirect_uri).await {
            Ok(listener) => listener,
            Err(error @ ListenError::Taken(_)) => {
                drop(open);
                return self.elsewhere(wait).await.ok_or(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        let attempt = Attempt::new(&self.parts, listener)?;
        let (page, link) = (attempt.page.clone(), attempt.link.clone());
        let (report, state) = watch::channel(Progress::Waiting);
        let stop = CancellationToken::new();
        tokio::spawn(attempt.run(Arc::clone(&self.parts), report, stop.clone()));
        *open = Some(Open {
            page: page.clone(),
            until: now.saturating_add(LIFETIME),
            state,
            stop: stop.drop_guard(),
        });
        drop(open);
        tracing::info!("opened a sign-in");
        self.parts.opener.show(&link);
        Ok(Opened::Page(page))
    }

    /// Waits until the open login has ended, for as long as `wait`; true when somebody signed in.
    pub(super) async fn finished(&self, wait: Duration) -> bool {
        let state = self
            .open
            .lock()
            .await
            .as_ref()
            .map(|open| open.state.clone());
        let Some(mut state) = state else {
            return false;
        };
        let ended = state.wait_for(|progress| *progress != Progress::Waiting);
        match tokio::time::timeout(wait, ended).await {
            Ok(Ok(progress)) => *progress == Progress::SignedIn,
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Closes the open login, if any.
    pub(super) async fn close(&self) {
        let open = self.open.lock().await.take();
        if let Some(open) = open {
            open.close().await;
        }
    }

    /// Watches the token file for the login of another process.
    async fn elsewhere(&self, wait: Duration) -> Option<Opened> {
        tracing::warn!(
            "GITLAB_OAUTH_REDIRECT_URI: the port is in use; watching the token file for the \
             sign-in of another process"
        );
        let before = self.stored().await;
        let arriving = async {
            loop {
                tokio::time::sleep(LOOK).await;
                let stored = self.stored().await;
                let same = match (&before, &stored) {
                    (_, None) => true,
                    (None, Some(_)) => false,
                    (Some(before), Some(stored)) => before.is(stored),
                };
                if !same {
                    return Opened::Elsewhere;
                }
            }
        };
        tokio::time::timeout(wait, arriving).await.ok()
    }

    async fn stored(&self) -> Option<StoredTokens> {
        let file = self.parts.file.clone();
        let load = tokio::task::spawn_blocking(move || file.load().ok().flatten());
        load.await.ok().flatten()
    }
}

impl Open {
    /// Ends the attempt and waits until its sockets are closed.
    async fn close(self) {
        let Self {
            mut state, stop, ..
        } = self;
        drop(stop);
        // The sender goes with the attempt.
        while state.changed().await.is_ok() {}
    }
}

/// One authorization request on its way.
struct Attempt {
    listener: Listener,
    state: Arc<Secret<State>>,
    verifier: Secret<Verifier>,
    link: Url,
    page: SignInPage,
}

impl Attempt {
    fn new(parts: &Parts, listener: Listener) -> Result<Self, LoginError> {
        let state: Secret<State> = fresh(parts)?;
        let verifier = fresh(parts)?;
        let link = parts.oauth.authorize_url(&Authorization {
            redirect_uri: listener.redirect_uri(),
            scopes: &parts.scopes,
            state: &state,
            verifier: &verifier,
        });
        let link = super::opener::for_browsers(link.as_str()).ok_or(LoginError::Link)?;
        let page: Secret<SignInLink> =
            Secret::parse(link.to_string(), 1).map_err(|_| LoginError::Link)?;
        Ok(Self {
            listener,
            state: Arc::new(state),
            verifier,
            link,
            page: SignInPage::new(page),
        })
    }

    /// Waits for the browser, for as long as a login may stay open.
    async fn run(
        self,
        parts: Arc<Parts>,
        report: watch::Sender<Progress>,
        stop: CancellationToken,
    ) {
        let redirect_uri = self.listener.redirect_uri().clone();
        let callback = self.listener.callback(&self.state);
        let callback = tokio::select! {
            callback = callback => callback,
            () = stop.cancelled() => None,
            () = tokio::time::sleep(LIFETIME) => None,
        };
        let Some(callback) = callback else {
            tracing::info!("a sign-in ended without an answer");
            report.send_replace(Progress::Failed);
            return;
        };
        let page = finish(&parts, &callback, &redirect_uri, &self.verifier).await;
        let progress = if page == Page::SignedIn {
            Progress::SignedIn
        } else {
            Progress::Failed
        };
        report.send_replace(progress);
        drop(report);
        callback.answer(page).await;
    }
}

fn fresh<K: Kind>(parts: &Parts) -> Result<Secret<K>, LoginError> {
    Secret::parse(token(parts.random.as_ref(), BYTES), 1).map_err(|_| LoginError::Link)
}

/// Turns the code into tokens in the file; the page says how that went.
async fn finish(
    parts: &Parts,
    callback: &Callback,
    redirect_uri: &Url,
    verifier: &Secret<Verifier>,
) -> Page {
    let Ok(code) = &callback.result else {
        tracing::warn!("a sign-in was refused at GitLab");
        return Page::Refused;
    };
    let tokens = match parts.oauth.exchange(code, redirect_uri, verifier).await {
        Ok(tokens) => tokens,
        Err(reason) => {
            tracing::warn!(%reason, "a sign-in brought no tokens");
            return Page::Failed;
        }
    };
    parts.held.store(tokens).await;
    tracing::info!("signed in");
    Page::SignedIn
}

#[cfg(test)]
mod tests;
