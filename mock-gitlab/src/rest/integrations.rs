//! Integrations of projects and groups, by slug; `services` is the older name.
//! <https://docs.gitlab.com/api/project_integrations/>

mod catalogue;

use serde_json::{Value, json};

use super::conventions::resources::{Fields, Place, in_group, in_project};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Home, Record};
use catalogue::{EVENTS, Integration};

type In = fn(&Cx<'_>) -> Result<Place, ApiError>;

const KIND: &str = "integration";

pub(crate) fn routes(table: &mut RouteTable) {
    for word in ["integrations", "services"] {
        let all = format!("projects/:id/{word}");
        let one = format!("projects/:id/{word}/:slug");
        table.get(&all, |cx| list(cx, in_project));
        table.get(&one, |cx| get(cx, in_project));
        table.put(&one, |cx| set(cx, in_project));
        table.delete(&one, |cx| disable(cx, in_project));
    }
    table.get("groups/:id/integrations", |cx| list(cx, in_group));
    table.get("groups/:id/integrations/:slug", |cx| get(cx, in_group));
    table.put("groups/:id/integrations/:slug", |cx| set(cx, in_group));
    table.delete("groups/:id/integrations/:slug", |cx| disable(cx, in_group));
}

fn place(cx: &Cx<'_>, of: In) -> Result<Place, ApiError> {
    let place = of(cx)?;
    cx.user()?;
    let needed = match place.home {
        Home::Group(_) => OWNER,
        _ => MAINTAINER,
    };
    if place.level < needed {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn basics(record: &Record, known: &Integration) -> Fields {
    let mut all = Fields::new();
    all.insert("id".to_owned(), json!(record.id));
    all.insert("title".to_owned(), json!(known.title));
    all.insert("slug".to_owned(), json!(known.slug));
    all.insert("created_at".to_owned(), json!(record.created_at));
    all.insert("updated_at".to_owned(), json!(record.updated_at));
    all.insert("active".to_owned(), json!(record.flag("active")));
    for (event, default) in EVENTS {
        let value = record.fields.get(event).cloned();
        let value = value.unwrap_or_else(|| json!(default));
        all.insert(event.to_owned(), value);
    }
    all.insert("inherited".to_owned(), json!(false));
    let inherit = record.flag("use_inherited_settings");
    all.insert("use_inherited_settings".to_owned(), json!(inherit));
    all
}

/// Lists leave the properties out, secrets stay inside in any case.
fn list(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let records = cx.world.records_in(KIND, place.home);
    let active = records.filter(|record| record.flag("active"));
    let rows = active.filter_map(|record| {
        let known = catalogue::find(record.text("slug"))?;
        Some(Value::Object(basics(record, known)))
    });
    Ok(Answer::json(&rows.collect()))
}

fn known(cx: &Cx<'_>) -> Result<&'static Integration, ApiError> {
    catalogue::find(cx.path.get("slug")).ok_or_else(|| ApiError::not_a_choice("slug"))
}

fn find(cx: &Cx<'_>, place: &Place, slug: &str) -> Option<Record> {
    let mut records = cx.world.records_in(KIND, place.home);
    records.find(|record| record.text("slug") == slug).cloned()
}

fn whole(record: &Record, known: &Integration) -> Value {
    let mut all = basics(record, known);
    let mut properties = Fields::new();
    for (name, secret) in known.properties() {
        if !secret {
            let value = record.fields.get(name).cloned().unwrap_or(Value::Null);
            properties.insert(name.to_owned(), value);
        }
    }
    all.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(all)
}

fn get(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let known = known(cx)?;
    let record = find(cx, &place, known.slug);
    let record = record.ok_or_else(|| ApiError::not_found("Integration"))?;
    Ok(Answer::json(&whole(&record, known)))
}

fn set(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let author = cx.user()?.id;
    let known = known(cx)?;
    let former = find(cx, &place, known.slug);
    let mut fields = former
        .as_ref()
        .map_or_else(Fields::new, |record| record.fields.clone());
    let active = former.as_ref().is_some_and(|record| record.flag("active"));
    for name in known.required {
        let kept = active && fields.contains_key(*name);
        if cx.params.filled(name).is_none() && !kept {
            return Err(ApiError::missing(name));
        }
    }
    for (name, _) in known.properties() {
        if let Some(value) = cx.params.get(name) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    for (event, _) in EVENTS {
        if let Some(flag) = cx.params.flag(event)? {
            fields.insert(event.to_owned(), json!(flag));
        }
    }
    let inherit = cx.params.is_set("use_inherited_settings")?;
    fields.insert("use_inherited_settings".to_owned(), json!(inherit));
    fields.insert("slug".to_owned(), json!(known.slug));
    fields.insert("active".to_owned(), json!(true));
    let id = match former {
        Some(record) => {
            let id = record.id;
            let record = Record {
                fields,
                updated_at: cx.now,
                ..record
            };
            cx.world.records.insert((KIND, id), record);
            id
        }
        None => cx
            .world
            .add_record(KIND, place.home, fields, author, cx.now),
    };
    let record = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&whole(record, known)))
}

/// It is switched off and forgets its settings.
fn disable(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let known = known(cx)?;
    let record = find(cx, &place, known.slug);
    let record = record.filter(|record| record.flag("active"));
    let record = record.ok_or_else(|| ApiError::not_found("Integration"))?;
    cx.world.remove_record(KIND, record.id);
    Ok(Answer::no_content())
}
