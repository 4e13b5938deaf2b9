//! `pat`: one personal, project or group access token speaks for everybody.
//!
//! A token that was given as a file is read again when the file changes, and once after GitLab
//! refused it, so that a rotation needs no restart.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Generation,
    HeaderKind, Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::request::Parts;

mod token_file;

use token_file::{Stamp, TokenFile};

/// The fewest bytes of a token.
const SHORTEST: usize = 8;

/// How often the token file is looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The token.
pub static TOKEN: Setting = Setting::new(
    "GITLAB_PERSONAL_ACCESS_TOKEN",
    Kind::Secret { min: SHORTEST },
    "personal, project or group access token",
)
.aliases(&["GITLAB_TOKEN"])
.flag("--token")
.modes(&["pat", "cookie"]);

/// The header the token travels in.
pub static HEADER: Setting = Setting::new(
    "GITLAB_TOKEN_HEADER",
    Kind::OneOf(&["private-token", "bearer"]),
    "header of the token: private-token or bearer",
)
.default("private-token")
.modes(&["pat", "cookie"]);

/// Asks for `private-token` by its old name.
pub static IS_OLD: Setting = Setting::new(
    "GITLAB_IS_OLD",
    Kind::Bool,
    "send the token as private-token",
)
.default("false")
.modes(&["pat", "cookie"]);

/// Read from `GITLAB_PERSONAL_ACCESS_TOKEN` or its `_FILE` form, `GITLAB_TOKEN_HEADER` and
/// `GITLAB_IS_OLD`.
#[derive(Debug)]
pub struct Config {
    token: Option<Secret<GitLabToken>>,
    file: Option<PathBuf>,
    header: HeaderKind,
    source: String,
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &[&TOKEN, &HEADER, &IS_OLD];

    fn read(reader: &mut Reader) -> Self {
        if !reader.is_set(&TOKEN) {
            reader.problem(&TOKEN, "is required by the auth mode pat");
        }
        let bearer = reader.one_of(&HEADER) == "bearer";
        if reader.flag(&IS_OLD) && bearer {
            reader.conflict(&[&IS_OLD, &HEADER], "the two ask for different headers");
        }
        Self {
            token: reader.secret(&TOKEN),
            file: reader.secret_file(&TOKEN),
            header: if bearer {
                HeaderKind::Bearer
            } else {
                HeaderKind::PrivateToken
            },
            source: reader.source(&TOKEN).to_string(),
        }
    }
}

/// One token for every caller.
#[derive(Debug)]
pub struct Pat {
    instance: Instance,
    header: HeaderKind,
    file: Option<TokenFile>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

/// The token in use and when its file was last looked at.
#[derive(Debug)]
struct Held {
    token: Arc<Secret<GitLabToken>>,
    generation: Generation,
    looked: Duration,
    stamp: Option<Stamp>,
}

impl Held {
    /// Takes the token from the file. A file that is of no use, perhaps because it is being
    /// written, leaves the present token in force.
    fn read_again(&mut self, file: &TokenFile) {
        // Taken before reading: a change in between is then noticed by the next look.
        let stamp = file.stamp();
        match file.read(SHORTEST) {
            Ok(token) => {
                self.stamp = stamp;
                if !self.token.matches(token.expose()) {
                    self.token = Arc::new(token);
                    self.generation = Generation(self.generation.0.saturating_add(1));
                    tracing::info!(generation = self.generation.0, "read a new GitLab token");
                }
            }
            Err(reason) => {
                tracing::warn!(%reason, "the GitLab token file is of no use; keeping the token");
            }
        }
    }
}

impl Pat {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "static"))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn credential_of(&self, held: &Held) -> Credential {
        Credential::new(&self.instance, self.header, Arc::clone(&held.token))
            .generation(held.generation)
    }

    /// Looks at the file when it is time to, and reads it when it changed.
    fn look(&self, held: &mut Held) {
        let Some(file) = &self.file else { return };
        let now = self.clock.monotonic();
        if now.saturating_sub(held.looked) >= LOOK_AGAIN {
            let stamp = file.stamp();
            if stamp.is_some() && stamp != held.stamp {
                held.read_again(file);
            }
            held.looked = now;
        }
    }
}

#[async_trait]
impl AuthPlugin for Pat {
    const NAME: &'static str = "pat";
    const SUMMARY: &'static str = "one access token speaks for everybody";
    const IDENTITY: Identity = Identity::Server;
    const TRANSPORTS: Transports = Transports {
        stdio: true,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Credential {
        setting: &TOKEN,
        rank: 20,
    };
    type Config = Config;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let missing = || BuildError(format!("{} is not set", TOKEN.variable()));
        let token = Arc::new(config.token.ok_or_else(missing)?);
        tracing::info!(
            source = config.source,
            file = config.file.is_some(),
            "GitLab token"
        );
        let file = config.file.map(TokenFile::new);
        // No stamp yet: the file may have changed since the configuration was read.
        let held = Held {
            token,
            generation: Generation::default(),
            looked: context.clock.monotonic(),
            stamp: None,
        };
        Ok(Self {
            instance: context.instance.clone(),
            header: config.header,
            file,
            clock: Arc::clone(&context.clock),
            held: Mutex::new(held),
        })
    }
}

#[async_trait]
impl AuthProvider for Pat {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(self.caller())
    }

    fn local(&self) -> Option<Caller> {
        Some(self.caller())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        let mut held = self.held();
        self.look(&mut held);
        Ok(Some(self.credential_of(&held)))
    }

    async fn renew(
        &self,
        _: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        let mut held = self.held();
        if let Some(file) = self.file.as_ref().filter(|_| held.generation <= rejected) {
            held.read_again(file);
        }
        Ok((held.generation > rejected).then(|| self.credential_of(&held)))
    }

    fn sign_in_advice(&self) -> &'static str {
        "GitLab does not accept the server's access token any more: it has expired or was revoked, \
         and a new one must be configured"
    }
}

gitlab_mcp_core::register_auth_plugin!(Pat);

#[cfg(test)]
mod tests;
