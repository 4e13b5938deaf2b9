//! The handlers of declared resources.

use serde_json::{Value, json};

use super::{Fields, Key, Place, Spec};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::world::Record;

fn allowed(cx: &Cx<'_>, place: &Place, level: u8) -> Result<(), ApiError> {
    if level == 0 || place.level >= level {
        return Ok(());
    }
    cx.user()?;
    Err(ApiError::forbidden())
}

fn readable(cx: &Cx<'_>, spec: &Spec) -> Result<Place, ApiError> {
    let place = (spec.place)(cx)?;
    allowed(cx, &place, spec.read)?;
    Ok(place)
}

fn writable(cx: &Cx<'_>, spec: &Spec) -> Result<Place, ApiError> {
    let place = (spec.place)(cx)?;
    cx.user()?;
    allowed(cx, &place, spec.write)?;
    Ok(place)
}

/// How a record looks from outside.
pub(crate) fn render(cx: &Cx<'_>, spec: &Spec, record: &Record) -> Value {
    let mut all = Fields::new();
    all.insert("id".to_owned(), json!(record.id));
    for field in spec.fields.iter().filter(|field| !field.secret) {
        let value = record.fields.get(field.name).cloned();
        all.insert(
            field.name.to_owned(),
            value.unwrap_or_else(|| field.default()),
        );
    }
    if spec.times {
        all.insert("created_at".to_owned(), json!(record.created_at));
        all.insert("updated_at".to_owned(), json!(record.updated_at));
    }
    (spec.view)(cx, record, &mut all);
    Value::Object(all)
}

/// The records of the place, as far as they are shown to the caller.
pub(crate) fn rows<'a>(cx: &'a Cx<'_>, spec: &Spec, place: &Place) -> Vec<&'a Record> {
    let all = cx.world.records_in(spec.kind, place.home);
    let mut rows: Vec<&Record> = all.filter(|record| (spec.shows)(cx, record)).collect();
    if spec.newest_first {
        rows.reverse();
    }
    rows
}

/// A page of them.
pub(crate) fn list(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let place = readable(cx, spec)?;
    let rows = rows(cx, spec, &place);
    pagination::offset(cx, &rows, |record| render(cx, spec, record))
}

/// The one the path names.
pub(crate) fn find(cx: &Cx<'_>, spec: &Spec, place: &Place) -> Result<Record, ApiError> {
    let wanted = cx.path.get(spec.parameter);
    let named = |record: &&Record| match spec.key {
        Key::Id => record.id.to_string() == wanted,
        Key::Field(name) => match record.fields.get(name) {
            Some(Value::String(text)) => text == wanted,
            Some(other) => wanted.parse().is_ok_and(|number: u64| *other == number),
            None => false,
        },
    };
    let found = cx.world.records_in(spec.kind, place.home).find(named);
    found.cloned().ok_or_else(|| {
        if spec.word.is_empty() {
            ApiError::gone()
        } else {
            ApiError::not_found(spec.word)
        }
    })
}

/// One of them.
pub(crate) fn get(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let place = readable(cx, spec)?;
    let record = find(cx, spec, &place)?;
    Ok(Answer::json(&render(cx, spec, &record)))
}

/// A new one.
pub(crate) fn create(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let place = writable(cx, spec)?;
    let author = cx.user()?.id;
    let missing = spec
        .fields
        .iter()
        .find(|field| field.required && cx.params.get(field.name).is_none());
    if let Some(field) = missing {
        return Err(ApiError::missing(field.name));
    }
    let mut fields = Fields::new();
    for field in spec.fields {
        fields.insert(field.name.to_owned(), field.given_or_default(&cx.params)?);
    }
    (spec.check)(cx, &place, &mut fields, None)?;
    distinct(cx, spec, &place, &fields, None)?;
    let id = cx
        .world
        .add_record(spec.kind, place.home, fields, author, cx.now);
    let record = cx.world.record(spec.kind, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&render(cx, spec, record)))
}

/// Other fields for one of them.
pub(crate) fn update(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let place = writable(cx, spec)?;
    let former = find(cx, spec, &place)?;
    let mut fields = former.fields.clone();
    for field in spec.fields.iter().filter(|field| !field.fixed) {
        if let Some(value) = field.given(&cx.params)? {
            fields.insert(field.name.to_owned(), value);
        }
    }
    (spec.check)(cx, &place, &mut fields, Some(&former))?;
    distinct(cx, spec, &place, &fields, Some(former.id))?;
    let record = Record {
        fields,
        updated_at: cx.now,
        ..former
    };
    let answer = Answer::json(&render(cx, spec, &record));
    cx.world.records.insert((spec.kind, record.id), record);
    Ok(answer)
}

/// One less.
pub(crate) fn delete(cx: &mut Cx<'_>, spec: &Spec) -> Result<Answer, ApiError> {
    let place = writable(cx, spec)?;
    let record = find(cx, spec, &place)?;
    cx.world.remove_record(spec.kind, record.id);
    Ok(Answer::no_content())
}

fn distinct(
    cx: &Cx<'_>,
    spec: &Spec,
    place: &Place,
    fields: &Fields,
    own: Option<u64>,
) -> Result<(), ApiError> {
    let others = || {
        cx.world
            .records_in(spec.kind, place.home)
            .filter(|record| Some(record.id) != own)
    };
    let taken = |name: &&&str| others().any(|other| other.fields.get(**name) == fields.get(**name));
    match spec.unique.iter().find(taken) {
        Some(name) => Err(ApiError::validation(name, "has already been taken")),
        None => Ok(()),
    }
}
