//! How much a caller may change: the two settings that say it, for the tools and for the scopes a
//! sign-in asks for.

use super::PermissionMode;
use crate::config::{Kind, Reader, Setting};

/// The mode by its word.
pub static PERMISSION_MODE: Setting = Setting::new(
    "GITLAB_PERMISSION_MODE",
    Kind::OneOf(&["readonly", "modify", "full"]),
    "readonly, modify (no deletion) or full",
)
.flag("--permission-mode")
.default("full");

/// Asks for `readonly` as a switch.
pub static READ_ONLY: Setting = Setting::new(
    "GITLAB_READ_ONLY_MODE",
    Kind::Bool,
    "true allows only tools that change nothing",
)
.aliases(&["GITLAB_READONLY"])
.flag("--read-only")
.default("false");

/// The stricter of the two settings wins. A section that calls this declares both.
pub fn mode(reader: &mut Reader) -> PermissionMode {
    let named = match reader.one_of(&PERMISSION_MODE) {
        "readonly" => PermissionMode::ReadOnly,
        "modify" => PermissionMode::Modify,
        _ => PermissionMode::Full,
    };
    if reader.flag(&READ_ONLY) {
        PermissionMode::ReadOnly
    } else {
        named
    }
}
