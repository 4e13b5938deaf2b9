//! Routes that some versions and instances do not have, or refuse.

use super::authentication::Caller;
use crate::error::ApiError;
use crate::quirks::Quirks;
use crate::routes::Route;
use crate::world::TokenKind;

/// Refuses what the quirks of the instance take away.
pub(crate) fn check(quirks: &Quirks, route: &Route, caller: &Caller) -> Result<(), ApiError> {
    // `bridges` is called `trigger_jobs` since 19.2.
    // <https://docs.gitlab.com/api/jobs/#list-all-trigger-jobs-for-a-pipeline>
    let last = route.pattern().rsplit('/').next().unwrap_or_default();
    let missing = match quirks.bridges_route.as_str() {
        "bridges" => last == "trigger_jobs",
        "trigger_jobs" => last == "bridges",
        _ => false,
    };
    if missing {
        return Err(ApiError::no_route());
    }
    let personal = caller.kind == Some(TokenKind::Personal);
    if quirks.fine_grained_tokens && personal && route.pattern() == "/api/v4/user" {
        return Err(ApiError::error(403, "insufficient_granular_scope"));
    }
    Ok(())
}
