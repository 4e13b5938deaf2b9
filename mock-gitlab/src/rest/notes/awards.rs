//! Reactions to issues, merge requests and notes.
//! <https://docs.gitlab.com/api/emoji_reactions/>

use serde_json::{Value, json};

use super::Target;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::users::basic_by_id;
use crate::world::{Award, Noteable, World};

/// What is reacted to.
enum Thing {
    Issue(u64),
    MergeRequest(u64),
    Note(u64),
}

impl Thing {
    fn find(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let target = Target::find(cx)?;
        if !cx.path.get("note_id").is_empty() {
            return Ok(Self::Note(super::find(cx, &target)?.id));
        }
        match target.noteable {
            Noteable::Issue(id) => Ok(Self::Issue(id)),
            Noteable::MergeRequest(id) => Ok(Self::MergeRequest(id)),
            Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => {
                Err(ApiError::gone())
            }
        }
    }

    fn awards<'a>(&self, world: &'a mut World) -> Option<&'a mut Vec<Award>> {
        match self {
            Self::Issue(id) => world.issues.get_mut(id).map(|issue| &mut issue.awards),
            Self::MergeRequest(id) => world.merge_requests.get_mut(id).map(|r| &mut r.awards),
            Self::Note(id) => world.notes.get_mut(id).map(|note| &mut note.awards),
        }
    }

    fn read(&self, cx: &mut Cx<'_>) -> Vec<Award> {
        self.awards(cx.world).cloned().unwrap_or_default()
    }

    fn entity(&self, cx: &Cx<'_>, award: &Award) -> Value {
        let (id, kind) = match self {
            Self::Issue(id) => (id, "Issue"),
            Self::MergeRequest(id) => (id, "MergeRequest"),
            Self::Note(id) => (id, "Note"),
        };
        json!({
            "id": award.id,
            "name": award.name,
            "user": basic_by_id(cx, award.user),
            "created_at": award.created_at,
            "updated_at": award.created_at,
            "awardable_id": id,
            "awardable_type": kind,
            "url": null,
        })
    }
}

pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let thing = Thing::find(cx)?;
    let rows = thing.read(cx);
    pagination::offset(cx, &rows, |award| thing.entity(cx, award))
}

fn one(cx: &mut Cx<'_>, thing: &Thing) -> Result<Award, ApiError> {
    let id = cx.number("award_id", "Award Emoji")?;
    let found = thing.read(cx).into_iter().find(|award| award.id == id);
    found.ok_or_else(|| ApiError::not_found("Award Emoji"))
}

pub(super) fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let thing = Thing::find(cx)?;
    let award = one(cx, &thing)?;
    Ok(Answer::json(&thing.entity(cx, &award)))
}

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let thing = Thing::find(cx)?;
    let user = cx.user()?;
    let name = cx.params.required("name")?.trim_matches(':').to_owned();
    let sane = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'));
    if !sane {
        return Err(ApiError::not_found(
            "Award Emoji Name is not a valid emoji name",
        ));
    }
    let taken = thing
        .read(cx)
        .iter()
        .any(|award| award.user == user.id && award.name == name);
    if taken {
        return Err(ApiError::not_found(
            "Award Emoji Name has already been taken",
        ));
    }
    let award = Award {
        id: cx.world.next_id("award emoji"),
        name,
        user: user.id,
        created_at: cx.now,
    };
    if let Some(awards) = thing.awards(cx.world) {
        awards.push(award.clone());
    }
    Ok(Answer::created(&thing.entity(cx, &award)))
}

/// Whose it is, or an administrator.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let thing = Thing::find(cx)?;
    let award = one(cx, &thing)?;
    if cx.caller.user != Some(award.user) && !cx.is_admin() {
        return Err(ApiError::unauthorized());
    }
    if let Some(awards) = thing.awards(cx.world) {
        awards.retain(|other| other.id != award.id);
    }
    Ok(Answer::no_content())
}
