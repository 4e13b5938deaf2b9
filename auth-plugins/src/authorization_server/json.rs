//! JSON that a stranger sent: one object, no name twice in any object, no deeper than needed.
//! RFC 8259 section 4 leaves open what a name that stands twice means, so programs disagree on it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Deepest nesting; client metadata needs two levels, a key set five.
const DEPTH: u8 = 16;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum JsonProblem {
    /// Not JSON, a name twice, or too deep.
    #[error("is not JSON, has a name twice, or is nested more than 16 levels deep")]
    Unreadable,
    /// JSON, but no object.
    #[error("is not a JSON object")]
    NoObject,
}

/// The members of the object that `text` is.
pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, JsonProblem> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict(0).deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    match value.map_err(|_| JsonProblem::Unreadable)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonProblem::NoObject),
    }
}

/// Any value at this depth.
#[derive(Clone, Copy)]
struct Strict(u8);

impl Strict {
    fn below<E: Error>(self) -> Result<Self, E> {
        if self.0 >= DEPTH {
            return Err(E::custom("too deep"));
        }
        Ok(Self(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.below()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.below()?;
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_stands() {
        let text = br#"{"a":[1,-1,1.5,true,null,"x"],"b":{"c":{}},"":18446744073709551615}"#;
        let read = object(text).unwrap();
        let plain: Value = serde_json::from_slice(text).unwrap();
        assert_eq!(Value::Object(read), plain);
    }

    #[test]
    fn what_programs_could_read_differently_is_refused() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            format!(r#"{{"a":{open}{close}}}"#)
        };
        assert!(object(nested(16).as_bytes()).is_ok());
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":[{"c":1,"c":2}]}}"#,
            &nested(17),
            &nested(100_000),
            &format!("{}{}", r#"{"a":"#.repeat(20), "1"),
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            r#"{"a":1,}"#,
            r"{'a':1}",
            r#"{"a":NaN}"#,
            r#"{"a":1e999}"#,
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(
                object(text.as_bytes()),
                Err(JsonProblem::Unreadable),
                "{text:.40}"
            );
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JsonProblem::Unreadable));
        for text in ["[]", "null", "1", r#""{}""#, "[{}]"] {
            assert_eq!(
                object(text.as_bytes()),
                Err(JsonProblem::NoObject),
                "{text}"
            );
        }
    }
}
