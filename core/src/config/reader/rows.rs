//! The rows of tables, each as a small configuration of its own.

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::Value;

use super::super::known::Known;
use super::super::layer::{Origin, Row};
use super::super::problem::Source;
use super::super::setting::Setting;
use super::super::table::Table;
use super::{Entry, Reader, raw};

/// Where a row is.
pub(super) struct Place {
    /// `table[number]`, counted from one.
    name: String,
    pub(super) source: Source,
}

impl Place {
    /// How messages name a field of the row.
    pub(super) fn name_of(&self, field: &Setting) -> String {
        format!("{}.{}", self.name, Table::key(field))
    }
}

/// A reader for each row of the known tables.
pub(super) fn readers(
    known: &Known,
    mut written: BTreeMap<&'static str, Vec<Row>>,
    home: Option<&Path>,
) -> BTreeMap<&'static str, Vec<Reader>> {
    let of = |table: &&'static Table| {
        let rows = written.remove(table.name()).unwrap_or_default();
        let rows = rows.into_iter().map(|row| reader(table, row, home));
        (table.name(), rows.collect())
    };
    known.tables().iter().map(of).collect()
}

fn reader(table: &Table, row: Row, home: Option<&Path>) -> Reader {
    let place = Place {
        name: row.place,
        source: row.source,
    };
    let defaults = table.fields().iter().filter_map(|&field| {
        let origin = Origin {
            name: place.name_of(field),
            file_form: false,
            source: Source::Default,
        };
        Some((field, Value::from(field.default_text()?), origin))
    });
    let mut entries = BTreeMap::new();
    for (field, value, origin) in defaults.chain(row.values) {
        if let Some(raw) = raw(value) {
            entries.insert(field.variable(), Entry { raw, origin });
        }
    }
    Reader {
        known: Known::of_row(table.fields()),
        entries,
        rows: BTreeMap::new(),
        row: Some(place),
        environment: Vec::new(),
        home: home.map(Path::to_path_buf),
        words: Vec::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    }
}

impl Reader {
    /// What `read` makes of each row of `table`, in the order of the file.
    ///
    /// `read` is given a reader whose settings are the fields of the row. Its getters and reports
    /// work as usual; messages name the file, the row and the field.
    pub fn rows<T>(&mut self, table: &Table, read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let Some(rows) = self.rows.get_mut(table.name()) else {
            let text = "is read by a section that does not declare it".to_owned();
            self.problems.push(super::Problem {
                variable: table.name().to_owned(),
                source: Source::Default,
                text,
            });
            return Vec::new();
        };
        let values = rows.iter_mut().map(read).collect();
        for row in rows {
            self.problems.append(&mut row.problems);
            self.warnings.append(&mut row.warnings);
        }
        values
    }

    /// Whether the file has a row of `table`.
    pub fn has_rows(&self, table: &Table) -> bool {
        let rows = self.rows.get(table.name());
        rows.is_some_and(|rows| !rows.is_empty())
    }

    /// The tables that sections declared, each with the readers of its rows.
    pub(in crate::config) fn tables(&self) -> impl Iterator<Item = (&'static Table, &[Self])> {
        self.known.tables().iter().map(|&table| {
            let rows = self.rows.get(table.name());
            (table, rows.map_or(&[][..], Vec::as_slice))
        })
    }
}
