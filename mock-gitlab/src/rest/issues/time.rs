//! Estimated and spent time, of issues and merge requests alike.
//! <https://docs.gitlab.com/api/issues/#time-tracking>

use super::fields::{parse_time, time_stats};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::notes::Target;
use crate::world::access::PLANNER;
use crate::world::{Noteable, World};

pub(super) fn stats(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let (estimate, spent) = times(cx, &target);
    Ok(Answer::json(&time_stats(estimate, spent)))
}

pub(super) fn estimate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let seconds = duration(cx)?;
    change(cx, 200, |times| times.0 = seconds)
}

pub(super) fn reset_estimate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    change(cx, 200, |times| times.0 = 0)
}

/// Only this one answers 201.
pub(super) fn spend(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let seconds = duration(cx)?;
    let summary = cx.params.filled("summary").unwrap_or_default();
    let target = Target::find(cx)?;
    let before = times(cx, &target).1;
    let answer = change(cx, 201, |times| {
        times.1 = times.1.saturating_add(seconds).max(0);
    })?;
    let entry = (times(cx, &target).1 - before, summary.as_str());
    let by = cx.user()?.id;
    cx.world.log_time(&target.noteable, entry, by, cx.now);
    Ok(answer)
}

pub(super) fn reset_spent(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let answer = change(cx, 200, |times| times.1 = 0)?;
    let target = Target::find(cx)?;
    cx.world.forget_time(&target.noteable);
    Ok(answer)
}

fn duration(cx: &Cx<'_>) -> Result<i64, ApiError> {
    let text = cx.params.required("duration")?;
    parse_time(&text).ok_or_else(|| ApiError::bad_request("400 Bad request - Invalid duration"))
}

/// Estimated and spent seconds.
pub(crate) fn times(cx: &Cx<'_>, target: &Target) -> (i64, i64) {
    let times = match target.noteable {
        Noteable::Issue(id) => {
            let issue = cx.world.issues.get(&id);
            issue.map(|issue| (issue.time_estimate, issue.total_time_spent))
        }
        Noteable::MergeRequest(id) => {
            let request = cx.world.merge_requests.get(&id);
            request.map(|request| (request.time_estimate, request.total_time_spent))
        }
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => None,
    };
    times.unwrap_or_default()
}

fn change(
    cx: &mut Cx<'_>,
    status: u16,
    change: impl FnOnce(&mut (i64, i64)),
) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    if target.level < PLANNER {
        return Err(ApiError::forbidden());
    }
    let mut new = times(cx, &target);
    change(&mut new);
    set(cx.world, &target.noteable, new);
    Ok(Answer::json_with(status, &time_stats(new.0, new.1)))
}

/// Stores estimated and spent seconds.
pub(crate) fn set(world: &mut World, noteable: &Noteable, (estimate, spent): (i64, i64)) {
    match noteable {
        Noteable::Issue(id) => {
            if let Some(issue) = world.issues.get_mut(id) {
                issue.time_estimate = estimate;
                issue.total_time_spent = spent;
            }
        }
        Noteable::MergeRequest(id) => {
            if let Some(request) = world.merge_requests.get_mut(id) {
                request.time_estimate = estimate;
                request.total_time_spent = spent;
            }
        }
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => {}
    }
}
