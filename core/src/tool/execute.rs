//! The one way a tool runs: arguments → request → answer → result. All waiting happens here, so
//! tools stay small and generic code stays tiny.

use serde_json::{Map, Value, json};

use super::shape::envelope;
use super::text::{Window, frame, visible};
use super::{Action, Allowed, Answers, Content, Context, Entry, ToolError, ToolOutput};
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
    let arguments = entry.rules.prepare(arguments, context)?;
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
        Answers::Text => Ok(raw_text(&answer.text(), budget, context)),
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

/// A text block of its own, framed, cut at a line; the numbers stand in the JSON.
fn raw_text(text: &str, budget: usize, context: &Context) -> ToolOutput {
    let shown = visible(text);
    let window = Window::of(&shown, 0, usize::MAX, budget);
    let mut numbers = json!({
        "lines": { "first": 1, "last": window.lines.end, "total": window.total },
    });
    if let (true, Some(members)) = (window.has_more(), numbers.as_object_mut()) {
        let left = window.total - window.lines.end;
        members.insert(
            "cut".to_owned(),
            json!({ "lines": left, "why": "result budget" }),
        );
    }
    let framed = frame(window.text.trim_end_matches('\n'), context.gitlab.random());
    ToolOutput::json(numbers.clone())
        .with(Content::Text(numbers.to_string()))
        .with(Content::Text(framed))
}
