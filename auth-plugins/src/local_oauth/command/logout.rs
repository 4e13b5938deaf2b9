//! `gitlab-mcp auth logout`: the tokens end at GitLab and on this machine.

use gitlab_mcp_core::command::{Console, Exit};
use serde_json::json;

use super::{Desk, tell};
use crate::gitlab_oauth::GrantError;
use crate::local_oauth::token_file::{StoredTokens, TokenFileError};

/// Signs out. The file goes even when GitLab cannot be asked, but that is told.
pub(super) async fn run(desk: &Desk, json: bool, console: &mut Console<'_>) -> Exit {
    let revoked = match sign_out(desk).await {
        Ok(revoked) => revoked,
        Err(error) => return tell(&error, console),
    };
    if json {
        let said = json!({ "signed_out": true, "revoked": revoked != Some(false) });
        console.say(&said.to_string());
    }
    match revoked {
        None => console.tell("nobody was signed in"),
        Some(true) => console.tell("signed out: the tokens are revoked and their file is deleted"),
        Some(false) => {
            console.tell(&format!(
                "the token file is deleted, but GitLab did not revoke the tokens: revoke them at \
                 {}/-/user_settings/applications",
                desk.browser.base()
            ));
            return Exit::Failed;
        }
    }
    Exit::Done
}

/// Whether GitLab revoked the tokens; `None` when there were none.
async fn sign_out(desk: &Desk) -> Result<Option<bool>, TokenFileError> {
    if desk.file.load()?.is_none() {
        return Ok(None);
    }
    // A renewal of another process must not put tokens back.
    let locked = desk.file.lock().await?;
    let Some(tokens) = locked.load()? else {
        return Ok(None);
    };
    let revoked = revoke(desk, &tokens).await.is_ok();
    locked.remove()?;
    Ok(Some(revoked))
}

/// The refresh token first: it is the one that lasts.
async fn revoke(desk: &Desk, tokens: &StoredTokens) -> Result<(), GrantError> {
    if let Some(refresh) = &tokens.refresh {
        desk.oauth.revoke(refresh).await?;
    }
    desk.oauth.revoke(&tokens.access).await
}
