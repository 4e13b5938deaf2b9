//! GitLab said no, or nothing: which situation it is, and what to do about it.
//! Status codes: <https://docs.gitlab.com/api/rest/troubleshooting/#status-codes>

use std::time::Duration;

use self::words::{bounded, fields_of, message_of, read};
use crate::auth::{AuthError, Credential, SignInPage};
use crate::tool::{ErrorCode, FieldProblem, ToolError};
use http::{HeaderMap, StatusCode};

mod words;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each word is its own description")]
pub enum Situation {
    NotSignedIn { advice: &'static str },
    SignInFirst(SignInPage),
    NoCredential { problem: String, remedy: String },
    InsufficientScope { scope: Option<String> },
    Forbidden,
    NotFound,
    NotMergeable,
    Conflict,
    Validation,
    RateLimited,
    Timeout,
    Unavailable,
    Invalid,
    OutcomeUnknown,
    TooLarge,
    Redirected,
    HostNotAllowed,
}

/// Why a request to GitLab failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct ApiError {
    /// What went wrong.
    pub situation: Situation,
    /// GitLab's status, when it answered.
    pub status: Option<u16>,
    /// GitLab's own words, cleaned and bounded.
    pub words: Option<String>,
    /// Fields GitLab complains about.
    pub fields: Vec<FieldProblem>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// An error without further detail.
    pub fn new(situation: Situation) -> Self {
        Self {
            situation,
            status: None,
            words: None,
            fields: Vec::new(),
            retry_after: None,
        }
    }

    /// Adds words, cleaned and bounded.
    #[must_use]
    pub fn words(mut self, text: impl Into<String>) -> Self {
        self.words = Some(bounded(&text.into()));
        self
    }

    /// Adds when to come back.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Reads an answer that is not 2xx.
    pub(crate) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        advice: &'static str,
    ) -> Self {
        let body = read(body, is_html(headers, body));
        let text = |name: &str| body.get(name)?.as_str();
        let scope = text("scope").map(str::to_owned);
        let insufficient = text("error") == Some("insufficient_scope");
        let situation = match status.as_u16() {
            401 => Situation::NotSignedIn { advice },
            403 if insufficient => Situation::InsufficientScope { scope },
            403 => Situation::Forbidden,
            404 | 410 => Situation::NotFound,
            405 => Situation::NotMergeable,
            409 | 412 => Situation::Conflict,
            400 | 406 | 422 => Situation::Validation,
            429 => Situation::RateLimited,
            413 => Situation::TooLarge,
            300..=399 => Situation::Redirected,
            500..=599 => Situation::Unavailable,
            _ => Situation::Invalid,
        };
        let mut error = Self::new(situation);
        error.status = Some(status.as_u16());
        error.words = message_of(&body).map(|text| bounded(&text));
        if error.situation == Situation::Validation {
            error.fields = fields_of(&body);
        }
        error
    }

    /// The same error, should GitLab's words repeat the credential they answer.
    #[must_use]
    pub(crate) fn without(mut self, credential: Option<&Credential>) -> Self {
        if let Some(credential) = credential {
            let fields = self.fields.iter_mut().map(|field| &mut field.expected);
            for text in fields.chain(&mut self.words) {
                *text = credential.hidden_in(text);
            }
        }
        self
    }

    fn message(&self) -> String {
        let told = self
            .status
            .map(|status| format!(" ({status})"))
            .unwrap_or_default();
        match &self.situation {
            Situation::NotSignedIn { .. } => format!("GitLab does not accept the credential{told}"),
            Situation::SignInFirst(_) => "nobody is signed in to GitLab".to_owned(),
            Situation::NoCredential { problem, .. } => problem.clone(),
            Situation::InsufficientScope { scope: Some(scope) } => {
                format!("the token lacks the scope for this call; one of these is needed: {scope}")
            }
            Situation::InsufficientScope { scope: None } => {
                "the token lacks the scope for this call".to_owned()
            }
            Situation::Forbidden => format!("GitLab does not allow this{told}"),
            Situation::NotFound => format!("GitLab has nothing there that you can see{told}"),
            Situation::NotMergeable => format!("GitLab cannot do this in the present state{told}"),
            Situation::Conflict => format!("the object has changed or already exists{told}"),
            Situation::Validation => format!("GitLab refuses these values{told}"),
            Situation::RateLimited => format!("GitLab limits the rate of requests{told}"),
            Situation::Timeout => "GitLab did not answer in time".to_owned(),
            Situation::Unavailable => format!("GitLab is not available{told}"),
            Situation::Invalid => format!("GitLab's answer cannot be used{told}"),
            Situation::OutcomeUnknown => {
                "the change was sent, but GitLab's answer did not arrive".to_owned()
            }
            Situation::TooLarge => "the answer or the request is too large".to_owned(),
            Situation::Redirected => {
                format!("GitLab answered with a redirect, which is not followed{told}")
            }
            Situation::HostNotAllowed => {
                "this GitLab host may not be connected to: it is not at a public address".to_owned()
            }
        }
    }

    fn next_step(&self) -> String {
        let text = match &self.situation {
            Situation::NotSignedIn { advice } => advice,
            Situation::NoCredential { remedy, .. } => return remedy.clone(),
            Situation::InsufficientScope { .. } => {
                "use a token with that scope; trying again will not help"
            }
            Situation::SignInFirst(page) => {
                return format!(
                    "give the user this link to sign in to GitLab, then repeat the call: {}",
                    page.link()
                );
            }
            Situation::Forbidden => "ask for a higher role in that project or group",
            Situation::NotFound => {
                "check the project and the number, or search for it; it is missing or not visible \
                 to this user"
            }
            Situation::NotMergeable => "read its status first: it says what blocks",
            Situation::Conflict => "read the object again and repeat with the current values",
            Situation::Validation => "correct the named values and call again",
            Situation::RateLimited => match self.retry_after {
                Some(wait) => return format!("wait {} s, then call again", wait.as_secs().max(1)),
                None => "wait a minute, then call again",
            },
            Situation::Timeout | Situation::Unavailable => {
                "try again later; if it lasts, look at the status of the GitLab instance"
            }
            Situation::Invalid | Situation::Redirected => {
                "check that GITLAB_API_URL names a GitLab instance and that no proxy or sign-in \
                 page stands before it"
            }
            Situation::HostNotAllowed => {
                "if it is meant to be on a private network, the operator lists it in \
                 GITLAB_INTERNAL_HOSTS; trying again will not help"
            }
            Situation::OutcomeUnknown => {
                "do not repeat the change blindly: read or list the object first to see whether it \
                 happened"
            }
            Situation::TooLarge => "ask for less, for example with a smaller per_page",
        };
        text.to_owned()
    }

    pub(crate) fn into_tool_error(self) -> ToolError {
        let code = match &self.situation {
            Situation::NotSignedIn { .. }
            | Situation::SignInFirst(_)
            | Situation::NoCredential { .. } => ErrorCode::Unauthorized,
            Situation::InsufficientScope { .. } => ErrorCode::InsufficientScope,
            Situation::Forbidden | Situation::HostNotAllowed => ErrorCode::Forbidden,
            Situation::NotFound => ErrorCode::NotFound,
            Situation::NotMergeable => ErrorCode::NotMergeable,
            Situation::Conflict => ErrorCode::Conflict,
            Situation::Validation => ErrorCode::Validation,
            Situation::RateLimited => ErrorCode::RateLimited,
            Situation::Timeout => ErrorCode::Timeout,
            Situation::Unavailable => ErrorCode::UpstreamUnavailable,
            Situation::Invalid | Situation::Redirected => ErrorCode::UpstreamInvalid,
            Situation::OutcomeUnknown => ErrorCode::OutcomeUnknown,
            Situation::TooLarge => ErrorCode::TooLarge,
        };
        let mut error = ToolError::new(code, self.message(), self.next_step());
        error.status = self.status;
        error.gitlab = self.words;
        error.fields = self.fields;
        error.retry_after = self.retry_after;
        error
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unavailable { retry_after } => {
                Self::new(Situation::Unavailable).retry_after(Some(retry_after))
            }
            AuthError::Denied { description } => Self::new(Situation::Forbidden).words(description),
            AuthError::SignIn(page) => Self::new(Situation::SignInFirst(page)),
            AuthError::Unusable { problem, remedy } => {
                Self::new(Situation::NoCredential { problem, remedy })
            }
            other => Self::new(Situation::NotSignedIn {
                advice: "sign in again",
            })
            .words(other.to_string()),
        }
    }
}

/// True for a page where data was due: sign-in forms, maintenance notices, bot challenges.
pub(crate) fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html"));
    let start = body.trim_ascii_start();
    let looks = start
        .get(..9)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"<!doctype"))
        || start
            .get(..5)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"<html"));
    declared || looks
}
