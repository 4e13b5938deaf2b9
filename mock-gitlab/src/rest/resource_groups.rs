//! Resource groups of jobs. They come into being with the jobs that name them; a test
//! adds one to the world. <https://docs.gitlab.com/api/resource_groups/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{
    Field, Key, Place, Resource, Spec, find, get, in_project, list, update,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, REPORTER};

struct ResourceGroups;

impl Resource for ResourceGroups {
    const SPEC: Spec = Spec {
        kind: "resource group",
        word: "Resource Group",
        fields: &[
            Field::text("key").fixed(),
            Field::choice(
                "process_mode",
                &[
                    "unordered",
                    "oldest_first",
                    "newest_first",
                    "newest_ready_first",
                ],
            ),
        ],
        read: REPORTER,
        write: DEVELOPER,
        key: Key::Field("key"),
        parameter: "key",
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/resource_groups";
    let one = "projects/:id/resource_groups/:key";
    table.get(all, |cx| list(cx, &ResourceGroups::SPEC));
    table.get(one, |cx| get(cx, &ResourceGroups::SPEC));
    table.put(one, |cx| update(cx, &ResourceGroups::SPEC));
    table.get(&format!("{one}/upcoming_jobs"), jobs);
    table.get(&format!("{one}/current_job"), current);
}

fn readable(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let place = in_project(cx)?;
    cx.user()?;
    if place.level < REPORTER {
        return Err(ApiError::forbidden());
    }
    find(cx, &ResourceGroups::SPEC, &place)?;
    Ok(place)
}

/// No job of this world waits for a resource.
fn jobs(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    readable(cx)?;
    pagination::offset(cx, &[] as &[Value], Value::clone)
}

fn current(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    readable(cx)?;
    Ok(Answer::json(&json!(null)))
}
