//! The group list: who may use this server at all. Asked when a login begins, at each refresh, and
//! again while it is used. <https://docs.gitlab.com/api/groups/#list-groups>

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::gitlab::Limits;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::StoreError;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::Deserialize;

use super::AuthorizationServer;
use super::audit::Event;
use super::error::PAUSE;
use super::grant::Login;
use super::records::Found;

pub(super) mod by_token;

/// Guests and above.
const LEAST_ACCESS: u8 = 10;
const MOST_PAGES: u32 = 100;
const PER_PAGE: usize = 100;
/// For all pages together.
const LONGEST: Duration = Duration::from_secs(15);
/// A page of a hundred groups, whose descriptions people write.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    body: 2 * 1024 * 1024,
};
/// Least time between two questions while GitLab does not answer.
const REST: u64 = 30;
/// So many times the interval the last positive answer counts while GitLab does not answer.
const PATIENCE: u64 = 4;

/// GitLab cannot say who is in which group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("GitLab cannot be asked about groups at the moment")]
pub struct Unavailable;

/// Why a login may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMember {
    /// The person is in none of the groups. The login has ended.
    #[error("this person is in none of the groups that may use this server")]
    Denied,
    /// The login had ended before.
    #[error("the login has ended")]
    Ended,
    /// Nobody can say; later somebody may.
    #[error("GitLab or the state of this server cannot be reached")]
    Unavailable(Duration),
}

impl From<StoreError> for NotMember {
    fn from(_: StoreError) -> Self {
        Self::Unavailable(PAUSE)
    }
}

#[derive(Deserialize)]
struct Group {
    full_path: String,
}

/// One page of groups.
struct Page {
    groups: Vec<Group>,
    next: Option<u32>,
}

impl AuthorizationServer {
    /// Whether whoever holds `access` is in one of the groups, or in a subgroup of one. Everybody is
    /// when there is no list. Somebody whose groups GitLab will not tell is not.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub(crate) async fn is_member(
        &self,
        access: &Secret<GitLabToken>,
    ) -> Result<bool, Unavailable> {
        if self.rules.groups.is_empty() {
            return Ok(true);
        }
        let asked = tokio::time::timeout(LONGEST, self.look_for_member(access));
        asked.await.unwrap_or(Err(Unavailable))
    }

    async fn look_for_member(&self, access: &Secret<GitLabToken>) -> Result<bool, Unavailable> {
        let mut number = 1;
        let mut seen = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = self.page_of_groups(access, number).await? else {
                return Ok(false);
            };
            if page
                .groups
                .iter()
                .any(|group| self.admits(&group.full_path))
            {
                return Ok(true);
            }
            seen.push(number);
            match page.next {
                Some(next) if !seen.contains(&next) => number = next,
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    fn admits(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        self.rules.groups.iter().any(|entry| {
            let rest = path.strip_prefix(&entry.to_lowercase());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// `None` when GitLab refuses.
    async fn page_of_groups(
        &self,
        access: &Secret<GitLabToken>,
        number: u32,
    ) -> Result<Option<Page>, Unavailable> {
        let api = self.instance.api_url();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose()))
            .map_err(|_| Unavailable)?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .uri(format!(
                "{api}/groups?min_access_level={LEAST_ACCESS}&per_page={PER_PAGE}&page={number}"
            ))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, bearer)
            .body(Bytes::new())
            .map_err(|_| Unavailable)?;
        let fetched = self.egress.fetch(request, LIMITS).await;
        let answer = fetched.map_err(|_| Unavailable)?;
        match answer.status() {
            StatusCode::OK => {
                // A page of a proxy says nothing about anybody.
                let groups: Vec<Group> =
                    serde_json::from_slice(answer.body()).map_err(|_| Unavailable)?;
                let next = next_page(answer.headers(), number, groups.len());
                Ok(Some(Page { groups, next }))
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Unavailable),
            status if status.is_client_error() => Ok(None),
            _ => Err(Unavailable),
        }
    }

    /// The login, if the person may go on using it; asks GitLab when the last answer is too old.
    ///
    /// # Errors
    /// [`NotMember`].
    pub(crate) async fn still_member(
        self: &Arc<Self>,
        found: Found<Login>,
    ) -> Result<Found<Login>, NotMember> {
        let (now, login) = (self.tokens.now(), &found.record);
        let interval = self.rules.group_recheck.as_secs();
        let age = now.saturating_sub(login.member);
        if self.rules.groups.is_empty() || age < interval {
            return Ok(found);
        }
        let counts = age < interval.saturating_mul(PATIENCE);
        if counts && now < login.member_asked.saturating_add(REST) {
            return Ok(found);
        }
        match self.member_again(found).await {
            Err((NotMember::Unavailable(_), Some(found))) if counts => Ok(found),
            Err((reason, _)) => Err(reason),
            Ok(found) => Ok(found),
        }
    }

    /// The login, if GitLab says that the person may use it.
    ///
    /// # Errors
    /// [`NotMember`].
    pub(crate) async fn member_at_refresh(
        self: &Arc<Self>,
        found: Found<Login>,
    ) -> Result<Found<Login>, NotMember> {
        if self.rules.groups.is_empty() {
            return Ok(found);
        }
        let checked = self.member_again(found).await;
        checked.map_err(|(reason, _)| reason)
    }

    /// Asks GitLab, once for all who want to know at the same time. With an error comes the login as
    /// it was, where it goes on.
    async fn member_again(
        self: &Arc<Self>,
        found: Found<Login>,
    ) -> Result<Found<Login>, (NotMember, Option<Found<Login>>)> {
        let sid = found.record.sid.clone();
        let (server, key) = (Arc::clone(self), sid.clone());
        let run = async move { server.ask_for_groups(&sid).await };
        let checked = self.checks.join(key.clone(), run).await;
        match checked.unwrap_or(Err(NotMember::Unavailable(PAUSE))) {
            Ok(()) => match self.login(&key).await {
                Ok(Some(found)) => Ok(found),
                Ok(None) => Err((NotMember::Ended, None)),
                Err(error) => Err((error.into(), None)),
            },
            Err(reason @ NotMember::Unavailable(_)) => Err((reason, Some(found))),
            Err(reason) => Err((reason, None)),
        }
    }

    async fn ask_for_groups(&self, sid: &str) -> Result<(), NotMember> {
        // A token that was renewed on the way is refused without saying anything about the person.
        for _ in 0..3 {
            let found = self.login(sid).await?.ok_or(NotMember::Ended)?;
            let answer = self.is_member(&found.record.access).await;
            let now = self.tokens.now();
            if answer != Ok(false) {
                let noted = self.change(found, |login| {
                    login.member_asked = now;
                    if answer.is_ok() {
                        login.member = now;
                    }
                    true
                });
                noted.await?.ok_or(NotMember::Ended)?;
                return answer.map(drop).map_err(|_| NotMember::Unavailable(PAUSE));
            }
            let again = self.login(sid).await?.ok_or(NotMember::Ended)?;
            if again.record.ugen == found.record.ugen {
                let login = again.record;
                self.entry(Event::GroupDenied)
                    .refused("not_a_member")
                    .client(&login.client, "")
                    .person(
                        &login.subject,
                        login.username.as_deref().unwrap_or_default(),
                    )
                    .login(&login.sid)
                    .write();
                self.end(login, "group_denied").await?;
                return Err(NotMember::Denied);
            }
        }
        Err(NotMember::Unavailable(PAUSE))
    }
}

/// The page after `number`, if there is one: what the header says, or without a header what a full
/// page suggests. <https://docs.gitlab.com/api/rest/#pagination>
fn next_page(headers: &HeaderMap, number: u32, groups: usize) -> Option<u32> {
    match headers.get("x-next-page") {
        Some(text) => text.to_str().ok()?.trim().parse().ok(),
        None => (groups >= PER_PAGE).then(|| number.saturating_add(1)),
    }
}

#[cfg(test)]
mod tests;
