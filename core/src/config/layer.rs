//! One source as a figment provider: values under canonical names, and where each came from.
//!
//! All layers use the variable as the key, so figment decides precedence and nothing else: it never
//! sees an alias, a flag or a type, and cannot guess one.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::known::Known;
use super::problem::{Problem, Source, Warning};
use super::setting::Setting;

/// The values of one source.
#[derive(Default)]
pub(super) struct Layer {
    label: &'static str,
    values: Dict,
    origins: BTreeMap<&'static str, Origin>,
    /// The rows of tables, by the name of the table; only the file has some.
    pub(super) rows: BTreeMap<&'static str, Vec<Row>>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
}

/// How the operator wrote a value.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The variable or alias that was used.
    pub(super) name: String,
    /// The value is the path of a file that holds the secret.
    pub(super) file_form: bool,
    pub(super) source: Source,
}

/// One row of a table, as it was written.
pub(super) struct Row {
    /// `table[number]`, counted from one.
    pub(super) place: String,
    /// Where it begins.
    pub(super) source: Source,
    pub(super) values: Vec<RowValue>,
}

/// A field of a row, its value, and how it was written.
pub(super) type RowValue = (&'static Setting, Value, Origin);

impl Layer {
    pub(super) fn new(label: &'static str) -> Self {
        Self {
            label,
            ..Self::default()
        }
    }

    /// The defaults of all settings.
    pub(super) fn defaults(known: &Known) -> Self {
        let mut layer = Self::new("default");
        for setting in known.declared() {
            if let Some(text) = setting.default_text() {
                let name = setting.variable();
                let origin = Origin {
                    name: name.to_owned(),
                    file_form: false,
                    source: Source::Default,
                };
                layer.insert(name, text.to_owned().into(), origin);
            }
        }
        layer
    }

    pub(super) fn label(&self) -> &'static str {
        self.label
    }

    pub(super) fn insert(&mut self, variable: &'static str, value: Value, origin: Origin) {
        self.values.insert(variable.to_owned(), value);
        self.origins.insert(variable, origin);
    }

    pub(super) fn origin(&self, variable: &str) -> Option<&Origin> {
        self.origins.get(variable)
    }

    /// The text of a value, when this layer has one.
    pub(super) fn text(&self, variable: &str) -> Option<&str> {
        self.values.get(variable)?.as_str()
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
