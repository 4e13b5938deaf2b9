//! The master secrets: present, long enough, not to be guessed.

use std::collections::BTreeSet;

use gitlab_mcp_core::config::{Reader, Setting};
use gitlab_mcp_core::secret::{MasterSecret, Secret};

use super::super::site::Base;
use super::Own;
use super::table::SESSION_SECRET;

/// The master secret and its predecessor, judged.
pub(super) fn read(
    reader: &mut Reader,
    own: Own,
    base: Option<&Base>,
) -> (Option<Secret<MasterSecret>>, Option<Secret<MasterSecret>>) {
    let mut setting = own.secret;
    let mut secret: Option<Secret<MasterSecret>> = reader.secret(setting);
    if secret.is_none()
        && !reader.is_set(setting)
        && setting.variable() != SESSION_SECRET.variable()
    {
        setting = &SESSION_SECRET;
        secret = reader.secret(setting);
    }
    let previous: Option<Secret<MasterSecret>> = reader.secret(own.previous);
    if let Some(secret) = &secret {
        judge_secret(reader, setting, secret, base);
        if previous
            .as_ref()
            .is_some_and(|old| old.matches(secret.expose()))
        {
            reader.conflict(
                &[setting, own.previous],
                "these two are equal; the previous secret is the one that was replaced",
            );
        }
    } else if own.needs_secret && !reader.is_set(setting) {
        let text = format!(
            "is required by the auth mode {}: at least 32 random characters, for example from \
             `openssl rand -base64 48`",
            own.mode
        );
        reader.problem(setting, text);
    }
    (secret, previous)
}

/// A secret that everybody can guess protects nothing; on this machine alone it is a warning.
fn judge_secret(
    reader: &mut Reader,
    setting: &'static Setting,
    secret: &Secret<MasterSecret>,
    base: Option<&Base>,
) {
    let distinct: BTreeSet<char> = secret.expose().chars().collect();
    let lower = secret.expose().to_ascii_lowercase();
    let is_sample = [
        "change",
        "example",
        "your-",
        "your_",
        "secret-key",
        "password",
        "0123456789",
    ]
    .iter()
    .any(|word| lower.contains(word));
    if distinct.len() >= 8 && !is_sample {
        return;
    }
    let text = "can be guessed: take at least 32 random characters, for example from `openssl \
                rand -base64 48`";
    if base.is_some_and(Base::is_loopback) {
        reader.warn_about(setting, text);
    } else {
        reader.problem(setting, text);
    }
}
