//! One field of a declared resource: its name, its type and what it is by default.

use serde_json::{Value, json};

use super::super::parameters::Params;
use crate::error::ApiError;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Flag,
    Number,
    Choice(&'static [&'static str]),
    List,
    Time,
    Any,
}

#[derive(Clone, Copy, Debug)]
enum Default {
    Null,
    Flag(bool),
    Number(i64),
    Text(&'static str),
    EmptyList,
}

/// A field. Built in constants: `Field::text("url").required()`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(super) name: &'static str,
    kind: Kind,
    default: Default,
    pub(super) required: bool,
    /// Kept, never shown.
    pub(super) secret: bool,
    /// Set when made, ignored afterwards.
    pub(super) fixed: bool,
}

impl Field {
    const fn new(name: &'static str, kind: Kind, default: Default) -> Self {
        Self {
            name,
            kind,
            default,
            required: false,
            secret: false,
            fixed: false,
        }
    }

    /// A text, `null` by default.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text, Default::Null)
    }

    /// A truth value.
    pub(crate) const fn flag(name: &'static str, default: bool) -> Self {
        Self::new(name, Kind::Flag, Default::Flag(default))
    }

    /// A whole number, `null` by default.
    pub(crate) const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number, Default::Null)
    }

    /// A whole number with a default.
    pub(crate) const fn count(name: &'static str, default: i64) -> Self {
        Self::new(name, Kind::Number, Default::Number(default))
    }

    /// One word of a list; the first one is the default.
    pub(crate) const fn choice(name: &'static str, words: &'static [&'static str]) -> Self {
        let default = match words.first() {
            Some(word) => Default::Text(word),
            None => Default::Null,
        };
        Self::new(name, Kind::Choice(words), default)
    }

    /// A list of texts.
    pub(crate) const fn list(name: &'static str) -> Self {
        Self::new(name, Kind::List, Default::EmptyList)
    }

    /// A point in time.
    pub(crate) const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time, Default::Null)
    }

    /// Any JSON, taken as it comes.
    pub(crate) const fn any(name: &'static str) -> Self {
        Self::new(name, Kind::Any, Default::Null)
    }

    /// With a text as the default.
    pub(crate) const fn or(mut self, text: &'static str) -> Self {
        self.default = Default::Text(text);
        self
    }

    /// Must be given when the record is made.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Is kept and never shown.
    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Cannot be changed later.
    pub(crate) const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// What a request says it is, or else its default.
    pub(crate) fn given_or_default(&self, params: &Params) -> Result<Value, ApiError> {
        Ok(self.given(params)?.unwrap_or_else(|| self.default()))
    }

    /// What it is until somebody sets it.
    pub(super) fn default(&self) -> Value {
        match self.default {
            Default::Null => Value::Null,
            Default::Flag(flag) => json!(flag),
            Default::Number(number) => json!(number),
            Default::Text(text) => json!(text),
            Default::EmptyList => json!([]),
        }
    }

    /// The value a request gives, if it gives one.
    pub(crate) fn given(&self, params: &Params) -> Result<Option<Value>, ApiError> {
        if !params.has(self.name) {
            return Ok(None);
        }
        if params.get(self.name).is_none() {
            return Ok(Some(self.default()));
        }
        let name = self.name;
        Ok(match self.kind {
            Kind::Text => params.text(name).map(Value::from),
            Kind::Flag => params.flag(name)?.map(Value::from),
            Kind::Number => Some(json!(params.integer(name)?)),
            Kind::Choice(words) => params.choice(name, words)?.map(Value::from),
            Kind::List => params.list(name).map(Value::from),
            Kind::Time => Some(json!(params.time(name)?)),
            Kind::Any => params.get(name).cloned(),
        })
    }
}
