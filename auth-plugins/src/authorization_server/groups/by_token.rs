//! The group list while a token is used behind which no login is stored. What GitLab said last is
//! remembered beside the token. <https://docs.gitlab.com/api/groups/#list-groups>

use std::time::Duration;

use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::{Namespace, StoreError, Updated};
use serde::{Deserialize, Serialize};

use super::{PATIENCE, REST, Unavailable};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::Entry;
use crate::authorization_server::error::PAUSE;
use crate::authorization_server::records::Record;
use crate::authorization_server::tokens::secret;
use crate::authorization_server::verify::VerifyError;

/// How often a note that another one overtook is written again.
const TRIES: usize = 8;

/// What this server remembers of a token.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::authorization_server) struct Note {
    /// Nobody may use it any more.
    ended: bool,
    /// Unix seconds at which GitLab last said that the person is a member.
    member: u64,
    /// Unix seconds at which GitLab was last asked.
    asked: u64,
}

impl Record for Note {
    const NAMESPACE: Namespace = Namespace::Revoked;
}

impl AuthorizationServer {
    /// Whether the token `id` may be used: nobody has ended it, and its person is in one of the
    /// groups. `since` is when that was last certain without a note.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub(in crate::authorization_server) async fn may_use(
        &self,
        id: &str,
        since: u64,
        access: &Secret<GitLabToken>,
    ) -> Result<(), VerifyError> {
        let found = self.records.get::<Note>(id).await?;
        let note = found.map(|found| found.record).unwrap_or_default();
        if note.ended {
            return Err(VerifyError::Invalid);
        }
        let now = self.tokens.now();
        let age = now.saturating_sub(note.member.max(since));
        let interval = self.rules.group_recheck.as_secs();
        if self.rules.groups.is_empty() || age < interval {
            return Ok(());
        }
        let counts = age < interval.saturating_mul(PATIENCE);
        if counts && now < note.asked.saturating_add(REST) {
            return Ok(());
        }
        // Written first: whoever comes meanwhile goes by the last answer.
        self.note(id, |note| note.asked = now).await?;
        match self.is_member(access).await {
            Ok(true) => Ok(self.note(id, |note| note.member = now).await?),
            Ok(false) => Err(VerifyError::Denied),
            Err(Unavailable) if counts => Ok(()),
            Err(Unavailable) => Err(VerifyError::Unavailable(PAUSE)),
        }
    }

    /// The person of the token `id` is in none of the groups: it ends, here and at GitLab.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::authorization_server) async fn shut_out(
        &self,
        id: &str,
        access: &Secret<GitLabToken>,
        sid: &str,
        entry: Entry<'_>,
    ) -> Result<(), StoreError> {
        entry.refused("not_a_member").write();
        self.end_token(id).await?;
        if let Some(access) = secret(access.expose().to_owned()) {
            let aside = self.put_aside(access, sid).await?;
            self.revoke_soon(aside);
        }
        Ok(())
    }

    /// Nobody may use the token `id` any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::authorization_server) async fn end_token(
        &self,
        id: &str,
    ) -> Result<(), StoreError> {
        self.note(id, |note| note.ended = true).await
    }

    async fn note(&self, id: &str, change: impl Fn(&mut Note) + Send) -> Result<(), StoreError> {
        // Longer than any token lives.
        let life = Duration::from_hours(25);
        let rank = i64::try_from(self.tokens.now()).unwrap_or(i64::MAX);
        for _ in 0..TRIES {
            let done = if let Some(mut found) = self.records.get::<Note>(id).await? {
                change(&mut found.record);
                let updated = self
                    .records
                    .update_ranked(&found, &found.record, rank, life);
                updated.await? != Updated::Moved
            } else {
                let mut note = Note::default();
                change(&mut note);
                self.records.put_ranked(id, &note, rank, life).await?
            };
            if done {
                return Ok(());
            }
        }
        let reason = "what is known of a token changes faster than it can be written";
        Err(StoreError::Unavailable(reason.to_owned()))
    }
}
