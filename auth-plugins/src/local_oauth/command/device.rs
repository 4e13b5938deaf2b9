//! `gitlab-mcp auth login`: a link and a code for any browser, and patience. RFC 8628.

use std::time::Duration;

use gitlab_mcp_core::command::{Console, Exit};
use gitlab_mcp_core::tool::BoxFuture;
use serde_json::json;
use url::Url;

use super::polling::{Failure, Polling};
use super::{Desk, identity, tell};
use crate::gitlab_oauth::{DeviceError, DeviceGrant, GrantError, Tokens};
use crate::local_oauth::opener;
use crate::local_oauth::token_file::{LockedTokenFile, StoredTokens, TokenFileError};

/// How the person wants it.
pub(super) struct Manner<'a> {
    /// Events on stdout, one JSON object a line.
    pub(super) json: bool,
    /// Open the link on this machine as well.
    pub(super) open_browser: bool,
    /// Lets time pass.
    pub(super) wait: &'a (dyn Fn(Duration) -> BoxFuture<'static, ()> + Sync),
}

/// Signs a person in.
pub(super) async fn run(desk: &Desk, manner: &Manner<'_>, console: &mut Console<'_>) -> Exit {
    // Nobody should sign in for a file that cannot be used.
    if let Err(error) = desk.file.load()
        && !error.is_unreadable()
    {
        return tell(&error, console);
    }
    let grant = match desk.oauth.authorize_device(&desk.scopes).await {
        Ok(grant) => grant,
        Err(error) => {
            console.tell(&refusal(&error));
            return Exit::Failed;
        }
    };
    let Some(links) = Links::checked(&grant, desk) else {
        console.tell(
            "GitLab names a sign-in page that is not its own, so it was not opened: check \
             GITLAB_API_URL, and set GITLAB_OAUTH_BROWSER_URL when browsers reach GitLab under \
             another name",
        );
        return Exit::Failed;
    };
    links.show(&grant, desk, manner, console);
    let tokens = match poll(desk, manner, &grant).await {
        Ok(tokens) => tokens,
        Err(failure) => {
            console.tell(&format!("not signed in: {failure}"));
            return Exit::Failed;
        }
    };
    let tokens = StoredTokens::received(tokens, desk.context.clock.now());
    let tokens = match save(desk, tokens).await {
        Ok(tokens) => tokens,
        Err(error) => return tell(&error, console),
    };
    let name = identity::name(desk, &tokens.access).await;
    let scope = tokens.scope.unwrap_or_default();
    let who = name.as_deref().unwrap_or("somebody GitLab does not name");
    console.tell(&format!("signed in as {who} ({scope})"));
    if manner.json {
        let event = json!({ "event": "signed_in", "user": name, "scope": scope });
        console.say(&event.to_string());
    }
    Exit::Done
}

/// Why the device endpoint said no, with what to do.
fn refusal(error: &DeviceError) -> String {
    let remedy = match error {
        DeviceError::NotThere => {
            "sign in with a browser instead: start your MCP client with GITLAB_USE_OAUTH=true"
        }
        DeviceError::SwitchedOff => {
            "switch it on in the settings of the application, or sign in with a browser: start \
             your MCP client with GITLAB_USE_OAUTH=true"
        }
        DeviceError::Grant(GrantError::Refused(code)) => match code.as_str() {
            "invalid_client" | "unauthorized_client" => {
                "check GITLAB_OAUTH_CLIENT_ID, and GITLAB_OAUTH_CLIENT_SECRET if the application \
                 is confidential"
            }
            "invalid_scope" => {
                "the application must have every scope that is asked for: check \
                 GITLAB_OAUTH_SCOPES"
            }
            _ => "check the application's settings in GitLab",
        },
        DeviceError::Grant(GrantError::Transient) => {
            "check GITLAB_API_URL and the network, then try again"
        }
        DeviceError::Grant(GrantError::Invalid) => "check that GITLAB_API_URL names a GitLab",
    };
    format!("not signed in: {error}; {remedy}")
}

/// The pages for the person, on GitLab's own host.
struct Links {
    plain: Url,
    complete: Option<Url>,
}

impl Links {
    /// `None` when a link or the code is nothing a GitLab would say.
    fn checked(grant: &DeviceGrant, desk: &Desk) -> Option<Self> {
        let own = |link: &str| {
            let url = opener::for_browsers(link)?;
            let host = url.host_str()?;
            let known = host == desk.instance.host() || host == desk.browser.host();
            known.then_some(url)
        };
        let code = &grant.user_code;
        let typed = (1..=32).contains(&code.len()) && code.bytes().all(|c| c.is_ascii_graphic());
        let complete = match &grant.verification_uri_complete {
            Some(link) => Some(own(link)?),
            None => None,
        };
        Some(Self {
            plain: own(&grant.verification_uri).filter(|_| typed)?,
            complete,
        })
    }

    fn show(
        &self,
        grant: &DeviceGrant,
        desk: &Desk,
        manner: &Manner<'_>,
        console: &mut Console<'_>,
    ) {
        let (plain, code) = (&self.plain, &grant.user_code);
        let link = self.complete.as_ref().unwrap_or(plain);
        let minutes = grant.expires_in.as_secs().div_ceil(60);
        console.tell(&format!(
            "To sign in to {}, open this link in any browser:\n\n  {link}\n\n\
             or open {plain} and enter the code {code}\n\n\
             Waiting for you; the code is good for {minutes} min.",
            desk.browser.base(),
        ));
        if manner.json {
            let event = json!({
                "event": "waiting",
                "verification_uri": plain.as_str(),
                "verification_uri_complete": link.as_str(),
                "user_code": code,
                "expires_in": grant.expires_in.as_secs(),
            });
            console.say(&event.to_string());
        }
        if manner.open_browser {
            opener::open(link);
        }
    }
}

/// Asks until there are tokens.
async fn poll(desk: &Desk, manner: &Manner<'_>, grant: &DeviceGrant) -> Result<Tokens, Failure> {
    let clock = &desk.context.clock;
    let mut polling = Polling::new(grant, clock.monotonic());
    loop {
        let pause = polling.wait(clock.monotonic())?;
        (manner.wait)(pause).await;
        match desk.oauth.poll_device(&grant.code).await {
            Ok(tokens) => return Ok(tokens),
            Err(error) => polling.learn(error)?,
        }
    }
}

/// Puts the tokens into the file; one without tokens is kept beside it.
async fn save(desk: &Desk, tokens: StoredTokens) -> Result<StoredTokens, TokenFileError> {
    let locked: LockedTokenFile = desk.file.lock().await?;
    locked.set_aside_unreadable()?;
    locked.save(&tokens)
}
