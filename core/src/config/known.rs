//! Every setting that may be written: those the sections declare, then the reserved names.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::{Problem, Source};
use super::reserved::{RESERVED, Reserved};
use super::setting::{Kind, Setting};
use super::table::Table;

/// Names a configuration file.
pub(super) static CONFIG_FILE: Setting =
    Setting::new("GITLAB_MCP_CONFIG", Kind::Path, "configuration file").flag("--config");

/// Makes unknown variables errors.
pub(super) static STRICT: Setting = Setting::new(
    "MCP_STRICT_CONFIG",
    Kind::Bool,
    "unknown variables are errors",
)
.default("false");

/// The settings of this start.
#[derive(Debug)]
pub(super) struct Known {
    declared: Vec<&'static Setting>,
    reserved: Vec<&'static Reserved>,
    tables: Vec<&'static Table>,
}

impl Known {
    /// Joins the sections' settings with our own two and with the reserved names nobody declares.
    pub(super) fn new(
        settings: &[&'static Setting],
        tables: &[&'static Table],
    ) -> (Self, Vec<Problem>) {
        let mut declared: Vec<&'static Setting> = Vec::new();
        for &setting in [&CONFIG_FILE, &STRICT].iter().chain(settings) {
            if !declared.contains(&setting) {
                declared.push(setting);
            }
        }
        let names: BTreeSet<_> = declared
            .iter()
            .flat_map(|setting| setting.names())
            .collect();
        let reserved = RESERVED
            .iter()
            .filter(|reserved| !reserved.setting.names().any(|name| names.contains(name)))
            .collect();
        let mut problems = clashes(&declared);
        let mut known = Self {
            declared,
            reserved,
            tables: Vec::new(),
        };
        for &table in tables {
            if !known.tables.contains(&table) {
                problems.extend(known.clash(table));
                known.tables.push(table);
            }
        }
        (known, problems)
    }

    /// The fields of a row, and nothing else.
    pub(super) fn of_row(fields: &[&'static Setting]) -> Self {
        Self {
            declared: fields.to_vec(),
            reserved: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// As [`clashes`]: the key of the file would mean two things.
    fn clash(&self, table: &'static Table) -> Option<Problem> {
        let name = table.name();
        let other = self
            .by_key(None, name)
            .map(Setting::variable)
            .or_else(|| self.table(name).map(Table::name))?;
        Some(Problem {
            variable: name.to_owned(),
            source: Source::Default,
            text: format!("file key {name} is also declared by {other}"),
        })
    }

    /// The settings the sections declare.
    pub(super) fn declared(&self) -> &[&'static Setting] {
        &self.declared
    }

    /// The tables the sections declare.
    pub(super) fn tables(&self) -> &[&'static Table] {
        &self.tables
    }

    /// The table of this name.
    pub(super) fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables
            .iter()
            .copied()
            .find(|table| table.name() == name)
    }

    /// The names we know but that nothing reads.
    pub(super) fn reserved(&self) -> &[&'static Reserved] {
        &self.reserved
    }

    /// All of them, declared ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Setting> + '_ {
        let reserved = self.reserved.iter().map(|reserved| &reserved.setting);
        self.declared.iter().copied().chain(reserved)
    }

    /// The setting with this flag, and the place of the spelling in its list.
    pub(super) fn by_flag(&self, flag: &str) -> Option<(&'static Setting, usize)> {
        self.all().find_map(|setting| {
            let place = setting.flags().iter().position(|own| own == flag)?;
            Some((setting, place))
        })
    }

    /// The setting with this key in the file, or in the table of this plugin.
    pub(super) fn by_key(&self, plugin: Option<&str>, key: &str) -> Option<&'static Setting> {
        self.all()
            .find(|setting| setting.plugin_table() == plugin && setting.file_key() == key)
    }

    /// Whether this is the name or an alias of a setting.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.all()
            .any(|setting| setting.names().any(|own| own == name))
    }
}

/// Two settings of one name would make each value ambiguous: a mistake of whoever declares them.
fn clashes(declared: &[&'static Setting]) -> Vec<Problem> {
    let mut owners: BTreeMap<String, &'static Setting> = BTreeMap::new();
    let mut problems = Vec::new();
    for &setting in declared {
        let table = setting.plugin_table().unwrap_or_default();
        let names = setting.names().map(str::to_owned);
        let key = std::iter::once(format!("file key {table}.{}", setting.file_key()));
        for name in names.chain(setting.flags()).chain(key) {
            if let Some(other) = owners.insert(name.clone(), setting) {
                problems.push(Problem {
                    variable: setting.variable().to_owned(),
                    source: Source::Default,
                    text: format!("{name} is also declared by {}", other.variable()),
                });
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_settings_leave_the_reserved_table() {
        static OWN: Setting = Setting::new("REMOTE_AUTHORIZATION", Kind::Bool, "");
        let (without, _) = Known::new(&[], &[]);
        let (with, problems) = Known::new(&[&OWN, &OWN], &[]);
        assert!(problems.is_empty());
        let reserves = |known: &Known| {
            known
                .reserved()
                .iter()
                .any(|r| r.setting.variable() == "REMOTE_AUTHORIZATION")
        };
        assert!(reserves(&without) && !reserves(&with));
    }

    #[test]
    fn two_settings_of_one_name_are_a_problem() {
        static A: Setting = Setting::new("GITLAB_A", Kind::Bool, "");
        static B: Setting = Setting::new("VAULT_B", Kind::Bool, "").aliases(&["GITLAB_A"]);
        let (_, problems) = Known::new(&[&A, &B], &[]);
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["VAULT_B (default): GITLAB_A is also declared by GITLAB_A"]
        );
    }

    #[test]
    fn a_table_and_a_setting_of_one_key_are_a_problem() {
        static A: Setting = Setting::new("GITLAB_A", Kind::Bool, "");
        static OF_A: Table = Table::new("a", "", &[]);
        static B: Table = Table::new("b", "", &[]);
        static OTHER_B: Table = Table::new("b", "other", &[]);
        let (_, problems) = Known::new(&[&A], &[&OF_A, &OF_A, &B, &OTHER_B]);
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "a (default): file key a is also declared by GITLAB_A",
                "b (default): file key b is also declared by b"
            ]
        );
    }

    #[test]
    fn reserved_names_do_not_clash_among_themselves() {
        let reserved: Vec<_> = RESERVED.iter().map(|reserved| &reserved.setting).collect();
        assert_eq!(clashes(&reserved), []);
    }
}
