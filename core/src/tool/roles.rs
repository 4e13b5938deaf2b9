//! Argument types that mean something: projects, groups, numbers within a project.
//!
//! They are lenient about what models send (`"42"`, `!12`, a URL); the rest of the code sees one
//! form. Each marks its schema with `x-role`, which the argument rules read and clients never see.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

macro_rules! text_role {
    ($(#[$doc:meta])* $name:ident, $role:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "x-role": $role })
            }
        }

        impl $name {
            /// The value as it goes into a request.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text_role!(
    /// A project: numeric id, full path, percent-encoded path, or URL of the instance.
    ProjectId,
    "project"
);
text_role!(
    /// A group: numeric id, full path, percent-encoded path, or URL of the instance.
    GroupId,
    "group"
);

text_role!(
    /// Text that GitLab reads as Markdown: a description, a comment. Lines that GitLab would carry
    /// out as quick actions are refused.
    /// <https://docs.gitlab.com/user/project/quick_actions/>
    Markdown,
    "markdown"
);

/// The number of an issue, merge request or pipeline within its project: `12`, `"12"`, `#12`,
/// `!12`, `group/project!12`, or a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Iid(pub u64);

impl JsonSchema for Iid {
    fn schema_name() -> Cow<'static, str> {
        "Iid".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "x-role": "iid" })
    }
}

/// Label names; sent as comma text, which GitLab takes everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub Vec<String>);

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.join(","))
    }
}

impl JsonSchema for Labels {
    fn schema_name() -> Cow<'static, str> {
        "Labels".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string" } })
    }
}

/// An optional argument where an explicit `null` clears the value at GitLab. Use it as
/// `#[serde(default)] field: Clearable<T>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Clearable<T> {
    /// Not given: left as it is.
    #[default]
    Keep,
    /// Given as `null`: cleared.
    Clear,
    /// Given.
    Set(T),
}

/// How [`Clearable::Clear`] travels through `serde_json` to the request, where absent members
/// are dropped but this one becomes `null`.
pub(crate) const CLEAR: &str = "\u{0}clear";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Clearable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Clearable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_none(),
            Self::Clear => serializer.serialize_str(CLEAR),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Clearable<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Clearable{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("x-clearable".to_owned(), Value::Bool(true));
        schema
    }
}
