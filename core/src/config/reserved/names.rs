//! The table of reserved names.

use super::super::setting::{Kind, Setting};
use super::{Consequence, Reserved};

const PLAIN: Kind = Kind::Text { max: usize::MAX };
const SECRET: Kind = Kind::Secret { min: 1 };

const fn set(variable: &'static str, kind: Kind) -> Setting {
    Setting::new(variable, kind, "not supported by this build")
}

const fn plain(variable: &'static str) -> Setting {
    set(variable, PLAIN)
}

const fn switch(variable: &'static str) -> Setting {
    set(variable, Kind::Bool)
}

const fn secret(variable: &'static str) -> Setting {
    set(variable, SECRET).without_flag()
}

const fn warn(setting: Setting) -> Reserved {
    Reserved {
        setting,
        consequence: Consequence::Warn,
    }
}

const fn refuse(setting: Setting) -> Reserved {
    Reserved {
        setting,
        consequence: Consequence::Refuse,
    }
}

const fn refuse_true(setting: Setting) -> Reserved {
    Reserved {
        setting,
        consequence: Consequence::RefuseTrue,
    }
}

const fn refuse_false(setting: Setting) -> Reserved {
    Reserved {
        setting,
        consequence: Consequence::RefuseFalse,
    }
}

const fn inform(setting: Setting) -> Reserved {
    Reserved {
        setting,
        consequence: Consequence::Inform,
    }
}

/// A tool family: only switching it off asks for a restriction.
const fn family(variable: &'static str) -> Reserved {
    refuse_false(set(variable, Kind::Tri))
}

/// Every name of the contract; a section that declares one takes it out.
pub(crate) static RESERVED: &[Reserved] = &[
    // 3.1 mode and transport
    refuse(plain("GITLAB_AUTH_MODE")),
    refuse(plain("MCP_TRANSPORT").default("stdio")),
    refuse_true(switch("STREAMABLE_HTTP")),
    refuse_true(switch("SSE")),
    refuse(plain("GITLAB_PROFILE")),
    refuse(plain("GITLAB_MCP_PRESET").flag("--preset")),
    warn(plain("MCP_SERVER_NAME")),
    // 3.2 target and credentials
    refuse(plain("GITLAB_API_URL").aliases(&["GITLAB_URL"])),
    warn(plain("GITLAB_GRAPHQL_URL")),
    warn(set("GITLAB_INSTANCES", SECRET)),
    warn(plain("GITLAB_INSTANCES_FILE")),
    warn(
        set("GITLAB_PERSONAL_ACCESS_TOKEN", SECRET)
            .aliases(&["GITLAB_TOKEN"])
            .flag("--token"),
    ),
    warn(set("GITLAB_JOB_TOKEN", SECRET)),
    warn(plain("GITLAB_TOKEN_HEADER")),
    warn(switch("GITLAB_IS_OLD")),
    warn(plain("GITLAB_PROJECT_ID").aliases(&["GITLAB_DEFAULT_PROJECT"])),
    refuse(plain("GITLAB_ALLOWED_PROJECT_IDS")),
    refuse(plain("GITLAB_ALLOWED_GROUP_IDS")),
    warn(plain("GITLAB_GROUP_PATH").aliases(&["GITLAB_DEFAULT_NAMESPACE"])),
    warn(plain("GITLAB_REPO_FILE_ENCODING").default("text")),
    warn(plain("GITLAB_COMMIT_FILES_PER_PAGE")),
    // 3.3 tool exposure
    refuse(plain("GITLAB_PERMISSION_MODE").default("full")),
    refuse_true(
        switch("GITLAB_READ_ONLY_MODE")
            .aliases(&["GITLAB_READONLY"])
            .flag("--read-only"),
    ),
    refuse(plain("GITLAB_TOOLSETS")),
    warn(plain("GITLAB_TOOLS")),
    refuse(plain("GITLAB_ALLOWED_TOOLS")),
    refuse(plain("GITLAB_ALLOWED_TOOLS_REGEX")),
    refuse(plain("GITLAB_DENIED_TOOLS_REGEX")),
    refuse(plain("GITLAB_DENIED_ACTIONS")),
    refuse(plain("GITLAB_TOOL_POLICY_APPROVE")),
    warn(plain("GITLAB_TOOL_POLICY_HIDDEN")),
    family("USE_GITLAB_WIKI"),
    family("USE_MILESTONE"),
    family("USE_PIPELINE"),
    family("USE_WORKITEMS"),
    family("USE_LABELS"),
    family("USE_MRS"),
    family("USE_FILES"),
    family("USE_VARIABLES"),
    family("USE_SNIPPETS"),
    family("USE_WEBHOOKS"),
    family("USE_INTEGRATIONS"),
    family("USE_RELEASES"),
    family("USE_REFS"),
    family("USE_MEMBERS"),
    family("USE_SEARCH"),
    family("USE_ITERATIONS"),
    family("USE_CI_TOKENS"),
    family("USE_ENVIRONMENTS"),
    family("USE_RUNNERS"),
    family("USE_REGISTRY"),
    family("USE_ACCESS_TOKENS"),
    family("USE_AUDIT_EVENTS"),
    family("USE_VULNERABILITIES"),
    warn(plain("GITLAB_SCHEMA_MODE").default("flat")),
    warn(switch("GITLAB_CROSS_REFS").default("true")),
    warn(switch("GITLAB_ALLOW_UNAUTHENTICATED_TOOL_DISCOVERY")),
    warn(switch("GITLAB_DISABLE_VERSION_CHECK").default("true")),
    // 3.4 listener and guard
    warn(plain("HOST")),
    warn(plain("PORT")),
    refuse(set("STREAMABLE_HTTP_AUTH_TOKEN", SECRET)),
    warn(set("SSE_AUTH_TOKEN", SECRET)),
    warn(switch("SSE_DANGEROUSLY_ALLOW_UNAUTHENTICATED_REMOTE")),
    warn(switch("MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK")),
    warn(plain("MCP_SERVER_URL")),
    warn(switch("MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL")),
    warn(plain("MCP_ALLOWED_HOSTS")),
    warn(plain("MCP_ALLOWED_ORIGINS")),
    warn(
        plain("MCP_TRUST_PROXY")
            .aliases(&["TRUST_PROXY"])
            .default("false"),
    ),
    warn(switch("MCP_ROOT_ENDPOINT")),
    warn(switch("MCP_LEGACY_SESSIONS")),
    refuse(plain("MAX_SESSIONS")),
    warn(plain("SESSION_TIMEOUT_SECONDS").flag("--session-timeout")),
    refuse(plain("MAX_REQUESTS_PER_MINUTE")),
    warn(switch("RATE_LIMIT_IP_ENABLED")),
    warn(plain("RATE_LIMIT_IP_WINDOW_MS")),
    refuse(plain("RATE_LIMIT_IP_MAX_REQUESTS")),
    warn(switch("RATE_LIMIT_SESSION_ENABLED")),
    warn(plain("RATE_LIMIT_SESSION_WINDOW_MS")),
    refuse(plain("RATE_LIMIT_SESSION_MAX_REQUESTS")),
    warn(plain("MCP_BODY_LIMIT_BYTES")),
    refuse(plain("SSL_CERT_PATH")),
    refuse(plain("SSL_KEY_PATH")),
    refuse(plain("SSL_CA_PATH")),
    refuse(secret("SSL_PASSPHRASE")),
    warn(secret("DOWNLOAD_TOKEN_SECRET")),
    warn(plain("DOWNLOAD_TOKEN_TTL")),
    refuse_false(switch("MCP_METRICS_ENABLED")),
    refuse(secret("MCP_METRICS_TOKEN")),
    warn(switch("DASHBOARD_ENABLED").default("false")),
    // 3.5 per-request credentials
    refuse_true(switch("REMOTE_AUTHORIZATION").flag("--remote-auth")),
    refuse_true(switch("ENABLE_DYNAMIC_API_URL")),
    warn(plain("GITLAB_ALLOWED_HOSTS")),
    warn(plain("GITLAB_INTERNAL_HOSTS")),
    warn(plain("GITLAB_AUTH_CACHE_SECONDS")),
    // 3.6 local OAuth
    refuse_true(switch("GITLAB_USE_OAUTH")),
    warn(plain("GITLAB_OAUTH_CLIENT_ID").aliases(&["OAUTH_CLIENT_ID"])),
    warn(secret("GITLAB_OAUTH_CLIENT_SECRET").aliases(&["OAUTH_CLIENT_SECRET"])),
    warn(plain("GITLAB_OAUTH_REDIRECT_URI")),
    warn(plain("GITLAB_OAUTH_TOKEN_PATH")),
    warn(plain("GITLAB_OAUTH_TOKEN_SCRIPT")),
    warn(plain("GITLAB_OAUTH_TOKEN_SCRIPT_TIMEOUT_SECONDS")),
    warn(plain("GITLAB_OAUTH_LOGIN_WAIT_SECONDS")),
    warn(plain("GITLAB_OAUTH_BROWSER_URL")),
    // 3.7 OAuth for MCP clients
    refuse_true(switch("GITLAB_MCP_OAUTH")),
    warn(plain("GITLAB_OAUTH_APP_ID")),
    refuse_true(switch("OAUTH_ENABLED")),
    warn(secret("OAUTH_SESSION_SECRET")),
    warn(secret("OAUTH_SESSION_SECRET_PREVIOUS")),
    refuse(plain("GITLAB_OAUTH_SCOPES").aliases(&["OAUTH_SCOPES"])),
    warn(switch("GITLAB_OAUTH_CALLBACK_PROXY").default("false")),
    refuse(
        plain("GITLAB_OAUTH_ALLOWED_GROUPS")
            .aliases(&["GITLAB_ALLOWED_GROUPS"])
            .further_flags(&["--allowed-groups"]),
    ),
    warn(plain("OAUTH_GROUP_RECHECK_SECONDS")),
    warn(plain("OAUTH_TOKEN_FORMAT").default("issued")),
    warn(plain("OAUTH_CONSENT").default("required")),
    warn(plain("OAUTH_REMEMBER_CONSENT_DAYS").default("0")),
    refuse_false(switch("OAUTH_HEADER_BYPASS")),
    warn(switch("OAUTH_TOKEN_INFO_QUERY_FALLBACK").default("false")),
    warn(plain("OAUTH_TOKEN_TTL")),
    warn(plain("OAUTH_REFRESH_TOKEN_TTL")),
    warn(plain("OAUTH_SESSION_MAX_AGE")),
    warn(plain("OAUTH_REFRESH_GRACE_SECONDS")),
    warn(plain("OAUTH_CODE_TTL")),
    warn(plain("OAUTH_DEVICE_FLOW")),
    warn(plain("OAUTH_DEVICE_POLL_INTERVAL")),
    warn(plain("OAUTH_DEVICE_TIMEOUT")),
    refuse_false(switch("OAUTH_DCR_ENABLED")),
    refuse_false(switch("OAUTH_CIMD_ENABLED")),
    refuse(plain("OAUTH_CIMD_ALLOWED_HOSTS")),
    refuse(plain("OAUTH_REDIRECT_SCHEMES")),
    refuse(plain("OAUTH_REDIRECT_HOSTS")),
    warn(plain("OAUTH_MAX_CLIENTS")),
    warn(plain("OAUTH_REGISTER_RATE_LIMIT_PER_HOUR")),
    warn(plain("OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE")),
    // 3.8 state store
    refuse(plain("OAUTH_STORAGE_TYPE").default("memory")),
    warn(plain("OAUTH_STORAGE_FILE_PATH")),
    warn(secret("OAUTH_STORAGE_POSTGRESQL_URL").aliases(&["DATABASE_URL"])),
    warn(secret("OAUTH_STORAGE_REDIS_URL").aliases(&["REDIS_URL"])),
    warn(plain("OAUTH_STORAGE_TABLE_PREFIX")),
    refuse_true(switch("MCP_REPLICATED")),
    refuse_true(switch("OAUTH_STATELESS_MODE")),
    warn(secret("OAUTH_STATELESS_SECRET")),
    warn(secret("OAUTH_STATELESS_SECRET_PREVIOUS")),
    warn(plain("OAUTH_STATELESS_CLIENT_TTL_SECONDS").flag("--oauth-stateless-client-ttl")),
    warn(plain("OAUTH_STATELESS_PENDING_TTL_SECONDS").flag("--oauth-stateless-pending-ttl")),
    warn(plain("OAUTH_STATELESS_STORED_TTL_SECONDS").flag("--oauth-stateless-stored-ttl")),
    warn(plain("OAUTH_STATELESS_SESSION_TTL_SECONDS").flag("--oauth-stateless-session-ttl")),
    // 3.9 upstream network
    warn(plain("HTTP_PROXY").aliases(&["http_proxy"]).hidden()),
    warn(plain("HTTPS_PROXY").aliases(&["https_proxy"]).hidden()),
    warn(plain("NO_PROXY").aliases(&["no_proxy"])),
    warn(
        switch("NODE_TLS_REJECT_UNAUTHORIZED")
            .flag("--tls-reject-unauthorized")
            .default("1"),
    ),
    warn(switch("SKIP_TLS_VERIFY").default("false")),
    warn(plain("GITLAB_CA_CERT_PATH").aliases(&["NODE_EXTRA_CA_CERTS"])),
    warn(plain("GITLAB_CLIENT_CERT_PATH")),
    warn(plain("GITLAB_CLIENT_KEY_PATH")),
    warn(plain("GITLAB_POOL_MAX_SIZE").aliases(&["GITLAB_INSTANCE_CACHE_MAX"])),
    warn(plain("GITLAB_INSTANCE_TTL_MS")),
    warn(plain("GITLAB_POOL_MAX_CONNECTIONS")),
    warn(plain("GITLAB_API_CONNECT_TIMEOUT_MS")),
    warn(plain("GITLAB_API_HEADERS_TIMEOUT_MS")),
    warn(plain("GITLAB_API_BODY_TIMEOUT_MS")),
    warn(plain("GITLAB_TOOL_TIMEOUT_MS")),
    warn(plain("GITLAB_INIT_TIMEOUT_MS")),
    warn(switch("GITLAB_API_RETRY_ENABLED")),
    warn(plain("GITLAB_API_RETRY_MAX_ATTEMPTS")),
    warn(plain("GITLAB_API_RETRY_BASE_DELAY_MS")),
    warn(plain("GITLAB_API_RETRY_MAX_DELAY_MS")),
    warn(plain("GITLAB_RECONNECT_BASE_DELAY_MS")),
    warn(plain("GITLAB_RECONNECT_MAX_DELAY_MS")),
    warn(plain("GITLAB_HEALTH_CHECK_INTERVAL_MS")),
    warn(plain("GITLAB_FAILURE_THRESHOLD")),
    warn(plain("GITLAB_SSE_HEARTBEAT_MS")),
    warn(plain("GITLAB_HTTP_KEEPALIVE_TIMEOUT_MS")),
    warn(plain("GITLAB_RESPONSE_WRITE_TIMEOUT_MS")),
    // 3.10 logging
    warn(plain("LOG_LEVEL").default("info")),
    warn(plain("LOG_FORMAT").default("pretty")),
    warn(switch("LOG_JSON").default("false")),
    warn(plain("LOG_DESTINATION").default("stderr")),
    warn(plain("LOG_FILTER")),
    warn(plain("LOG_AUDIT").default("on")),
    // 2, rule 6
    inform(plain("DEFAULT_NULL").without_flag()),
    inform(plain("GITLAB_POOL_IDLE_TIMEOUT").without_flag()),
    inform(plain("GITLAB_POOL_CLEANUP_INTERVAL").without_flag()),
    inform(plain("OAUTH_STORAGE_SAVE_INTERVAL").without_flag()),
];
