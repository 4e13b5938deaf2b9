//! The issues of an epic. <https://docs.gitlab.com/api/epic_issues/>

use serde_json::{Value, json};

use super::{KIND, entity, find};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::resources::Fields;
use crate::rest::issues;
use crate::routes::RouteTable;
use crate::world::access::GUEST;
use crate::world::{Home, Issue, Record};

const LINK: &str = "epic issue";

pub(super) fn routes(table: &mut RouteTable) {
    let all = "groups/:id/epics/:epic_iid/issues";
    table.get(all, list);
    table.post(&format!("{all}/:issue_id"), add);
    table.put(&format!("{all}/:link_id"), reorder);
    table.delete(&format!("{all}/:link_id"), remove);
}

fn links<'a>(cx: &'a Cx<'_>, epic: &Record) -> Vec<(&'a Record, &'a Issue)> {
    let all = cx.world.records_in(LINK, Home::Record(KIND, epic.id));
    let all = all.filter_map(|link| Some((link, cx.world.issues.get(&link.number("issue"))?)));
    let mut all: Vec<_> = all.filter(|(_, issue)| issues::shown(cx, issue)).collect();
    all.sort_by_key(|(link, _)| (link.number("position"), link.id));
    all
}

fn row(cx: &Cx<'_>, link: &Record, issue: &Issue) -> Value {
    let mut value = issues::entity(cx, issue);
    if let Value::Object(all) = &mut value {
        all.insert("epic_issue_id".to_owned(), json!(link.id));
        let position = link.number("position");
        all.insert("relative_position".to_owned(), json!(position));
    }
    value
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = find(cx)?;
    let rows = links(cx, &epic);
    pagination::offset(cx, &rows, |(link, issue)| row(cx, link, issue))
}

fn writable(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let group = cx.group()?;
    cx.user()?;
    if cx.level_in_group(&group) < GUEST {
        return Err(ApiError::forbidden());
    }
    find(cx)
}

fn answer(cx: &Cx<'_>, status: u16, epic: &Record, link: &Record) -> Answer {
    let issue = cx.world.issues.get(&link.number("issue"));
    Answer::json_with(
        status,
        &json!({
            "id": link.id,
            "epic": entity(cx, epic),
            "issue": issue.map(|issue| issues::entity(cx, issue)),
        }),
    )
}

/// An issue is in one epic only: it leaves the one it was in.
fn add(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = writable(cx)?;
    let author = cx.user()?.id;
    let id = cx.number("issue_id", "Issue")?;
    let issue = cx.world.issues.get(&id);
    let issue = issue.filter(|issue| issues::shown(cx, issue));
    let issue = issue.ok_or_else(|| ApiError::not_found("Issue"))?.id;
    let former = cx.world.records_of_kind(LINK);
    let former = former.filter(|link| link.number("issue") == issue);
    let former: Vec<u64> = former.map(|link| link.id).collect();
    for id in former {
        cx.world.remove_record(LINK, id);
    }
    let mut fields = Fields::new();
    fields.insert("issue".to_owned(), json!(issue));
    fields.insert("position".to_owned(), json!(links(cx, &epic).len()));
    let home = Home::Record(KIND, epic.id);
    let id = cx.world.add_record(LINK, home, fields, author, cx.now);
    let link = cx.world.record(LINK, id).ok_or_else(ApiError::gone)?;
    Ok(answer(cx, 201, &epic, link))
}

fn one(cx: &Cx<'_>, epic: &Record) -> Result<Record, ApiError> {
    let id = cx.number("link_id", "Epic Issue")?;
    let link = cx.world.record(LINK, id);
    let link = link.filter(|link| link.home == Home::Record(KIND, epic.id));
    link.cloned()
        .ok_or_else(|| ApiError::not_found("Epic Issue"))
}

fn reorder(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = writable(cx)?;
    let link = one(cx, &epic)?;
    let (before, after) = (
        cx.params.id("move_before_id")?,
        cx.params.id("move_after_id")?,
    );
    let mut order: Vec<u64> = links(cx, &epic).iter().map(|(link, _)| link.id).collect();
    order.retain(|id| *id != link.id);
    // "Before" and "after" name the neighbour that then stands before or after it.
    let at = before
        .and_then(|id| order.iter().position(|one| *one == id).map(|at| at + 1))
        .or_else(|| after.and_then(|id| order.iter().position(|one| *one == id)));
    order.insert(at.unwrap_or(order.len()), link.id);
    for (at, id) in order.iter().enumerate() {
        if let Some(link) = cx.world.record_mut(LINK, *id) {
            link.set("position", at);
        }
    }
    list(cx)
}

fn remove(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = writable(cx)?;
    let link = one(cx, &epic)?;
    let gone = answer(cx, 200, &epic, &link);
    cx.world.remove_record(LINK, link.id);
    Ok(gone)
}
