//! JSON arguments into a typed struct: tolerant where the meaning is clear, and with every
//! problem named at once before anything is sent.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    BoxFuture, Context, Endpoint, FieldProblem, Schema, Tool, ToolError, ToolOutput, ToolSettings,
    schema_of,
};
use crate::gitlab::{ApiRequest, Instance};

mod coerce;
mod location;

/// Longest text argument, in bytes; file contents have their own limit at the transport.
const MAX_ITEMS: usize = 1_000;

/// What the schema of one tool says about each argument, prepared once.
#[derive(Debug, Clone)]
pub struct ArgumentRules {
    rules: BTreeMap<String, Rule>,
    aliases: BTreeMap<String, String>,
}

/// What is known about one argument.
#[derive(Debug, Clone, Default)]
struct Rule {
    kind: Kind,
    role: Option<Role>,
    required: bool,
    clearable: bool,
    words: Vec<String>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    items: Option<Box<Rule>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Project,
    Group,
    Iid,
    Markdown,
}

impl Rule {
    fn of(schema: &Map<String, Value>) -> Self {
        let kind = match schema.get("type").and_then(Value::as_str) {
            Some("string") => Kind::Text,
            Some("integer") => Kind::Integer,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Boolean,
            Some("array") => Kind::Array,
            Some("object") => Kind::Object,
            _ => Kind::Any,
        };
        let role = match schema.get("x-role").and_then(Value::as_str) {
            Some("project") => Some(Role::Project),
            Some("group") => Some(Role::Group),
            Some("iid") => Some(Role::Iid),
            Some("markdown") => Some(Role::Markdown),
            _ => None,
        };
        let words = schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self {
            kind,
            role,
            required: false,
            clearable: schema.contains_key("x-clearable"),
            words: words.filter_map(Value::as_str).map(str::to_owned).collect(),
            minimum: schema.get("minimum").and_then(Value::as_i64),
            maximum: schema.get("maximum").and_then(Value::as_i64),
            items: schema
                .get("items")
                .and_then(Value::as_object)
                .map(|one| Box::new(Self::of(one))),
        }
    }
}

impl ArgumentRules {
    /// Prepares the rules of a schema.
    pub fn of(schema: &Schema) -> Self {
        let mut rules: BTreeMap<String, Rule> = schema
            .arguments()
            .map(|(name, one)| (name.clone(), Rule::of(one)))
            .collect();
        for name in schema.required() {
            if let Some(rule) = rules.get_mut(name) {
                rule.required = true;
            }
        }
        let aliases = schema.arguments().flat_map(|(name, one)| {
            let aliases = one
                .get("x-aliases")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            aliases
                .filter_map(Value::as_str)
                .map(|alias| (alias.to_owned(), name.clone()))
        });
        Self {
            aliases: aliases.collect(),
            rules,
        }
    }

    /// Brings arguments into the form the tool's struct reads: coerces what is unambiguous, fills
    /// in what a URL or the defaults say, and checks the rest.
    ///
    /// # Errors
    /// [`ToolError`] naming every wrong, missing or unknown argument.
    pub fn prepare(
        &self,
        given: Map<String, Value>,
        instance: &Instance,
        settings: &ToolSettings,
    ) -> Result<Map<String, Value>, ToolError> {
        let mut problems = Vec::new();
        let mut arguments = self.known(given, settings.strict_arguments, &mut problems);
        self.fill_from_locations(&mut arguments, instance, &mut problems);
        self.fill_defaults(&mut arguments, settings);
        if !settings.allow_quick_actions {
            self.refuse_quick_actions(&arguments, &mut problems);
        }
        for (name, rule) in &self.rules {
            let absent = match arguments.get_mut(name) {
                None => true,
                Some(Value::Null) if rule.clearable => false,
                Some(value) => {
                    if rule.required && coerce::counts_as_missing(value) {
                        true
                    } else {
                        coerce::coerce(value, rule, &format!("/{name}"), &mut problems);
                        false
                    }
                }
            };
            if absent && rule.required {
                problems.push(problem(name, "this argument is required"));
            }
        }
        if problems.is_empty() {
            Ok(arguments)
        } else {
            Err(ToolError::invalid(problems))
        }
    }

    /// The project a call with these arguments is about, as far as they or the defaults say: also
    /// when a URL or a reference in another argument names it. The text may be anything.
    pub fn project(
        &self,
        given: &Map<String, Value>,
        instance: &Instance,
        settings: &ToolSettings,
    ) -> Option<String> {
        let naming = given.iter().filter_map(|(name, value)| {
            let name = self.aliases.get(name).unwrap_or(name);
            let role = self.rules.get(name)?.role?;
            let names = matches!(role, Role::Project | Role::Iid);
            names.then(|| (name.clone(), value.clone()))
        });
        let mut naming = naming.collect();
        self.fill_from_locations(&mut naming, instance, &mut Vec::new());
        self.fill_defaults(&mut naming, settings);
        let mut projects = self.rules.iter();
        let (name, _) = projects.find(|(_, rule)| rule.role == Some(Role::Project))?;
        match naming.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Drops nulls that mean "absent" and reports names the tool does not have.
    fn known(
        &self,
        given: Map<String, Value>,
        strict: bool,
        problems: &mut Vec<FieldProblem>,
    ) -> Map<String, Value> {
        let mut arguments = Map::with_capacity(given.len());
        for (name, value) in given {
            let name = self.aliases.get(&name).cloned().unwrap_or(name);
            match self.rules.get(&name) {
                Some(rule) if value.is_null() && !rule.clearable => {}
                Some(_) => {
                    arguments.insert(name, value);
                }
                None if strict && !value.is_null() => problems.push(self.unknown(&name)),
                None => {}
            }
        }
        arguments
    }

    fn unknown(&self, name: &str) -> FieldProblem {
        let names: Vec<&str> = self.rules.keys().map(String::as_str).collect();
        let nearest = names
            .iter()
            .map(|known| (strsim::damerau_levenshtein(name, known), *known))
            .min()
            .filter(|(distance, known)| *distance <= 3.max(known.len() / 3));
        let hint = nearest
            .map(|(_, known)| format!(", did you mean `{known}`?"))
            .unwrap_or_default();
        problem(
            name,
            &format!(
                "unknown argument{hint} This tool takes: {}",
                names.join(", ")
            ),
        )
    }

    fn refuse_quick_actions(
        &self,
        arguments: &Map<String, Value>,
        problems: &mut Vec<FieldProblem>,
    ) {
        for (name, rule) in &self.rules {
            let text = arguments.get(name).and_then(Value::as_str);
            if let (Some(Role::Markdown), Some(text)) = (rule.role, text) {
                problems.extend(quick_action(text).map(|(line, word)| {
                    problem(
                        name,
                        &format!(
                            "line {line} is the quick action `/{word}`, which GitLab would carry \
                             out; put another character before it"
                        ),
                    )
                }));
            }
        }
    }

    fn fill_from_locations(
        &self,
        arguments: &mut Map<String, Value>,
        instance: &Instance,
        problems: &mut Vec<FieldProblem>,
    ) {
        let located: Vec<(String, Role)> = self
            .rules
            .iter()
            .filter_map(|(name, rule)| Some((name.clone(), rule.role?)))
            .filter(|(_, role)| *role != Role::Markdown)
            .filter(|(name, _)| arguments.get(name).is_some_and(Value::is_string))
            .collect();
        for (name, role) in located {
            let Some(text) = arguments
                .get(&name)
                .and_then(Value::as_str)
                .map(str::to_owned)
            else {
                continue;
            };
            match location::read(&text, role, instance) {
                Ok(found) => self.take_location(arguments, &name, role, found),
                Err(expected) => problems.push(problem(&name, &expected)),
            }
        }
    }

    /// Puts what a location says where it belongs; what the caller gave stays.
    fn take_location(
        &self,
        arguments: &mut Map<String, Value>,
        name: &str,
        role: Role,
        found: location::Location,
    ) {
        for (wanted, value) in [
            (Role::Project, found.project.map(Value::from)),
            (Role::Group, found.group.map(Value::from)),
            (Role::Iid, found.iid.map(Value::from)),
        ] {
            let Some(value) = value else { continue };
            if wanted == role {
                arguments.insert(name.to_owned(), value);
                continue;
            }
            let free = self
                .rules
                .iter()
                .find(|(other, rule)| rule.role == Some(wanted) && !arguments.contains_key(*other));
            if let Some((other, _)) = free {
                arguments.insert(other.clone(), value);
            }
        }
    }

    fn fill_defaults(&self, arguments: &mut Map<String, Value>, settings: &ToolSettings) {
        for (name, rule) in self.rules.iter().filter(|(_, rule)| rule.required) {
            let fallback = match rule.role {
                Some(Role::Project) => settings.default_project.as_ref(),
                Some(Role::Group) => settings.default_group.as_ref(),
                _ => None,
            };
            if let Some(fallback) = fallback {
                arguments
                    .entry(name.as_str())
                    .or_insert_with(|| Value::from(fallback.as_str()));
            }
        }
    }
}

fn problem(name: &str, expected: &str) -> FieldProblem {
    FieldProblem {
        pointer: format!("/{name}"),
        expected: expected.to_owned(),
    }
}

/// The first line that GitLab would carry out, counted from 1, and its word. A path such as
/// `/usr/bin` is none.
fn quick_action(text: &str) -> Option<(usize, &str)> {
    text.lines().zip(1..).find_map(|(line, number)| {
        let word = line
            .trim()
            .strip_prefix('/')?
            .split(char::is_whitespace)
            .next()?;
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(legal))
            .then_some((number, word))
    })
}

/// Prepared arguments into the struct. The rules have checked the types; what is left are
/// conditions only the struct knows.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, ToolError> {
    serde_json::from_value(arguments).map_err(|error| {
        ToolError::invalid(vec![FieldProblem {
            pointer: "/".to_owned(),
            expected: error.to_string(),
        }])
    })
}

/// The request that a call with these arguments makes, without sending it: what `tools/call` does
/// up to the network. For previews and for tests of endpoints.
///
/// # Errors
/// [`ToolError`] naming every wrong argument.
pub fn request_of<E: Endpoint>(
    arguments: Map<String, Value>,
    instance: &Instance,
    settings: &ToolSettings,
) -> Result<ApiRequest, ToolError> {
    let rules = ArgumentRules::of(&schema_of::<E>());
    to_request::<E>(Value::Object(rules.prepare(arguments, instance, settings)?))
}

pub(super) fn to_request<E: Endpoint>(arguments: Value) -> Result<ApiRequest, ToolError> {
    Ok(read::<E>(arguments)?.request()?)
}

pub(super) fn call<T: Tool>(
    arguments: Value,
    context: &Context,
) -> BoxFuture<'_, Result<ToolOutput, ToolError>> {
    match read::<T>(arguments) {
        Ok(tool) => tool.call(context),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

#[cfg(test)]
mod tests;
