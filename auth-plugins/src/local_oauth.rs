//! `local-oauth`: the person at this machine signs in with a browser, once; the tokens lie in a file
//! that all processes of this person share. <https://docs.gitlab.com/api/oauth2/>
//!
//! A token script takes the place of browser and file where something else keeps the tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Generation,
    Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::gitlab::Instance;
use http::request::Parts;

mod command;
mod listener;
mod lock;
mod login;
mod opener;
mod page;
mod renewal;
mod script;
pub mod settings;
pub mod token_file;

use login::{Login, Opened};
use opener::Desktop;
use renewal::{Held, Problem};
use script::TokenScript;
use settings::{Config, USE_OAUTH};
use token_file::{Expected, TokenFile};

use crate::gitlab_oauth::GitLabOAuth;

/// The person at this machine.
#[derive(Debug)]
pub struct LocalOAuth {
    instance: Instance,
    source: Source,
}

/// Where the access token comes from.
#[derive(Debug)]
enum Source {
    File(Browser),
    Script(Arc<TokenScript>),
}

/// Tokens of a sign-in with the browser.
#[derive(Debug)]
struct Browser {
    held: Arc<Held>,
    login: Login,
    /// How long a call waits for the person.
    wait: Duration,
}

impl Browser {
    async fn credential(&self, instance: &Instance) -> Result<Credential, AuthError> {
        let mut tokens = self.held.fresh().await;
        if tokens
            .as_ref()
            .is_err_and(|problem| *problem == Problem::SignedOut)
        {
            match self.login.open(self.wait).await {
                Ok(Opened::Page(page)) => return Err(AuthError::SignIn(page)),
                Ok(Opened::Elsewhere) => tokens = self.held.fresh().await,
                Err(error) => return Err(error.into()),
            }
        }
        match tokens {
            Ok(present) => Ok(present.credential(instance)),
            Err(problem) => Err(refused(problem)),
        }
    }
}

/// What a call is told that has no token.
fn refused(problem: Problem) -> AuthError {
    problem
        .into_auth_error()
        .unwrap_or_else(|| AuthError::Unusable {
            problem: "nobody is signed in to GitLab".to_owned(),
            remedy: "repeat the call to sign in".to_owned(),
        })
}

impl LocalOAuth {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "local"))
    }
}

#[async_trait]
impl AuthPlugin for LocalOAuth {
    const NAME: &'static str = "local-oauth";
    const SUMMARY: &'static str = "the person at this machine signs in with a browser";
    const IDENTITY: Identity = Identity::Server;
    const TRANSPORTS: Transports = Transports {
        stdio: true,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Switch(&USE_OAUTH);
    type Config = Config;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let instance = context.instance.clone();
        let clock = Arc::clone(&context.clock);
        let source = if let Some(script) = config.script {
            Source::Script(Arc::new(TokenScript::new(script, clock)))
        } else {
            let oauth = GitLabOAuth::new(
                &instance,
                config.browser.as_ref(),
                &config.client_id,
                config.client_secret,
                context.egress.clone(),
            );
            let oauth = oauth.map_err(|error| BuildError(error.to_string()))?;
            let expected = Expected {
                instance: instance.clone(),
                client_id: config.client_id,
            };
            let file = TokenFile::open(&config.token_path, &expected);
            let held = Arc::new(Held::new(file.clone(), oauth.clone(), clock));
            let login = Login::new(login::Parts {
                oauth,
                file,
                held: Arc::clone(&held),
                redirect_uri: config.redirect_uri,
                scopes: config.scopes,
                opener: Arc::new(Desktop {
                    open: config.open_browser,
                }),
                clock: Arc::clone(&context.clock),
                random: Arc::clone(&context.random),
            });
            let wait = config.login_wait;
            Source::File(Browser { held, login, wait })
        };
        Ok(Self { instance, source })
    }
}

#[async_trait]
impl AuthProvider for LocalOAuth {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(self.caller())
    }

    fn local(&self) -> Option<Caller> {
        Some(self.caller())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        match &self.source {
            Source::Script(script) => {
                let printed = script.fresh().await?;
                Ok(Some(printed.credential(&self.instance)))
            }
            Source::File(browser) => browser.credential(&self.instance).await.map(Some),
        }
    }

    async fn renew(
        &self,
        _: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        match &self.source {
            Source::Script(script) => {
                let printed = script.renewed(rejected).await?;
                Ok(printed.map(|printed| printed.credential(&self.instance)))
            }
            Source::File(browser) => match browser.held.renewed(rejected).await {
                Ok(present) => Ok(present.map(|present| present.credential(&self.instance))),
                Err(problem) => Err(refused(problem)),
            },
        }
    }

    async fn signed_in(&self, _: &Caller) -> bool {
        match &self.source {
            Source::File(browser) => browser.login.finished(browser.wait).await,
            Source::Script(_) => false,
        }
    }

    fn sign_in_advice(&self) -> &'static str {
        match self.source {
            Source::File(_) => {
                "the sign-in has ended: repeat the call to get a link for signing in again"
            }
            Source::Script(_) => {
                "the token that GITLAB_OAUTH_TOKEN_SCRIPT prints is not valid: the script must \
                 print another one"
            }
        }
    }

    async fn shutdown(&self) {
        match &self.source {
            Source::File(browser) => {
                browser.login.close().await;
                browser.held.settled().await;
            }
            Source::Script(script) => script.settled().await,
        }
    }
}

gitlab_mcp_core::register_auth_plugin!(LocalOAuth);
