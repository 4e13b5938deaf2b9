//! Issue boards of projects and groups. <https://docs.gitlab.com/api/boards/>

mod lists;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{Fields, Place, in_group, in_project};
use super::groups;
use super::projects;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::PLANNER;
use crate::world::{Home, Record};

type In = fn(&Cx<'_>) -> Result<Place, ApiError>;

const KIND: &str = "board";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/boards", |cx| list(cx, in_project));
    table.post("projects/:id/boards", |cx| create(cx, in_project));
    table.get("projects/:id/boards/:board_id", |cx| get(cx, in_project));
    table.put("projects/:id/boards/:board_id", |cx| update(cx, in_project));
    table.delete("projects/:id/boards/:board_id", |cx| delete(cx, in_project));
    table.get("groups/:id/boards", |cx| list(cx, in_group));
    table.post("groups/:id/boards", |cx| create(cx, in_group));
    table.get("groups/:id/boards/:board_id", |cx| get(cx, in_group));
    table.put("groups/:id/boards/:board_id", |cx| update(cx, in_group));
    table.delete("groups/:id/boards/:board_id", |cx| delete(cx, in_group));
    lists::routes(table);
}

fn writable(cx: &Cx<'_>, of: In) -> Result<Place, ApiError> {
    let place = of(cx)?;
    cx.user()?;
    if place.level < PLANNER {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn entity(cx: &Cx<'_>, board: &Record) -> Value {
    let milestone = board.fields.get("milestone_id").and_then(Value::as_u64);
    let milestone = milestone.and_then(|id| cx.world.milestones.get(&id));
    let labels = board.fields.get("labels").cloned();
    let mut value = json!({
        "id": board.id,
        "hide_backlog_list": board.flag("hide_backlog_list"),
        "hide_closed_list": board.flag("hide_closed_list"),
        "name": board.text("name"),
        "milestone": milestone.map(|one| super::milestones::entity(cx, one)),
        "assignee": board.fields.get("assignee_id").and_then(Value::as_u64)
            .map(|id| super::users::basic_by_id(cx, id)),
        "labels": labels.unwrap_or_else(|| json!([])),
        "weight": board.fields.get("weight"),
        "lists": lists::of(cx, board),
    });
    if let Value::Object(all) = &mut value {
        match board.home {
            Home::Project(id) => {
                let project = cx.world.projects.get(&id);
                let project = project.map(|project| projects::short(cx, project));
                all.insert("project".to_owned(), json!(project));
            }
            Home::Group(id) => {
                let group = cx.world.groups.get(&id);
                let group = group.map(|group| groups::entity(cx, group));
                all.insert("group".to_owned(), json!(group));
            }
            _ => {}
        }
    }
    value
}

fn list(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = of(cx)?;
    let boards: Vec<&Record> = cx.world.records_in(KIND, place.home).collect();
    pagination::offset(cx, &boards, |board| entity(cx, board))
}

fn find(cx: &Cx<'_>, place: &Place) -> Result<Record, ApiError> {
    let id = cx.number("board_id", "Board")?;
    let board = cx.world.record(KIND, id);
    let board = board.filter(|board| board.home == place.home);
    board.cloned().ok_or_else(|| ApiError::not_found("Board"))
}

fn get(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = of(cx)?;
    let board = find(cx, &place)?;
    Ok(Answer::json(&entity(cx, &board)))
}

fn create(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let author = cx.user()?.id;
    let mut fields = Fields::new();
    fields.insert("name".to_owned(), json!(cx.params.required("name")?));
    let id = cx
        .world
        .add_record(KIND, place.home, fields, author, cx.now);
    let board = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, board)))
}

fn update(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let mut board = find(cx, &place)?;
    if let Some(name) = cx.params.filled("name") {
        board.set("name", name);
    }
    for name in ["hide_backlog_list", "hide_closed_list"] {
        if let Some(flag) = cx.params.flag(name)? {
            board.set(name, flag);
        }
    }
    for name in ["milestone_id", "assignee_id", "weight"] {
        if cx.params.has(name) {
            let id = cx.params.id(name)?.filter(|id| *id != 0);
            board.set(name, json!(id));
        }
    }
    if cx.params.has("labels") {
        let names = cx.params.list("labels").unwrap_or_default();
        let known = cx.world.labels.values();
        let labels = known.filter(|label| names.contains(&label.name));
        let labels = labels.map(|label| {
            json!({ "id": label.id, "name": label.name, "color": label.color,
                    "description": label.description })
        });
        board.set("labels", labels.collect::<Value>());
    }
    board.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &board));
    cx.world.records.insert((KIND, board.id), board);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let board = find(cx, &place)?;
    cx.world.remove_record(KIND, board.id);
    Ok(Answer::no_content())
}
