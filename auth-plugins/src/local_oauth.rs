//! `local-oauth`: the person at this machine signs in with a browser, once; the tokens lie in a file
//! that all processes of this person share. <https://docs.gitlab.com/api/oauth2/>
//!
//! A token script takes the place of browser and file where something else keeps the tokens.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Generation,
    Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::gitlab::Instance;
use http::request::Parts;

mod listener;
mod lock;
mod login;
mod opener;
mod page;
mod renewal;
mod script;
pub mod settings;
mod single_flight;
pub mod token_file;

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
    File(Arc<Held>),
    Script(Arc<TokenScript>),
}

impl LocalOAuth {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "local"))
    }

    /// What a call is told that has no token.
    async fn refused(&self, problem: Problem) -> AuthError {
        match problem.into_auth_error() {
            Some(error) => error,
            None => AuthError::Unusable {
                problem: "nobody is signed in to GitLab".to_owned(),
                remedy: "sign in with `gitlab-mcp auth login`, then repeat the call".to_owned(),
            },
        }
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
        let source = match config.script {
            Some(script) => Source::Script(Arc::new(TokenScript::new(script, clock))),
            None => {
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
                Source::File(Arc::new(Held::new(file, oauth, clock)))
            }
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
            Source::File(held) => match held.fresh().await {
                Ok(present) => Ok(Some(present.credential(&self.instance))),
                Err(problem) => Err(self.refused(problem).await),
            },
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
            Source::File(held) => match held.renewed(rejected).await {
                Ok(present) => Ok(present.map(|present| present.credential(&self.instance))),
                Err(problem) => Err(self.refused(problem).await),
            },
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
            Source::File(held) => held.settled().await,
            Source::Script(script) => script.settled().await,
        }
    }
}

gitlab_mcp_core::register_auth_plugin!(LocalOAuth);
