//! Tools that end with questions and are called again with the answers (MCP 2026-07-28, multi
//! round-trip requests). The code is the same as for clients that can be asked in between: a call
//! that starts over finds its earlier answers in the replies or in its own state.

use std::collections::BTreeMap;

use gitlab_mcp_core::conversation::{AskError, Question, Reply};
use gitlab_mcp_core::tool::{Context, ToolError, ToolOutput};
use serde_json::{Value, json};

use crate::ask::{field, field_form, one, outcome, sample, sampled};

fixture!(
    ElicitationRound,
    "test_input_required_result_elicitation",
    "Ask for a name and greet.",
    greet
);

async fn greet(context: &Context) -> Result<ToolOutput, ToolError> {
    let reply = one(context, "user_name", name_form("What is your name?")).await?;
    let name = field(&reply, "name").unwrap_or("stranger");
    Ok(ToolOutput::text(format!("Hello, {name}!")))
}

fn name_form(message: &str) -> Question {
    field_form(message, "name", "string")
}

fixture!(
    SamplingRound,
    "test_input_required_result_sampling",
    "Ask the client's model for a capital.",
    ask_capital
);

async fn ask_capital(context: &Context) -> Result<ToolOutput, ToolError> {
    let question = sample("What is the capital of France?", 100);
    let reply = one(context, "capital_question", question).await?;
    Ok(ToolOutput::text(sampled(&reply)))
}

fixture!(
    ListRootsRound,
    "test_input_required_result_list_roots",
    "Ask for the client's root directories.",
    ask_roots
);

async fn ask_roots(context: &Context) -> Result<ToolOutput, ToolError> {
    let reply = one(context, "client_roots", Question::Roots).await?;
    let roots = roots(&reply).join(", ");
    Ok(ToolOutput::text(format!("Roots: {roots}")))
}

fn roots(reply: &Reply) -> Vec<&str> {
    let Reply::Result(result) = reply else {
        return Vec::new();
    };
    let roots = result.get("roots").and_then(Value::as_array);
    roots
        .into_iter()
        .flatten()
        .filter_map(|root| root.get("uri")?.as_str())
        .collect()
}

fixture!(
    RequestStateRound,
    "test_input_required_result_request_state",
    "Ask for a confirmation and expect the state of the first round back.",
    confirm_with_state
);

fixture!(
    TamperedStateRound,
    "test_input_required_result_tampered_state",
    "Ask for a confirmation and refuse a state that was changed.",
    confirm_with_state
);

/// The state comes back verified or not at all, so that it is there is all there is to check.
async fn confirm_with_state(context: &Context) -> Result<ToolOutput, ToolError> {
    let question = field_form("Please confirm", "ok", "boolean");
    let reply = one(context, "confirm", question)
        .await
        .map_err(|error| error.remember(json!({ "asked": "confirm" })))?;
    let state = match context.conversation.state() {
        Some(_) => "state-ok",
        None => "no state",
    };
    let outcome = outcome(&reply);
    Ok(ToolOutput::text(format!("{state}: {outcome}")))
}

fixture!(
    MultipleInputsRound,
    "test_input_required_result_multiple_inputs",
    "Ask the user, the client's model and the client at once.",
    ask_everything
);

async fn ask_everything(context: &Context) -> Result<ToolOutput, ToolError> {
    let questions = [
        ("user_name", name_form("What is your name?")),
        ("greeting", sample("Generate a greeting", 50)),
        ("client_roots", Question::Roots),
    ];
    let replies = ask_all(context, questions)
        .await
        .map_err(|error| error.remember(json!({ "asked": "everything" })))?;
    Ok(ToolOutput::text(summary(&replies)))
}

async fn ask_all(
    context: &Context,
    questions: impl IntoIterator<Item = (&'static str, Question)>,
) -> Result<BTreeMap<String, Reply>, AskError> {
    let questions = questions
        .into_iter()
        .map(|(key, question)| (key.to_owned(), question))
        .collect();
    context.conversation.ask(questions).await
}

fn summary(replies: &BTreeMap<String, Reply>) -> String {
    let lines: Vec<String> = replies
        .iter()
        .map(|(key, reply)| format!("{key}: {}", outcome(reply)))
        .collect();
    lines.join("\n")
}

fixture!(
    MultiRound,
    "test_input_required_result_multi_round",
    "Ask for a name, then for a colour.",
    ask_in_steps
);

async fn ask_in_steps(context: &Context) -> Result<ToolOutput, ToolError> {
    let known = context.conversation.state().unwrap_or_default();
    // The third round brings only the second answer, so the first has to travel in the state.
    let name = if let Some(name) = known.get("name").and_then(Value::as_str) {
        name.to_owned()
    } else {
        let reply = one(context, "step1", name_form("Step 1: What is your name?"))
            .await
            .map_err(|error| error.remember(json!({ "step": 1 })))?;
        field(&reply, "name").unwrap_or("stranger").to_owned()
    };
    let question = field_form("Step 2: What is your favorite color?", "color", "string");
    let reply = one(context, "step2", question)
        .await
        .map_err(|error| error.remember(json!({ "step": 2, "name": name })))?;
    let color = field(&reply, "color").unwrap_or("no color");
    Ok(ToolOutput::text(format!("{name} likes {color}.")))
}

fixture!(
    CapabilitiesRound,
    "test_input_required_result_capabilities",
    "Ask whatever the client said it can be asked.",
    ask_what_is_supported
);

async fn ask_what_is_supported(context: &Context) -> Result<ToolOutput, ToolError> {
    let questions = [
        ("elicitation", "user_name", name_form("What is your name?")),
        ("sampling", "greeting", sample("Generate a greeting", 50)),
        ("roots", "client_roots", Question::Roots),
    ];
    let questions: Vec<_> = questions
        .into_iter()
        .filter(|(capability, ..)| context.conversation.supports(capability))
        .map(|(_, key, question)| (key, question))
        .collect();
    if questions.is_empty() {
        return Ok(ToolOutput::text(
            "There is nothing this client can be asked.",
        ));
    }
    let replies = ask_all(context, questions).await?;
    Ok(ToolOutput::text(summary(&replies)))
}
