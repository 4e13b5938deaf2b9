//! The one way a tool runs: arguments → request → answer → result. All waiting happens here, so
//! tools stay small and generic code stays tiny.

use serde_json::{Map, Value, json};

use super::shape::envelope;
use super::{Action, Allowed, Answers, Context, Entry, ToolError, ToolOutput};
use crate::gitlab::{Answer, ApiError, Situation};

/// Runs an allowed tool with the arguments of a call.
///
/// # Errors
/// [`ToolError`], which the caller shows as a tool result.
pub async fn execute(
    allowed: Allowed<'_>,
    arguments: Map<String, Value>,
    context: &Context,
) -> Result<ToolOutput, ToolError> {
    let entry = allowed.entry();
    let arguments = entry
        .rules
        .prepare(arguments, context.instance(), &context.settings)?;
    allowed.check_call(&arguments)?;
    match entry.tool.action {
        Action::Custom(call) => call(Value::Object(arguments), context).await,
        Action::Rest(request) => {
            let request = request(Value::Object(arguments.clone()))?;
            let written = !request.method().is_safe();
            let answer = context.send(request).await?;
            finish(entry, &answer, &arguments, written, context)
        }
    }
}

/// Turns GitLab's answer into the result of a one-call tool.
fn finish(
    entry: &Entry,
    answer: &Answer,
    arguments: &Map<String, Value>,
    written: bool,
    context: &Context,
) -> Result<ToolOutput, ToolError> {
    let budget = context.settings.result_bytes;
    match entry.tool.facts.answers {
        Answers::Text => Ok(context.text_block(Map::new(), &answer.text())),
        Answers::Nothing => Ok(ToolOutput::json(json!({ "item": { "done": true } }))),
        Answers::Json => match answer.json() {
            Ok(value) => Ok(ToolOutput::json(envelope(
                value,
                answer,
                &entry.tool.facts,
                arguments,
                budget,
            ))),
            // After a write the answer is passed on whatever it looks like: it did happen.
            Err(_) if written => Ok(ToolOutput::json(json!({
                "item": { "done": true },
                "warnings": ["GitLab accepted the change but its answer was not JSON"],
            }))),
            Err(ApiError { words, .. }) => {
                let mut error = ApiError::new(Situation::Invalid);
                error.words = words;
                Err(error.into())
            }
        },
    }
}
