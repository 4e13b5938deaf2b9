//! `gitlab-mcp auth`: sign in without a browser on this machine, see who is signed in, sign out.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::BuildContext;
use gitlab_mcp_core::command::{Asked, Command, Console, Exit, Flag, Word};
use gitlab_mcp_core::gitlab::Instance;

use super::renewal::Held;
use super::settings::{Config, TOKEN_PATH};
use super::token_file::{Expected, TokenFile, TokenFileError};
use crate::gitlab_oauth::GitLabOAuth;
use crate::gitlab_oauth::settings::{CLIENT_ID, SCOPES};

mod device;
mod identity;
mod logout;
mod polling;
mod status;

/// The command.
#[derive(Debug)]
pub(super) struct Auth;

#[async_trait]
impl Command for Auth {
    const NAME: &'static str = "auth";
    const ABOUT: &'static str =
        "Sign in to GitLab with a code that any browser takes, or see who is signed in";
    const WORDS: &'static [Word] = &[
        Word {
            name: "login",
            about: "sign in (the default)",
        },
        Word {
            name: "status",
            about: "say who is signed in, with which scopes and for how long",
        },
        Word {
            name: "logout",
            about: "revoke the tokens and delete their file",
        },
    ];
    const FLAGS: &'static [Flag] = &[
        Flag {
            name: "client-id",
            about: "id of the GitLab application",
            setting: Some(&CLIENT_ID),
        },
        Flag {
            name: "token-path",
            about: "file in which the tokens are kept",
            setting: Some(&TOKEN_PATH),
        },
        Flag {
            name: "scopes",
            about: "scopes asked of GitLab",
            setting: Some(&SCOPES),
        },
        Flag {
            name: "no-browser",
            about: "print the link, but open no browser",
            setting: None,
        },
        Flag {
            name: "json",
            about: "print JSON",
            setting: None,
        },
    ];
    type Config = Config;

    async fn run(
        config: Config,
        asked: Asked,
        context: BuildContext,
        console: &mut Console<'_>,
    ) -> Exit {
        let desk = match Desk::new(config, context) {
            Ok(desk) => desk,
            Err(reason) => {
                console.tell(&reason);
                return Exit::Failed;
            }
        };
        let json = asked.has("json");
        match asked.word {
            Some("status") => status::run(&desk, json, console).await,
            Some("logout") => logout::run(&desk, json, console).await,
            _ => {
                let manner = device::Manner {
                    json,
                    open_browser: !asked.has("no-browser"),
                    wait: &|time| Box::pin(tokio::time::sleep(time)),
                };
                device::run(&desk, &manner, console).await
            }
        }
    }
}

gitlab_mcp_core::register_command!(Auth);

/// What each of the three works with.
struct Desk {
    instance: Instance,
    /// GitLab as a browser reaches it.
    browser: Instance,
    oauth: GitLabOAuth,
    file: TokenFile,
    held: Arc<Held>,
    scopes: Vec<String>,
    context: BuildContext,
}

impl Desk {
    fn new(config: Config, context: BuildContext) -> Result<Self, String> {
        if config.script.is_some() {
            let text = "GITLAB_OAUTH_TOKEN_SCRIPT prints the tokens, so nobody signs in here; \
                        unset it to sign in";
            return Err(text.to_owned());
        }
        let instance = context.instance.clone();
        let oauth = GitLabOAuth::new(
            &instance,
            config.browser.as_ref(),
            &config.client_id,
            config.client_secret,
            context.egress.clone(),
        );
        let oauth = oauth.map_err(|error| error.to_string())?;
        let expected = Expected {
            instance: instance.clone(),
            client_id: config.client_id,
        };
        let file = TokenFile::open(&config.token_path, &expected);
        let clock = Arc::clone(&context.clock);
        Ok(Self {
            browser: config.browser.unwrap_or_else(|| instance.clone()),
            held: Arc::new(Held::new(file.clone(), oauth.clone(), clock)),
            instance,
            oauth,
            file,
            scopes: config.scopes,
            context,
        })
    }
}

/// What is wrong with the token file, and what to do about it.
fn tell(error: &TokenFileError, console: &mut Console<'_>) -> Exit {
    let path = error.path().display();
    console.tell(&format!("{error}: {}\n  {path}", error.remedy()));
    Exit::Failed
}

#[cfg(test)]
mod tests;
