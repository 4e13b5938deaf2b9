//! What the operator says about the authorization server, read and judged: the part that both modes
//! share.

use std::time::Duration;

use gitlab_mcp_core::auth::SERVER_URL;
use gitlab_mcp_core::config::{Reader, Setting, Table};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{ClientSecret, MasterSecret, Secret};
use gitlab_mcp_core::tool::permission::{PERMISSION_MODE, READ_ONLY};
use gitlab_mcp_store::Backend;

use super::rules::{DeviceRule, Rules};
use super::site::Base;
use crate::gitlab_oauth::settings as application;

mod clients;
mod limits;
pub mod sealed;
mod secrets;
mod storage;
pub mod table;

pub use clients::CLIENTS;
use table as t;

/// The settings both modes read.
pub const SHARED: &[&Setting] = &[
    &SERVER_URL,
    &application::CLIENT_ID,
    &application::APP_ID,
    &application::CLIENT_SECRET,
    &application::BROWSER_URL,
    &application::SCOPES,
    &PERMISSION_MODE,
    &READ_ONLY,
    &t::SESSION_SECRET,
    &t::ALLOWED_GROUPS,
    &t::GROUP_RECHECK,
    &t::CONSENT,
    &t::REMEMBER_CONSENT,
    &t::TOKEN_TTL,
    &t::REFRESH_TTL,
    &t::MAX_AGE,
    &t::GRACE,
    &t::CODE_TTL,
    &t::PENDING_TTL,
    &t::DEVICE_FLOW,
    &t::DEVICE_POLL,
    &t::DEVICE_TIMEOUT,
    &t::REGISTRATION,
    &t::DOCUMENTS,
    &t::DOCUMENT_HOSTS,
    &t::REDIRECT_SCHEMES,
    &t::REDIRECT_HOSTS,
    &t::MAX_CLIENTS,
    &t::REGISTER_RATE,
    &t::REQUEST_RATE,
    &t::STORAGE_TYPE,
    &t::STORAGE_FILE,
    &t::POSTGRESQL_URL,
    &t::REDIS_URL,
    &t::TABLE_PREFIX,
    &t::REPLICATED,
    &t::INIT_TIMEOUT,
];

/// The tables both modes read.
pub const TABLES: &[&Table] = &[&CLIENTS];

/// [`SHARED`] and the `own` settings of a mode; `ALL` must be the sum of both lengths.
pub const fn joined<const ALL: usize>(own: &[&'static Setting]) -> [&'static Setting; ALL] {
    let mut all: [&'static Setting; ALL] = [&SERVER_URL; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < own.len() {
            own[at]
        } else {
            SHARED[at - own.len()]
        };
        at += 1;
    }
    all
}

/// What a mode settles by itself.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// Its registered name.
    pub mode: &'static str,
    /// The name under which it expects the application's id.
    pub application: &'static Setting,
    /// The master secret, and what it may be read from besides.
    pub secret: &'static Setting,
    /// The secret before that.
    pub previous: &'static Setting,
    /// Whether the mode starts without a master secret at all.
    pub needs_secret: bool,
    /// Scopes when the operator names none.
    pub scopes: application::Usual,
    /// Device sign-in when the operator says nothing.
    pub device: DeviceRule,
    /// Whether it can do without a store; it then reads [`sealed::SETTINGS`].
    pub sealable: bool,
}

/// Everything read.
#[derive(Debug)]
pub struct Settings {
    /// What the rest of the server reads.
    pub rules: Rules,
    /// The configured base URL.
    pub base: Option<Base>,
    /// The application's id.
    pub application: String,
    /// Only for confidential applications.
    pub application_secret: Option<Secret<ClientSecret>>,
    /// GitLab as a browser reaches it.
    pub browser: Option<Instance>,
    /// The master secret and the one before it; `None` makes keys that end with the process.
    pub secret: Option<Secret<MasterSecret>>,
    /// The secret before that.
    pub previous: Option<Secret<MasterSecret>>,
    /// Where the state is kept.
    pub backend: Backend,
    /// Prefix of tables and keys.
    pub prefix: String,
    /// How long the storage may take to answer at the start.
    pub patience: Duration,
}

/// Reads and judges; every mistake is reported to `reader`.
pub fn read(reader: &mut Reader, own: Own) -> Settings {
    let base = base(reader);
    let application = application::client_id(reader, own.application);
    if application.is_none() {
        let text = format!(
            "is required by the auth mode {}: the id of the GitLab application",
            own.mode
        );
        reader.problem(own.application, text);
    }
    let (secret, previous) = secrets::read(reader, own, base.as_ref());
    let kind = sealed::kind(reader, own);
    let backend = storage::backend(reader, own, kind, secret.is_some());
    let mut rules = rules(reader, own, base.as_ref());
    if kind == "sealed" && own.sealable {
        sealed::apply(reader, &mut rules);
    }
    Settings {
        rules,
        application: application.unwrap_or_default(),
        application_secret: reader.secret(&application::CLIENT_SECRET),
        browser: application::browser(reader),
        secret,
        previous,
        backend,
        prefix: storage::prefix(reader),
        patience: Duration::from_millis(reader.integer(&t::INIT_TIMEOUT)),
        base,
    }
}

fn base(reader: &mut Reader) -> Option<Base> {
    let url = reader.url(&SERVER_URL)?;
    let base = Base::parse(url.as_str());
    if base.is_err() {
        let text = "expected scheme, host and path only: it is the issuer of every token";
        reader.problem(&SERVER_URL, text);
    }
    base.ok()
}

fn rules(reader: &mut Reader, own: Own, base: Option<&Base>) -> Rules {
    let seconds = |reader: &mut Reader, setting| Duration::from_secs(reader.integer(setting));
    let scopes = application::scopes(reader, own.scopes);
    let access_life = seconds(reader, &t::TOKEN_TTL);
    let idle_life = seconds(reader, &t::REFRESH_TTL);
    if idle_life < access_life {
        reader.conflict(
            &[&t::REFRESH_TTL, &t::TOKEN_TTL],
            "a login must live at least as long as its access tokens",
        );
    }
    let usual_clients = match reader.one_of(&t::STORAGE_TYPE) {
        "memory" => 1_000,
        _ => 10_000,
    };
    let registration = reader.flag(&t::REGISTRATION);
    let documents = reader.flag(&t::DOCUMENTS);
    if !registration && !documents && !reader.has_rows(&CLIENTS) {
        reader.conflict(
            &[&t::REGISTRATION, &t::DOCUMENTS],
            "no client could make itself known; leave one of them on, or write the clients into the \
             configuration file as [[oauth_clients]]",
        );
    }
    let redirects = limits::redirects(reader);
    Rules {
        mode: own.mode,
        scope: published(&scopes),
        scopes,
        groups: limits::groups(reader),
        group_recheck: seconds(reader, &t::GROUP_RECHECK),
        consent: limits::consent(reader, base),
        remember_days: number(reader.integer(&t::REMEMBER_CONSENT)),
        access_life,
        idle_life,
        longest_life: seconds(reader, &t::MAX_AGE),
        grace: seconds(reader, &t::GRACE),
        code_life: seconds(reader, &t::CODE_TTL),
        pending_life: seconds(reader, &t::PENDING_TTL),
        device: match reader.one_of_if_set(&t::DEVICE_FLOW) {
            Some("on") => DeviceRule::On,
            Some("page") => DeviceRule::Page,
            Some(_) => DeviceRule::Off,
            None => own.device,
        },
        device_interval: seconds(reader, &t::DEVICE_POLL),
        device_life: seconds(reader, &t::DEVICE_TIMEOUT),
        registration,
        documents,
        document_hosts: limits::document_hosts(reader),
        configured: clients::read(reader, &redirects),
        redirects,
        most_clients: reader
            .integer_if_set(&t::MAX_CLIENTS)
            .unwrap_or(usual_clients),
        registrations_per_hour: number(reader.integer(&t::REGISTER_RATE)),
        requests_per_minute: number(reader.integer(&t::REQUEST_RATE)),
        ..Rules::default()
    }
}

/// The first scope with which the API can be used, else the first.
fn published(scopes: &[String]) -> String {
    let known = scopes
        .iter()
        .find(|scope| matches!(scope.as_str(), "api" | "read_api"));
    known.or(scopes.first()).cloned().unwrap_or_default()
}

/// A value the declaration has bounded already.
fn number<T: TryFrom<u64> + Default>(value: u64) -> T {
    T::try_from(value).unwrap_or_default()
}
