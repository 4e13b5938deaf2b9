//! JSON as a later GitLab might send it.

use serde_json::{Value, json};

use crate::faults::Drift;

/// One way in which JSON changes.
pub(super) struct Change<'a> {
    how: Drift,
    field: Option<&'a str>,
    share: f64,
}

impl<'a> Change<'a> {
    pub(super) const fn new(how: Drift, field: Option<&'a str>, share: f64) -> Self {
        Self { how, field, share }
    }

    /// Walks through everything; `roll` draws which fields are hit when none is named.
    pub(super) fn apply(&self, value: &mut Value, roll: &mut dyn FnMut() -> u64) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item, roll)),
            Value::Object(all) => {
                let names: Vec<String> = all.keys().cloned().collect();
                for name in names {
                    if let Some(inner) = all.get_mut(&name) {
                        self.apply(inner, roll);
                    }
                    if self.hits(&name, roll) {
                        self.change(all, &name);
                    }
                }
                if self.how == Drift::Add {
                    all.insert("from_the_future".to_owned(), json!({ "is": "unknown" }));
                }
            }
            _ => {}
        }
    }

    fn hits(&self, name: &str, roll: &mut dyn FnMut() -> u64) -> bool {
        self.field.map_or_else(
            || {
                let chance = u32::try_from(roll() >> 32).unwrap_or(0);
                f64::from(chance) < self.share * f64::from(u32::MAX)
            },
            |field| field == name,
        )
    }

    fn change(&self, all: &mut serde_json::Map<String, Value>, name: &str) {
        match self.how {
            // An order that stays makes a drifted answer easier to read.
            Drift::Drop => drop(all.shift_remove(name)),
            Drift::Rename => {
                if let Some(value) = all.shift_remove(name) {
                    all.insert(format!("{name}_v2"), value);
                }
            }
            Drift::Null => drop(all.insert(name.to_owned(), Value::Null)),
            Drift::Retype => {
                if let Some(value) = all.get_mut(name) {
                    *value = retyped(value);
                }
            }
            Drift::Enum => {
                if let Some(Value::String(text)) = all.get_mut(name)
                    && is_word(text)
                {
                    "quite_unheard_of".clone_into(text);
                }
            }
            Drift::Add => {}
        }
    }
}

fn retyped(value: &Value) -> Value {
    match value {
        Value::Null => json!(0),
        Value::String(text) => json!([text]),
        Value::Array(items) => json!({ "items": items }),
        other => json!(other.to_string()),
    }
}

/// `opened`, `can_be_merged`, `SUCCESS`: what enumerations look like.
fn is_word(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    !text.is_empty() && text.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drifted(how: Drift, field: Option<&str>) -> Value {
        let mut value = json!([{ "id": 1, "state": "opened", "author": { "id": 2 } }]);
        Change::new(how, field, 1.0).apply(&mut value, &mut || 0);
        value
    }

    #[test]
    fn a_named_field_changes_at_any_depth() {
        assert_eq!(
            drifted(Drift::Retype, Some("id")),
            json!([{ "id": "1", "state": "opened", "author": { "id": "2" } }])
        );
        assert_eq!(
            drifted(Drift::Drop, Some("id")),
            json!([{ "state": "opened", "author": {} }])
        );
        assert_eq!(
            drifted(Drift::Enum, Some("state")),
            json!([{ "id": 1, "state": "quite_unheard_of", "author": { "id": 2 } }])
        );
    }

    #[test]
    fn without_a_name_a_share_is_hit() {
        assert_eq!(
            drifted(Drift::Null, None),
            json!([{ "id": null, "state": null, "author": null }])
        );
        assert!(drifted(Drift::Add, None)[0]["from_the_future"].is_object());
    }
}
