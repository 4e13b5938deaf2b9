//! Sends a request as a caller: credential, deadlines, retries, one renewal after 401, size limit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use tracing::debug;

use super::egress::{is_not_allowed, is_untrusted};
use super::error::is_html;
use super::patience::asked_wait;
use super::request::moved_project;
use super::{Answer, ApiError, ApiRequest, Egress, Instance, Method, Retries, Situation};
use crate::auth::{AuthError, AuthProvider, Caller, Credential};
use crate::clock::Clock;
use crate::random::Random;

/// Deadlines of one request.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// From sending to the first byte of the answer.
    pub headers: Duration,
    /// For the whole body.
    pub body: Duration,
    /// Without any progress in the body.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(30),
            body: Duration::from_mins(1),
            idle: Duration::from_secs(15),
        }
    }
}

/// Longest body that is read, in bytes.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// The client every tool shares.
pub struct GitLab {
    egress: Egress,
    auth: Arc<dyn AuthProvider>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    timeouts: Timeouts,
    retries: Retries,
}

/// How one exchange ended.
enum Outcome {
    Answered(Answer),
    Refused(StatusCode, HeaderMap, Bytes),
    /// `sent` is false only when GitLab certainly did not see the request.
    Broken {
        error: ApiError,
        sent: bool,
    },
}

impl GitLab {
    /// A client over `egress` that signs in through `auth`.
    pub fn new(
        egress: Egress,
        auth: Arc<dyn AuthProvider>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (timeouts, retries) = (Timeouts::default(), Retries::default());
        Self {
            egress,
            auth,
            clock,
            random,
            timeouts,
            retries,
        }
    }

    /// The same client with other deadlines and retries.
    #[must_use]
    pub fn with_patience(mut self, timeouts: Timeouts, retries: Retries) -> Self {
        self.timeouts = timeouts;
        self.retries = retries;
        self
    }

    /// The way out.
    pub fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The source of randomness, for nonces of what is shown.
    pub fn random(&self) -> &dyn Random {
        self.random.as_ref()
    }

    /// Waits for the sign-in that [`Situation::SignInFirst`] announced; see
    /// [`AuthProvider::signed_in`].
    pub async fn signed_in(&self, caller: &Caller) -> bool {
        self.auth.signed_in(caller).await
    }

    /// Sends `request` as `caller` and reads the whole answer.
    ///
    /// Reads are repeated after network errors, 502, 503, 504 and 429; writes only when GitLab
    /// certainly did not act. After a 401 the credential is renewed once.
    ///
    /// # Errors
    /// [`ApiError`] for everything that is not a 2xx answer with a usable body.
    pub async fn send(&self, caller: &Caller, request: ApiRequest) -> Result<Answer, ApiError> {
        let instance = caller.principal().instance();
        let mut credential = self.auth.credential(caller).await?;
        let mut request = request;
        let mut renewed = false;
        let mut moved = false;
        let mut attempt = 0;
        loop {
            let outcome = self
                .exchange(instance, &request, credential.as_ref())
                .await?;
            let wait = self.wait_before_retry(&request, &outcome, attempt);
            match outcome {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::Refused(status, headers, body)
                    if !renewed && is_stale(status, &request, credential.as_ref()) =>
                {
                    renewed = true;
                    let rejected = credential
                        .as_ref()
                        .map(Credential::number)
                        .unwrap_or_default();
                    let Some(newer) = self.auth.renew(caller, rejected).await? else {
                        let error = self.refusal(status, &headers, &body);
                        return Err(error.without(credential.as_ref()));
                    };
                    credential = Some(newer);
                    continue;
                }
                Outcome::Refused(status, headers, _) if moves(status, &request) && !moved => {
                    moved = true;
                    request = Self::follow_move(instance, request, &headers)
                        .ok_or_else(|| self.refusal(status, &headers, b""))?;
                    continue;
                }
                Outcome::Refused(status, headers, body) if wait.is_none() => {
                    let error = self.refusal(status, &headers, &body);
                    return Err(error.without(credential.as_ref()));
                }
                Outcome::Broken { error, sent } if wait.is_none() => {
                    let unknown = sent && !request.method().is_safe();
                    return Err(if unknown {
                        ApiError::new(Situation::OutcomeUnknown)
                    } else {
                        error
                    });
                }
                Outcome::Refused(..) | Outcome::Broken { .. } => {}
            }
            if let Some(wait) = wait {
                debug!(attempt, wait_ms = wait.as_millis(), "asking GitLab again");
                tokio::time::sleep(wait).await;
            }
            attempt += 1;
        }
    }

    /// How long to wait before another try, or `None` when there is none.
    fn wait_before_retry(
        &self,
        request: &ApiRequest,
        outcome: &Outcome,
        attempt: u32,
    ) -> Option<Duration> {
        if attempt >= self.retries.attempts {
            return None;
        }
        let safe = request.method().is_safe();
        let again = match outcome {
            Outcome::Answered(_) => false,
            Outcome::Broken { error, sent } => {
                error.situation != Situation::TooLarge && (safe || !sent)
            }
            Outcome::Refused(status, ..) => match status.as_u16() {
                429 => true,
                502..=504 => safe,
                _ => false,
            },
        };
        if !again {
            return None;
        }
        let asked = match outcome {
            Outcome::Refused(_, headers, _) => asked_wait(headers, self.clock.now()),
            _ => None,
        };
        match asked {
            Some(wait) if wait > self.retries.longest => None,
            Some(wait) => Some(wait.max(Duration::from_millis(10))),
            None => Some(self.retries.wait(attempt, self.random.as_ref())),
        }
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ApiError {
        if is_sign_in(status, headers) {
            let advice = self.auth.sign_in_advice();
            return ApiError::new(Situation::NotSignedIn { advice });
        }
        let wait = asked_wait(headers, self.clock.now());
        ApiError::of(status, headers, body, self.auth.sign_in_advice()).retry_after(wait)
    }

    fn follow_move(
        instance: &Instance,
        request: ApiRequest,
        headers: &HeaderMap,
    ) -> Option<ApiRequest> {
        let location = headers.get(http::header::LOCATION)?.to_str().ok()?;
        let same = location.starts_with('/') && !location.starts_with("//")
            || instance.path_of(location).is_some();
        let path = moved_project(request.path(), location).filter(|_| same)?;
        Some(request.moved_to(path))
    }

    /// One request on the wire. Errors before anything was sent are returned as `Err`.
    async fn exchange(
        &self,
        instance: &Instance,
        request: &ApiRequest,
        credential: Option<&Credential>,
    ) -> Result<Outcome, ApiError> {
        let (url, builder) = self.prepare(instance, request, credential).await?;
        let answer = match tokio::time::timeout(self.timeouts.headers, builder.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if is_not_allowed(&error) => {
                return Err(ApiError::new(Situation::HostNotAllowed));
            }
            Ok(Err(error)) => {
                let sent = !error.is_connect();
                let error = ApiError::new(Situation::Unavailable).words(reason(&error));
                return Ok(Outcome::Broken { error, sent });
            }
            Err(_) => {
                let error = ApiError::new(Situation::Timeout);
                return Ok(Outcome::Broken { error, sent: true });
            }
        };
        let status = answer.status();
        let headers = answer.headers().clone();
        if let Some(attachment) = credential.and_then(Credential::attachment) {
            attachment.learn(&url, &headers);
        }
        let body = match self.read_body(answer).await {
            Ok(body) => body,
            Err(error) => return Ok(Outcome::Broken { error, sent: true }),
        };
        let proxied = credential.and_then(Credential::attachment).is_some();
        if proxied && is_page_of_a_proxy(request, status, &headers, &body) {
            return Ok(Outcome::Refused(
                StatusCode::UNAUTHORIZED,
                HeaderMap::new(),
                Bytes::new(),
            ));
        }
        if !status.is_success() {
            return Ok(Outcome::Refused(status, headers, body));
        }
        if is_html(&headers, &body) && !request.path().as_str().ends_with("/raw") {
            return Err(self.page_instead_of_data(&body, request.method()));
        }
        Ok(Outcome::Answered(Answer {
            status,
            headers,
            body,
        }))
    }

    async fn prepare(
        &self,
        instance: &Instance,
        request: &ApiRequest,
        credential: Option<&Credential>,
    ) -> Result<(url::Url, reqwest::RequestBuilder), ApiError> {
        let invalid = || ApiError::new(Situation::Validation).words("the address cannot be built");
        let text = format!("{}/{}", instance.api_url(), request.path().as_str());
        let mut url = url::Url::parse(&text).map_err(|_| invalid())?;
        if !request.query_pairs().is_empty() {
            url.query_pairs_mut().extend_pairs(request.query_pairs());
        }
        let method = request.method().to_http();
        let mut headers = HeaderMap::new();
        if let Some(credential) = credential {
            let applied = credential.apply(&method, &url, &mut headers).await;
            applied.map_err(|error| self.not_sent(error))?;
        }
        let builder = self.egress.request(method, url.clone());
        let builder = builder.map_err(|_| ApiError::new(Situation::HostNotAllowed))?;
        let mut builder = builder.headers(headers);
        if let Some(body) = request.body() {
            builder = builder
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        Ok((url, builder))
    }

    /// Why a request did not leave, with the advice of the mode.
    fn not_sent(&self, error: AuthError) -> ApiError {
        let mut error = ApiError::from(error);
        if let Situation::NotSignedIn { advice } = &mut error.situation {
            *advice = self.auth.sign_in_advice();
        }
        error
    }

    async fn read_body(&self, mut answer: reqwest::Response) -> Result<Bytes, ApiError> {
        let read = async {
            let mut body = BytesMut::new();
            loop {
                let chunk = tokio::time::timeout(self.timeouts.idle, answer.chunk())
                    .await
                    .map_err(|_| ApiError::new(Situation::Timeout))?
                    .map_err(|error| ApiError::new(Situation::Unavailable).words(reason(&error)))?;
                match chunk {
                    None => return Ok(body.freeze()),
                    Some(chunk) if body.len() + chunk.len() > MAX_BODY => {
                        return Err(ApiError::new(Situation::TooLarge));
                    }
                    Some(chunk) => body.extend_from_slice(&chunk),
                }
            }
        };
        tokio::time::timeout(self.timeouts.body, read)
            .await
            .map_err(|_| ApiError::new(Situation::Timeout))?
    }

    /// A sign-in form counts as 401; any other page as GitLab being away.
    fn page_instead_of_data(&self, body: &[u8], method: Method) -> ApiError {
        let text = String::from_utf8_lossy(body.get(..20_000).unwrap_or(body));
        if text.contains("sign_in") || text.contains("type=\"password\"") {
            return ApiError::new(Situation::NotSignedIn {
                advice: self.auth.sign_in_advice(),
            });
        }
        ApiError::new(Situation::Invalid).words(if method.is_safe() {
            "an HTML page came instead of JSON"
        } else {
            "an HTML page came instead of JSON; whether the change happened is not known"
        })
    }
}

/// True when a newer credential could change the answer.
fn is_stale(status: StatusCode, request: &ApiRequest, credential: Option<&Credential>) -> bool {
    let attached = credential.and_then(Credential::attachment);
    let heard = attached.is_some_and(|one| one.refused(&request.method().to_http(), status));
    heard || status == StatusCode::UNAUTHORIZED
}

/// A page or a redirect where data is due: whatever stands before GitLab wants a sign-in. GitLab
/// declares no raw file as HTML.
fn is_page_of_a_proxy(
    request: &ApiRequest,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if status.is_redirection() {
        let target = header(http::header::LOCATION).unwrap_or_default();
        let moved = moves(status, request) && moved_project(request.path(), target).is_some();
        return !target.is_empty() && !moved;
    }
    let raw = request.path().as_str().ends_with("/raw");
    let declared = header(http::header::CONTENT_TYPE).is_some_and(|kind| kind.contains("html"));
    status.is_success() && (declared || !raw && is_html(headers, body))
}

/// A renamed project answers reads with 301 and its id.
fn moves(status: StatusCode, request: &ApiRequest) -> bool {
    status == StatusCode::MOVED_PERMANENTLY && request.method().is_safe()
}

fn is_sign_in(status: StatusCode, headers: &HeaderMap) -> bool {
    status.is_redirection()
        && headers
            .get(http::header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|target| target.contains("/users/sign_in"))
}

/// What broke, without the address: it may hold what a user typed.
fn reason(error: &reqwest::Error) -> &'static str {
    if is_untrusted(error) {
        "no connection could be made: the certificate is not valid for this host or not trusted; \
         GITLAB_CA_CERT_PATH adds an authority"
    } else if error.is_connect() {
        "no connection could be made"
    } else if error.is_timeout() {
        "the connection timed out"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the connection failed"
    }
}

impl fmt::Debug for GitLab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitLab")
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
