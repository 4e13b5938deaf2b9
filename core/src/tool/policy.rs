//! Which tools this operator exposes: one pure function, asked when listing and when calling.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

use super::{Catalog, Effect, Entry, ErrorCode, ToolError};

/// How much a caller may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionMode {
    /// Only tools that change nothing.
    ReadOnly,
    /// Reading and writing, no deletion.
    Modify,
    /// Everything.
    Full,
}

impl PermissionMode {
    fn allows(self, effect: Effect) -> bool {
        match self {
            Self::ReadOnly => effect == Effect::Read,
            Self::Modify => effect != Effect::Delete,
            Self::Full => true,
        }
    }

    /// The word of `GITLAB_PERMISSION_MODE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readonly",
            Self::Modify => "modify",
            Self::Full => "full",
        }
    }
}

/// What the operator wrote.
#[derive(Debug, Clone)]
pub struct PolicyInput {
    /// `GITLAB_TOOLSETS`: ids, or `all`; `None` means the default sets.
    pub toolsets: Option<Vec<String>>,
    /// `GITLAB_TOOLS`: tools added to the sets.
    pub tools: Vec<String>,
    /// `GITLAB_ALLOWED_TOOLS`: nothing outside this list exists.
    pub allowed_tools: Option<Vec<String>>,
    /// `GITLAB_ALLOWED_TOOLS_REGEX`.
    pub allowed_pattern: Option<Regex>,
    /// `GITLAB_DENIED_TOOLS_REGEX`.
    pub denied_pattern: Option<Regex>,
    /// `GITLAB_TOOL_POLICY_HIDDEN`: not listed, still callable.
    pub hidden: Vec<String>,
    /// `GITLAB_PERMISSION_MODE`, the stricter with `GITLAB_READ_ONLY_MODE`.
    pub mode: PermissionMode,
}

impl Default for PolicyInput {
    fn default() -> Self {
        Self {
            toolsets: None,
            tools: Vec::new(),
            allowed_tools: None,
            allowed_pattern: None,
            denied_pattern: None,
            hidden: Vec::new(),
            mode: PermissionMode::Full,
        }
    }
}

/// Why a tool may not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The first reason decides the code.
    pub code: ErrorCode,
    /// Every reason that applies.
    pub reasons: Vec<String>,
}

impl Refusal {
    /// The tool result a caller sees.
    pub fn into_error(self, name: &str, nearest: Option<&str>) -> ToolError {
        let hint = nearest
            .map(|other| format!("; the nearest tool you may use is `{other}`"))
            .unwrap_or_default();
        ToolError::new(
            self.code,
            format!(
                "the tool `{name}` may not be used here: {}",
                self.reasons.join("; ")
            ),
            format!("ask the operator of this server to change that setting{hint}"),
        )
    }
}

/// Proof that the policy was asked; the executor demands it.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    entry: &'a Entry,
    mode: PermissionMode,
}

impl<'a> Allowed<'a> {
    /// The tool that may be run.
    pub fn entry(self) -> &'a Entry {
        self.entry
    }

    /// Asks once more now that the arguments are known: a tool that writes may delete in one call.
    pub(super) fn check_call(self, arguments: &Map<String, Value>) -> Result<(), ToolError> {
        let deletes = self
            .entry
            .tool
            .facts
            .deletes_when
            .is_some_and(|deletes| deletes(arguments));
        if !deletes || self.mode.allows(Effect::Delete) {
            return Ok(());
        }
        Err(ToolError::new(
            ErrorCode::PermissionMode,
            format!(
                "GITLAB_PERMISSION_MODE is {}, and this call would delete something",
                self.mode.as_str()
            ),
            "leave out the deletions, or ask the operator of this server to change that setting",
        ))
    }
}

/// The operator's rules, resolved against a catalogue.
#[derive(Debug)]
pub struct Policy {
    input: PolicyInput,
    sets: Option<BTreeSet<String>>,
}

impl Policy {
    /// Resolves the rules; unknown words are returned as warnings.
    ///
    /// # Errors
    /// When no valid tool set or no tool is left, with the text for the operator.
    pub fn new(input: PolicyInput, catalog: &Catalog) -> Result<(Self, Vec<String>), String> {
        let mut warnings = Vec::new();
        let known: BTreeSet<&str> = catalog.sets().iter().map(|entry| entry.set.id).collect();
        let sets = match &input.toolsets {
            Some(words) if words.iter().any(|word| word == "all") => {
                Some(known.iter().map(|id| (*id).to_owned()).collect())
            }
            Some(words) => {
                let (valid, unknown): (BTreeSet<String>, BTreeSet<String>) = words
                    .iter()
                    .cloned()
                    .partition(|word| known.contains(word.as_str()));
                warnings.extend(unknown.iter().map(|word| {
                    format!("GITLAB_TOOLSETS: no tool set is called `{word}`; it is ignored")
                }));
                if valid.is_empty() {
                    let ids: Vec<&str> = known.into_iter().collect();
                    return Err(format!(
                        "no known tool set is left; choose from {}",
                        ids.join(", ")
                    ));
                }
                Some(valid)
            }
            None => None,
        };
        for (setting, names) in [
            ("GITLAB_TOOLS", &input.tools),
            (
                "GITLAB_ALLOWED_TOOLS",
                input.allowed_tools.as_ref().unwrap_or(&Vec::new()),
            ),
            ("GITLAB_TOOL_POLICY_HIDDEN", &input.hidden),
        ] {
            warnings.extend(
                names
                    .iter()
                    .filter(|name| catalog.find(name).is_none())
                    .map(|name| format!("{setting}: no tool is called `{name}`; it is ignored")),
            );
        }
        let policy = Self { input, sets };
        let none_left = !catalog
            .entries()
            .iter()
            .any(|entry| policy.decide(entry).is_ok());
        if none_left {
            return Err("these settings together leave no tool at all".to_owned());
        }
        Ok((policy, warnings))
    }

    /// Whether `entry` may be called, with every reason if not.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn decide<'a>(&self, entry: &'a Entry) -> Result<Allowed<'a>, Refusal> {
        let mut reasons = Vec::new();
        let mut code = None;
        for reason in [self.not_existing(entry), self.not_active(entry)]
            .into_iter()
            .flatten()
        {
            code.get_or_insert(ErrorCode::NotEnabled);
            reasons.push(reason);
        }
        if !self.input.mode.allows(entry.tool.facts.effect) {
            code.get_or_insert(ErrorCode::PermissionMode);
            reasons.push(format!(
                "GITLAB_PERMISSION_MODE is {}, and this tool {}",
                self.input.mode.as_str(),
                if entry.tool.facts.effect == Effect::Delete {
                    "deletes"
                } else {
                    "writes"
                },
            ));
        }
        match code {
            None => Ok(Allowed {
                entry,
                mode: self.input.mode,
            }),
            Some(code) => Err(Refusal { code, reasons }),
        }
    }

    /// Whether `entry` stands in the list: allowed and not hidden.
    pub fn lists(&self, entry: &Entry) -> bool {
        let hidden = self
            .input
            .hidden
            .iter()
            .any(|name| names(entry).any(|own| own == name));
        !hidden && self.decide(entry).is_ok()
    }

    fn not_existing(&self, entry: &Entry) -> Option<String> {
        let matches = |pattern: &Regex| names(entry).any(|name| pattern.is_match(name));
        if self.input.denied_pattern.as_ref().is_some_and(matches) {
            return Some("GITLAB_DENIED_TOOLS_REGEX denies it".to_owned());
        }
        if self
            .input
            .allowed_pattern
            .as_ref()
            .is_some_and(|pattern| !matches(pattern))
        {
            return Some("GITLAB_ALLOWED_TOOLS_REGEX does not allow it".to_owned());
        }
        let listed =
            |list: &Vec<String>| list.iter().any(|word| names(entry).any(|own| own == word));
        if self
            .input
            .allowed_tools
            .as_ref()
            .is_some_and(|list| !listed(list))
        {
            return Some("GITLAB_ALLOWED_TOOLS does not list it".to_owned());
        }
        None
    }

    fn not_active(&self, entry: &Entry) -> Option<String> {
        let named = self
            .input
            .tools
            .iter()
            .any(|word| names(entry).any(|own| own == word));
        let in_set = match &self.sets {
            Some(sets) => {
                let also = entry.tool.facts.also_in.iter().any(|id| sets.contains(*id));
                sets.contains(entry.set.id) || also
            }
            None => entry.set.default && !entry.tool.facts.on_request,
        };
        if named || in_set {
            return None;
        }
        Some(format!(
            "it belongs to the tool set `{0}`, which is not enabled (GITLAB_TOOLSETS={0} or \
             GITLAB_TOOLS={1} would enable it)",
            entry.set.id, entry.tool.name
        ))
    }
}

/// Every name a tool is known by, also to filters.
fn names(entry: &Entry) -> impl Iterator<Item = &'static str> {
    std::iter::once(entry.tool.name).chain(entry.tool.facts.aliases.iter().copied())
}
