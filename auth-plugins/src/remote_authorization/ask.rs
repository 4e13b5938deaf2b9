//! Asks GitLab who a token belongs to. <https://docs.gitlab.com/api/users/#get-the-current-user>,
//! <https://docs.gitlab.com/api/jobs/#get-job-tokens-job>

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::auth::{Credential, HeaderKind};
use gitlab_mcp_core::gitlab::{Egress, FetchError, Instance, Limits};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;
use url::Url;

/// How long one question may take.
const TIME: Duration = Duration::from_secs(5);

/// When to come back if GitLab does not say, and at most.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What GitLab says about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good, and this is its subject.
    Accepted(Arc<str>),
    /// It is not.
    Rejected,
    /// Nobody can say; worth asking again after a while.
    Unclear(Duration),
    /// The host of the instance may not be connected to.
    Unreachable,
}

impl Verdict {
    /// Nobody can say, and nobody knows for how long.
    pub(super) const fn unclear() -> Self {
        Self::Unclear(PAUSE)
    }
}

/// What one question led to.
enum Answer {
    Is(u64),
    /// Known to GitLab, but not allowed to ask.
    Silent,
    Refused,
    Other(Verdict),
}

/// Who `credential` belongs to at `instance`. A user is named by number, a job as `job:<number>`;
/// a token that may not ask for its own name is `unnamed`.
pub(super) async fn who(
    egress: &Egress,
    instance: &Instance,
    credential: &Credential,
    unnamed: String,
) -> Verdict {
    match ask(egress, instance, credential, "user").await {
        Answer::Is(id) => return Verdict::Accepted(id.to_string().into()),
        Answer::Silent => return Verdict::Accepted(unnamed.into()),
        Answer::Other(verdict) => return verdict,
        Answer::Refused if credential.kind() != HeaderKind::JobToken => return Verdict::Rejected,
        Answer::Refused => {}
    }
    match ask(egress, instance, credential, "job").await {
        Answer::Is(id) => Verdict::Accepted(format!("job:{id}").into()),
        Answer::Silent => Verdict::Accepted(unnamed.into()),
        Answer::Refused => Verdict::Rejected,
        Answer::Other(verdict) => verdict,
    }
}

async fn ask(egress: &Egress, instance: &Instance, credential: &Credential, what: &str) -> Answer {
    let Some(request) = request(instance, credential, what).await else {
        return Answer::Other(Verdict::unclear());
    };
    let limits = Limits {
        time: TIME,
        ..Limits::default()
    };
    match egress.fetch(request, limits).await {
        Ok(answer) => read(&answer),
        Err(FetchError::NotAllowed) => Answer::Other(Verdict::Unreachable),
        Err(_) => Answer::Other(Verdict::unclear()),
    }
}

async fn request(
    instance: &Instance,
    credential: &Credential,
    what: &str,
) -> Option<Request<Bytes>> {
    let url = Url::parse(&format!("{}/{what}", instance.api_url())).ok()?;
    let mut request = Request::get(url.as_str()).body(Bytes::new()).ok()?;
    let headers = request.headers_mut();
    credential.apply(&Method::GET, &url, headers).await.ok()?;
    Some(request)
}

fn read(answer: &Response<Bytes>) -> Answer {
    let text = |name| answer.headers().get(name)?.to_str().ok();
    let json = text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    match answer.status() {
        StatusCode::OK if json => {
            let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let id = body.get("id").and_then(Value::as_u64);
            id.map_or(Answer::Other(Verdict::unclear()), Answer::Is)
        }
        StatusCode::UNAUTHORIZED => Answer::Refused,
        // A proxy or a firewall answers 403 to anything; only GitLab does it in JSON.
        StatusCode::FORBIDDEN if json => Answer::Silent,
        // A sign-in page is GitLab's way to say 401 outside its API.
        status if status.is_redirection() => {
            let to_sign_in = text(LOCATION).is_some_and(|to| to.contains("/users/sign_in"));
            if to_sign_in {
                Answer::Refused
            } else {
                Answer::Other(Verdict::unclear())
            }
        }
        StatusCode::OK if String::from_utf8_lossy(answer.body()).contains("/users/sign_in") => {
            Answer::Refused
        }
        _ => {
            let asked = text(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
            let wait = asked.map_or(PAUSE, Duration::from_secs);
            Answer::Other(Verdict::Unclear(wait.min(LONGEST_PAUSE)))
        }
    }
}
