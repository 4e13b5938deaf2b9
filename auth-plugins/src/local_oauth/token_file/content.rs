//! The JSON of a token file.
//!
//! `access_token`, `refresh_token`, `expires_in`, `created_at` (milliseconds) and `token_type` are
//! what other GitLab servers for MCP write as well; a file with these alone is used as it is.
//! `instance`, `client_id`, `scope` and `generation` are ours.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{self, Secret};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{Expected, StoredTokens, TokenFileProblem};

/// The tokens in `text`, if they belong to whom we expect.
pub(super) fn parse(text: &[u8], expected: &Expected) -> Result<StoredTokens, TokenFileProblem> {
    let unreadable = TokenFileProblem::Unreadable;
    let members: Map<String, Value> = serde_json::from_slice(text).map_err(|_| unreadable)?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let instance = text("instance").map(Instance::parse);
    if instance.is_some_and(|found| found.as_ref() != Ok(&expected.instance)) {
        return Err(TokenFileProblem::OtherInstance);
    }
    if text("client_id").is_some_and(|found| found != expected.client_id) {
        return Err(TokenFileProblem::OtherClient);
    }
    let number = |name: &str| members.get(name).and_then(Value::as_u64);
    let created_at = number("created_at").map(Duration::from_millis);
    Ok(StoredTokens {
        access: secret(text("access_token"))?.ok_or(unreadable)?,
        refresh: secret(text("refresh_token"))?,
        expires_in: number("expires_in").map(Duration::from_secs),
        // Without a date the life of the token cannot be judged; the epoch makes it due.
        created_at: created_at
            .and_then(|since| UNIX_EPOCH.checked_add(since))
            .unwrap_or(UNIX_EPOCH),
        scope: text("scope").map(str::to_owned),
        generation: number("generation").unwrap_or_default(),
    })
}

fn secret<K: secret::Kind>(text: Option<&str>) -> Result<Option<Arc<Secret<K>>>, TokenFileProblem> {
    let parsed = text
        .map(|text| Secret::parse(text.to_owned(), 1))
        .transpose();
    let secret = parsed.map_err(|_| TokenFileProblem::Unreadable)?;
    Ok(secret.map(Arc::new))
}

/// The file that holds `tokens`; zeroed on drop.
pub(super) fn format(tokens: &StoredTokens, expected: &Expected) -> Zeroizing<String> {
    let mut members = json!({
        "access_token": tokens.access.expose(),
        "token_type": "Bearer",
        "created_at": milliseconds(tokens.created_at),
        "instance": expected.instance.base(),
        "client_id": expected.client_id,
        "generation": tokens.generation,
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members[name] = value;
        }
    };
    put(
        "refresh_token",
        tokens.refresh.as_ref().map(|token| token.expose().into()),
    );
    put(
        "expires_in",
        tokens.expires_in.map(|life| life.as_secs().into()),
    );
    put("scope", tokens.scope.clone().map(Value::from));
    Zeroizing::new(format!("{members:#}\n"))
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
