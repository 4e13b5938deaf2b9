//! The values in effect and where each came from, for `config print`; secrets only as set or unset.

use serde_json::{Map, Value, json};

use super::problem::Source;
use super::reader::Reader;
use super::setting::Setting;

/// One line of `config print`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The canonical variable, or `table[row].field`.
    pub variable: String,
    /// The value in text form; `set` or `unset` for a secret, `None` without a value.
    pub value: Option<String>,
    /// Where the value came from, as in error messages.
    pub source: String,
}

/// The values of all declared settings, in the order of their declaration; then the fields of all
/// rows of all declared tables.
pub fn effective(reader: &Reader) -> Vec<Effective> {
    let mut all: Vec<Effective> = reader
        .settings()
        .iter()
        .map(|setting| line(reader, setting, setting.variable().to_owned()))
        .collect();
    for (table, rows) in reader.tables() {
        if rows.is_empty() {
            all.push(Effective {
                variable: table.name().to_owned(),
                value: None,
                source: Source::Default.to_string(),
            });
        }
        for row in rows {
            let fields = row.settings().iter();
            all.extend(fields.map(|field| line(row, field, row.name_used(field))));
        }
    }
    all
}

fn line(reader: &Reader, setting: &Setting, variable: String) -> Effective {
    Effective {
        variable,
        value: reader.shown(setting),
        source: reader.source(setting).to_string(),
    }
}

/// One line per setting: `VARIABLE = value (source)`.
pub fn as_text(rows: &[Effective]) -> String {
    let line = |row: &Effective| {
        let value = row.value.as_deref().unwrap_or("unset");
        format!("{} = {value} ({})\n", row.variable, row.source)
    };
    rows.iter().map(line).collect()
}

/// An object of `{"VARIABLE": {"value": …, "source": …}}`.
pub fn as_json(rows: &[Effective]) -> Value {
    let entry = |row: &Effective| {
        (
            row.variable.clone(),
            json!({ "value": row.value, "source": row.source }),
        )
    };
    Value::Object(rows.iter().map(entry).collect::<Map<_, _>>())
}
