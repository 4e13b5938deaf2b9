//! The settings of `local-oauth`: an application of GitLab, where the tokens lie, and how long to
//! wait for a person.

use std::path::PathBuf;
use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{ClientSecret, Secret};
use gitlab_mcp_core::tool::permission::{PERMISSION_MODE, READ_ONLY};
use url::{Host, Url};

use crate::gitlab_oauth::settings::{
    APP_ID, BROWSER_URL, CLIENT_ID, CLIENT_SECRET, SCOPES, Usual, browser, client_id, scopes,
};

const USUAL_SCOPES: Usual = Usual {
    writing: &["api"],
    reading: &["read_api"],
};

/// Selects the mode.
pub static USE_OAUTH: Setting = Setting::new(
    "GITLAB_USE_OAUTH",
    Kind::Bool,
    "sign the person at this machine in with a browser",
)
.flag("--use-oauth")
.default("false")
.modes(&["local-oauth"]);

/// Where the browser comes back to; `0` or no port means any free one.
pub static REDIRECT_URI: Setting = Setting::new(
    "GITLAB_OAUTH_REDIRECT_URI",
    Kind::Url,
    "loopback address and path the browser comes back to",
)
.default("http://127.0.0.1:8888/callback")
.modes(&["local-oauth"]);

/// The file the tokens are kept in.
pub static TOKEN_PATH: Setting = Setting::new(
    "GITLAB_OAUTH_TOKEN_PATH",
    Kind::Path,
    "file in which the tokens are kept",
)
.default("~/.gitlab-mcp-token.json")
.flag("--oauth-token-path")
.modes(&["local-oauth"]);

/// Replaces the file and the browser. Hidden, because a command line may hold a password.
pub static TOKEN_SCRIPT: Setting = Setting::new(
    "GITLAB_OAUTH_TOKEN_SCRIPT",
    Kind::Text { max: 65_536 },
    "shell command that prints an access token",
)
.hidden()
.modes(&["local-oauth"]);

/// Longest run of [`TOKEN_SCRIPT`].
pub static SCRIPT_TIMEOUT: Setting = Setting::new(
    "GITLAB_OAUTH_TOKEN_SCRIPT_TIMEOUT_SECONDS",
    Kind::Integer { min: 1, max: 600 },
    "longest run of the token script, in seconds",
)
.default("30")
.modes(&["local-oauth"]);

/// How long a tool call waits for a person who is signing in.
pub static LOGIN_WAIT: Setting = Setting::new(
    "GITLAB_OAUTH_LOGIN_WAIT_SECONDS",
    Kind::Integer { min: 0, max: 600 },
    "how long a tool call waits for an unfinished sign-in, in seconds",
)
.default("45")
.modes(&["local-oauth"]);

/// Switched off where the browser is on another machine.
pub static OPEN_BROWSER: Setting = Setting::new(
    "GITLAB_OAUTH_OPEN_BROWSER",
    Kind::Bool,
    "open the browser for a sign-in; false only prints the link",
)
.default("true")
.modes(&["local-oauth"]);

/// Everything `local-oauth` is told.
#[derive(Debug)]
pub struct Config {
    /// The application; empty only when a script gives the tokens.
    pub client_id: String,
    pub(super) client_secret: Option<Secret<ClientSecret>>,
    /// `http`, a loopback host, no query and no fragment.
    pub(super) redirect_uri: Url,
    pub(super) token_path: PathBuf,
    pub(super) script: Option<ScriptConfig>,
    pub(super) scopes: Vec<String>,
    pub(super) login_wait: Duration,
    pub(super) open_browser: bool,
    pub(super) browser: Option<Instance>,
}

/// The token script, and what it must not inherit.
pub(super) struct ScriptConfig {
    pub(super) command: String,
    pub(super) timeout: Duration,
    pub(super) secret_variables: Vec<String>,
}

impl std::fmt::Debug for ScriptConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptConfig").finish_non_exhaustive()
    }
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &[
        &USE_OAUTH,
        &CLIENT_ID,
        &APP_ID,
        &CLIENT_SECRET,
        &REDIRECT_URI,
        &TOKEN_PATH,
        &TOKEN_SCRIPT,
        &SCRIPT_TIMEOUT,
        &LOGIN_WAIT,
        &OPEN_BROWSER,
        &BROWSER_URL,
        &SCOPES,
        &PERMISSION_MODE,
        &READ_ONLY,
    ];

    fn read(reader: &mut Reader) -> Self {
        let script = script(reader);
        let client_id = application_id(reader, script.is_some());
        // A script needs no file, so a missing home directory is no mistake then.
        let token_path = if script.is_some() {
            PathBuf::new()
        } else {
            reader.path(&TOKEN_PATH).unwrap_or_default()
        };
        Self {
            client_id,
            client_secret: reader.secret(&CLIENT_SECRET),
            redirect_uri: redirect_uri(reader),
            token_path,
            script,
            scopes: scopes(reader, USUAL_SCOPES),
            login_wait: Duration::from_secs(reader.integer(&LOGIN_WAIT)),
            open_browser: reader.flag(&OPEN_BROWSER),
            browser: browser(reader),
        }
    }
}

fn script(reader: &mut Reader) -> Option<ScriptConfig> {
    let timeout = Duration::from_secs(reader.integer(&SCRIPT_TIMEOUT));
    let command = reader.text(&TOKEN_SCRIPT);
    if command.is_none() && reader.is_set(&TOKEN_SCRIPT) {
        reader.problem(&TOKEN_SCRIPT, "is blank");
    }
    Some(ScriptConfig {
        command: command?,
        timeout,
        secret_variables: reader.secret_variables(),
    })
}

fn application_id(reader: &mut Reader, has_script: bool) -> String {
    let id = client_id(reader, &CLIENT_ID);
    if id.is_none() && !has_script {
        let text = "is required by the auth mode local-oauth, unless \
                    GITLAB_OAUTH_TOKEN_SCRIPT prints a token";
        reader.problem(&CLIENT_ID, text);
    }
    id.unwrap_or_default()
}

/// Only this machine may be sent the code.
fn redirect_uri(reader: &mut Reader) -> Url {
    let Some(uri) = reader.url(&REDIRECT_URI) else {
        unreachable!("a setting with a default has a value")
    };
    if uri.scheme() != "http" || !is_loopback(&uri) {
        let text = "expected http and a loopback host (127.0.0.1, [::1] or localhost): the \
                    sign-in comes back to this machine";
        reader.problem(&REDIRECT_URI, text);
    }
    uri
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
