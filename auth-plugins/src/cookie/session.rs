//! The browser session: the jar over time, and what of it goes along with a request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use gitlab_mcp_core::auth::{Attachment, AuthError, BuildContext, Challenge};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::{Egress, Instance};
use gitlab_mcp_core::secret::Secret;
use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::file::{CookieFile, FileError, Stamp};
use super::jar::Jar;
use super::page::CsrfToken;

/// How often the file is looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long a file without a final line break has to stay the same: the end of the last value may
/// be missing.
const BROKEN_OFF: Duration = Duration::from_secs(10);

/// How many looks in a row have to find the file gone before its cookies are given up.
const GONE: u8 = 2;

/// Carries the CSRF token of a page: <https://docs.gitlab.com/api/rest/authentication/#session-cookie>
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// One browser session for every caller.
pub(super) struct Session {
    pub(super) instance: Instance,
    pub(super) egress: Egress,
    pub(super) clock: Arc<dyn Clock>,
    file: CookieFile,
    told: Option<Stamp>,
    /// A token goes along, so GitLab asks for no CSRF token.
    has_token: bool,
    held: Mutex<Held>,
    /// One walk through pages at a time; whoever waits for it finds its result.
    pub(super) walking: tokio::sync::Mutex<()>,
}

/// The present state, changed only under the lock.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) jar: Jar,
    /// Counts the jars: each load of the file, and its removal.
    pub(super) load: u64,
    /// The load that has been warmed up.
    pub(super) warm: u64,
    /// The earliest time of a further warm-up.
    pub(super) warm_up_after: Duration,
    pub(super) csrf: Option<Arc<Secret<CsrfToken>>>,
    /// Counts the CSRF tokens that replaced a refused one.
    pub(super) renewals: u64,
    /// The count of renewals at which GitLab refused the CSRF token.
    refused: Option<u64>,
    looked: Option<Duration>,
    stamp: Option<Stamp>,
    /// Read, but not taken over, since when: it may be half written.
    waiting: Option<(Stamp, Duration)>,
    gone: u8,
    /// The reason that was last complained about.
    complaint: Option<FileError>,
}

impl Held {
    fn replace(&mut self, jar: Jar, stamp: Option<Stamp>) {
        self.jar = jar;
        self.stamp = stamp;
        self.load = self.load.saturating_add(1);
        self.csrf = None;
        self.waiting = None;
    }

    fn complain(&mut self, error: FileError) {
        if self.complaint.replace(error) != Some(error) {
            tracing::warn!(reason = %error, "the cookie file is of no use; keeping the cookies");
        }
    }
}

impl Session {
    /// A session that reads the file when it is first used. The bad lines of the state `told` have
    /// been told already.
    pub(super) fn new(
        (file, told): (CookieFile, Option<Stamp>),
        has_token: bool,
        context: &BuildContext,
    ) -> Self {
        Self {
            instance: context.instance.clone(),
            egress: context.egress.clone(),
            clock: Arc::clone(&context.clock),
            file,
            has_token,
            held: Mutex::default(),
            walking: tokio::sync::Mutex::default(),
            told,
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        let since = self.clock.now().duration_since(UNIX_EPOCH);
        let seconds = since.unwrap_or_default().as_secs();
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }

    /// Brings everything up to date: the jar to its file, then the proxy's cookies.
    pub(super) async fn refresh(&self) {
        self.look();
        self.warm_up().await;
    }

    /// Looks at the file when it is time to, and reads it when it changed.
    fn look(&self) {
        let mut held = self.held();
        let now = self.clock.monotonic();
        let looked = held.looked;
        if looked.is_some_and(|last| now.saturating_sub(last) < LOOK_AGAIN) {
            return;
        }
        held.looked = Some(now);
        match self.file.stamp() {
            Err(FileError::Missing) => return gone(&mut held),
            Err(error) => held.complain(error),
            Ok(stamp) if Some(stamp) == held.stamp => {
                held.waiting = None;
                held.complaint = None;
            }
            Ok(_) => self.load(&mut held, now),
        }
        held.gone = 0;
    }

    /// Takes over the file. One with a flaw may be half written: it has to stay the same for a
    /// while, and one that breaks off in a line without a value is not taken at all while there are
    /// cookies to keep.
    fn load(&self, held: &mut Held, now: Duration) {
        let (stamp, content) = match self.file.read(self.now()) {
            Ok(read) => read,
            Err(error) => return held.complain(error),
        };
        let first = held.load == 0;
        if !first && !content.is_whole() {
            let known = held.waiting.filter(|(waiting, _)| *waiting == stamp);
            let (_, since) = *held.waiting.insert(known.unwrap_or((stamp, now)));
            let wait = if content.is_open {
                BROKEN_OFF
            } else {
                LOOK_AGAIN
            };
            if content.is_cut || now.saturating_sub(since) < wait {
                if known.is_none() {
                    tracing::info!("the cookie file looks half written; keeping the cookies");
                }
                return;
            }
        }
        if content.bad > 0 && self.told != Some(stamp) {
            tracing::warn!("of the cookie file, {}", content.complaint());
        }
        let jar = Jar::new(content.cookies);
        let (cookies, expired) = (jar.len(), content.expired);
        held.replace(jar, Some(stamp));
        held.complaint = None;
        tracing::info!(
            cookies,
            expired,
            load = held.load,
            "read the cookies of the browser session"
        );
    }

    /// What goes along with requests, and its number.
    pub(super) fn attachment(self: &Arc<Self>) -> (Arc<dyn Attachment>, u64) {
        let held = self.held();
        let (load, renewals) = (held.load, held.renewals);
        let attached = Attached {
            session: Arc::clone(self),
            load,
            renewals,
        };
        (Arc::new(attached), load.saturating_add(renewals))
    }

    /// The `Cookie` header of a request to `url`.
    pub(super) fn cookies_for(&self, url: &Url) -> Option<HeaderValue> {
        self.held().jar.header_for(url, self.now())
    }

    /// Takes over what an answer sets. One to a request of an earlier jar must not touch this one:
    /// it could replace the session of the person by an anonymous one.
    pub(super) fn learn(&self, load: u64, url: &Url, answer: &HeaderMap) {
        let now = self.now();
        let mut held = self.held();
        if held.load == load {
            held.jar.learn(url, answer, now);
        }
    }

    /// Fetches another CSRF token when GitLab refused the present one.
    pub(super) async fn renew_csrf(&self) {
        let present = {
            let mut held = self.held();
            // Taken: a later refusal of something else is not about this token.
            if held.refused.take() != Some(held.renewals) {
                return;
            }
            held.csrf.clone()
        };
        match self.fetch_csrf(present.as_ref()).await {
            Ok(_) => tracing::debug!("GitLab refused the CSRF token; fetched another"),
            Err(reason) => tracing::debug!(reason, "GitLab refused the CSRF token"),
        }
    }
}

/// The file is not there. A program that replaces it may remove it for a moment.
fn gone(held: &mut Held) {
    held.gone = held.gone.saturating_add(1);
    if held.gone < GONE || held.stamp.is_none() {
        return;
    }
    held.replace(Jar::default(), None);
    tracing::warn!(
        load = held.load,
        "the cookie file was removed; its cookies are given up"
    );
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

/// What one credential adds to its requests.
#[derive(Debug)]
struct Attached {
    session: Arc<Session>,
    load: u64,
    renewals: u64,
}

#[async_trait]
impl Attachment for Attached {
    async fn attach(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), AuthError> {
        if !method.is_safe() && !self.session.has_token {
            let token = self.session.csrf().await.map_err(|reason| {
                let text =
                    format!("the change was not sent, because there is no CSRF token: {reason}");
                Challenge::realm(text)
            })?;
            // The alphabet of the kind is that of a header; should it not be, nothing is sent.
            let value = HeaderValue::from_str(token.expose());
            let mut value = value.map_err(|_| Challenge::realm("the CSRF token is no header"))?;
            value.set_sensitive(true);
            headers.insert(CSRF, value);
        }
        // Last: fetching the token may have changed the cookies.
        headers.extend(self.session.cookies_for(url).map(|value| (COOKIE, value)));
        Ok(())
    }

    fn learn(&self, url: &Url, answer: &HeaderMap) {
        self.session.learn(self.load, url, answer);
    }

    fn refused(&self, method: &Method, status: StatusCode) -> bool {
        let means_csrf = [StatusCode::UNAUTHORIZED, StatusCode::UNPROCESSABLE_ENTITY];
        if method.is_safe() || self.session.has_token || !means_csrf.contains(&status) {
            return false;
        }
        self.session.held().refused = Some(self.renewals);
        true
    }

    fn hidden_in(&self, text: String) -> String {
        let held = self.session.held();
        let text = held.jar.hidden_in(text);
        match &held.csrf {
            Some(token) => text.replace(token.expose(), "[masked]"),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests;
