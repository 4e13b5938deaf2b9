//! The settings of a GitLab application, which every mode reads that signs people in with one.
//! <https://docs.gitlab.com/integration/oauth_provider/>

use gitlab_mcp_core::config::{Kind, Reader, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::tool::PermissionMode;
use gitlab_mcp_core::tool::permission;

/// The modes whose person or callers sign in with an application of GitLab.
const WITH_APPLICATION: &[&str] = &["local-oauth", "mcp-oauth", "oauth-session"];

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

/// The scopes of a mode when the operator names none.
#[derive(Debug, Clone, Copy)]
pub struct Usual {
    /// When tools may write.
    pub writing: &'static [&'static str],
    /// When nothing may be changed.
    pub reading: &'static [&'static str],
}

/// The id of the application, read from [`CLIENT_ID`] or [`APP_ID`], whichever `first` is, then from
/// the other one.
pub fn client_id(reader: &mut Reader, first: &'static Setting) -> Option<String> {
    let second = if first.variable() == APP_ID.variable() {
        &CLIENT_ID
    } else {
        &APP_ID
    };
    let (setting, id) = match reader.text(first) {
        Some(id) => (first, id),
        None => (second, reader.text(second)?),
    };
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        reader.problem(setting, "expected visible ASCII characters without blanks");
    }
    Some(id)
}

/// What is asked of GitLab; `usual` when nobody set it.
pub fn scopes(reader: &mut Reader, usual: Usual) -> Vec<String> {
    let reads_only = permission::mode(reader) == PermissionMode::ReadOnly;
    if !reader.is_set(&SCOPES) {
        let scopes = if reads_only {
            usual.reading
        } else {
            usual.writing
        };
        return scopes.iter().map(|&scope| scope.to_owned()).collect();
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

/// GitLab as a browser reaches it, when that differs.
pub fn browser(reader: &mut Reader) -> Option<Instance> {
    let url = reader.url(&BROWSER_URL)?;
    let instance = Instance::parse(url.as_str());
    if instance.is_err() {
        reader.problem(&BROWSER_URL, "not the URL of a GitLab instance");
    }
    instance.ok()
}
