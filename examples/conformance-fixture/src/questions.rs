//! Tools that ask the client in the middle of a call, as clients with sessions know it.

use async_trait::async_trait;
use gitlab_mcp_core::conversation::{AskError, Question};
use gitlab_mcp_core::register_tool;
use gitlab_mcp_core::tool::{Context, Facts, Tool, ToolError, ToolOutput};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::Conformance;
use crate::ask::{field_form, form, one, outcome, sample, sampled};

/// Ask the client's model.
#[derive(Debug, Deserialize, JsonSchema)]
struct Sampling {
    /// The prompt for the model.
    prompt: String,
}

#[async_trait]
impl Tool for Sampling {
    const NAME: &'static str = "test_sampling";
    type Set = Conformance;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let reply = one(context, "response", sample(&self.prompt, 100)).await?;
        let text = sampled(&reply);
        Ok(ToolOutput::text(format!("LLM response: {text}")))
    }
}

register_tool!(Sampling);

/// Ask the user for a name and an address.
#[derive(Debug, Deserialize, JsonSchema)]
struct Elicitation {
    /// What to say above the form.
    message: String,
}

#[async_trait]
impl Tool for Elicitation {
    const NAME: &'static str = "test_elicitation";
    type Set = Conformance;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let schema = json!({
            "type": "object",
            "properties": {
                "username": { "type": "string", "description": "User's response" },
                "email": { "type": "string", "description": "User's email address" },
            },
            "required": ["username", "email"],
        });
        let reply = one(context, "user", form(&self.message, schema)).await?;
        let outcome = outcome(&reply);
        Ok(ToolOutput::text(format!("User response: {outcome}")))
    }
}

register_tool!(Elicitation);

fixture!(
    ElicitationDefaults,
    "test_elicitation_sep1034_defaults",
    "Ask the user with a form whose fields all have defaults.",
    ask_with_defaults
);

async fn ask_with_defaults(context: &Context) -> Result<ToolOutput, ToolError> {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": {
                "type": "string",
                "enum": ["active", "inactive", "pending"],
                "default": "active",
            },
            "verified": { "type": "boolean", "default": true },
        },
        "required": [],
    });
    complete(context, form("Please check these values", schema)).await
}

fixture!(
    ElicitationEnums,
    "test_elicitation_sep1330_enums",
    "Ask the user with a form that has every kind of choice.",
    ask_with_choices
);

async fn ask_with_choices(context: &Context) -> Result<ToolOutput, ToolError> {
    let schema = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
            "titledSingle": {
                "type": "string",
                "oneOf": [
                    { "const": "value1", "title": "First Option" },
                    { "const": "value2", "title": "Second Option" },
                    { "const": "value3", "title": "Third Option" },
                ],
            },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {
                "type": "array",
                "items": { "type": "string", "enum": ["option1", "option2", "option3"] },
            },
            "titledMulti": {
                "type": "array",
                "items": {
                    "anyOf": [
                        { "const": "value1", "title": "First Choice" },
                        { "const": "value2", "title": "Second Choice" },
                        { "const": "value3", "title": "Third Choice" },
                    ],
                },
            },
        },
        "required": [],
    });
    complete(context, form("Please choose", schema)).await
}

async fn complete(context: &Context, question: Question) -> Result<ToolOutput, ToolError> {
    let reply = one(context, "values", question).await?;
    let outcome = outcome(&reply);
    Ok(ToolOutput::text(format!(
        "Elicitation completed: {outcome}"
    )))
}

fixture!(
    MissingCapability,
    "test_missing_capability",
    "Need a client that lets the server ask its model.",
    need_sampling
);

async fn need_sampling(context: &Context) -> Result<ToolOutput, ToolError> {
    if !context.conversation.supports("sampling") {
        let capability = "sampling";
        return Err(AskError::NotSupported { capability }.into());
    }
    let reply = one(context, "response", sample("Say hello", 100)).await?;
    Ok(ToolOutput::text(sampled(&reply)))
}

fixture!(
    StreamingElicitation,
    "test_streaming_elicitation",
    "Ask the user to confirm.",
    ask_to_confirm
);

async fn ask_to_confirm(context: &Context) -> Result<ToolOutput, ToolError> {
    complete(
        context,
        field_form("Please confirm", "confirmed", "boolean"),
    )
    .await
}
