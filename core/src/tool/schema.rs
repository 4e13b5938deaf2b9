//! The argument schema as models can read it: flat, no `null`, no `$ref`, no titles.
//! JSON Schema 2020-12.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema as RawSchema};
use serde_json::{Map, Value};

/// Members that only our own argument rules read; never shown.
const PRIVATE: [&str; 3] = ["x-role", "x-clearable", "x-aliases"];

/// A tool's description and argument schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The struct's doc comment.
    pub description: String,
    /// An object schema, still with the private markers that [`Schema::public`] removes.
    pub object: Map<String, Value>,
}

impl Schema {
    /// Takes a schema as it is, for example one with `$defs` that must stay.
    pub fn verbatim(description: impl Into<String>, object: Map<String, Value>) -> Self {
        Self {
            description: description.into(),
            object,
        }
    }

    /// The schema a client is shown.
    pub fn public(&self) -> Map<String, Value> {
        let mut object = self.object.clone();
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            for property in properties.values_mut().filter_map(Value::as_object_mut) {
                for marker in PRIVATE {
                    property.shift_remove(marker);
                }
            }
        }
        object
    }

    /// The argument names, in order.
    pub fn arguments(&self) -> impl Iterator<Item = (&String, &Map<String, Value>)> {
        self.object
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| Some((name, schema.as_object()?)))
    }

    /// The names of the required arguments.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.object
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }
}

/// The schema of `T`, made flat.
pub fn schema_of<T: JsonSchema>() -> Schema {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        })
        .with_transform(Flat)
        .into_generator();
    let mut object = match generator.root_schema_for::<T>().to_value() {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let description = match object.shift_remove("description") {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    object
        .entry("type")
        .or_insert_with(|| Value::from("object"));
    object
        .entry("properties")
        .or_insert_with(|| Value::Object(Map::new()));
    Schema {
        description,
        object,
    }
}

/// Removes what clients stumble over: titles, integer formats, `null` alternatives.
#[derive(Clone)]
struct Flat;

impl Transform for Flat {
    fn transform(&mut self, schema: &mut RawSchema) {
        if let Some(object) = schema.as_object_mut() {
            object.shift_remove("title");
            object.shift_remove("default");
            // Where an argument goes afterwards is nothing a caller needs to know.
            object.shift_remove("writeOnly");
            if object.get("type").is_some_and(is_number) {
                object.shift_remove("format");
            }
            without_null_type(object);
            without_null_alternative(object);
            constants_to_enum(object);
        }
        transform_subschemas(self, schema);
    }
}

fn is_number(kind: &Value) -> bool {
    let number = |word: &Value| matches!(word.as_str(), Some("integer" | "number"));
    number(kind)
        || kind
            .as_array()
            .is_some_and(|words| words.iter().any(number))
}

fn without_null_type(object: &mut Map<String, Value>) {
    if let Some(Value::Array(words)) = object.get_mut("type") {
        words.retain(|word| word.as_str() != Some("null"));
        if let [single] = words.as_slice() {
            let single = single.clone();
            object.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// `anyOf: [T, null]` becomes `T`.
fn without_null_alternative(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get_mut("anyOf") else {
        return;
    };
    alternatives.retain(|entry| entry.get("type").and_then(Value::as_str) != Some("null"));
    let [Value::Object(single)] = alternatives.as_slice() else {
        return;
    };
    let single = single.clone();
    object.shift_remove("anyOf");
    for (key, value) in single {
        object.entry(key).or_insert(value);
    }
}

/// `oneOf: [{const: a}, {const: b}]`, the form of documented enums, becomes `enum: [a, b]`.
fn constants_to_enum(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get("oneOf") else {
        return;
    };
    let words: Option<Vec<Value>> = alternatives
        .iter()
        .map(|one| one.get("const").cloned())
        .collect();
    let Some(words) = words else { return };
    object.shift_remove("oneOf");
    object.insert("type".to_owned(), Value::from("string"));
    object.insert("enum".to_owned(), Value::Array(words));
}
