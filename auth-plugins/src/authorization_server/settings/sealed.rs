//! The storage that is none: what clients hold carries its own content.

use std::time::Duration;

use gitlab_mcp_core::auth::STATELESS_MODE;
use gitlab_mcp_core::config::{Reader, Setting};

use super::super::rules::{DeviceRule, Rules, Sealed, TokenFormat};
use super::Own;
use super::table as t;

/// What only a mode that can do without a store reads.
pub const SETTINGS: [&Setting; 4] = [
    &STATELESS_MODE,
    &t::CLIENT_LIFE,
    &t::SEALED_CODE_LIFE,
    &t::SEALED_LOGIN_LIFE,
];

/// The kind of storage that was chosen, by either name.
pub(super) fn kind(reader: &mut Reader, own: Own) -> &'static str {
    let kind = reader.one_of(&t::STORAGE_TYPE);
    if !own.sealable {
        if kind == "sealed" {
            let text = format!(
                "sealed is not possible in {}: its logins must be ended and renewed at one place; \
                 replicas need redis or postgresql",
                own.mode
            );
            reader.problem(&t::STORAGE_TYPE, text);
        }
        return kind;
    }
    if !reader.flag(&STATELESS_MODE) {
        return kind;
    }
    if kind != "sealed" && reader.is_set(&t::STORAGE_TYPE) {
        reader.conflict(
            &[&STATELESS_MODE, &t::STORAGE_TYPE],
            "without state on the server there is nothing to store: take one of them away",
        );
    }
    "sealed"
}

/// Changes the rules to those of a server that stores nothing.
pub(super) fn apply(reader: &mut Reader, rules: &mut Rules) {
    let seconds = |reader: &mut Reader, setting| Duration::from_secs(reader.integer(setting));
    rules.format = TokenFormat::SelfContained;
    rules.sealed = Some(Sealed {
        client_life: seconds(reader, &t::CLIENT_LIFE),
    });
    rules.code_life = seconds(reader, &t::SEALED_CODE_LIFE);
    if let Some(life) = reader.integer_if_set(&t::SEALED_LOGIN_LIFE) {
        rules.idle_life = rules.idle_life.min(Duration::from_secs(life));
    }
    if rules.device != DeviceRule::Off {
        reader.conflict(
            &[&t::DEVICE_FLOW, &t::STORAGE_TYPE],
            "a device sign-in has to be remembered between its polls: choose a storage, or switch it \
             off",
        );
    }
}
