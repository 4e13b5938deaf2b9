//! Every linked tool, sorted and checked: the one view of what is registered.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};

use super::{ArgumentRules, Schema, ToolDescriptor, ToolSetDescriptor};

/// A tool as the server uses it.
#[derive(Debug)]
pub struct Entry {
    /// As registered.
    pub tool: ToolDescriptor,
    /// Its tool set.
    pub set: ToolSetDescriptor,
    /// Description and schema, made once.
    pub schema: Schema,
    /// What to check arguments with.
    pub rules: ArgumentRules,
}

impl Entry {
    /// The name a model calls it by.
    pub fn name(&self) -> &'static str {
        self.tool.name
    }
}

/// A tool set and how many tools it holds.
#[derive(Debug)]
pub struct SetEntry {
    /// As registered.
    pub set: ToolSetDescriptor,
    /// Number of its tools.
    pub tools: usize,
}

/// Why the linked tools do not make a catalogue.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the message of each variant says it")]
pub enum CatalogError {
    #[error("no tool is linked into this binary: name the plugin crates in main.rs")]
    Empty,
    #[error("two tools are called `{name}`: one in crate {first}, one in crate {second}")]
    DuplicateTool {
        name: &'static str,
        first: &'static str,
        second: &'static str,
    },
    #[error("two tool sets are called `{id}`: one in crate {first}, one in crate {second}")]
    DuplicateSet {
        id: &'static str,
        first: &'static str,
        second: &'static str,
    },
    #[error("the tool `{name}` of crate {crate_name} names a tool set that is not registered")]
    NoSet {
        name: &'static str,
        crate_name: &'static str,
    },
}

/// Every linked tool by name.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<&'static str, usize>,
    sets: Vec<SetEntry>,
}

impl Catalog {
    /// Reads what is linked into this binary.
    ///
    /// # Errors
    /// Every [`CatalogError`] found.
    pub fn linked() -> Result<Self, Vec<CatalogError>> {
        let tools = inventory::iter::<ToolDescriptor>
            .into_iter()
            .copied()
            .collect();
        let sets = inventory::iter::<ToolSetDescriptor>
            .into_iter()
            .copied()
            .collect();
        Self::of(tools, sets)
    }

    /// Makes a catalogue of given descriptors.
    ///
    /// # Errors
    /// Every [`CatalogError`] found.
    pub fn of(
        mut tools: Vec<ToolDescriptor>,
        mut sets: Vec<ToolSetDescriptor>,
    ) -> Result<Self, Vec<CatalogError>> {
        let mut errors = Vec::new();
        if tools.is_empty() {
            errors.push(CatalogError::Empty);
        }
        sets.sort_by_key(|set| (set.id, set.crate_name));
        tools.sort_by_key(|tool| (tool.name, tool.crate_name));
        duplicate_sets(&sets, &mut errors);
        let set_of: HashMap<TypeId, ToolSetDescriptor> =
            sets.iter().map(|set| ((set.type_id)(), *set)).collect();
        let mut owner: BTreeMap<&'static str, &'static str> = BTreeMap::new();
        let mut entries = Vec::with_capacity(tools.len());
        for tool in tools {
            for name in std::iter::once(&tool.name).chain(tool.facts.aliases) {
                if let Some(first) = owner.insert(name, tool.crate_name) {
                    let second = tool.crate_name;
                    errors.push(CatalogError::DuplicateTool {
                        name,
                        first,
                        second,
                    });
                }
            }
            let Some(set) = set_of.get(&(tool.set)()) else {
                errors.push(CatalogError::NoSet {
                    name: tool.name,
                    crate_name: tool.crate_name,
                });
                continue;
            };
            let schema = (tool.schema)();
            let rules = ArgumentRules::of(&schema);
            entries.push(Entry {
                tool,
                set: *set,
                schema,
                rules,
            });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self::joined(entries, sets))
    }

    fn joined(mut entries: Vec<Entry>, sets: Vec<ToolSetDescriptor>) -> Self {
        entries.sort_by_key(|entry| (entry.set.id, entry.tool.name));
        let mut by_name = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_name.insert(entry.tool.name, index);
            by_name.extend(entry.tool.facts.aliases.iter().map(|alias| (*alias, index)));
        }
        let count = |set: &ToolSetDescriptor| {
            entries
                .iter()
                .filter(|entry| entry.set.id == set.id)
                .count()
        };
        let sets = sets
            .into_iter()
            .map(|set| SetEntry {
                tools: count(&set),
                set,
            })
            .collect();
        Self {
            entries,
            by_name,
            sets,
        }
    }

    /// The tools, by tool set and name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The tool sets, by id.
    pub fn sets(&self) -> &[SetEntry] {
        &self.sets
    }

    /// Finds a tool by its name or an alias.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.by_name
            .get(name)
            .and_then(|index| self.entries.get(*index))
    }

    /// The known name most like `name`, among those `allowed` accepts.
    pub fn nearest(&self, name: &str, allowed: impl Fn(&Entry) -> bool) -> Option<&'static str> {
        self.entries
            .iter()
            .filter(|entry| allowed(entry))
            .map(|entry| (strsim::jaro_winkler(name, entry.tool.name), entry.tool.name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, name)| name)
    }
}

fn duplicate_sets(sets: &[ToolSetDescriptor], errors: &mut Vec<CatalogError>) {
    for (one, next) in sets.iter().zip(sets.iter().skip(1)) {
        if one.id == next.id {
            let (first, second) = (one.crate_name, next.crate_name);
            errors.push(CatalogError::DuplicateSet {
                id: one.id,
                first,
                second,
            });
        }
    }
}
