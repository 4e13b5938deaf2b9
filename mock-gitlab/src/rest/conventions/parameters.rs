//! Parameters of a request, wherever they stand: query, JSON body or form.
//! <https://docs.gitlab.com/api/rest/#encoding>
//!
//! Types are read leniently, as Grape does: `"7"` is a number, `"true"` a truth
//! value, comma text a list where a list is wanted.

mod multipart;
mod parse;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::request::Request;

/// A file of a multipart form.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    /// As the client named it.
    pub(crate) filename: String,
    pub(crate) content: Bytes,
}

/// All parameters of one request by name; the body wins over the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    all: Map<String, Value>,
    files: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads query and body. A JSON body that is no JSON is a 400.
    pub(crate) fn read(request: &Request) -> Result<Self, ApiError> {
        let mut all = parse::pairs(request.query.as_bytes());
        let body = parse::body(request)?;
        for (name, value) in body.fields {
            all.insert(name, value);
        }
        Ok(Self {
            all,
            files: body.files,
        })
    }

    /// The file of a multipart form under that name.
    pub(crate) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }

    /// The value as it came; `null` counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name).filter(|value| !value.is_null())
    }

    /// Whether the name was given at all, `null` and empty text included.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    /// A text; numbers and truth values are read as their text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(plain_text)
    }

    /// A text that is there and not blank; GitLab treats `search=` as absent.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// A text that must be there: `title is missing`, or `title is empty`.
    pub(crate) fn required(&self, name: &str) -> Result<String, ApiError> {
        match self.text(name) {
            None => Err(ApiError::missing(name)),
            Some(text) if text.trim().is_empty() => {
                Err(ApiError::error(400, &format!("{name} is empty")))
            }
            Some(text) => Ok(text),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| ApiError::invalid(name)),
        }
    }

    /// 400 unless one of the names was given, as updates want it.
    pub(crate) fn at_least_one(&self, names: &[&str]) -> Result<(), ApiError> {
        if names
            .iter()
            .any(|name| self.has(name) || self.files.contains_key(*name))
        {
            return Ok(());
        }
        let verb = if names.len() == 1 { "is" } else { "are" };
        let text = format!(
            "{} {verb} missing, at least one parameter must be provided",
            names.join(", ")
        );
        Err(ApiError::error(400, &text))
    }

    /// An id: a whole number that is not negative.
    pub(crate) fn id(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let number = self.integer(name)?;
        number
            .map(|n| u64::try_from(n).map_err(|_| ApiError::invalid(name)))
            .transpose()
    }

    /// An id that must be there.
    pub(crate) fn required_id(&self, name: &str) -> Result<u64, ApiError> {
        self.id(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// A truth value: true/false, 1/0, yes/no, on/off.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self
            .text(name)
            .map(|text| text.trim().to_ascii_lowercase())
            .as_deref()
        {
            None | Some("") => Ok(None),
            Some("true" | "t" | "1" | "yes" | "on") => Ok(Some(true)),
            Some("false" | "f" | "0" | "no" | "off") => Ok(Some(false)),
            Some(_) => Err(ApiError::invalid(name)),
        }
    }

    /// A truth value that is false unless given.
    pub(crate) fn is_set(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    /// A list of texts: an array, or comma text.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(plain_text).collect()),
            Value::Object(items) => Some(items.values().filter_map(plain_text).collect()),
            other => {
                let text = plain_text(other)?;
                let parts = text
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty());
                Some(parts.map(str::to_owned).collect())
            }
        }
    }

    /// A list of ids. An empty list (or `0`, or empty text) clears a field.
    pub(crate) fn ids(&self, name: &str) -> Result<Option<Vec<u64>>, ApiError> {
        let Some(list) = self.list(name) else {
            return Ok(self.has(name).then(Vec::new));
        };
        let ids = list
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| text.parse::<u64>());
        let ids: Result<Vec<u64>, _> = ids.collect();
        let ids = ids.map_err(|_| ApiError::invalid(name))?;
        Ok(Some(ids.into_iter().filter(|id| *id != 0).collect()))
    }

    /// A list of objects; `x[0][k]=` in forms counts as a list too.
    pub(crate) fn objects(&self, name: &str) -> Option<Vec<Self>> {
        let one = |value: &Value| value.as_object().map(Self::nested);
        match self.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(one).collect()),
            Value::Object(items) => Some(items.values().filter_map(one).collect()),
            _ => None,
        }
    }

    /// An object, `h[k]=v`.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        self.get(name)?.as_object().map(Self::nested)
    }

    fn nested(all: &Map<String, Value>) -> Self {
        Self {
            all: all.clone(),
            files: BTreeMap::new(),
        }
    }

    /// A point in time, or a date.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        match self.filled(name) {
            None => Ok(None),
            // A `+` of an offset that was not encoded arrives as a space.
            Some(text) => Timestamp::parse(&text)
                .or_else(|| Timestamp::parse(&text.replacen(' ', "+", 1)))
                .map(Some)
                .ok_or_else(|| ApiError::invalid(name)),
        }
    }

    /// One word of a list: anything else is `x does not have a valid value`.
    pub(crate) fn choice(
        &self,
        name: &str,
        choices: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.filled(name) else {
            return Ok(None);
        };
        let found = choices.iter().find(|choice| **choice == text);
        found
            .map(|choice| Some(*choice))
            .ok_or_else(|| ApiError::not_a_choice(name))
    }

    /// `sort`: true for ascending.
    pub(crate) fn ascending(&self, by_default: bool) -> Result<bool, ApiError> {
        Ok(self
            .choice("sort", &["asc", "desc"])?
            .map_or(by_default, |sort| sort == "asc"))
    }
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Params {
        Params::nested(&parse::pairs(text.as_bytes()))
    }

    #[test]
    fn brackets_make_lists_and_objects() {
        let params = query("x[]=1&x[]=2&filter[environment_scope]=prod&v[0][key]=A&v[0][value]=b");
        assert_eq!(params.ids("x").unwrap(), Some(vec![1, 2]));
        let filter = params.object("filter").unwrap();
        assert_eq!(filter.text("environment_scope").unwrap(), "prod");
        assert_eq!(
            params
                .objects("v")
                .unwrap()
                .first()
                .unwrap()
                .text("key")
                .unwrap(),
            "A"
        );
    }

    #[test]
    fn types_are_read_leniently() {
        let params = query("a=7&b=true&c=one,two&d=+5&e=x");
        assert_eq!(params.integer("a").unwrap(), Some(7));
        assert_eq!(params.flag("b").unwrap(), Some(true));
        assert_eq!(params.list("c").unwrap(), ["one", "two"]);
        assert!(params.integer("e").is_err());
    }

    #[test]
    fn hostile_brackets_do_no_harm() {
        let deep = format!("a{}=1", "[b]".repeat(5_000));
        for text in [
            "a[=1",
            "a]=1",
            "[]=1",
            "a[b=1&a[b][c]=2",
            "a=1&a[b]=2",
            deep.as_str(),
        ] {
            let _params = query(text);
        }
    }
}
