//! Push rules of projects: none, or one set. <https://docs.gitlab.com/api/project_push_rules/>

use serde_json::{Value, json};

use super::conventions::resources::{Field, Fields, Place, in_project};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Record};
use regex::Regex;

const KIND: &str = "push rule";

const FIELDS: &[Field] = &[
    Field::text("commit_message_regex").or(""),
    Field::text("commit_message_negative_regex").or(""),
    Field::text("branch_name_regex").or(""),
    Field::flag("deny_delete_tag", false),
    Field::flag("member_check", false),
    Field::flag("prevent_secrets", false),
    Field::text("author_email_regex").or(""),
    Field::text("file_name_regex").or(""),
    Field::count("max_file_size", 0),
    Field::flag("commit_committer_check", false),
    Field::flag("commit_committer_name_check", false),
    Field::flag("reject_unsigned_commits", false),
    Field::flag("reject_non_dco_commits", false),
];

pub(crate) fn routes(table: &mut RouteTable) {
    let path = "projects/:id/push_rule";
    table.get(path, get);
    table.post(path, create);
    table.put(path, update);
    table.delete(path, delete);
}

fn place(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let place = in_project(cx)?;
    cx.user()?;
    if place.level < MAINTAINER {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn of(cx: &Cx<'_>, home: Home) -> Option<Record> {
    cx.world.records_in(KIND, home).next().cloned()
}

fn entity(rule: &Record) -> Value {
    let mut all = Fields::new();
    all.insert("id".to_owned(), json!(rule.id));
    if let Home::Project(id) = rule.home {
        all.insert("project_id".to_owned(), json!(id));
    }
    all.insert("created_at".to_owned(), json!(rule.created_at));
    for field in FIELDS {
        let value = rule.fields.get(field.name()).cloned();
        all.insert(field.name().to_owned(), value.unwrap_or(Value::Null));
    }
    Value::Object(all)
}

/// Without rules the answer is `null`.
fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = place(cx)?;
    let rule = of(cx, place.home);
    Ok(Answer::json(
        &rule.map_or(Value::Null, |rule| entity(&rule)),
    ))
}

fn check(fields: &Fields) -> Result<(), ApiError> {
    for (name, value) in fields.iter().filter(|(name, _)| name.ends_with("_regex")) {
        let text = value.as_str().unwrap_or_default();
        if Regex::new(text).is_err() {
            return Err(ApiError::validation(
                name,
                "must be a valid regular expression",
            ));
        }
    }
    Ok(())
}

fn given(cx: &Cx<'_>, mut fields: Fields) -> Result<Fields, ApiError> {
    let names: Vec<&str> = FIELDS.iter().map(Field::name).collect();
    cx.params.at_least_one(&names)?;
    for field in FIELDS {
        if let Some(value) = field.given(&cx.params)? {
            fields.insert(field.name().to_owned(), value);
        } else if !fields.contains_key(field.name()) {
            let value = field.given_or_default(&cx.params)?;
            fields.insert(field.name().to_owned(), value);
        }
    }
    check(&fields)?;
    Ok(fields)
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = place(cx)?;
    let author = cx.user()?.id;
    if of(cx, place.home).is_some() {
        return Err(ApiError::message(422, "Project push rule exists"));
    }
    let fields = given(cx, Fields::new())?;
    let id = cx
        .world
        .add_record(KIND, place.home, fields, author, cx.now);
    let rule = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(rule)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = place(cx)?;
    let missing = || ApiError::not_found("Push Rule");
    let mut rule = of(cx, place.home).ok_or_else(missing)?;
    rule.fields = given(cx, rule.fields.clone())?;
    let answer = Answer::json(&entity(&rule));
    cx.world.records.insert((KIND, rule.id), rule);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = place(cx)?;
    let missing = || ApiError::not_found("Push Rule");
    let rule = of(cx, place.home).ok_or_else(missing)?;
    cx.world.remove_record(KIND, rule.id);
    Ok(Answer::no_content())
}
