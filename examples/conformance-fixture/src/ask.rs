//! Questions in the few shapes the fixtures need, and what to make of the replies.

use std::collections::BTreeMap;

use gitlab_mcp_core::conversation::{AskError, Question, Reply};
use gitlab_mcp_core::tool::Context;
use serde_json::{Map, Value, json};

/// Asks one question.
pub(crate) async fn one(
    context: &Context,
    key: &str,
    question: Question,
) -> Result<Reply, AskError> {
    let questions = BTreeMap::from([(key.to_owned(), question)]);
    let mut replies = context.conversation.ask(questions).await?;
    replies
        .remove(key)
        .ok_or_else(|| AskError::Failed(format!("no reply to `{key}`")))
}

/// A form with this schema.
pub(crate) fn form(message: &str, schema: Value) -> Question {
    let schema = match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    Question::Form {
        message: message.to_owned(),
        schema,
    }
}

/// A form with one required field.
pub(crate) fn field_form(message: &str, field: &str, kind: &str) -> Question {
    form(
        message,
        json!({
            "type": "object",
            "properties": { field: { "type": kind } },
            "required": [field],
        }),
    )
}

/// A question to the client's model.
pub(crate) fn sample(prompt: &str, max_tokens: u32) -> Question {
    Question::Sample {
        prompt: prompt.to_owned(),
        max_tokens,
    }
}

/// A text field of an accepted form.
pub(crate) fn field<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    match reply {
        Reply::Accepted(fields) => fields.get(name)?.as_str(),
        Reply::Declined | Reply::Cancelled | Reply::Result(_) => None,
    }
}

/// The text of a sampling result, or the whole result where it holds none.
pub(crate) fn sampled(reply: &Reply) -> String {
    match reply {
        Reply::Result(result) => match result.pointer("/content/text") {
            Some(Value::String(text)) => text.clone(),
            _ => result.to_string(),
        },
        other => outcome(other),
    }
}

/// A reply in the form `action=accept, content={..}`.
pub(crate) fn outcome(reply: &Reply) -> String {
    let (action, content) = match reply {
        Reply::Accepted(fields) => ("accept", Value::Object(fields.clone())),
        Reply::Declined => ("decline", Value::Null),
        Reply::Cancelled => ("cancel", Value::Null),
        Reply::Result(result) => ("accept", result.clone()),
    };
    format!("action={action}, content={content}")
}
