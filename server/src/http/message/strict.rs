//! The serde side of the look: visitors that keep the members that matter and check the rest.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{DEPTH, Seen};

/// What a parser of JSON alone would not mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Depth,
    Duplicate,
    Id,
    NoObject,
    Method,
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// Up to this many members are compared one by one.
const FEW: usize = 12;

/// The members an object had so far.
#[derive(Default)]
struct Members<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Members<'de> {
    /// False when `name` was there already.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&name) {
                return false;
            }
            self.few.push(name);
            if self.few.len() > FEW {
                self.many.extend(self.few.drain(..));
            }
            return true;
        }
        self.many.insert(name)
    }
}

fn fail<E: Error>(fault: &Cell<Option<Fault>>, what: Fault) -> E {
    if fault.get().is_none() {
        fault.set(Some(what));
    }
    E::custom("refused")
}

/// A text, borrowed if it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// What a value turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'de> {
    Text(Cow<'de, str>),
    Whole(i64),
    Object,
    Null,
    Other,
}

/// Any value, checked to its leaves.
#[derive(Clone, Copy)]
pub(super) struct Any<'c> {
    depth: u8,
    fault: &'c Cell<Option<Fault>>,
}

impl<'c> Any<'c> {
    fn deeper<E: Error>(self) -> Result<Any<'c>, E> {
        if self.depth >= DEPTH {
            return Err(fail(self.fault, Fault::Depth));
        }
        Ok(Any {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Value::Other, Value::Whole))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Members::default();
        while let Some(name) = map.next_key_seed(Text)? {
            if !members.add(name) {
                return Err(fail(self.fault, Fault::Duplicate));
            }
            map.next_value_seed(inner)?;
        }
        Ok(Value::Object)
    }
}

/// Any value, only checked.
pub(super) struct Skim<'c>(Any<'c>);

impl<'c> Skim<'c> {
    pub(super) fn new(fault: &'c Cell<Option<Fault>>) -> Self {
        // A batch is one level more than its items.
        Self(Any { depth: 0, fault })
    }
}

impl<'de> DeserializeSeed<'de> for Skim<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.deserialize(deserializer).map(drop)
    }
}

/// Which object the visitor is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Params,
    Meta,
}

/// One whole message.
pub(super) struct Message<'c> {
    pub(super) fault: &'c Cell<Option<Fault>>,
}

impl<'de> DeserializeSeed<'de> for Message<'_> {
    type Value = Seen<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut seen = Seen::default();
        let object = Object {
            level: Level::Top,
            any: Any {
                depth: 1,
                fault: self.fault,
            },
            seen: &mut seen,
        };
        object.deserialize(deserializer)?;
        Ok(seen)
    }
}

struct Object<'c, 's, 'de> {
    level: Level,
    any: Any<'c>,
    seen: &'s mut Seen<'de>,
}

impl<'de> DeserializeSeed<'de> for Object<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Values that are no object: refused as a message, left to rmcp as parameters.
macro_rules! no_object {
    ($($visit:ident($kind:ty)),*) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<(), E> {
            self.no_object()
        })*
    };
}

impl<'de> Visitor<'de> for Object<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    no_object!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str)
    );

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.no_object()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        if self.level == Level::Top {
            return Err(fail(self.any.fault, Fault::NoObject));
        }
        self.any.visit_seq(items).map(drop)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key_seed(Text)? {
            self.member(&name, &mut map)?;
            if !members.add(name) {
                return Err(fail(self.any.fault, Fault::Duplicate));
            }
        }
        Ok(())
    }
}

impl<'de> Object<'_, '_, 'de> {
    fn no_object<E: Error>(&self) -> Result<(), E> {
        if self.level == Level::Top {
            return Err(fail(self.any.fault, Fault::NoObject));
        }
        Ok(())
    }

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let fault = self.any.fault;
        let inside = match (self.level, name) {
            (Level::Top, "params") => Some(Level::Params),
            (Level::Params, "_meta") => Some(Level::Meta),
            _ => None,
        };
        if let Some(level) = inside {
            let any = self.any.deeper()?;
            let seen = &mut *self.seen;
            return map.next_value_seed(Object { level, any, seen });
        }
        let value = map.next_value_seed(self.any)?;
        match (self.level, name, value) {
            (Level::Top, "jsonrpc", value) => {
                self.seen.jsonrpc = value == Value::Text(Cow::Borrowed("2.0"));
            }
            (Level::Top, "method", Value::Text(text)) => self.seen.method = Some(text),
            (Level::Top, "method", _) => return Err(fail(fault, Fault::Method)),
            (Level::Top, "id", Value::Whole(number)) => self.seen.id = Some(number.to_string()),
            (Level::Top, "id", Value::Text(text)) => {
                self.seen.id = serde_json::to_string(&text).ok();
            }
            (Level::Top, "id", _) => return Err(fail(fault, Fault::Id)),
            (Level::Top, "result" | "error", _) => self.seen.answer = true,
            (Level::Params, "cursor", value) => self.seen.cursor = value != Value::Null,
            (Level::Params, "name", Value::Text(text)) => self.seen.name = Some(text),
            (Level::Meta, VERSION, Value::Text(text)) => self.seen.version = Some(text),
            (Level::Meta, CAPABILITIES, value) => self.seen.capabilities = value == Value::Object,
            _ => {}
        }
        Ok(())
    }
}
