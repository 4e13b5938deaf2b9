//! Asking to be let in. <https://docs.gitlab.com/api/access_requests/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::members::{entity, is_member, join};
use super::users::basic;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, GRANTABLE, MAINTAINER, OWNER};
use crate::world::{AccessRequest, Member, Owner};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/access_requests", |cx| list(cx, project));
    table.post("projects/:id/access_requests", |cx| ask(cx, project));
    table.put("projects/:id/access_requests/:user_id/approve", |cx| {
        approve(cx, project)
    });
    table.delete("projects/:id/access_requests/:user_id", |cx| {
        deny(cx, project)
    });
    table.get("groups/:id/access_requests", |cx| list(cx, group));
    table.post("groups/:id/access_requests", |cx| ask(cx, group));
    table.put("groups/:id/access_requests/:user_id/approve", |cx| {
        approve(cx, group)
    });
    table.delete("groups/:id/access_requests/:user_id", |cx| deny(cx, group));
}

/// Where a route is about.
struct Place {
    owner: Owner,
    /// The caller's level there.
    level: u8,
    /// The level that decides about requests.
    decides: u8,
    /// Whether anyone may ask.
    open: bool,
}

type Resolve = fn(&Cx<'_>) -> Result<Place, ApiError>;

fn project(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let project = cx.project()?;
    let closed = project.settings.get("request_access_enabled") == Some(&json!(false));
    Ok(Place {
        owner: Owner::Project(project.id),
        level: cx.level_in(&project),
        decides: MAINTAINER,
        open: !closed,
    })
}

fn group(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let group = cx.group()?;
    Ok(Place {
        owner: Owner::Group(group.id),
        level: cx.level_in_group(&group),
        decides: OWNER,
        open: super::groups::takes_requests(&group),
    })
}

fn shown(cx: &Cx<'_>, request: &AccessRequest) -> Value {
    let Some(user) = cx.world.users.get(&request.user) else {
        return Value::Null;
    };
    let mut value = basic(cx.site, user);
    if let Value::Object(all) = &mut value {
        all.insert("requested_at".to_owned(), json!(request.requested_at));
    }
    value
}

fn decided(cx: &Cx<'_>, resolve: Resolve) -> Result<Place, ApiError> {
    let place = resolve(cx)?;
    cx.user()?;
    if place.level < place.decides {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = decided(cx, resolve)?;
    let all = cx.world.access_requests.iter();
    let found: Vec<&AccessRequest> = all.filter(|one| one.owner == place.owner).collect();
    pagination::offset(cx, &found, |request| shown(cx, request))
}

fn ask(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = resolve(cx)?;
    let user = cx.user()?.id;
    let mut known = cx.world.access_requests.iter();
    let asked = known.any(|one| one.owner == place.owner && one.user == user);
    if !place.open || asked || is_member(cx, place.owner, user) {
        return Err(ApiError::forbidden());
    }
    let request = AccessRequest {
        owner: place.owner,
        user,
        requested_at: cx.now,
    };
    cx.world.access_requests.push(request.clone());
    Ok(Answer::created(&shown(cx, &request)))
}

fn find(cx: &Cx<'_>, place: &Place) -> Result<AccessRequest, ApiError> {
    let user = cx.number("user_id", "Access Request")?;
    let mut all = cx.world.access_requests.iter();
    let found = all.find(|one| one.owner == place.owner && one.user == user);
    found.cloned().ok_or_else(ApiError::gone)
}

fn forget(cx: &mut Cx<'_>, request: &AccessRequest) {
    let all = &mut cx.world.access_requests;
    all.retain(|one| one.owner != request.owner || one.user != request.user);
}

fn approve(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = decided(cx, resolve)?;
    let request = find(cx, &place)?;
    let level = cx.params.id("access_level")?.unwrap_or(DEVELOPER.into());
    let level = u8::try_from(level)
        .ok()
        .filter(|level| GRANTABLE.contains(level));
    let level = level.ok_or_else(|| ApiError::not_a_choice("access_level"))?;
    if level > place.level {
        return Err(ApiError::forbidden());
    }
    let member = Member {
        created_by: cx.caller.user,
        ..Member::new(request.user, level, cx.now)
    };
    forget(cx, &request);
    join(cx, place.owner, member.clone());
    Ok(Answer::created(&entity(cx, &member)))
}

/// Whoever asked may take it back.
fn deny(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = resolve(cx)?;
    let caller = cx.user()?.id;
    let request = find(cx, &place)?;
    if place.level < place.decides && request.user != caller {
        return Err(ApiError::forbidden());
    }
    forget(cx, &request);
    Ok(Answer::no_content())
}
