//! Resources that are little more than their fields: declared once, served by the
//! same five handlers (list, get, create, update, delete). What is special about a
//! resource stands in its `check` and `view`, or in handlers of its own beside them.

mod answers;
mod field;
mod place;

pub(crate) use answers::{create, delete, find, get, list, render, rows, update};
pub(crate) use field::Field;
pub(crate) use place::{Place, in_group, in_instance, in_own, in_project};

use serde_json::{Map, Value};

use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;
use crate::world::access::MAINTAINER;

/// Level of administrators, above that of owners: for what belongs to the instance.
pub(crate) const ADMIN: u8 = 60;

/// The fields of a record about to be kept.
pub(crate) type Fields = Map<String, Value>;

/// How a path names one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// By number.
    Id,
    /// By the text of a field.
    Field(&'static str),
}

/// What a resource is.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    /// Name of the records: `hook`.
    pub(crate) kind: &'static str,
    /// The word in `404 Hook Not Found`; empty for the plain `404 Not found`.
    pub(crate) word: &'static str,
    /// What the records belong to, and the caller's level there.
    pub(crate) place: fn(&Cx<'_>) -> Result<Place, ApiError>,
    /// The fields in the order in which they are shown.
    pub(crate) fields: &'static [Field],
    /// Level needed to read; 0 lets everyone read who sees the place.
    pub(crate) read: u8,
    /// Level needed to write.
    pub(crate) write: u8,
    /// How the last part of the path names one.
    pub(crate) key: Key,
    /// Its name in the table of routes.
    pub(crate) parameter: &'static str,
    /// Fields of which no two records of a place may have the same value.
    pub(crate) unique: &'static [&'static str],
    /// Newest first, or in the order they were made.
    pub(crate) newest_first: bool,
    /// Whether `created_at` and `updated_at` are shown.
    pub(crate) times: bool,
    /// Looks at the fields before they are kept; may change and refuse them.
    pub(crate) check: Check,
    /// Adds to what is shown.
    pub(crate) view: fn(&Cx<'_>, &Record, &mut Fields),
    /// Which records a list shows.
    pub(crate) shows: fn(&Cx<'_>, &Record) -> bool,
}

/// Looks at fields; the former record is there on updates.
pub(crate) type Check =
    fn(&mut Cx<'_>, &Place, &mut Fields, Option<&Record>) -> Result<(), ApiError>;

impl Spec {
    /// For maintainers, by number, oldest first, with times: a resource says what differs.
    pub(crate) const USUAL: Self = Self {
        kind: "",
        word: "",
        place: in_project,
        fields: &[],
        read: MAINTAINER,
        write: MAINTAINER,
        key: Key::Id,
        parameter: "record_id",
        unique: &[],
        newest_first: false,
        times: true,
        check: |_, _, _, _| Ok(()),
        view: |_, _, _| {},
        shows: |_, _| true,
    };
}

/// A resource as a type, so that its handlers are plain functions.
pub(crate) trait Resource {
    /// What it is.
    const SPEC: Spec;
}

/// The five routes below `base`; updates by `PUT`.
pub(crate) fn routes<R: Resource>(table: &mut RouteTable, base: &str) {
    table.get(base, |cx| list(cx, &R::SPEC));
    routes_without_list::<R>(table, base);
}

/// As [`routes`], for lists with filters of their own.
pub(crate) fn routes_without_list<R: Resource>(table: &mut RouteTable, base: &str) {
    table.post(base, |cx| create(cx, &R::SPEC));
    let one = format!("{base}/:{}", R::SPEC.parameter);
    table.get(&one, |cx| get(cx, &R::SPEC));
    table.put(&one, |cx| update(cx, &R::SPEC));
    table.delete(&one, |cx| delete(cx, &R::SPEC));
}
