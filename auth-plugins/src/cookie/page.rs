//! Walks through redirects and pages as the browser session: the warm-up of a proxy before GitLab,
//! and the CSRF token of GitLab's pages.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::gitlab::{FetchError, Limits};
use gitlab_mcp_core::secret::{Kind, Secret};
use http::header::{ACCEPT, COOKIE, LOCATION};
use http::{Request, Response, StatusCode};
use regex::Regex;
use url::Url;

use super::session::Session;

/// The most redirects of one walk.
const REDIRECTS: usize = 5;

/// How long after a failure the next warm-up may begin.
const WARM_UP_AGAIN: Duration = Duration::from_secs(10);

/// Dashboards are long pages; the token stands in their head.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    body: 4 * 1024 * 1024,
};

/// A proxy that sees a program instead of a browser answers 401 and sets nothing.
const BROWSER: &str = "text/html,application/json;q=0.9,*/*;q=0.8";

/// Proves that a write comes from a page of GitLab.
#[derive(Debug, Clone, Copy)]
pub(super) enum CsrfToken {}

impl Kind for CsrfToken {
    const NAME: &'static str = "CsrfToken";
}

/// Where a walk ended.
struct Arrived {
    url: Url,
    answer: Response<Bytes>,
}

impl Session {
    /// Lets a proxy before GitLab set its cookies: once for each jar, and without any token, which
    /// a redirect could carry away.
    pub(super) async fn warm_up(&self) {
        if !self.is_cold() {
            return;
        }
        let _walking = self.walking.lock().await;
        // Whoever held the lock may have done it.
        if !self.is_cold() {
            return;
        }
        let Ok(url) = Url::parse(&format!("{}/user", self.instance.api_url())) else {
            return;
        };
        let load = self.held().load;
        let arrived = self.walk(url, load).await.map(|end| end.answer.status());
        let again = |status: &StatusCode| {
            status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
        };
        let mut held = self.held();
        match arrived {
            Ok(status) if !again(&status) => {
                held.warm = load;
                tracing::debug!(status = status.as_u16(), load, "warmed up the cookies");
            }
            Ok(status) => {
                held.warm_up_after = self.clock.monotonic() + WARM_UP_AGAIN;
                tracing::debug!(status = status.as_u16(), "the warm-up failed");
            }
            Err(reason) => {
                held.warm_up_after = self.clock.monotonic() + WARM_UP_AGAIN;
                tracing::debug!(%reason, "the warm-up failed");
            }
        }
    }

    fn is_cold(&self) -> bool {
        let held = self.held();
        let due = held.warm_up_after <= self.clock.monotonic();
        held.warm != held.load && due && !held.jar.is_empty()
    }

    /// The CSRF token of the present jar, or the reason why there is none.
    pub(super) async fn csrf(&self) -> Result<Arc<Secret<CsrfToken>>, String> {
        self.fetch_csrf(None).await
    }

    /// As [`Session::csrf`], but another one than `refused`.
    pub(super) async fn fetch_csrf(
        &self,
        refused: Option<&Arc<Secret<CsrfToken>>>,
    ) -> Result<Arc<Secret<CsrfToken>>, String> {
        let is_refused = |token: &Secret<CsrfToken>| {
            refused.is_some_and(|refused| refused.matches(token.expose()))
        };
        let _walking = self.walking.lock().await;
        let (load, present) = {
            let held = self.held();
            (held.load, held.csrf.clone())
        };
        if let Some(token) = present.filter(|token| !is_refused(token)) {
            return Ok(token);
        }
        let token = Arc::new(self.csrf_of_page(load).await?);
        let mut held = self.held();
        if is_refused(&token) {
            return Err("GitLab's page holds the refused one".to_owned());
        }
        if held.load == load {
            held.csrf = Some(Arc::clone(&token));
            held.renewals = held.renewals.saturating_add(u64::from(refused.is_some()));
        }
        Ok(token)
    }

    async fn csrf_of_page(&self, load: u64) -> Result<Secret<CsrfToken>, String> {
        let home = Url::parse(&format!("{}/", self.instance.base()));
        let home = home.map_err(|_| "GitLab's address cannot be used".to_owned())?;
        let Arrived { url, answer } = self
            .walk(home, load)
            .await
            .map_err(|error| format!("GitLab's page could not be had, {error}"))?;
        let path = self.instance.path_of(url.as_str());
        if path.is_none_or(|path| path.starts_with("users/sign_in")) {
            return Err("GitLab's page asks to sign in, the browser session has ended".to_owned());
        }
        if answer.status() != StatusCode::OK {
            let status = answer.status().as_u16();
            return Err(format!("GitLab's page was answered with status {status}"));
        }
        let found = meta_of(&String::from_utf8_lossy(answer.body()));
        found
            .and_then(|text| Secret::parse(text, 1).ok())
            .ok_or_else(|| "GitLab's page holds none, so nobody is signed in there".to_owned())
    }

    /// Opens `url` and follows redirects by hand; at each station the jar decides which cookies go
    /// there, and takes what is set. The answer may still be a redirect.
    async fn walk(&self, mut url: Url, load: u64) -> Result<Arrived, FetchError> {
        let mut left = REDIRECTS;
        loop {
            let mut request = Request::get(url.as_str()).header(ACCEPT, BROWSER);
            if let Some(cookies) = self.cookies_for(&url) {
                request = request.header(COOKIE, cookies);
            }
            let request = request
                .body(Bytes::new())
                .map_err(|_| FetchError::Address)?;
            let answer = self.egress.fetch(request, LIMITS).await;
            if let Err(FetchError::NotAllowed) = answer {
                tracing::warn!(
                    host = url.host_str(),
                    "the sign-on leads to a host without a public address; to follow it, name it in \
                     GITLAB_ALLOWED_HOSTS and, beside GitLab's own host, in GITLAB_INTERNAL_HOSTS"
                );
            }
            let answer = answer?;
            self.learn(load, &url, answer.headers());
            match next(&url, &answer) {
                Some(further) if left > 0 => url = further,
                _ => return Ok(Arrived { url, answer }),
            }
            left -= 1;
        }
    }
}

/// Where a redirect leads, when a browser would go there.
fn next(url: &Url, answer: &Response<Bytes>) -> Option<Url> {
    if !answer.status().is_redirection() {
        return None;
    }
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    let mut further = url.join(location).ok()?;
    let plain = further.username().is_empty() && further.password().is_none();
    if !plain || !matches!(further.scheme(), "http" | "https") || further.host().is_none() {
        return None;
    }
    further.set_fragment(None);
    Some(further)
}

static META: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?is)<meta\s[^>]*>").ok());
static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\sname\s*=\s*["']?csrf-token["'\s/>]"#).ok());
static CONTENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\scontent\s*=\s*["']([^"'<>\s]+)["']"#).ok());

/// The content of `<meta name="csrf-token">`; the attributes stand in any order.
fn meta_of(page: &str) -> Option<String> {
    let (meta, named, content) = (META.as_ref()?, NAMED.as_ref()?, CONTENT.as_ref()?);
    let tag = meta
        .find_iter(page)
        .find(|tag| named.is_match(tag.as_str()))?;
    let found = content.captures(tag.as_str())?;
    Some(found.get(1)?.as_str().to_owned())
}

#[cfg(test)]
mod tests;
