//! The settings of the authorization server. Each is documented where it is declared; the guide of
//! all settings is made from these.

use gitlab_mcp_core::config::{Kind, Setting};

/// The modes with an authorization server.
pub const MODES: &[&str] = &["mcp-oauth", "oauth-session"];
const PROXY: &[&str] = &["mcp-oauth"];
const SESSION: &[&str] = &["oauth-session"];

const fn seconds(variable: &'static str, (min, max): (u64, u64), about: &'static str) -> Setting {
    Setting::new(variable, Kind::Integer { min, max }, about).modes(MODES)
}

/// The master secret of `oauth-session`; `mcp-oauth` uses it when its own is not set.
pub static SESSION_SECRET: Setting = Setting::new(
    "OAUTH_SESSION_SECRET",
    Kind::Secret { min: 32 },
    "secret from which every key of the authorization server is derived",
)
.without_flag()
.modes(MODES);

/// The secret that [`SESSION_SECRET`] replaces.
pub static SESSION_SECRET_PREVIOUS: Setting = Setting::new(
    "OAUTH_SESSION_SECRET_PREVIOUS",
    Kind::Secret { min: 32 },
    "the secret before OAUTH_SESSION_SECRET: still accepted, never used to write",
)
.without_flag()
.modes(SESSION);

/// The master secret of `mcp-oauth`.
pub static STATELESS_SECRET: Setting = Setting::new(
    "OAUTH_STATELESS_SECRET",
    Kind::Secret { min: 32 },
    "secret from which every key of mcp-oauth is derived",
)
.without_flag()
.modes(PROXY);

/// The secret that [`STATELESS_SECRET`] replaces.
pub static STATELESS_SECRET_PREVIOUS: Setting = Setting::new(
    "OAUTH_STATELESS_SECRET_PREVIOUS",
    Kind::Secret { min: 32 },
    "the secret before OAUTH_STATELESS_SECRET: still accepted, never used to write",
)
.without_flag()
.modes(PROXY);

/// Who may sign in.
pub static ALLOWED_GROUPS: Setting = Setting::new(
    "GITLAB_OAUTH_ALLOWED_GROUPS",
    Kind::List,
    "full paths of groups; only their members, subgroups included, may use the server",
)
.aliases(&["GITLAB_ALLOWED_GROUPS"])
.flag("--oauth-allowed-groups")
.further_flags(&["--allowed-groups"])
.modes(MODES);

/// How long a membership counts.
pub static GROUP_RECHECK: Setting = seconds(
    "OAUTH_GROUP_RECHECK_SECONDS",
    (60, 86_400),
    "after how many seconds of use the membership is looked up again",
)
.default("900");

/// What clients hold.
pub static TOKEN_FORMAT: Setting = Setting::new(
    "OAUTH_TOKEN_FORMAT",
    Kind::OneOf(&["issued", "gitlab"]),
    "issued: clients get tokens of this server; gitlab: they get GitLab's own, as other servers \
     hand them out",
)
.default("issued")
.modes(PROXY);

/// Where GitLab is asked about a token.
pub static ASK_BY_QUERY: Setting = Setting::new(
    "OAUTH_TOKEN_INFO_QUERY_FALLBACK",
    Kind::Bool,
    "with OAUTH_TOKEN_FORMAT=gitlab, ask GitLab about a token with the token in the query when its \
     edge takes the header away; logs on the way may then hold tokens",
)
.default("false")
.modes(PROXY);

/// Who asks the person.
pub static CONSENT: Setting = Setting::new(
    "OAUTH_CONSENT",
    Kind::OneOf(&["required", "gitlab", "off"]),
    "required: a page of this server asks for each client; gitlab: GitLab's own prompt does; off: \
     nobody, for tests on this machine",
)
.default("required")
.modes(MODES);

/// How long a browser remembers.
pub static REMEMBER_CONSENT: Setting = Setting::new(
    "OAUTH_REMEMBER_CONSENT_DAYS",
    Kind::Integer { min: 0, max: 90 },
    "for how many days a browser may remember an approval; 0 asks each time",
)
.default("0")
.modes(MODES);

/// Tokens of GitLab in headers.
pub static HEADER_BYPASS: Setting = Setting::new(
    "OAUTH_HEADER_BYPASS",
    Kind::Bool,
    "accept the headers Private-Token and JOB-TOKEN besides OAuth",
)
.default("true")
.modes(PROXY);

/// Where GitLab sends the browser.
pub static CALLBACK_PROXY: Setting = Setting::new(
    "GITLAB_OAUTH_CALLBACK_PROXY",
    Kind::Bool,
    "GitLab returns to MCP_SERVER_URL/callback, the one redirect URI of the application; false: \
     to the client, whose redirect URI must be registered at GitLab",
)
.default("false")
.modes(PROXY);

/// Life of an access token.
pub static TOKEN_TTL: Setting = seconds(
    "OAUTH_TOKEN_TTL",
    (60, 86_400),
    "life of an access token in seconds",
)
.default("3600");

/// Idle life of a login.
pub static REFRESH_TTL: Setting = seconds(
    "OAUTH_REFRESH_TOKEN_TTL",
    (300, 31_536_000),
    "after how many seconds without use a login ends",
)
.default("604800");

/// Absolute life of a login.
pub static MAX_AGE: Setting = seconds(
    "OAUTH_SESSION_MAX_AGE",
    (3_600, 31_536_000),
    "after how many seconds a login ends however much it is used",
)
.default("2592000");

/// How long an unused successor may be asked for again.
pub static GRACE: Setting = seconds(
    "OAUTH_REFRESH_GRACE_SECONDS",
    (10, 86_400),
    "how many seconds a client that lost the answer may ask for it again",
)
.default("60");

/// Life of a code.
pub static CODE_TTL: Setting = seconds(
    "OAUTH_CODE_TTL",
    (10, 600),
    "life of an authorization code in seconds",
)
.default("60");

/// Life of a login on its way.
pub static PENDING_TTL: Setting = seconds(
    "OAUTH_STATELESS_PENDING_TTL_SECONDS",
    (60, 600),
    "how many seconds a sign-in may take",
)
.flag("--oauth-stateless-pending-ttl")
.default("600");

/// Life of a client id that carries its registration.
pub static CLIENT_LIFE: Setting = Setting::new(
    "OAUTH_STATELESS_CLIENT_TTL_SECONDS",
    Kind::Integer {
        min: 60,
        max: 31_536_000,
    },
    "sealed storage: for how many seconds a sign-in may begin with a client id",
)
.flag("--oauth-stateless-client-ttl")
.default("86400")
.modes(PROXY);

/// Life of a code that carries its login.
pub static SEALED_CODE_LIFE: Setting = Setting::new(
    "OAUTH_STATELESS_STORED_TTL_SECONDS",
    Kind::Integer { min: 10, max: 600 },
    "sealed storage: life of an authorization code in seconds, in place of OAUTH_CODE_TTL",
)
.flag("--oauth-stateless-stored-ttl")
.default("120")
.modes(PROXY);

/// Idle life of a login that its tokens carry.
pub static SEALED_LOGIN_LIFE: Setting = Setting::new(
    "OAUTH_STATELESS_SESSION_TTL_SECONDS",
    Kind::Integer {
        min: 60,
        max: 31_536_000,
    },
    "sealed storage: after how many seconds without use a login ends, when that is less than \
     OAUTH_REFRESH_TOKEN_TTL",
)
.flag("--oauth-stateless-session-ttl")
.modes(PROXY);

/// Signing in by device.
pub static DEVICE_FLOW: Setting = Setting::new(
    "OAUTH_DEVICE_FLOW",
    Kind::OneOf(&["on", "page", "off"]),
    "sign in with a code typed at GitLab: on; page, only on a page of this server; or off. On in \
     oauth-session, off in mcp-oauth",
)
.modes(MODES);

/// Least poll interval.
pub static DEVICE_POLL: Setting = seconds(
    "OAUTH_DEVICE_POLL_INTERVAL",
    (1, 60),
    "least seconds between two polls of a device sign-in",
)
.default("5");

/// Longest device login.
pub static DEVICE_TIMEOUT: Setting = seconds(
    "OAUTH_DEVICE_TIMEOUT",
    (30, 1_800),
    "how many seconds a device sign-in may take",
)
.default("300");

/// Dynamic client registration.
pub static REGISTRATION: Setting = Setting::new(
    "OAUTH_DCR_ENABLED",
    Kind::Bool,
    "let clients register themselves",
)
.default("true")
.modes(MODES);

/// Metadata documents.
pub static DOCUMENTS: Setting = Setting::new(
    "OAUTH_CIMD_ENABLED",
    Kind::Bool,
    "accept the URL of a client's metadata document as its id",
)
.default("true")
.modes(MODES);

/// Hosts of metadata documents.
pub static DOCUMENT_HOSTS: Setting = Setting::new(
    "OAUTH_CIMD_ALLOWED_HOSTS",
    Kind::Hosts,
    "the only hosts whose metadata documents are fetched; any public one when unset",
)
.modes(MODES);

/// Private-use schemes.
pub static REDIRECT_SCHEMES: Setting = Setting::new(
    "OAUTH_REDIRECT_SCHEMES",
    Kind::List,
    "private-use schemes of redirect URIs accepted besides reverse-DNS ones; none: only https and \
     loopback",
)
.default("cursor,vscode,vscode-insiders,windsurf,claude,zed")
.modes(MODES);

/// Hosts of redirect URIs.
pub static REDIRECT_HOSTS: Setting = Setting::new(
    "OAUTH_REDIRECT_HOSTS",
    Kind::List,
    "the only https hosts accepted in redirect URIs; a leading dot means subdomains; any when unset",
)
.modes(MODES);

/// Stored registrations.
pub static MAX_CLIENTS: Setting = Setting::new(
    "OAUTH_MAX_CLIENTS",
    Kind::Integer {
        min: 10,
        max: 1_000_000,
    },
    "most registered clients; 1000 in memory and 10000 elsewhere when unset",
)
.modes(MODES);

/// Registrations from one address.
pub static REGISTER_RATE: Setting = Setting::new(
    "OAUTH_REGISTER_RATE_LIMIT_PER_HOUR",
    Kind::Integer { min: 1, max: 1_000 },
    "registrations an hour from one address",
)
.default("20")
.modes(MODES);

/// Requests from one address.
pub static REQUEST_RATE: Setting = Setting::new(
    "OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE",
    Kind::Integer {
        min: 10,
        max: 10_000,
    },
    "requests a minute from one address to each of the other OAuth endpoints",
)
.default("120")
.modes(MODES);

/// Where the state is kept.
pub static STORAGE_TYPE: Setting = Setting::new(
    "OAUTH_STORAGE_TYPE",
    Kind::OneOf(&["memory", "sqlite", "file", "redis", "postgresql", "sealed"]),
    "where logins are kept: memory, lost at a restart; sqlite (or file); redis; postgresql; sealed, \
     in the tokens of the clients (mcp-oauth)",
)
.default("memory")
.modes(MODES);

/// The file of `sqlite`.
pub static STORAGE_FILE: Setting = Setting::new(
    "OAUTH_STORAGE_FILE_PATH",
    Kind::Path,
    "file of the sqlite storage",
)
.default("./data/oauth-sessions.db")
.modes(MODES);

/// The database of `postgresql`.
pub static POSTGRESQL_URL: Setting = Setting::new(
    "OAUTH_STORAGE_POSTGRESQL_URL",
    Kind::Secret { min: 12 },
    "connection string of the postgresql storage",
)
.aliases(&["DATABASE_URL"])
.without_flag()
.modes(MODES);

/// The server of `redis`.
pub static REDIS_URL: Setting = Setting::new(
    "OAUTH_STORAGE_REDIS_URL",
    Kind::Secret { min: 8 },
    "connection string of the redis storage",
)
.aliases(&["REDIS_URL"])
.without_flag()
.modes(MODES);

/// Prefix of tables and keys.
pub static TABLE_PREFIX: Setting = Setting::new(
    "OAUTH_STORAGE_TABLE_PREFIX",
    Kind::Text { max: 31 },
    "prefix of the tables or keys of the storage",
)
.default("gitlab_mcp_")
.modes(MODES);

/// More than one replica.
pub static REPLICATED: Setting = Setting::new(
    "MCP_REPLICATED",
    Kind::Bool,
    "several replicas serve one URL: a storage that only one process sees is an error",
)
.default("false")
.modes(MODES);

/// How long the storage may take to answer at the start.
pub static INIT_TIMEOUT: Setting = Setting::new(
    "GITLAB_INIT_TIMEOUT_MS",
    Kind::Integer {
        min: 100,
        max: 60_000,
    },
    "how long the storage may take to answer at the start, in milliseconds",
)
.default("5000")
.modes(MODES);
