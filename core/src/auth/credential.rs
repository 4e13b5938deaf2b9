//! What a GitLab request carries to act as somebody.
//! Header kinds: <https://docs.gitlab.com/api/rest/authentication/>

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use url::Origin;

use crate::gitlab::Instance;
use crate::secret::{GitLabToken, Secret};

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderKind {
    /// `PRIVATE-TOKEN`: personal, project and group access tokens.
    PrivateToken,
    /// `Authorization: Bearer`: OAuth tokens, and personal tokens where asked for.
    Bearer,
    /// `JOB-TOKEN`: CI job tokens.
    JobToken,
}

/// Counts the credentials a provider handed out for one caller; a higher one is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// A secret, the header it travels in, and the one origin it may be sent to.
#[derive(Clone)]
pub struct Credential {
    origin: Origin,
    kind: HeaderKind,
    secret: Arc<Secret<GitLabToken>>,
    generation: Generation,
}

impl Credential {
    /// Binds a token to the instance it was given for.
    pub fn new(instance: &Instance, kind: HeaderKind, secret: Arc<Secret<GitLabToken>>) -> Self {
        Self {
            origin: instance.origin(),
            kind,
            secret,
            generation: Generation::default(),
        }
    }

    /// The same credential as number `generation` of its caller.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Which one this is.
    pub fn number(&self) -> Generation {
        self.generation
    }

    /// How it is presented.
    pub fn kind(&self) -> HeaderKind {
        self.kind
    }

    /// True when this credential may be sent to `instance`.
    pub fn belongs_to(&self, instance: &Instance) -> bool {
        self.origin == instance.origin()
    }

    /// `text` without this secret, should it stand there.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        text.replace(self.secret.expose(), "[masked]")
    }

    /// The header for a request to `instance`, or `None` when it belongs to another origin. The
    /// value is marked sensitive, so not even a debug print of the request shows it.
    pub(crate) fn header_for(&self, instance: &Instance) -> Option<(HeaderName, HeaderValue)> {
        if !self.belongs_to(instance) {
            return None;
        }
        let (name, text) = match self.kind {
            HeaderKind::PrivateToken => (
                HeaderName::from_static("private-token"),
                self.secret.expose().to_owned(),
            ),
            HeaderKind::JobToken => (
                HeaderName::from_static("job-token"),
                self.secret.expose().to_owned(),
            ),
            HeaderKind::Bearer => (AUTHORIZATION, format!("Bearer {}", self.secret.expose())),
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Credential({:?} for {})",
            self.kind,
            self.origin.ascii_serialization()
        )
    }
}
