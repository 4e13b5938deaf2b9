//! Following a label, and lifting it to the group.
//! <https://docs.gitlab.com/api/labels/#subscribe-to-a-label>

use super::{Place, Resolve, entity, find, group, project};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::resources::Fields;
use crate::routes::RouteTable;
use crate::world::access::PLANNER;
use crate::world::{Home, Label, Namespace, Owner};

const KIND: &str = "label subscription";

pub(super) fn routes(table: &mut RouteTable) {
    let one = "projects/:id/labels/:label_id";
    table.post(&format!("{one}/subscribe"), |cx| follow(cx, project, true));
    table.post(&format!("{one}/unsubscribe"), |cx| {
        follow(cx, project, false)
    });
    table.put(&format!("{one}/promote"), promote);
    let one = "groups/:id/labels/:label_id";
    table.post(&format!("{one}/subscribe"), |cx| follow(cx, group, true));
    table.post(&format!("{one}/unsubscribe"), |cx| follow(cx, group, false));
}

fn home(label: &Label) -> Home {
    Home::Record("label", label.id)
}

/// Whether the caller follows a label.
pub(super) fn follows(cx: &Cx<'_>, label: &Label) -> bool {
    let mut all = cx.world.records_in(KIND, home(label));
    let me = cx.caller.user;
    all.any(|one| me == Some(one.author))
}

/// 304 when nothing would change.
fn follow(cx: &mut Cx<'_>, resolve: Resolve, on: bool) -> Result<Answer, ApiError> {
    let place: Place = resolve(cx)?;
    let user = cx.user()?.id;
    let label = find(cx, &place)?;
    if follows(cx, &label) == on {
        return Ok(Answer::text(304, ""));
    }
    if on {
        cx.world
            .add_record(KIND, home(&label), Fields::new(), user, cx.now);
    } else {
        let all = cx.world.records_in(KIND, home(&label));
        let own: Vec<u64> = all
            .filter(|one| one.author == user)
            .map(|one| one.id)
            .collect();
        for id in own {
            cx.world.remove_record(KIND, id);
        }
    }
    Ok(Answer::created(&entity(cx, &label)))
}

/// The label moves to the group, and takes those of the same name below along.
fn promote(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = project(cx)?;
    let label = find(cx, &place)?;
    let above = match cx.project()?.namespace {
        Namespace::Group(id) => id,
        Namespace::User(_) => {
            return Err(ApiError::bad_request(
                "Failed to promote project label to group label",
            ));
        }
    };
    let group = cx.group_named(&above.to_string())?;
    if cx.level_in_group(&group) < PLANNER {
        return Err(ApiError::forbidden());
    }
    let below: Vec<u64> = cx.world.projects_below(above).map(|one| one.id).collect();
    let twin = |other: &Label| {
        other.id != label.id
            && other.name == label.name
            && matches!(other.owner, Owner::Project(id) if below.contains(&id))
    };
    let twins: Vec<u64> = cx
        .world
        .labels
        .values()
        .filter(|other| twin(other))
        .map(|other| other.id)
        .collect();
    for id in twins {
        cx.world.labels.remove(&id);
    }
    let promoted = Label {
        owner: Owner::Group(above),
        ..label
    };
    cx.world.labels.insert(promoted.id, promoted.clone());
    Ok(Answer::json(&entity(cx, &promoted)))
}
