//! One getter per kind of value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;
use url::Url;

use super::super::secret_file::read_secret_file;
use super::super::setting::{Kind, Setting};
use super::super::{parse, show};
use super::{Raw, Reader};
use crate::gitlab::normal_host;
use crate::secret::{self, Secret};

impl Reader {
    /// A [`Kind::Bool`]; false without a value.
    pub fn flag(&mut self, setting: &Setting) -> bool {
        self.one(setting, parse::boolean).unwrap_or(false)
    }

    /// A [`Kind::Tri`]; `None` when unset.
    pub fn tri(&mut self, setting: &Setting) -> Option<bool> {
        self.one(setting, parse::boolean)
    }

    /// A [`Kind::Integer`]; its least value when there is neither a value nor a default.
    pub fn integer(&mut self, setting: &Setting) -> u64 {
        let (min, _) = bounds(setting);
        self.integer_if_set(setting).unwrap_or(min)
    }

    /// A [`Kind::Integer`] that may be absent.
    pub fn integer_if_set(&mut self, setting: &Setting) -> Option<u64> {
        let (min, max) = bounds(setting);
        self.one(setting, |text| parse::integer(text, min, max))
    }

    /// A [`Kind::OneOf`], spelt as declared; its first word when there is neither a value nor a
    /// default.
    pub fn one_of(&mut self, setting: &Setting) -> &'static str {
        let first = choices(setting).first().copied().unwrap_or_default();
        self.one_of_if_set(setting).unwrap_or(first)
    }

    /// A [`Kind::OneOf`] that may be absent.
    pub fn one_of_if_set(&mut self, setting: &Setting) -> Option<&'static str> {
        self.one(setting, |text| parse::one_of(text, choices(setting)))
    }

    /// The items of a [`Kind::List`] or [`Kind::Words`]; empty when unset.
    pub fn list(&mut self, setting: &Setting) -> Vec<String> {
        match self.raw(setting) {
            Some(Raw::Many(items)) => parse::tidy(items.iter().map(String::as_str)),
            Some(Raw::One(text)) if setting.kind() == Kind::Words => parse::words(&text),
            Some(Raw::One(text)) => parse::list(&text),
            None => Vec::new(),
        }
    }

    /// A [`Kind::Url`].
    pub fn url(&mut self, setting: &Setting) -> Option<Url> {
        self.one(setting, parse::url)
    }

    /// The items of a [`Kind::Urls`]; the default when one item cannot be used.
    pub fn urls(&mut self, setting: &Setting) -> Vec<Url> {
        self.each(setting, parse::url)
    }

    /// The items of a [`Kind::Hosts`] as `host` or `host:port`, in lower case.
    pub fn hosts(&mut self, setting: &Setting) -> Vec<String> {
        self.each(setting, parse::host)
    }

    /// The items of a [`Kind::Hosts`] as hosts that may resolve to addresses that are not public:
    /// names and literals in lower case, without a trailing dot or a port. `None` when unset.
    pub fn internal_hosts(&mut self, setting: &Setting) -> Option<BTreeSet<String>> {
        if !self.is_set(setting) {
            return None;
        }
        let names = self.hosts(setting).into_iter().map(|host| {
            let name = match host.rsplit_once(':') {
                Some((name, port)) if port.parse::<u16>().is_ok() => name,
                _ => host.as_str(),
            };
            normal_host(name)
        });
        Some(names.collect())
    }

    /// The items of a [`Kind::Origins`] as browsers send them.
    pub fn origins(&mut self, setting: &Setting) -> Vec<String> {
        self.each(setting, parse::origin)
    }

    /// A [`Kind::Path`], with `~/` expanded. The file is not looked at.
    pub fn path(&mut self, setting: &Setting) -> Option<PathBuf> {
        let home = self.home.clone();
        self.one(setting, |text| parse::path(text, home.as_deref()))
    }

    /// A [`Kind::Pattern`].
    pub fn pattern(&mut self, setting: &Setting) -> Option<Regex> {
        self.one(setting, parse::pattern)
    }

    /// A [`Kind::Text`], trimmed; `None` when nothing but blanks is left.
    pub fn text(&mut self, setting: &Setting) -> Option<String> {
        let max = if let Kind::Text { max } = setting.kind() {
            max
        } else {
            usize::MAX
        };
        self.one(setting, |text| parse::text(text, max))
            .filter(|text| !text.is_empty())
    }

    /// A [`Kind::Secret`], from the value itself or from the file that `NAME_FILE` names.
    pub fn secret<K: secret::Kind>(&mut self, setting: &Setting) -> Option<Secret<K>> {
        let min = if let Kind::Secret { min } = setting.kind() {
            min
        } else {
            1
        };
        let text = match self.secret_file(setting) {
            Some(path) => self.text_of(setting, &path)?,
            None => self.single(setting)?,
        };
        match Secret::parse(text, min) {
            Ok(secret) => Some(secret),
            Err(problem) => {
                self.problem(setting, problem.to_string());
                None
            }
        }
    }

    /// The file a secret comes from, when it was given as one; the file may change later.
    pub fn secret_file(&mut self, setting: &Setting) -> Option<PathBuf> {
        let is_file = self.entries.get(setting.variable())?.origin.file_form;
        if is_file { self.path(setting) } else { None }
    }

    fn text_of(&mut self, setting: &Setting, path: &Path) -> Option<String> {
        match read_secret_file(path) {
            Ok(file) => {
                if file.is_exposed {
                    let text = format!(
                        "{} can be read by every user of this machine",
                        path.display()
                    );
                    self.warn_about(setting, text);
                }
                Some(file.text.to_string())
            }
            Err(error) => {
                self.problem(setting, format!("{} {error}", path.display()));
                None
            }
        }
    }

    /// The one value of `setting`; a list is reported.
    fn single(&mut self, setting: &Setting) -> Option<String> {
        match self.raw(setting)? {
            Raw::One(text) => Some(text.to_string()),
            Raw::Many(_) => {
                self.problem(setting, "expected one value, not a list");
                None
            }
        }
    }

    fn one<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if let Some(text) = self.single(setting) {
            match parse(&text) {
                Ok(value) => return Some(value),
                Err(problem) if setting.is_secret() => self.problem(setting, problem),
                Err(problem) => {
                    self.problem(setting, format!("{problem} (got {})", show::quoted(&text)));
                }
            }
        }
        setting.default_text().and_then(|text| parse(text).ok())
    }

    fn each<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let items = self.list(setting);
        let mut values = Vec::with_capacity(items.len());
        for (item, place) in items.iter().zip(1_usize..) {
            match parse(item) {
                Ok(value) => values.push(value),
                Err(text) => {
                    let text = format!("{text}: item {place} (got {})", show::quoted(item));
                    self.problem(setting, text);
                }
            }
        }
        if values.len() < items.len() {
            let default = parse::list(setting.default_text().unwrap_or_default());
            values = default.iter().filter_map(|item| parse(item).ok()).collect();
        }
        values
    }

    fn raw(&mut self, setting: &Setting) -> Option<Raw> {
        if !self
            .known
            .declared()
            .iter()
            .any(|own| own.variable() == setting.variable())
        {
            self.problem(setting, "is read by a section that does not declare it");
            return None;
        }
        self.entries
            .get(setting.variable())
            .map(|entry| entry.raw.clone())
    }
}

fn bounds(setting: &Setting) -> (u64, u64) {
    match setting.kind() {
        Kind::Integer { min, max } => (min, max),
        _ => (0, u64::MAX),
    }
}

fn choices(setting: &Setting) -> &'static [&'static str] {
    match setting.kind() {
        Kind::OneOf(words) => words,
        _ => &[],
    }
}
