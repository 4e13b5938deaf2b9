//! The history of labels, milestones, states and weights.
//! <https://docs.gitlab.com/api/resource_label_events/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::notes::Target;
use super::{milestones, users};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::changes::{LABEL_EVENT, MILESTONE_EVENT, STATE_EVENT, WEIGHT_EVENT};
use crate::world::{Home, Noteable, Record};

pub(crate) fn routes(table: &mut RouteTable) {
    for place in [
        "projects/:id/issues/:iid",
        "projects/:id/merge_requests/:iid",
    ] {
        let all = format!("{place}/resource_label_events");
        table.get(&all, |cx| list(cx, LABEL_EVENT));
        table.get(&format!("{all}/:event_id"), |cx| get(cx, LABEL_EVENT));
        let all = format!("{place}/resource_milestone_events");
        table.get(&all, |cx| list(cx, MILESTONE_EVENT));
        table.get(&format!("{all}/:event_id"), |cx| get(cx, MILESTONE_EVENT));
        let all = format!("{place}/resource_state_events");
        table.get(&all, |cx| list(cx, STATE_EVENT));
        table.get(&format!("{all}/:event_id"), |cx| get(cx, STATE_EVENT));
    }
    let all = "projects/:id/issues/:iid/resource_weight_events";
    table.get(all, |cx| list(cx, WEIGHT_EVENT));
    table.get(&format!("{all}/:event_id"), |cx| get(cx, WEIGHT_EVENT));
    let all = "projects/:id/issues/:iid/resource_iteration_events";
    // Iterations are not kept: their history is empty.
    table.get(all, |cx| list(cx, "iteration event"));
    table.get(&format!("{all}/:event_id"), |cx| get(cx, "iteration event"));
}

fn home(target: &Target) -> Home {
    match target.noteable {
        Noteable::Issue(id) => Home::Issue(id),
        Noteable::MergeRequest(id) => Home::MergeRequest(id),
        Noteable::Snippet(id) => Home::Record("snippet", id),
        Noteable::Epic(id) => Home::Record("epic", id),
        Noteable::Commit(project, _) => Home::Project(project),
    }
}

fn entity(cx: &Cx<'_>, event: &Record) -> Value {
    let (kind, id) = match event.home {
        Home::Issue(id) => ("Issue", id),
        Home::MergeRequest(id) => ("MergeRequest", id),
        _ => ("", 0),
    };
    let mut value = json!({
        "id": event.id,
        "user": users::basic_by_id(cx, event.author),
        "created_at": event.created_at,
    });
    let Value::Object(all) = &mut value else {
        return value;
    };
    if event.kind == WEIGHT_EVENT {
        all.insert("issue_id".to_owned(), json!(id));
        let weight = event.fields.get("weight").cloned();
        all.insert("weight".to_owned(), json!(weight));
        return value;
    }
    all.insert("resource_type".to_owned(), json!(kind));
    all.insert("resource_id".to_owned(), json!(id));
    match event.kind {
        LABEL_EVENT => {
            let name = event.text("label");
            let label = cx.world.labels.values().find(|label| label.name == name);
            let label = label.map(|label| {
                json!({ "id": label.id, "name": label.name, "color": label.color,
                        "description": label.description })
            });
            all.insert("label".to_owned(), json!(label));
            all.insert("action".to_owned(), json!(event.text("action")));
        }
        MILESTONE_EVENT => {
            let milestone = cx.world.milestones.get(&event.number("milestone"));
            let milestone = milestone.map(|one| milestones::entity(cx, one));
            all.insert("milestone".to_owned(), json!(milestone));
            all.insert("action".to_owned(), json!(event.text("action")));
        }
        _ => {
            all.insert("source_commit".to_owned(), Value::Null);
            all.insert("source_merge_request_id".to_owned(), Value::Null);
            all.insert("state".to_owned(), json!(event.text("state")));
        }
    }
    value
}

fn list(cx: &mut Cx<'_>, kind: &'static str) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let rows: Vec<&Record> = cx.world.records_in(kind, home(&target)).collect();
    pagination::offset(cx, &rows, |event| entity(cx, event))
}

fn get(cx: &mut Cx<'_>, kind: &'static str) -> Result<Answer, ApiError> {
    let target = Target::find(cx)?;
    let id = cx.number("event_id", "Event")?;
    let event = cx.world.record(kind, id);
    let event = event.filter(|event| event.home == home(&target));
    let event = event.ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity(cx, event)))
}
