//! What a route with notes is about: issue, merge request, commit, snippet or epic.

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::repositories::revision;
use crate::rest::{epics, issues, merge_requests, snippets};
use crate::world::access::{GUEST, PLANNER};
use crate::world::{Note, Noteable, Project};

/// What notes are written on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The project it lies in; epics lie in groups, some snippets nowhere.
    pub(crate) project: Option<Project>,
    pub(crate) noteable: Noteable,
    /// The number people see, or the id of what has none.
    pub(crate) iid: u64,
    pub(crate) author: u64,
    pub(crate) locked: bool,
    /// The caller's access level there.
    pub(crate) level: u8,
}

impl Target {
    /// Reads the path: `/api/v4/projects/:id/issues/:iid/…`, `…/merge_requests/:iid/…`,
    /// `…/repository/commits/:sha/…`, `…/snippets/:snippet_id/…` or
    /// `/api/v4/groups/:id/epics/:epic_iid/…`.
    pub(crate) fn find(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let mut parts = cx.request.path.split('/').skip(3);
        let (first, second) = (parts.next(), parts.nth(1));
        match (first, second) {
            (Some("groups"), _) => Self::epic(cx),
            (_, Some("issues")) => {
                let issue = issues::find(cx)?;
                Self::in_project(cx, Noteable::Issue(issue.id), issue.iid, issue.author)
                    .map(|target| target.locked(issue.discussion_locked))
            }
            (_, Some("repository")) => Self::commit(cx),
            (_, Some("snippets")) => {
                let snippet = snippets::find(cx)?;
                let noteable = Noteable::Snippet(snippet.id);
                Self::in_project(cx, noteable, snippet.id, snippet.author)
            }
            _ => {
                let request = merge_requests::find(cx)?;
                let noteable = Noteable::MergeRequest(request.id);
                Self::in_project(cx, noteable, request.iid, request.author)
                    .map(|target| target.locked(request.discussion_locked))
            }
        }
    }

    fn in_project(
        cx: &Cx<'_>,
        noteable: Noteable,
        iid: u64,
        author: u64,
    ) -> Result<Self, ApiError> {
        let project = cx.project()?;
        Ok(Self {
            level: cx.level_in(&project),
            project: Some(project),
            noteable,
            iid,
            author,
            locked: false,
        })
    }

    fn locked(self, locked: bool) -> Self {
        Self { locked, ..self }
    }

    fn commit(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let project = cx.readable_project()?;
        let repository = cx.repository(&project)?;
        let sha = revision(repository, cx.path.get("sha"), "Commit")?
            .id
            .clone();
        Self::in_project(cx, Noteable::Commit(project.id, sha), 0, 0)
    }

    fn epic(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let group = cx.group()?;
        let epic = epics::find(cx)?;
        Ok(Self {
            project: None,
            noteable: Noteable::Epic(epic.id),
            iid: epic.number("iid"),
            author: epic.author,
            locked: false,
            level: cx.level_in_group(&group),
        })
    }

    /// Internal notes are for planners and above, and for whoever wrote them.
    pub(crate) fn shows(&self, cx: &Cx<'_>, note: &Note) -> bool {
        !note.internal || cx.caller.user == Some(note.author) || self.level >= PLANNER
    }

    /// Whether the caller may write here: 403 on locked and archived things.
    pub(crate) fn writable(&self) -> Result<(), ApiError> {
        let archived = self.project.as_ref().is_some_and(|one| one.archived);
        if archived || (self.locked && self.level < GUEST) {
            Err(ApiError::forbidden())
        } else {
            Ok(())
        }
    }
}
