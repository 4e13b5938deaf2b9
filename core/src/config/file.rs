//! The TOML configuration file: which one, how large, and what its keys mean.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Num, Value};

use super::known::{CONFIG_FILE, Known};
use super::layer::{Layer, Origin};
use super::parse;
use super::problem::{Attention, Problem, Source, Warning};
use super::secret_file;
use super::sources::{FileChoice, Sources};
use super::unknown;

mod rows;

/// The largest configuration file, in bytes.
const LIMIT: u64 = 256 * 1024;

/// Tables of the contract that this build cannot honour; ignoring them would surprise.
const UNSUPPORTED_TABLES: [&str; 2] = ["profiles", "instances"];

/// The values of the file that the flags, the environment or the search list name.
pub(super) fn layer(sources: &Sources, known: &Known, flags: &Layer, environment: &Layer) -> Layer {
    let mut layer = Layer::new("file");
    let named = [flags, environment]
        .into_iter()
        .find_map(|named| Some((named.text(CONFIG_FILE.variable())?, named)));
    let found = match (named, &sources.file) {
        (Some((text, from)), _) => named_file(text, from, sources),
        (None, FileChoice::Given { path, text }) => Ok(Some((path.clone(), text.clone()))),
        (None, FileChoice::Search) => first_of(search_list(sources)),
        (None, FileChoice::None) => Ok(None),
    };
    match found {
        Ok(Some((path, text))) => read(&mut layer, known, path, &text),
        Ok(None) => {}
        Err(problem) => layer.problems.push(problem),
    }
    layer
}

fn named_file(
    text: &str,
    from: &Layer,
    sources: &Sources,
) -> Result<Option<(PathBuf, String)>, Problem> {
    let source = from
        .origin(CONFIG_FILE.variable())
        .map_or(Source::Default, |o| o.source.clone());
    let problem = |text| Problem {
        variable: CONFIG_FILE.variable().to_owned(),
        source,
        text,
    };
    let path = match parse::path(text, sources.home().as_deref()) {
        Ok(path) => path,
        Err(text) => return Err(problem(text)),
    };
    match contents(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(why) => Err(problem(format!("{}: {why}", path.display()))),
    }
}

fn search_list(sources: &Sources) -> Vec<PathBuf> {
    let user = sources.variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = sources.home().map(|home| home.join(".config"));
    let folders = user.into_iter().chain(home).chain([PathBuf::from("/etc")]);
    folders
        .map(|folder| folder.join("gitlab-mcp/config.toml"))
        .collect()
}

fn first_of(candidates: Vec<PathBuf>) -> Result<Option<(PathBuf, String)>, Problem> {
    let Some(path) = candidates.into_iter().find(|path| path.exists()) else {
        return Ok(None);
    };
    match contents(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(text) => Err(Problem {
            variable: CONFIG_FILE.variable().to_owned(),
            source: Source::File { path, line: None },
            text,
        }),
    }
}

fn contents(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|error| unreadable(error.kind()))?;
    let mut text = String::new();
    let read = file.take(LIMIT.saturating_add(1)).read_to_string(&mut text);
    match read {
        Ok(bytes) if u64::try_from(bytes).is_ok_and(|bytes| bytes <= LIMIT) => Ok(text),
        Ok(_) => Err(format!("larger than {} KiB", LIMIT / 1024)),
        Err(error) => Err(unreadable(error.kind())),
    }
}

fn unreadable(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::InvalidData => "is not valid UTF-8".to_owned(),
        kind => format!("cannot be read ({kind})"),
    }
}

fn read(layer: &mut Layer, known: &Known, path: PathBuf, text: &str) {
    let mut reading = Reading {
        layer,
        known,
        path,
        text,
        holds_secret: false,
    };
    match Toml::from_str::<Dict>(text) {
        Ok(dict) => reading.document(dict),
        Err(error) => {
            // The parser's own message quotes the line, which may hold a secret.
            let line = error.span().map(|Range { start, .. }| line_at(text, start));
            let name = CONFIG_FILE.variable();
            reading.problem_at(name, line, "is not valid TOML".to_owned());
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    let breaks = text
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count();
    breaks.saturating_add(1)
}

struct Reading<'a> {
    layer: &'a mut Layer,
    known: &'a Known,
    path: PathBuf,
    text: &'a str,
    holds_secret: bool,
}

impl Reading<'_> {
    fn document(&mut self, dict: Dict) {
        for (key, value) in dict {
            if let Some(table) = self.known.table(&key) {
                self.table(table, value);
                continue;
            }
            match value {
                Value::Dict(_, tables) if key == "plugin" => self.plugins(tables),
                _ if UNSUPPORTED_TABLES.contains(&key.as_str()) => {
                    let line = self.line_of(None, &key);
                    self.problem_at(
                        &key,
                        line,
                        "is known but not supported by this build".into(),
                    );
                }
                value => self.entry(None, &key, value),
            }
        }
        if self.holds_secret && secret_file::others_may_read(&self.path) {
            self.layer.warnings.push(Warning {
                attention: Attention::Warn,
                variable: Some(self.path.display().to_string()),
                text: "holds a secret and can be read by every user of this machine".to_owned(),
            });
        }
    }

    fn plugins(&mut self, tables: Dict) {
        for (plugin, value) in tables {
            if let Value::Dict(_, entries) = value {
                for (key, value) in entries {
                    self.entry(Some(&plugin), &key, value);
                }
            } else {
                let line = self.line_of(Some(""), &plugin);
                let text = "expected a table [plugin.<name>]".to_owned();
                self.problem_at(&plugin, line, text);
            }
        }
    }

    fn entry(&mut self, plugin: Option<&str>, key: &str, value: Value) {
        let line = self.line_of(plugin, key);
        let Some(setting) = self.known.by_key(plugin, key) else {
            let tables = self
                .known
                .tables()
                .iter()
                .map(|table| table.name().to_owned());
            let keys: Vec<String> = self
                .known
                .all()
                .filter(|setting| setting.plugin_table() == plugin)
                .map(super::setting::Setting::file_key)
                .chain(tables.filter(|_| plugin.is_none()))
                .collect();
            let hint = unknown::hint(key, keys.iter().map(String::as_str));
            let name =
                plugin.map_or_else(|| key.to_owned(), |table| format!("plugin.{table}.{key}"));
            self.problem_at(&name, line, format!("unknown key{hint}"));
            return;
        };
        match plain(value) {
            Ok(None) => {}
            Ok(Some(value)) => {
                self.holds_secret |= setting.is_secret();
                let name = setting.variable().to_owned();
                let origin = Origin {
                    name,
                    file_form: false,
                    source: self.source(line),
                };
                self.layer.insert(setting.variable(), value, origin);
            }
            Err(text) => self.problem_at(setting.variable(), line, text),
        }
    }

    fn source(&self, line: Option<usize>) -> Source {
        Source::File {
            path: self.path.clone(),
            line,
        }
    }

    fn problem_at(&mut self, name: &str, line: Option<usize>, text: String) {
        let source = self.source(line);
        let variable = super::show::escaped(name);
        self.layer.problems.push(Problem {
            variable,
            source,
            text,
        });
    }

    /// The line of `key`, found by eye: figment keeps no positions.
    fn line_of(&self, plugin: Option<&str>, key: &str) -> Option<usize> {
        let wanted = plugin.map_or_else(String::new, |name| format!("plugin.{name}"));
        let mut table = String::new();
        for (index, line) in self.text.lines().enumerate() {
            let line = line.trim_start();
            if let Some(header) = line.strip_prefix('[') {
                let header = header
                    .trim_start_matches('[')
                    .split(']')
                    .next()
                    .unwrap_or_default();
                table = header.replace([' ', '"', '\''], "");
                if plugin.is_none() && table.split('.').next() == Some(key) {
                    return Some(index.saturating_add(1));
                }
                continue;
            }
            let name = line.split('=').next().unwrap_or_default().trim();
            if line.contains('=') && table == wanted && name.trim_matches(['"', '\'']) == key {
                return Some(index.saturating_add(1));
            }
        }
        None
    }
}

/// The text form of a native value: a string or an array of strings; `None` for an empty string.
fn plain(value: Value) -> Result<Option<Value>, String> {
    const EXPECTED: &str = "expected text, a whole number, true, false or a list of these";
    match value {
        Value::Array(tag, items) => {
            let items: Option<Vec<Value>> = items
                .into_iter()
                .map(|item| scalar(item).map(Value::from))
                .collect();
            let items = items.ok_or_else(|| EXPECTED.to_owned())?;
            Ok(Some(Value::Array(tag, items)))
        }
        value => {
            let text = scalar(value).ok_or_else(|| EXPECTED.to_owned())?;
            Ok((!text.is_empty()).then(|| Value::from(text)))
        }
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text),
        Value::Char(_, character) => Some(character.to_string()),
        Value::Bool(_, switch) => Some(switch.to_string()),
        Value::Num(_, number) if !matches!(number, Num::F32(_) | Num::F64(_)) => number
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| number.to_u128().map(|number| number.to_string())),
        Value::Num(..) | Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}
