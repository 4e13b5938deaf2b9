//! The settings of `local-oauth`: an application of GitLab, where the tokens lie, and how long to
//! wait for a person.

use std::path::PathBuf;
use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{ClientSecret, Secret};
use gitlab_mcp_core::tool::PermissionMode;
use gitlab_mcp_core::tool::permission::{self, PERMISSION_MODE, READ_ONLY};
use url::{Host, Url};

/// The modes whose person or callers sign in with an application of GitLab.
const WITH_APPLICATION: &[&str] = &["local-oauth", "mcp-oauth", "oauth-session"];

/// Selects the mode.
pub static USE_OAUTH: Setting = Setting::new(
    "GITLAB_USE_OAUTH",
    Kind::Bool,
    "sign the person at this machine in with a browser",
)
.flag("--use-oauth")
.default("false")
.modes(&["local-oauth"]);

/// The application.
pub static CLIENT_ID: Setting = Setting::new(
    "GITLAB_OAUTH_CLIENT_ID",
    Kind::Text { max: 255 },
    "id of the GitLab application",
)
.aliases(&["OAUTH_CLIENT_ID"])
.flag("--oauth-client-id")
.modes(WITH_APPLICATION);

/// The application by its other name, read when [`CLIENT_ID`] is not set.
pub static APP_ID: Setting = Setting::new(
    "GITLAB_OAUTH_APP_ID",
    Kind::Text { max: 255 },
    "id of the GitLab application registered for this server",
)
.flag("--oauth-app-id")
.modes(WITH_APPLICATION);

/// Only for confidential applications.
pub static CLIENT_SECRET: Setting = Setting::new(
    "GITLAB_OAUTH_CLIENT_SECRET",
    Kind::Secret { min: 8 },
    "secret of a confidential GitLab application",
)
.aliases(&["OAUTH_CLIENT_SECRET"])
.without_flag()
.modes(WITH_APPLICATION);

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

/// GitLab as a browser reaches it.
pub static BROWSER_URL: Setting = Setting::new(
    "GITLAB_OAUTH_BROWSER_URL",
    Kind::Url,
    "GitLab as a browser reaches it, when that differs from GITLAB_API_URL",
)
.modes(WITH_APPLICATION);

/// What is asked of GitLab.
pub static SCOPES: Setting = Setting::new(
    "GITLAB_OAUTH_SCOPES",
    Kind::Words,
    "scopes asked of GitLab; api, or read_api when nothing may be changed",
)
.aliases(&["OAUTH_SCOPES"])
.flag("--oauth-scopes")
.modes(WITH_APPLICATION);

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
        let client_id = client_id(reader, script.is_some());
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
            scopes: scopes(reader),
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

fn client_id(reader: &mut Reader, has_script: bool) -> String {
    let own = reader.text(&CLIENT_ID);
    let (setting, id) = match own {
        Some(id) => (&CLIENT_ID, Some(id)),
        None => (&APP_ID, reader.text(&APP_ID)),
    };
    let Some(id) = id else {
        if !has_script {
            let text = "is required by the auth mode local-oauth, unless \
                        GITLAB_OAUTH_TOKEN_SCRIPT prints a token";
            reader.problem(&CLIENT_ID, text);
        }
        return String::new();
    };
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.problem(setting, "expected visible ASCII characters without blanks");
    }
    id
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

fn scopes(reader: &mut Reader) -> Vec<String> {
    let reads_only = permission::mode(reader) == PermissionMode::ReadOnly;
    if !reader.is_set(&SCOPES) {
        let usual = if reads_only { "read_api" } else { "api" };
        return vec![usual.to_owned()];
    }
    let scopes = reader.list(&SCOPES);
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_:*".contains(&byte);
    if scopes.is_empty() || !scopes.iter().all(|scope| scope.bytes().all(legal)) {
        let text =
            "expected scopes of GitLab such as api or read_api, separated by commas or blanks";
        reader.problem(&SCOPES, text);
    }
    if reads_only && scopes.iter().any(|scope| scope == "api") {
        let text = "asks for api although nothing may be changed; read_api is enough";
        reader.warn_about(&SCOPES, text);
    }
    scopes
}

fn browser(reader: &mut Reader) -> Option<Instance> {
    let url = reader.url(&BROWSER_URL)?;
    let instance = Instance::parse(url.as_str());
    if instance.is_err() {
        reader.problem(&BROWSER_URL, "not the URL of a GitLab instance");
    }
    instance.ok()
}

#[cfg(test)]
mod tests;
