//! What a GitLab request carries to act as somebody.
//! Header kinds: <https://docs.gitlab.com/api/rest/authentication/>

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use url::{Origin, Url};

use super::{Attachment, AuthError};
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
    /// No token: only the cookies of an [`Attachment`].
    Cookie,
}

/// Counts the credentials a provider handed out for one caller; a higher one is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Generation(pub u64);

/// A secret, the header it travels in, and the one origin it may be sent to.
#[derive(Clone)]
pub struct Credential {
    origin: Origin,
    kind: HeaderKind,
    secret: Option<Arc<Secret<GitLabToken>>>,
    attachment: Option<Arc<dyn Attachment>>,
    generation: Generation,
}

/// A credential was about to be sent to an origin it does not belong to, or its value is no
/// header; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this credential belongs to another GitLab instance")]
pub struct ForeignOrigin;

impl Credential {
    /// Binds a token to the instance it was given for.
    pub fn new(instance: &Instance, kind: HeaderKind, secret: Arc<Secret<GitLabToken>>) -> Self {
        Self {
            origin: instance.origin(),
            kind,
            secret: Some(secret),
            attachment: None,
            generation: Generation::default(),
        }
    }

    /// A credential without a token: all it sends is what `attachment` adds.
    pub fn cookie(instance: &Instance, attachment: Arc<dyn Attachment>) -> Self {
        Self {
            origin: instance.origin(),
            kind: HeaderKind::Cookie,
            secret: None,
            attachment: Some(attachment),
            generation: Generation::default(),
        }
    }

    /// The same credential with further headers beside its token.
    #[must_use]
    pub fn with(mut self, attachment: Arc<dyn Attachment>) -> Self {
        self.attachment = Some(attachment);
        self
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

    /// What stands beside the token, if anything.
    pub(crate) fn attachment(&self) -> Option<&Arc<dyn Attachment>> {
        self.attachment.as_ref()
    }

    /// `text` without this secret, should it stand there.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        let text = match &self.secret {
            Some(secret) => text.replace(secret.expose(), "[masked]"),
            None => text.to_owned(),
        };
        match &self.attachment {
            Some(attachment) => attachment.hidden_in(text),
            None => text,
        }
    }

    /// The header a request to `url` carries; `None` when there is no token. The value is marked
    /// sensitive, so not even a debug print of the request shows it.
    ///
    /// # Errors
    /// [`ForeignOrigin`] when `url` does not belong to this credential's instance.
    pub fn header_for(
        &self,
        url: &Url,
    ) -> Result<Option<(HeaderName, HeaderValue)>, ForeignOrigin> {
        if self.origin != url.origin() {
            return Err(ForeignOrigin);
        }
        let Some(secret) = &self.secret else {
            return Ok(None);
        };
        let (name, text) = match self.kind {
            HeaderKind::PrivateToken => (
                HeaderName::from_static("private-token"),
                secret.expose().to_owned(),
            ),
            HeaderKind::JobToken => (
                HeaderName::from_static("job-token"),
                secret.expose().to_owned(),
            ),
            HeaderKind::Bearer => (AUTHORIZATION, format!("Bearer {}", secret.expose())),
            HeaderKind::Cookie => return Ok(None),
        };
        let mut value = HeaderValue::try_from(text).map_err(|_| ForeignOrigin)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Adds to `headers` everything a `method` request to `url` carries.
    ///
    /// # Errors
    /// [`AuthError`] when the credential belongs to another origin, or the attachment forbids the
    /// request.
    pub async fn apply(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), AuthError> {
        let header = self.header_for(url).map_err(|error| AuthError::Denied {
            description: error.to_string(),
        })?;
        headers.extend(header);
        match &self.attachment {
            Some(attachment) => attachment.attach(method, url, headers).await,
            None => Ok(()),
        }
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
