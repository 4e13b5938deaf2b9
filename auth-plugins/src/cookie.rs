//! `cookie`: the session of a browser speaks for everybody, from a Netscape cookie file. Also the
//! way through a sign-on proxy that stands before GitLab, with a token for GitLab itself beside it.
//!
//! The file is read again when it changes and never written; what GitLab or the proxy set lives in
//! memory until then. Session cookies at GitLab:
//! <https://docs.gitlab.com/api/rest/authentication/#session-cookie>

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Generation,
    Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use http::request::Parts;

use crate::job_token::{self, JobToken};
use crate::pat::{self, Pat};

mod file;
mod jar;
mod page;
mod session;

use file::{CookieFile, Stamp};
use session::Session;

/// The cookie file.
pub static PATH: Setting = Setting::new(
    "GITLAB_AUTH_COOKIE_PATH",
    Kind::Path,
    "Netscape cookie file of a browser session, or of a sign-on proxy",
)
.flag("--cookie-path")
.modes(&["cookie"]);

/// Read from `GITLAB_AUTH_COOKIE_PATH` and, for a token that is sent along, from the settings of
/// the modes `pat` and `job-token`.
#[derive(Debug)]
pub struct Config {
    file: Option<CookieFile>,
    /// The state of the file whose bad lines the start has told.
    told: Option<Stamp>,
    beside: Option<Beside>,
}

/// A token beside the cookies.
#[derive(Debug)]
enum Beside {
    Pat(pat::Config),
    Job(job_token::Config),
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &[
        &PATH,
        &pat::TOKEN,
        &pat::HEADER,
        &pat::IS_OLD,
        &job_token::TOKEN,
    ];

    fn read(reader: &mut Reader) -> Self {
        let path = reader.path(&PATH);
        if path.is_none() && !reader.is_set(&PATH) {
            reader.problem(&PATH, "is required by the auth mode cookie");
        }
        let file = path.map(CookieFile::new);
        let told = file.as_ref().and_then(|file| look_into(file, reader));
        let has_job_token = reader.is_set(&job_token::TOKEN);
        let beside = if reader.is_set(&pat::TOKEN) {
            if has_job_token {
                let text = "is set but not used: the access token goes along with the cookies";
                reader.warn_about(&job_token::TOKEN, text);
            }
            Some(Beside::Pat(pat::Config::read(reader)))
        } else if has_job_token {
            Some(Beside::Job(job_token::Config::read(reader)))
        } else {
            None
        };
        Self { file, told, beside }
    }
}

/// Tells what is wrong with the file. Nothing of that prevents a start: it may be right later.
fn look_into(file: &CookieFile, reader: &mut Reader) -> Option<Stamp> {
    match file.read(i64::MIN) {
        Ok((stamp, content)) => {
            if content.bad > 0 {
                reader.warn_about(&PATH, content.complaint());
            }
            Some(stamp)
        }
        Err(error) => {
            reader.warn_about(&PATH, format!("{error}; it is read once it can be"));
            None
        }
    }
}

/// One browser session for every caller, perhaps with a token beside it.
#[derive(Debug)]
pub struct Cookie {
    instance: Instance,
    session: Arc<Session>,
    /// The mode the token belongs to when it stands alone: it knows the header and the renewal.
    token: Option<Box<dyn AuthProvider>>,
}

impl Cookie {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "static"))
    }
}

#[async_trait]
impl AuthPlugin for Cookie {
    const NAME: &'static str = "cookie";
    const SUMMARY: &'static str = "the cookies of a browser session, also through a sign-on proxy";
    const IDENTITY: Identity = Identity::Server;
    const TRANSPORTS: Transports = Transports {
        stdio: true,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Credential {
        setting: &PATH,
        rank: 10,
    };
    type Config = Config;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let missing = || BuildError(format!("{} is not set", PATH.variable()));
        let file = config.file.ok_or_else(missing)?;
        let token: Option<Box<dyn AuthProvider>> = match config.beside {
            Some(Beside::Pat(config)) => Some(Box::new(Pat::build(config, context).await?)),
            Some(Beside::Job(config)) => Some(Box::new(JobToken::build(config, context).await?)),
            None => None,
        };
        Ok(Self {
            instance: context.instance.clone(),
            session: Arc::new(Session::new((file, config.told), token.is_some(), context)),
            token,
        })
    }
}

#[async_trait]
impl AuthProvider for Cookie {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(self.caller())
    }

    fn local(&self) -> Option<Caller> {
        Some(self.caller())
    }

    /// Both numbers only grow, so their sum tells every two credentials apart.
    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError> {
        self.session.refresh().await;
        let beside = match &self.token {
            Some(token) => token.credential(caller).await?,
            None => None,
        };
        let (attachment, number) = self.session.attachment();
        Ok(Some(match beside {
            Some(token) => {
                let number = token.number().0.saturating_add(number);
                token.with(attachment).generation(Generation(number))
            }
            None => Credential::cookie(&self.instance, attachment).generation(Generation(number)),
        }))
    }

    async fn renew(
        &self,
        caller: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        let newer = |credential: &Credential| credential.number() > rejected;
        let present = self.credential(caller).await?.filter(newer);
        if present.is_some() {
            return Ok(present);
        }
        if let Some(token) = &self.token
            && let Some(own) = token.credential(caller).await?
        {
            token.renew(caller, own.number()).await?;
        }
        self.session.renew_csrf().await;
        Ok(self.credential(caller).await?.filter(newer))
    }

    fn sign_in_advice(&self) -> &'static str {
        if self.token.is_some() {
            "GitLab, or the proxy before it, does not accept the server's cookies or its access \
             token any more: sign in with the browser again and save the cookies to the cookie \
             file, or configure a valid token"
        } else {
            "GitLab, or the proxy before it, does not accept the server's cookies any more: sign \
             in with the browser again and save the cookies to the cookie file"
        }
    }
}

gitlab_mcp_core::register_auth_plugin!(Cookie);

#[cfg(test)]
mod tests;
