//! Who is calling: the principal, and what only its provider can read of it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::{Challenge, Granted};
use crate::gitlab::Instance;

/// A verified identity. Keys of sessions, caches and rate limits are made from it.
///
/// Two requests with equal principals may share state; nothing else may.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    instance: Instance,
    subject: Arc<str>,
    client: Option<Arc<str>>,
}

impl Principal {
    /// A principal of `instance`. `subject` is GitLab's numeric user id as text, `job:<id>`, a
    /// keyed hash where GitLab does not tell, or the name of a server-held identity.
    pub fn new(instance: Instance, subject: impl Into<Arc<str>>) -> Self {
        Self {
            instance,
            subject: subject.into(),
            client: None,
        }
    }

    /// The same principal acting through one OAuth client.
    #[must_use]
    pub fn through(mut self, client: impl Into<Arc<str>>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// The GitLab this identity belongs to.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The subject within the instance.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The OAuth client, when there is one.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.subject, self.instance.host())
    }
}

/// A principal plus what its provider needs to find the credential again. Opaque to everybody
/// but the provider that made it. Cloning is cheap.
#[derive(Clone)]
pub struct Caller {
    principal: Principal,
    own: Option<Arc<dyn Any + Send + Sync>>,
    discovers: Option<Arc<Challenge>>,
    granted: Option<Arc<Granted>>,
}

impl Caller {
    /// A caller about whom the provider needs to remember nothing.
    pub fn new(principal: Principal) -> Self {
        Self {
            principal,
            own: None,
            discovers: None,
            granted: None,
        }
    }

    /// A caller with the provider's own data, read back with [`Caller::own`].
    pub fn with_own<T: Any + Send + Sync>(principal: Principal, own: Arc<T>) -> Self {
        Self {
            principal,
            own: Some(own),
            discovers: None,
            granted: None,
        }
    }

    /// Somebody without a credential who may open a session and list the tools; every other
    /// message is answered with `challenge`.
    pub fn only_discovering(principal: Principal, challenge: Challenge) -> Self {
        Self {
            principal,
            own: None,
            discovers: Some(Arc::new(challenge)),
            granted: None,
        }
    }

    /// The same caller with a token that does not suffice for every tool. `None` says that it does,
    /// or that this mode has no authorization server that could grant more.
    #[must_use]
    pub fn granted(mut self, granted: Option<Granted>) -> Self {
        self.granted = granted.map(Arc::new);
        self
    }

    /// What was granted to the caller's token, where that is less than every tool needs.
    pub fn grant(&self) -> Option<&Granted> {
        self.granted.as_deref()
    }

    /// The answer to everything but discovery, for a caller without a credential.
    pub fn only_discovers(&self) -> Option<&Challenge> {
        self.discovers.as_deref()
    }

    /// The verified identity.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The provider's own data, if this caller was made with a `T`.
    pub fn own<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.own.clone()?.downcast().ok()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&self.principal).finish()
    }
}
