//! The rows of a table of the file. Figment keeps no positions, so lines are found by eye.

use figment::value::Value;

use super::super::layer::{Origin, Row};
use super::super::table::Table;
use super::super::{show, unknown};
use super::{Reading, plain};

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
        for (row, number) in rows.into_iter().zip(1..) {
            let place = format!("{name}[{number}]");
            let line = self.line_in(table, number, None);
            let Value::Dict(_, entries) = row else {
                self.problem_at(
                    &place,
                    line,
                    format!("expected a row that begins with [[{name}]]"),
                );
                continue;
            };
            let mut row = Row {
                source: self.source(line),
                place,
                values: Vec::new(),
            };
            for (key, value) in entries {
                self.field(table, number, &mut row, &key, value);
            }
            read.push(row);
        }
        self.layer.rows.insert(name, read);
    }

    fn field(
        &mut self,
        table: &'static Table,
        number: usize,
        row: &mut Row,
        key: &str,
        value: Value,
    ) {
        let name = format!("{}.{key}", row.place);
        let line = self
            .line_in(table, number, Some(key))
            .or_else(|| self.line_in(table, number, None));
        let fields = table.fields().iter().copied();
        let Some(field) = fields.clone().find(|field| Table::key(field) == key) else {
            let text = match fields.clone().find(|field| field.file_key() == key) {
                Some(secret) => format!(
                    "a secret does not stand here: {} names the file that holds it",
                    Table::key(secret)
                ),
                None => {
                    let keys: Vec<String> = fields.map(Table::key).collect();
                    let hint = unknown::hint(key, keys.iter().map(String::as_str));
                    format!("unknown field{hint}")
                }
            };
            self.problem_at(&name, line, text);
            return;
        };
        match plain(value) {
            Ok(None) => {}
            Ok(Some(value)) => {
                let origin = Origin {
                    name: show::escaped(&name),
                    file_form: field.has_file_form(),
                    source: self.source(line),
                };
                row.values.push((field, value, origin));
            }
            Err(text) => self.problem_at(&name, line, text),
        }
    }

    /// The line of `key` in a row, or of the row's header.
    fn line_in(&self, table: &Table, number: usize, key: Option<&str>) -> Option<usize> {
        let mut rows = 0;
        let mut is_inside = false;
        for (line, index) in self.text.lines().zip(1..) {
            let line = line.trim_start();
            if line.starts_with('[') {
                is_inside = header(line) == Some(table.name());
                rows += usize::from(is_inside);
                if key.is_none() && is_inside && rows == number {
                    return Some(index);
                }
            } else if is_inside && rows == number && key.is_some() {
                let name = line.split_once('=').map(|(name, _)| name.trim());
                if name.map(|name| name.trim_matches(['"', '\''])) == key {
                    return Some(index);
                }
            }
        }
        // Rows in one line: `name = [{ … }, { … }]`.
        (rows == 0)
            .then(|| self.line_of(None, table.name()))
            .flatten()
    }
}

/// The name of a header `[[name]]`.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("[[")?.split_once("]]")?;
    Some(name.trim().trim_matches(['"', '\'']))
}
