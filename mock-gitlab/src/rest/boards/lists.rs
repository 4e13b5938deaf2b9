//! The lists of a board: one for each of some labels, in an order.

use serde_json::{Value, json};

use super::{In, find, writable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::resources::{Fields, in_group, in_project};
use crate::routes::RouteTable;
use crate::world::{Home, Record};

const KIND: &str = "board list";

pub(super) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/boards/:board_id/lists";
    let one = "projects/:id/boards/:board_id/lists/:list_id";
    table.get(all, |cx| list(cx, in_project));
    table.post(all, |cx| create(cx, in_project));
    table.get(one, |cx| get(cx, in_project));
    table.put(one, |cx| update(cx, in_project));
    table.delete(one, |cx| delete(cx, in_project));
    let all = "groups/:id/boards/:board_id/lists";
    let one = "groups/:id/boards/:board_id/lists/:list_id";
    table.get(all, |cx| list(cx, in_group));
    table.post(all, |cx| create(cx, in_group));
    table.get(one, |cx| get(cx, in_group));
    table.put(one, |cx| update(cx, in_group));
    table.delete(one, |cx| delete(cx, in_group));
}

fn sorted<'a>(cx: &'a Cx<'_>, board: u64) -> Vec<&'a Record> {
    let lists = cx.world.records_in(KIND, Home::Record("board", board));
    let mut lists: Vec<&Record> = lists.collect();
    lists.sort_by_key(|list| (list.number("position"), list.id));
    lists
}

fn entity(cx: &Cx<'_>, list: &Record) -> Value {
    let label = cx.world.labels.get(&list.number("label_id"));
    json!({
        "id": list.id,
        "label": label.map(|label| json!({
            "id": label.id, "name": label.name, "color": label.color,
            "description": label.description,
        })),
        "position": list.number("position"),
        "list_type": "label",
        "max_issue_count": list.number("max_issue_count"),
        "max_issue_weight": list.number("max_issue_weight"),
        "limit_metric": null,
    })
}

/// Every list of a board, rendered.
pub(super) fn of(cx: &Cx<'_>, board: &Record) -> Value {
    let lists = sorted(cx, board.id);
    lists.into_iter().map(|list| entity(cx, list)).collect()
}

fn one(cx: &Cx<'_>, of: In) -> Result<(Record, Record), ApiError> {
    let board = find(cx, &of(cx)?)?;
    let id = cx.number("list_id", "List")?;
    let list = cx.world.record(KIND, id);
    let list = list.filter(|list| list.home == Home::Record("board", board.id));
    let list = list.cloned().ok_or_else(|| ApiError::not_found("List"))?;
    Ok((board, list))
}

fn list(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let board = find(cx, &of(cx)?)?;
    let lists = sorted(cx, board.id);
    pagination::offset(cx, &lists, |list| entity(cx, list))
}

fn get(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let (_, list) = one(cx, of)?;
    Ok(Answer::json(&entity(cx, &list)))
}

fn create(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = writable(cx, of)?;
    let board = find(cx, &place)?;
    let author = cx.user()?.id;
    let label = cx.params.id("label_id")?.ok_or_else(|| {
        ApiError::error(
            400,
            "label_id, milestone_id, assignee_id, iteration_id are missing, exactly one parameter must be provided",
        )
    })?;
    if !cx.world.labels.contains_key(&label) {
        return Err(ApiError::message(
            400,
            json!({ "error": "Label not found!" }),
        ));
    }
    let lists = sorted(cx, board.id);
    if lists.iter().any(|list| list.number("label_id") == label) {
        return Err(ApiError::validation("label_id", "has already been taken"));
    }
    let mut fields = Fields::new();
    fields.insert("label_id".to_owned(), json!(label));
    fields.insert("position".to_owned(), json!(lists.len()));
    let home = Home::Record("board", board.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    let list = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, list)))
}

/// Puts the lists of a board in an order.
fn renumber(cx: &mut Cx<'_>, order: &[u64]) {
    for (at, id) in order.iter().enumerate() {
        if let Some(list) = cx.world.record_mut(KIND, *id) {
            list.set("position", at);
        }
    }
}

fn update(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    writable(cx, of)?;
    let (board, list) = one(cx, of)?;
    let position = cx.params.id("position")?;
    let position = position.ok_or_else(|| ApiError::missing("position"))?;
    let mut order: Vec<u64> = sorted(cx, board.id).iter().map(|one| one.id).collect();
    order.retain(|id| *id != list.id);
    let at = usize::try_from(position).unwrap_or(usize::MAX);
    order.insert(at.min(order.len()), list.id);
    renumber(cx, &order);
    let list = cx.world.record(KIND, list.id).ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity(cx, list)))
}

fn delete(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    writable(cx, of)?;
    let (board, list) = one(cx, of)?;
    cx.world.remove_record(KIND, list.id);
    let order: Vec<u64> = sorted(cx, board.id).iter().map(|one| one.id).collect();
    renumber(cx, &order);
    Ok(Answer::no_content())
}
