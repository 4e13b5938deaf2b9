//! Coercions that cannot be misunderstood: `"12"` for 12, `"true"` for true, `"a,b"` for a list.

use serde_json::Value;

use super::{Kind, MAX_ITEMS, Rule, problem};
use crate::tool::FieldProblem;

/// Words that programs produce when they had nothing to say.
const NOTHING: [&str; 5] = ["", "undefined", "null", "None", "NaN"];

/// True for empty text and the words that stand for it.
pub(super) fn counts_as_missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => NOTHING.contains(&text.trim()),
        _ => false,
    }
}

/// Brings `value` into the form `rule` asks for, or reports what was expected.
pub(super) fn coerce(
    value: &mut Value,
    rule: &Rule,
    pointer: &str,
    problems: &mut Vec<FieldProblem>,
) {
    let expected = match rule.kind {
        Kind::Any => None,
        Kind::Text => text(value, rule),
        Kind::Integer => integer(value, rule),
        Kind::Number => number(value),
        Kind::Boolean => boolean(value),
        Kind::Array => return array(value, rule, pointer, problems),
        Kind::Object => object(value),
    };
    if let Some(expected) = expected {
        problems.push(problem(pointer.trim_start_matches('/'), &expected));
    }
}

fn text(value: &mut Value, rule: &Rule) -> Option<String> {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Bool(flag) => *value = Value::String(flag.to_string()),
        Value::String(_) => {}
        _ => return Some("expected a text".to_owned()),
    }
    if rule.words.is_empty() {
        return None;
    }
    let given = value.as_str().map(canonical).unwrap_or_default();
    let Some(word) = rule.words.iter().find(|word| canonical(word) == given) else {
        return Some(format!("expected one of {}", rule.words.join(", ")));
    };
    *value = Value::String(word.clone());
    None
}

/// Case, `-`, `_` and blanks do not matter in enums.
fn canonical(word: &str) -> String {
    word.trim()
        .chars()
        .map(|c| {
            if matches!(c, '-' | ' ') {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

fn integer(value: &mut Value, rule: &Rule) -> Option<String> {
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let Some(number) = number else {
        return Some("expected a whole number".to_owned());
    };
    let too_small = rule.minimum.is_some_and(|least| number < least);
    let too_large = rule.maximum.is_some_and(|most| number > most);
    if too_small || too_large {
        return Some(match (rule.minimum, rule.maximum) {
            (Some(least), Some(most)) => format!("expected a whole number from {least} to {most}"),
            (Some(least), None) => format!("expected a whole number of at least {least}"),
            (_, Some(most)) => format!("expected a whole number of at most {most}"),
            (None, None) => String::new(),
        });
    }
    *value = Value::from(number);
    None
}

/// `12.0` is twelve; `12.5` is not a whole number.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let fits = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and within 2^53"
    )]
    fits.then_some(number as i64)
}

fn number(value: &mut Value) -> Option<String> {
    if value.is_number() {
        return None;
    }
    match value
        .as_str()
        .and_then(|text| text.trim().parse::<f64>().ok())
        .filter(|n| n.is_finite())
    {
        Some(number) => {
            *value = Value::from(number);
            None
        }
        None => Some("expected a number".to_owned()),
    }
}

fn boolean(value: &mut Value) -> Option<String> {
    let flag = match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    };
    match flag {
        Some(flag) => {
            *value = Value::Bool(flag);
            None
        }
        None => Some("expected true or false".to_owned()),
    }
}

fn array(value: &mut Value, rule: &Rule, pointer: &str, problems: &mut Vec<FieldProblem>) {
    let items = match value.take() {
        Value::Array(items) => items,
        Value::String(text) => list_of_text(&text, rule),
        single => vec![single],
    };
    *value = Value::Array(items);
    let Value::Array(items) = value else { return };
    if items.len() > MAX_ITEMS {
        problems.push(problem(
            pointer.trim_start_matches('/'),
            &format!("expected at most {MAX_ITEMS} items"),
        ));
        return;
    }
    if let Some(one) = &rule.items {
        for (index, item) in items.iter_mut().enumerate() {
            coerce(item, one, &format!("{pointer}/{index}"), problems);
        }
    }
}

/// A text in place of a list: JSON, or comma separated unless the items are objects.
fn list_of_text(text: &str, rule: &Rule) -> Vec<Value> {
    if let Ok(Value::Array(items)) = serde_json::from_str(text) {
        return items;
    }
    if rule
        .items
        .as_ref()
        .is_some_and(|one| one.kind == Kind::Object)
    {
        return vec![Value::String(text.to_owned())];
    }
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(Value::from)
        .collect()
}

fn object(value: &mut Value) -> Option<String> {
    if value.is_object() {
        return None;
    }
    let parsed = value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    match parsed {
        Some(Value::Object(object)) => {
            *value = Value::Object(object);
            None
        }
        _ => Some("expected an object".to_owned()),
    }
}
