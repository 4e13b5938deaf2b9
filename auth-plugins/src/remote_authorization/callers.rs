//! Callers who bring a token of GitLab in a header: GitLab is asked whose it is.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::{AuthError, BuildContext, Caller, Credential, HeaderKind, Principal};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::HeaderMap;
use tracing::{debug, info};

use super::ask::Verdict;
use super::checks::{Checked, Checks};
use super::fingerprint::{Fingerprint, Fingerprints};
use super::presented::{self, Presented, Unusable, shown};
use super::refusals;

/// Knows whose tokens are whose.
#[derive(Debug)]
pub(crate) struct Callers {
    fingerprints: Fingerprints,
    checks: Arc<Checks>,
    clock: Arc<dyn Clock>,
    /// The `error` of a token GitLab does not accept.
    invalid: &'static str,
}

/// What a caller needs for calls to GitLab.
#[derive(Debug)]
struct Own {
    credential: Credential,
    token: Arc<Secret<GitLabToken>>,
    name: Fingerprint,
}

impl Callers {
    /// Nobody is known yet; GitLab's answers are used for `cache`.
    pub(crate) fn new(context: &BuildContext, cache: Duration, invalid: &'static str) -> Self {
        let clock = Arc::clone(&context.clock);
        Self {
            fingerprints: Fingerprints::new(context.random.as_ref()),
            checks: Checks::new(context.egress.clone(), Arc::clone(&clock), cache),
            clock,
            invalid,
        }
    }

    /// The caller of a request with `Private-Token` or `JOB-TOKEN`; `None` without both.
    ///
    /// # Errors
    /// [`AuthError`] when the header that is there is of no use.
    pub(crate) async fn by_header(
        &self,
        headers: &HeaderMap,
        instance: &Instance,
    ) -> Result<Option<Caller>, AuthError> {
        match presented::read_own_headers(headers) {
            Ok(presented) => self.checked(instance.clone(), presented).await.map(Some),
            Err(Unusable::Missing) => Ok(None),
            Err(unusable) => {
                let (reason, error) = refusals::unusable(unusable);
                info!(reason, "refused");
                Err(error)
            }
        }
    }

    /// The caller whose token is `presented`.
    ///
    /// # Errors
    /// [`AuthError`] when GitLab does not accept it, or cannot be asked.
    pub(super) async fn checked(
        &self,
        instance: Instance,
        presented: Presented,
    ) -> Result<Caller, AuthError> {
        let started = self.clock.monotonic();
        let name = self.fingerprints.of(&instance, &presented);
        let Presented { kind, token } = presented;
        let token = Arc::new(token);
        let credential = Credential::new(&instance, kind, Arc::clone(&token));
        let Checked {
            verdict,
            cached,
            known,
        } = self.checks.check(name, &instance, &credential).await;
        let took_ms = self.clock.monotonic().saturating_sub(started).as_millis();
        let (header, host) = (shown(kind), instance.host());
        let subject = match verdict {
            Verdict::Accepted(subject) => subject,
            Verdict::Rejected => {
                let reason = "rejected";
                info!(reason, header, host, cached, took_ms, "refused");
                return Err(refusals::rejected(self.invalid, host));
            }
            Verdict::Unclear(wait) => {
                let reason = "unavailable";
                info!(reason, header, host, known, took_ms, "refused");
                return Err(refusals::unclear(self.invalid, host, wait, known));
            }
            Verdict::Unreachable => {
                info!(reason = "host_not_allowed", header, host, "refused");
                return Err(refusals::unreachable(host));
            }
        };
        if cached {
            debug!(header, host, %subject, cached, "let in");
        } else {
            info!(header, host, %subject, cached, took_ms, "let in");
        }
        let principal = Principal::new(instance, subject);
        let own = Own {
            credential,
            token,
            name,
        };
        Ok(Caller::with_own(principal, Arc::new(own)))
    }

    /// What the GitLab requests of `caller` carry; `None` for a caller of another kind.
    pub(crate) fn credential(caller: &Caller) -> Option<Credential> {
        Some(caller.own::<Own>()?.credential.clone())
    }

    /// The token of `caller` and how it was presented; `None` for a caller of another kind.
    pub(crate) fn token(caller: &Caller) -> Option<(HeaderKind, Arc<Secret<GitLabToken>>)> {
        let own = caller.own::<Own>()?;
        Some((own.credential.kind(), Arc::clone(&own.token)))
    }

    /// GitLab refused the token during a call: whoever presents it next is checked again.
    pub(crate) fn forget(&self, caller: &Caller) {
        if let Some(own) = caller.own::<Own>() {
            self.checks.verdicts.forget(&own.name);
        }
    }
}
