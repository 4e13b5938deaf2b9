//! `gitlab-mcp auth status`: who is signed in, what for, and for how long.

use std::time::Duration;

use gitlab_mcp_core::auth::AuthError;
use gitlab_mcp_core::command::{Console, Exit};
use serde_json::json;

use super::{Desk, identity};
use crate::gitlab_oauth::{GrantError, TokenInfo};
use crate::local_oauth::renewal::Problem;
use crate::local_oauth::token_file::StoredTokens;

/// What a signed-in person looks like.
struct Found {
    name: Option<String>,
    info: TokenInfo,
    tokens: StoredTokens,
}

/// Prints it; exit code 0 when the tokens can be used.
pub(super) async fn run(desk: &Desk, json: bool, console: &mut Console<'_>) -> Exit {
    match find(desk).await {
        Ok(found) => {
            let text = if json {
                as_json(desk, &found)
            } else {
                as_text(desk, &found)
            };
            console.say(&text);
            Exit::Done
        }
        Err(reason) => {
            if json {
                console.say(&json!({ "signed_in": false, "reason": reason }).to_string());
            } else {
                console.tell(&reason);
            }
            Exit::Failed
        }
    }
}

async fn find(desk: &Desk) -> Result<Found, String> {
    // As a tool call would: read, renew when it is time to, and once more when GitLab refuses.
    let present = desk.held.fresh().await.map_err(told)?;
    let mut tokens = stored(desk)?;
    let mut info = desk.oauth.token_info(&tokens.access).await;
    if matches!(info, Err(GrantError::Refused(_))) {
        let rejected = present.credential(&desk.instance).number();
        let renewed = desk.held.renewed(rejected).await.map_err(told)?;
        if renewed.is_none() {
            return Err("the tokens were revoked: run `gitlab-mcp auth login`".to_owned());
        }
        tokens = stored(desk)?;
        info = desk.oauth.token_info(&tokens.access).await;
    }
    Ok(Found {
        name: identity::name(desk, &tokens.access).await,
        info: info.map_err(|error| error.to_string())?,
        tokens,
    })
}

fn stored(desk: &Desk) -> Result<StoredTokens, String> {
    let tokens = desk.file.load().map_err(|error| error.to_string())?;
    tokens.ok_or_else(|| told(Problem::SignedOut))
}

fn told(problem: Problem) -> String {
    let signed_out = || "nobody is signed in: run `gitlab-mcp auth login`".to_owned();
    let error = problem.into_auth_error();
    error.as_ref().map_or_else(signed_out, AuthError::to_string)
}

fn as_text(desk: &Desk, found: &Found) -> String {
    let user = found.info.user.map(|id| format!("user {id}"));
    let who = found.name.clone().or(user);
    let life = found.info.expires_in.map_or_else(
        || "never".to_owned(),
        |life| format!("in {}", minutes(life)),
    );
    let renewal = if found.tokens.refresh.is_some() {
        ", renewed by itself"
    } else {
        ""
    };
    format!(
        "GitLab   {}\nyou      {}\nscopes   {}\nexpires  {life}{renewal}\nfile     {}",
        desk.instance.base(),
        who.as_deref().unwrap_or("not told by GitLab"),
        found.info.scopes.join(", "),
        desk.file.path().display(),
    )
}

fn as_json(desk: &Desk, found: &Found) -> String {
    json!({
        "signed_in": true,
        "gitlab": desk.instance.base(),
        "user": found.name,
        "user_id": found.info.user,
        "scopes": found.info.scopes,
        "expires_in": found.info.expires_in.map(|life| life.as_secs()),
        "renewable": found.tokens.refresh.is_some(),
    })
    .to_string()
}

fn minutes(life: Duration) -> String {
    let minutes = life.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
