//! Typed access to the merged configuration; collects what is wrong instead of failing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use figment::value::Value;
use figment::{Figment, Provider as _};
use zeroize::Zeroizing;

use super::known::{Known, STRICT};
use super::layer::{Layer, Origin};
use super::problem::{Attention, ConfigError, Problem, Source, UsageError, Warning};
use super::reserved::Verdict;
use super::setting::Setting;
use super::sources::Sources;
use super::table::Table;
use super::{environment, file, flags, show, unknown};

mod rows;
mod values;

/// The merged values of one start, and the problems found in them so far.
///
/// A getter reports a value it cannot use and returns the default, or an empty value, instead.
pub struct Reader {
    known: Known,
    entries: BTreeMap<&'static str, Entry>,
    /// A reader for each row of a table, by the name of the table.
    rows: BTreeMap<&'static str, Vec<Reader>>,
    /// Set in the reader of a row: where that row is.
    row: Option<rows::Place>,
    environment: Vec<String>,
    home: Option<PathBuf>,
    words: Vec<String>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

/// The value that won, and how it was written.
struct Entry {
    raw: Raw,
    origin: Origin,
}

#[derive(Clone)]
enum Raw {
    One(Zeroizing<String>),
    Many(Vec<String>),
}

impl Reader {
    /// Merges the sources: defaults, then the file, then the environment, then the flags.
    ///
    /// `settings` are those of all sections that will be read, and of all that must be known. The file
    /// has no tables then; see [`Reader::open_with`].
    ///
    /// # Errors
    ///
    /// A command line that cannot be understood. Problems with values are kept for
    /// [`Reader::finish`].
    pub fn open(sources: &Sources, settings: &[&'static Setting]) -> Result<Self, UsageError> {
        Self::open_with(sources, settings, &[])
    }

    /// As [`Reader::open`], with the tables that sections declare.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn open_with(
        sources: &Sources,
        settings: &[&'static Setting],
        tables: &[&'static Table],
    ) -> Result<Self, UsageError> {
        let (known, mut problems) = Known::new(settings, tables);
        let (flags, words) = flags::layer(&sources.arguments, &known)?;
        let environment = environment::layer(sources, &known);
        let mut file = file::layer(sources, &known, &flags, &environment);
        let home = sources.home();
        let rows = rows::readers(&known, std::mem::take(&mut file.rows), home.as_deref());
        let mut layers = [Layer::defaults(&known), file, environment, flags];
        let entries = merge(&known, &layers);
        let mut warnings = Vec::new();
        for layer in &mut layers {
            problems.append(&mut layer.problems);
            warnings.append(&mut layer.warnings);
        }
        let set = |name: &&String| sources.variable(name).is_some();
        Ok(Self {
            known,
            entries,
            rows,
            row: None,
            environment: sources.environment.keys().filter(set).cloned().collect(),
            home,
            words,
            problems,
            warnings,
        })
    }

    /// The arguments that belong to no flag, such as the name of a sub-command.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The settings that sections declared.
    pub fn settings(&self) -> &[&'static Setting] {
        self.known.declared()
    }

    /// The variables that are known but that nothing in this build reads.
    pub fn reserved(&self) -> Vec<&'static str> {
        let reserved = self.known.reserved().iter();
        reserved.map(|one| one.setting.variable()).collect()
    }

    /// Every variable that may hold a secret, in all its spellings: what a child process should not
    /// inherit.
    pub fn secret_variables(&self) -> Vec<String> {
        let secret = self.known.all().filter(|setting| setting.is_secret());
        secret
            .flat_map(Setting::names)
            .flat_map(|name| [name.to_owned(), format!("{name}_FILE")])
            .collect()
    }

    /// Whether any source but the default gives a value.
    pub fn is_set(&self, setting: &Setting) -> bool {
        self.source(setting) != Source::Default
    }

    /// Where the value in effect comes from.
    pub fn source(&self, setting: &Setting) -> Source {
        self.entries
            .get(setting.variable())
            .map_or(Source::Default, |e| e.origin.source.clone())
    }

    /// The name the operator used, which may be an alias or the `_FILE` form.
    pub fn name_used(&self, setting: &Setting) -> String {
        let entry = self.entries.get(setting.variable());
        entry.map_or_else(
            || match &self.row {
                Some(row) => row.name_of(setting),
                None => setting.variable().to_owned(),
            },
            |entry| entry.origin.name.clone(),
        )
    }

    /// Where to look when something is wrong with a setting: what a row lacks is missing in the file.
    fn place(&self, setting: &Setting) -> Source {
        match (self.source(setting), &self.row) {
            (Source::Default, Some(row)) => row.source.clone(),
            (source, _) => source,
        }
    }

    /// Reports that the value of `setting` cannot be used. `text` must not hold a secret.
    pub fn problem(&mut self, setting: &Setting, text: impl Into<String>) {
        let (variable, source) = (self.name_used(setting), self.place(setting));
        self.problems.push(Problem {
            variable,
            source,
            text: text.into(),
        });
    }

    /// Reports that these settings cannot stand together, naming all of them.
    pub fn conflict(&mut self, settings: &[&Setting], text: impl Into<String>) {
        let names: Vec<_> = settings
            .iter()
            .map(|setting| self.name_used(setting))
            .collect();
        let mut sources = settings.iter().map(|setting| self.place(setting));
        let source = sources.find(|source| *source != Source::Default);
        self.problems.push(Problem {
            variable: names.join(", "),
            source: source.unwrap_or(Source::Default),
            text: text.into(),
        });
    }

    /// Tells the operator something that does not prevent a start. `text` must not hold a secret.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.remark(Attention::Warn, None, text.into());
    }

    /// As [`Reader::warn`], about one setting: the message begins with the name the operator used.
    pub fn warn_about(&mut self, setting: &Setting, text: impl Into<String>) {
        self.remark(Attention::Warn, Some(self.name_used(setting)), text.into());
    }

    /// As [`Reader::warn_about`], for what is merely good to know.
    pub fn inform(&mut self, setting: &Setting, text: impl Into<String>) {
        self.remark(Attention::Info, Some(self.name_used(setting)), text.into());
    }

    fn remark(&mut self, attention: Attention, variable: Option<String>, text: String) {
        self.warnings.push(Warning {
            attention,
            variable,
            text,
        });
    }

    /// The value as `config print` shows it.
    pub(super) fn shown(&self, setting: &Setting) -> Option<String> {
        let entry = self.entries.get(setting.variable());
        if setting.is_secret() {
            return Some(if entry.is_some() { "set" } else { "unset" }.to_owned());
        }
        entry.map(|entry| match &entry.raw {
            Raw::One(text) => show::masked(text),
            Raw::Many(items) => show::masked(&items.join(",")),
        })
    }

    /// Judges the names nobody read, and ends the reading.
    ///
    /// # Errors
    ///
    /// Every problem of every section.
    pub fn finish(mut self) -> Result<Vec<Warning>, ConfigError> {
        self.judge_reserved();
        self.judge_unknown();
        if self.problems.is_empty() {
            Ok(self.warnings)
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }

    fn judge_reserved(&mut self) {
        for reserved in self.known.reserved().to_vec() {
            let setting = &reserved.setting;
            let Some(entry) = self.entries.get(setting.variable()) else {
                continue;
            };
            let value = match &entry.raw {
                Raw::One(text) => text.clone(),
                Raw::Many(items) => Zeroizing::new(items.join(",")),
            };
            match reserved.judge(&value) {
                Verdict::Fine => {}
                Verdict::Inform(text) => self.inform(setting, text),
                Verdict::Warn(text) => self.warn_about(setting, text),
                Verdict::Refuse(text) => self.problem(setting, text),
            }
        }
    }

    fn judge_unknown(&mut self) {
        let strict = self.flag(&STRICT);
        let names = std::mem::take(&mut self.environment);
        for (name, hint) in unknown::find(names.iter().map(String::as_str), &self.known) {
            let (variable, text) = (show::escaped(name), format!("unknown variable{hint}"));
            if strict {
                let source = Source::Environment;
                self.problems.push(Problem {
                    variable,
                    source,
                    text,
                });
            } else {
                self.remark(Attention::Warn, Some(variable), text);
            }
        }
    }
}

/// Lets figment decide which layer wins, and joins each winner with its origin.
fn merge(known: &Known, layers: &[Layer]) -> BTreeMap<&'static str, Entry> {
    let figment = layers.iter().fold(Figment::new(), Figment::merge);
    let mut values =
        figment
            .data()
            .unwrap_or_default()
            .into_values()
            .fold(BTreeMap::new(), |mut all, dict| {
                all.extend(dict);
                all
            });
    let mut entries = BTreeMap::new();
    for setting in known.all() {
        let Some(value) = values.remove(setting.variable()) else {
            continue;
        };
        let label = figment
            .get_metadata(value.tag())
            .map(|metadata| metadata.name.clone());
        let layer = layers
            .iter()
            .find(|layer| Some(layer.label()) == label.as_deref());
        let origin = layer.and_then(|layer| layer.origin(setting.variable()));
        if let (Some(raw), Some(origin)) = (raw(value), origin) {
            entries.insert(
                setting.variable(),
                Entry {
                    raw,
                    origin: origin.clone(),
                },
            );
        }
    }
    entries
}

fn raw(value: Value) -> Option<Raw> {
    match value {
        Value::String(_, text) => Some(Raw::One(Zeroizing::new(text))),
        Value::Array(_, items) => {
            let items: Option<Vec<String>> = items.into_iter().map(Value::into_string).collect();
            items.map(Raw::Many)
        }
        _ => None,
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reader")
            .field("problems", &self.problems)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
