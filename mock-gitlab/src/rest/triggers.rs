//! Pipeline trigger tokens. <https://docs.gitlab.com/api/pipeline_triggers/>

use serde_json::{Value, json};

use super::conventions::resources::{Field, Fields, Place, Resource, Spec, routes as five};
use super::pipelines;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Home, NewPipeline, Record};

struct Triggers;

impl Resource for Triggers {
    const SPEC: Spec = Spec {
        kind: "trigger",
        word: "Trigger",
        fields: &[
            Field::text("description").required(),
            Field::time("expires_at").fixed(),
        ],
        parameter: "trigger_id",
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<Triggers>(table, "projects/:id/triggers");
    table.post("projects/:id/trigger/pipeline", run).open();
    table
        .post("projects/:id/ref/:ref/trigger/pipeline", run)
        .open();
}

#[expect(clippy::unnecessary_wraps, reason = "the type that every check has")]
fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    former: Option<&Record>,
) -> Result<(), ApiError> {
    if former.is_none() {
        let token = format!("glptt-{}", cx.world.ids.hex("trigger", 40));
        fields.insert("token".to_owned(), json!(token));
    }
    Ok(())
}

/// Whoever made it sees all of the token, others its first letters.
fn view(cx: &Cx<'_>, trigger: &Record, all: &mut Fields) {
    let token = trigger.text("token");
    let own = cx.caller.user == Some(trigger.author);
    let shown = if own { Some(token) } else { token.get(..10) };
    all.insert("token".to_owned(), json!(shown));
    let last = trigger.fields.get("last_used").cloned();
    all.insert("last_used".to_owned(), last.unwrap_or(Value::Null));
    let owner = super::users::basic_by_id(cx, trigger.author);
    all.insert("owner".to_owned(), owner);
}

/// The token is all it needs; it speaks for whoever made it.
fn run(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let token = cx.params.required("token")?;
    let hidden = || ApiError::gone();
    let project = cx
        .world
        .find_project(cx.path.get("id"))
        .cloned()
        .ok_or_else(hidden)?;
    let trigger = cx
        .world
        .records_in("trigger", Home::Project(project.id))
        .find(|one| one.text("token") == token)
        .cloned()
        .ok_or_else(hidden)?;
    let name = match cx.path.get("ref") {
        "" => cx.params.required("ref")?,
        name => name.to_owned(),
    };
    let given = cx.params.get("variables").and_then(Value::as_object);
    let given = given.cloned().unwrap_or_default();
    let mut variables = Vec::new();
    for (key, value) in given {
        let Value::String(value) = value else {
            let text = "variables needs to be a map of key-valued strings";
            return Err(ApiError::bad_request(text));
        };
        variables.push((key, value));
    }
    let new = NewPipeline {
        project: project.id,
        r#ref: &name,
        source: "trigger",
        user: trigger.author,
        variables,
    };
    let started = cx.world.start_pipeline(new, cx.now);
    let id = started.map_err(|problem| ApiError::validation("base", &problem.to_string()))?;
    let now = cx.now;
    if let Some(trigger) = cx.world.record_mut("trigger", trigger.id) {
        trigger.set("last_used", json!(now));
    }
    let pipeline = cx.world.pipelines.get(&id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&pipelines::full_entity(cx, pipeline)))
}
