//! CI/CD variables of projects and groups: one key may stand there several times,
//! once for each environment scope.
//! <https://docs.gitlab.com/api/project_level_variables/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{Field, Fields, Place, Spec, in_group, in_project, render};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;
use crate::world::access::{MAINTAINER, OWNER};

type In = fn(&Cx<'_>) -> Result<Place, ApiError>;

const FIELDS: &[Field] = &[
    Field::choice("variable_type", &["env_var", "file"]),
    Field::text("key"),
    Field::text("value"),
    Field::flag("hidden", false).fixed(),
    Field::flag("protected", false),
    Field::flag("masked", false),
    Field::flag("raw", false),
    Field::text("environment_scope").or("*"),
    Field::text("description"),
];

const VARIABLE: Spec = Spec {
    kind: "variable",
    word: "Variable",
    fields: FIELDS,
    times: false,
    view,
    ..Spec::USUAL
};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/variables", |cx| list(cx, in_project));
    table.post("projects/:id/variables", |cx| create(cx, in_project));
    table.get("projects/:id/variables/:key", |cx| get(cx, in_project));
    table.put("projects/:id/variables/:key", |cx| update(cx, in_project));
    table.delete("projects/:id/variables/:key", |cx| delete(cx, in_project));
    table.get("groups/:id/variables", |cx| list(cx, in_group));
    table.post("groups/:id/variables", |cx| create(cx, in_group));
    table.get("groups/:id/variables/:key", |cx| get(cx, in_group));
    table.put("groups/:id/variables/:key", |cx| update(cx, in_group));
    table.delete("groups/:id/variables/:key", |cx| delete(cx, in_group));
}

fn view(_cx: &Cx<'_>, variable: &Record, all: &mut Fields) {
    all.remove("id");
    if variable.flag("hidden") {
        all.insert("value".to_owned(), Value::Null);
    }
}

fn place(cx: &Cx<'_>, of: In) -> Result<Place, ApiError> {
    let place = of(cx)?;
    cx.user()?;
    let needed = match place.home {
        crate::world::Home::Group(_) => OWNER,
        _ => MAINTAINER,
    };
    if place.level < needed {
        return Err(ApiError::forbidden());
    }
    Ok(place)
}

fn list(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let rows: Vec<&Record> = cx.world.records_in("variable", place.home).collect();
    pagination::offset(cx, &rows, |row| render(cx, &VARIABLE, row))
}

/// The variable of the path; `filter[environment_scope]` chooses among several.
fn find(cx: &Cx<'_>, place: &Place) -> Result<Record, ApiError> {
    let filter = cx.params.object("filter");
    let scope = filter.and_then(|filter| filter.text("environment_scope"));
    let key = cx.path.get("key");
    let mut found = cx
        .world
        .records_in("variable", place.home)
        .filter(|one| one.text("key") == key)
        .filter(|one| {
            let fits = |scope: &String| one.text("environment_scope") == scope;
            scope.as_ref().is_none_or(fits)
        });
    let first = found.next().cloned();
    if found.next().is_some() {
        return Err(ApiError::conflict(
            "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'",
        ));
    }
    first.ok_or_else(|| ApiError::not_found("Variable"))
}

fn get(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let variable = find(cx, &place)?;
    Ok(Answer::json(&render(cx, &VARIABLE, &variable)))
}

fn create(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let author = cx.user()?.id;
    let key = cx.params.required("key")?;
    if cx.params.get("value").is_none() {
        return Err(ApiError::missing("value"));
    }
    let mut fields = Fields::new();
    for field in FIELDS {
        fields.insert(field.name().to_owned(), field.given_or_default(&cx.params)?);
    }
    if cx.params.is_set("masked_and_hidden")? {
        fields.insert("masked".to_owned(), json!(true));
        fields.insert("hidden".to_owned(), json!(true));
    } else {
        fields.insert("hidden".to_owned(), json!(false));
    }
    check(cx, &place, &key, &fields, None)?;
    let id = cx
        .world
        .add_record("variable", place.home, fields, author, cx.now);
    let variable = cx.world.record("variable", id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&render(cx, &VARIABLE, variable)))
}

fn update(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let mut variable = find(cx, &place)?;
    for field in FIELDS.iter().filter(|field| field.name() != "hidden") {
        if let Some(value) = field.given(&cx.params)? {
            variable.set(field.name(), value);
        }
    }
    let key = variable.text("key").to_owned();
    check(cx, &place, &key, &variable.fields, Some(variable.id))?;
    variable.updated_at = cx.now;
    let answer = Answer::json(&render(cx, &VARIABLE, &variable));
    cx.world.records.insert(("variable", variable.id), variable);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>, of: In) -> Result<Answer, ApiError> {
    let place = place(cx, of)?;
    let variable = find(cx, &place)?;
    cx.world.remove_record("variable", variable.id);
    Ok(Answer::no_content())
}

/// A key is a name, a masked value can be masked, key and scope are free.
fn check(
    cx: &Cx<'_>,
    place: &Place,
    key: &str,
    fields: &Fields,
    own: Option<u64>,
) -> Result<(), ApiError> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if key.is_empty() || key.len() > 255 || !key.chars().all(word) {
        let text = "can contain only letters, digits and '_'.";
        return Err(ApiError::validation("key", text));
    }
    let masked = fields.get("masked").and_then(Value::as_bool) == Some(true);
    if masked && !can_be_masked(text("value"), fields) {
        return Err(ApiError::validation("value", "is invalid"));
    }
    let taken = cx
        .world
        .records_in("variable", place.home)
        .filter(|other| Some(other.id) != own)
        .any(|other| {
            other.text("key") == key && other.text("environment_scope") == text("environment_scope")
        });
    if taken {
        let text = format!("({key}) has already been taken");
        return Err(ApiError::validation("key", &text));
    }
    Ok(())
}

/// At least eight characters on one line; raw values may be anything printable.
fn can_be_masked(value: &str, fields: &Fields) -> bool {
    let raw = fields.get("raw").and_then(Value::as_bool) == Some(true);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_:@-+.~=/".contains(c);
    let printable = |c: char| !c.is_whitespace();
    value.len() >= 8
        && if raw {
            value.chars().all(printable)
        } else {
            value.chars().all(plain)
        }
}
