//! The values in effect and where each came from, for `config print`; secrets only as set or unset.

use serde_json::{Map, Value, json};

use super::reader::Reader;

/// One line of `config print`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The canonical variable.
    pub variable: &'static str,
    /// The value in text form; `set` or `unset` for a secret, `None` without a value.
    pub value: Option<String>,
    /// Where the value came from, as in error messages.
    pub source: String,
}

/// The values of all declared settings, in the order of their declaration.
pub fn effective(reader: &Reader) -> Vec<Effective> {
    let row = |setting: &&'static super::setting::Setting| Effective {
        variable: setting.variable(),
        value: reader.shown(setting),
        source: reader.source(setting).to_string(),
    };
    reader.settings().iter().map(row).collect()
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
            row.variable.to_owned(),
            json!({ "value": row.value, "source": row.source }),
        )
    };
    Value::Object(rows.iter().map(entry).collect::<Map<_, _>>())
}
