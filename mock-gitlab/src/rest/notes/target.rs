//! The issue or merge request a route is about, whichever it is.

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::{issues, merge_requests};
use crate::world::access::{GUEST, PLANNER};
use crate::world::{Note, Noteable, Project};

/// What notes are written on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) project: Project,
    pub(crate) noteable: Noteable,
    pub(crate) iid: u64,
    pub(crate) author: u64,
    pub(crate) locked: bool,
}

impl Target {
    /// Reads the path: `/api/v4/projects/:id/issues/:iid/…` or `…/merge_requests/:iid/…`.
    pub(crate) fn find(cx: &Cx<'_>) -> Result<Self, ApiError> {
        if cx.request.path.split('/').nth(5) == Some("issues") {
            let issue = issues::find(cx)?;
            return Ok(Self {
                project: cx.project()?,
                noteable: Noteable::Issue(issue.id),
                iid: issue.iid,
                author: issue.author,
                locked: issue.discussion_locked,
            });
        }
        let request = merge_requests::find(cx)?;
        Ok(Self {
            project: cx.project()?,
            noteable: Noteable::MergeRequest(request.id),
            iid: request.iid,
            author: request.author,
            locked: request.discussion_locked,
        })
    }

    /// Internal notes are for planners and above, and for whoever wrote them.
    pub(crate) fn shows(&self, cx: &Cx<'_>, note: &Note) -> bool {
        !note.internal
            || cx.caller.user == Some(note.author)
            || cx.level_in(&self.project) >= PLANNER
    }

    /// Whether the caller may write here: 403 on locked and archived things.
    pub(crate) fn writable(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        let level = cx.level_in(&self.project);
        if self.project.archived || (self.locked && level < GUEST) {
            Err(ApiError::forbidden())
        } else {
            Ok(())
        }
    }
}
