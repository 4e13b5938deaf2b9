//! Where the state is kept.

use std::path::PathBuf;

use gitlab_mcp_core::config::{Reader, Setting};
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::Backend;

use super::Own;
use super::table as t;

/// The storage that was chosen.
pub(super) fn backend(
    reader: &mut Reader,
    own: Own,
    kind: &'static str,
    has_secret: bool,
) -> Backend {
    let replicated = reader.flag(&t::REPLICATED);
    if kind != "memory" && !has_secret && !reader.is_set(own.secret) {
        let text = format!(
            "is required by OAUTH_STORAGE_TYPE={kind}: what was made before a restart, or by another \
             replica, must be readable"
        );
        reader.problem(own.secret, text);
    }
    if replicated && matches!(kind, "memory" | "sqlite" | "file") {
        reader.conflict(
            &[&t::REPLICATED, &t::STORAGE_TYPE],
            "only one process sees this storage; replicas need redis or postgresql",
        );
    }
    match kind {
        "sqlite" | "file" => Backend::Sqlite { path: file(reader) },
        "redis" => connection(reader, &t::REDIS_URL, &["redis://", "rediss://", "unix://"])
            .map_or(NOTHING, |url| Backend::Redis { url }),
        "postgresql" => connection(
            reader,
            &t::POSTGRESQL_URL,
            &["postgres://", "postgresql://"],
        )
        .map_or(NOTHING, |url| Backend::Postgresql { url }),
        // What has been used is remembered in any case.
        "sealed" => Backend::Memory { clients: 10_000 },
        _ => Backend::Memory {
            clients: most_clients(reader, 1_000),
        },
    }
}

/// Stands for a storage whose problem is reported already.
const NOTHING: Backend = Backend::Memory { clients: 10 };

fn file(reader: &mut Reader) -> PathBuf {
    let path = reader.path(&t::STORAGE_FILE).unwrap_or_default();
    if path.extension().is_none_or(|extension| extension != "json") {
        return path;
    }
    let mut text = path.into_os_string();
    text.push(".db");
    reader.warn_about(
        &t::STORAGE_FILE,
        "names a JSON file, which this server does not read; `.db` is appended",
    );
    text.into()
}

fn connection(
    reader: &mut Reader,
    setting: &'static Setting,
    schemes: &[&str],
) -> Option<Secret<ConnectionString>> {
    let url: Option<Secret<ConnectionString>> = reader.secret(setting);
    let Some(url) = url else {
        if !reader.is_set(setting) {
            let kind = reader.one_of(&t::STORAGE_TYPE);
            reader.problem(setting, format!("is required by OAUTH_STORAGE_TYPE={kind}"));
        }
        return None;
    };
    if !schemes
        .iter()
        .any(|scheme| url.expose().starts_with(scheme))
    {
        reader.problem(
            setting,
            format!("expected a URL with {}", schemes.join(" or ")),
        );
    }
    Some(url)
}

/// What the names of tables or keys start with.
pub(super) fn prefix(reader: &mut Reader) -> String {
    let prefix = reader.text(&t::TABLE_PREFIX).unwrap_or_default();
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = prefix
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    if !starts || !prefix.bytes().all(rest) {
        let text = "expected a lower-case letter, then letters, digits and underscores";
        reader.problem(&t::TABLE_PREFIX, text);
    }
    prefix
}

fn most_clients(reader: &mut Reader, usual: u64) -> usize {
    let most = reader.integer_if_set(&t::MAX_CLIENTS).unwrap_or(usual);
    usize::try_from(most).unwrap_or(usize::MAX)
}
