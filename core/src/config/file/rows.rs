//! The rows of a table of the file. Figment keeps no positions, so lines are found by eye.

use figment::value::Value;

use super::super::layer::{Origin, Row, RowValue};
use super::super::setting::Setting;
use super::super::table::Table;
use super::super::{show, unknown};
use super::{Reading, plain};

/// A row, counted from one.
#[derive(Clone, Copy)]
struct Nth {
    table: &'static Table,
    number: usize,
}

impl Nth {
    fn place(self) -> String {
        format!("{}[{}]", self.table.name(), self.number)
    }
}

impl Reading<'_> {
    /// Reads every row of `table`. What is wrong with the form of a row is reported, and the rest of
    /// it is kept, so that the mistakes of all its fields are told together.
    pub(super) fn table(&mut self, table: &'static Table, value: Value) {
        let name = table.name();
        let Value::Array(_, rows) = value else {
            let line = self.line_of(None, name);
            self.problem_at(
                name,
                line,
                format!("expected rows that begin with [[{name}]]"),
            );
            return;
        };
        let mut read = Vec::with_capacity(rows.len());
        for (value, number) in rows.into_iter().zip(1..) {
            let row = Nth { table, number };
            let line = self.line_in(row, None);
            let Value::Dict(_, entries) = value else {
                let text = format!("expected a row that begins with [[{name}]]");
                self.problem_at(&row.place(), line, text);
                continue;
            };
            let entries = entries.into_iter();
            read.push(Row {
                place: row.place(),
                source: self.source(line),
                values: entries
                    .filter_map(|(key, value)| self.field(row, &key, value))
                    .collect(),
            });
        }
        self.layer.rows.insert(name, read);
    }

    /// A field that is legal and not empty.
    fn field(&mut self, row: Nth, key: &str, value: Value) -> Option<RowValue> {
        let name = format!("{}.{key}", row.place());
        let line = self
            .line_in(row, Some(key))
            .or_else(|| self.line_in(row, None));
        let found = known(row.table, key).and_then(|field| Ok((field, plain(value)?)));
        match found {
            Ok((field, value)) => {
                let origin = Origin {
                    name: show::escaped(&name),
                    file_form: field.has_file_form(),
                    source: self.source(line),
                };
                Some((field, value?, origin))
            }
            Err(text) => {
                self.problem_at(&name, line, text);
                None
            }
        }
    }

    /// The line of `key` in a row, or of the row's header.
    fn line_in(&self, row: Nth, key: Option<&str>) -> Option<usize> {
        let name = row.table.name();
        let mut rows = 0_usize;
        let mut is_inside = false;
        for (line, number) in self.text.lines().zip(1..) {
            let line = line.trim_start();
            if line.starts_with('[') {
                is_inside = header(line) == Some(name);
                rows = rows.saturating_add(usize::from(is_inside));
                if key.is_none() && is_inside && rows == row.number {
                    return Some(number);
                }
            } else if is_inside && rows == row.number && key.is_some() && self::key(line) == key {
                return Some(number);
            }
        }
        // Rows in one line: `name = [{ … }, { … }]`.
        (rows == 0).then(|| self.line_of(None, name)).flatten()
    }
}

/// The field with this key.
fn known(table: &Table, key: &str) -> Result<&'static Setting, String> {
    let mut fields = table.fields().iter().copied();
    if let Some(field) = fields.clone().find(|field| Table::key(field) == key) {
        return Ok(field);
    }
    if let Some(secret) = fields.find(|field| field.file_key() == key) {
        return Err(format!(
            "a secret does not stand here: {} names the file that holds it",
            Table::key(secret)
        ));
    }
    let fields = table.fields().iter();
    let keys: Vec<String> = fields.map(|field| Table::key(field)).collect();
    let hint = unknown::hint(key, keys.iter().map(String::as_str));
    Err(format!("unknown field{hint}"))
}

/// The name of a header `[[name]]`.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("[[")?.split_once("]]")?;
    Some(unquoted(name))
}

/// The key of a line `key = value`.
fn key(line: &str) -> Option<&str> {
    line.split_once('=').map(|(key, _)| unquoted(key))
}

fn unquoted(name: &str) -> &str {
    name.trim().trim_matches(['"', '\''])
}
