//! Epics of groups and the issues in them. <https://docs.gitlab.com/api/epics/>

mod issues;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::users::basic_by_id;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GUEST, OWNER, PLANNER};
use crate::world::{Group, Home, Noteable, Record};

pub(super) const KIND: &str = "epic";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("groups/:id/epics", list);
    table.post("groups/:id/epics", create);
    table.get("groups/:id/epics/:epic_iid", get);
    table.put("groups/:id/epics/:epic_iid", update);
    table.delete("groups/:id/epics/:epic_iid", delete);
    table.get("groups/:id/epics/:epic_iid/epics", children);
    issues::routes(table);
}

/// The epic of the path, by its iid.
pub(crate) fn find(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let group = cx.group()?;
    let iid = cx.number("epic_iid", "Epic")?;
    let mut all = cx.world.records_in(KIND, Home::Group(group.id));
    let found = all.find(|epic| epic.number("iid") == iid && sees(cx, epic));
    found.cloned().ok_or_else(|| ApiError::not_found("Epic"))
}

/// Confidential epics are for planners and above.
fn sees(cx: &Cx<'_>, epic: &Record) -> bool {
    let Home::Group(id) = epic.home else {
        return false;
    };
    let level = cx
        .world
        .groups
        .get(&id)
        .map_or(0, |group| cx.level_in_group(group));
    !epic.flag("confidential") || level >= PLANNER || cx.caller.user == Some(epic.author)
}

fn entity(cx: &Cx<'_>, epic: &Record) -> Value {
    let Home::Group(group) = epic.home else {
        return Value::Null;
    };
    let path = cx.world.group_path(group);
    let iid = epic.number("iid");
    let parent = epic.fields.get("parent_id").and_then(Value::as_u64);
    let parent_iid = parent
        .and_then(|id| cx.world.record(KIND, id))
        .map(|parent| parent.number("iid"));
    let api = cx.site.api_url(&format!("/groups/{group}/epics/{iid}"));
    let plain = |name: &str| epic.fields.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "id": epic.id,
        "work_item_id": epic.id,
        "iid": iid,
        "color": plain("color"),
        "text_color": "#FFFFFF",
        "group_id": group,
        "parent_id": parent,
        "parent_iid": parent_iid,
        "imported": false,
        "imported_from": "none",
        "title": epic.text("title"),
        "description": plain("description"),
        "confidential": epic.flag("confidential"),
        "author": basic_by_id(cx, epic.author),
        "start_date": plain("start_date_fixed"),
        "start_date_is_fixed": epic.flag("start_date_is_fixed"),
        "start_date_fixed": plain("start_date_fixed"),
        "end_date": plain("due_date_fixed"),
        "due_date": plain("due_date_fixed"),
        "due_date_is_fixed": epic.flag("due_date_is_fixed"),
        "due_date_fixed": plain("due_date_fixed"),
        "state": epic.text("state"),
        "web_edit_url": format!("/groups/{path}/-/epics/{iid}"),
        "web_url": cx.site.url(&format!("/groups/{path}/-/epics/{iid}")),
        "references": { "short": format!("&{iid}"), "relative": format!("&{iid}"),
                        "full": format!("{path}&{iid}") },
        "created_at": epic.created_at,
        "updated_at": epic.updated_at,
        "closed_at": plain("closed_at"),
        "labels": plain("labels"),
        "upvotes": 0,
        "downvotes": 0,
        "subscribed": cx.caller.user == Some(epic.author),
        "_links": {
            "self": api,
            "epic_issues": format!("{api}/issues"),
            "group": cx.site.api_url(&format!("/groups/{group}")),
            "parent": parent_iid
                .map(|iid| cx.site.api_url(&format!("/groups/{group}/epics/{iid}"))),
        },
    })
}

fn rows<'a>(cx: &'a Cx<'_>, group: &Group) -> Result<Vec<&'a Record>, ApiError> {
    let below = cx.params.flag("include_descendant_groups")?.unwrap_or(true);
    let state = cx.params.choice("state", &["all", "opened", "closed"])?;
    let labels = cx.params.list("labels").unwrap_or_default();
    let author = cx.params.id("author_id")?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let order = cx
        .params
        .choice("order_by", &["created_at", "updated_at", "title"])?;
    let all = cx.world.records_of_kind(KIND).filter(|epic| {
        let place = match epic.home {
            Home::Group(id) => id == group.id || (below && cx.world.lies_below(id, group.id)),
            _ => false,
        };
        let own = epic.fields.get("labels").and_then(Value::as_array);
        let has = |label: &String| {
            own.is_some_and(|own| own.iter().any(|one| one.as_str() == Some(label)))
        };
        place
            && sees(cx, epic)
            && state.is_none_or(|state| state == "all" || epic.text("state") == state)
            && author.is_none_or(|author| epic.author == author)
            && labels.iter().all(has)
            && (epic.text("title").to_lowercase().contains(&search)
                || epic.text("description").to_lowercase().contains(&search))
    });
    let mut all: Vec<&Record> = all.collect();
    match order {
        Some("title") => all.sort_by_key(|epic| epic.text("title")),
        Some("updated_at") => all.sort_by_key(|epic| (epic.updated_at, epic.id)),
        _ => {}
    }
    if !cx.params.ascending(false)? {
        all.reverse();
    }
    Ok(all)
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let rows = rows(cx, &group)?;
    pagination::offset(cx, &rows, |epic| entity(cx, epic))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = find(cx)?;
    Ok(Answer::json(&entity(cx, &epic)))
}

fn children(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let epic = find(cx)?;
    let all = cx.world.records_of_kind(KIND);
    let all = all.filter(|one| one.number("parent_id") == epic.id && sees(cx, one));
    let rows: Vec<&Record> = all.collect();
    pagination::offset(cx, &rows, |epic| entity(cx, epic))
}

fn change(cx: &Cx<'_>, fields: &mut Fields) -> Result<(), ApiError> {
    if cx.params.has("title") {
        let title = cx.params.required("title")?;
        fields.insert("title".to_owned(), json!(title));
    }
    for name in ["description", "color"] {
        if cx.params.has(name) {
            fields.insert(name.to_owned(), json!(cx.params.text(name)));
        }
    }
    for name in ["confidential", "start_date_is_fixed", "due_date_is_fixed"] {
        if let Some(flag) = cx.params.flag(name)? {
            fields.insert(name.to_owned(), json!(flag));
        }
    }
    for name in ["start_date_fixed", "due_date_fixed"] {
        if cx.params.has(name) {
            let day = cx.params.time(name)?.map(crate::Timestamp::date);
            fields.insert(name.to_owned(), json!(day));
        }
    }
    if cx.params.has("parent_id") {
        let parent = cx.params.id("parent_id")?.filter(|id| *id != 0);
        fields.insert("parent_id".to_owned(), json!(parent));
    }
    let strings = |name: &str| {
        cx.params
            .has(name)
            .then(|| cx.params.list(name).unwrap_or_default())
    };
    let former = fields.get("labels").and_then(Value::as_array).cloned();
    let mut labels: Vec<String> = former
        .unwrap_or_default()
        .iter()
        .filter_map(|label| label.as_str().map(str::to_owned))
        .collect();
    if let Some(set) = strings("labels") {
        labels = set;
    }
    for label in strings("add_labels").unwrap_or_default() {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let gone = strings("remove_labels").unwrap_or_default();
    labels.retain(|label| !gone.contains(label) && !label.is_empty());
    fields.insert("labels".to_owned(), json!(labels));
    Ok(())
}

fn writable(cx: &Cx<'_>, level: u8) -> Result<Group, ApiError> {
    let group = cx.group()?;
    cx.user()?;
    if cx.level_in_group(&group) >= level {
        Ok(group)
    } else {
        Err(ApiError::forbidden())
    }
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = writable(cx, GUEST)?;
    let author = cx.user()?.id;
    cx.params.required("title")?;
    let mut fields = Fields::new();
    fields.insert("state".to_owned(), json!("opened"));
    fields.insert("color".to_owned(), json!("#1068bf"));
    change(cx, &mut fields)?;
    let iid = cx.world.next_id(&format!("epic of group {}", group.id));
    fields.insert("iid".to_owned(), json!(iid));
    let home = Home::Group(group.id);
    let id = cx.world.add_record(KIND, home, fields, author, cx.now);
    let epic = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, epic)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut epic = find(cx)?;
    let user = cx.user()?.id;
    if epic.author != user {
        writable(cx, PLANNER)?;
    }
    change(cx, &mut epic.fields)?;
    match cx.params.choice("state_event", &["close", "reopen"])? {
        Some("close") => {
            epic.set("state", "closed");
            epic.set("closed_at", json!(cx.now));
        }
        Some(_) => {
            epic.set("state", "opened");
            epic.set("closed_at", Value::Null);
        }
        None => {}
    }
    epic.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &epic));
    cx.world.records.insert((KIND, epic.id), epic);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    writable(cx, OWNER)?;
    let epic = find(cx)?;
    cx.world.remove_record(KIND, epic.id);
    cx.world.remove_notes_on(&Noteable::Epic(epic.id));
    Ok(Answer::no_content())
}
