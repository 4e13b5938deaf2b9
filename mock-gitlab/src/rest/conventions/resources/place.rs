//! What a record belongs to, and what the caller is there.

use super::ADMIN;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::Home;
use crate::world::access::OWNER;

/// A place with records, visible to the caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) home: Home,
    /// The caller's access level there.
    pub(crate) level: u8,
}

/// The project in the path.
pub(crate) fn in_project(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let project = cx.project()?;
    Ok(Place {
        home: Home::Project(project.id),
        level: cx.level_in(&project),
    })
}

/// The group in the path.
pub(crate) fn in_group(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let group = cx.group()?;
    Ok(Place {
        home: Home::Group(group.id),
        level: cx.level_in_group(&group),
    })
}

/// The instance: administrators have [`ADMIN`], everybody else nothing.
#[expect(clippy::unnecessary_wraps, reason = "the type that every place has")]
pub(crate) fn in_instance(cx: &Cx<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        home: Home::Instance,
        level: if cx.is_admin() { ADMIN } else { 0 },
    })
}

/// What belongs to the caller.
pub(crate) fn in_own(cx: &Cx<'_>) -> Result<Place, ApiError> {
    Ok(Place {
        home: Home::User(cx.user()?.id),
        level: OWNER,
    })
}
