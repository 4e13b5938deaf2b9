//! `prompts/list` and `prompts/get`. MCP 2026-07-28, server/prompts.

use std::collections::BTreeMap;

use gitlab_mcp_core::prompt::{Prompt, PromptSpec, Role};
use rmcp::model::{
    CacheScope, ErrorData, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
    ListPromptsResult, Prompt as WirePrompt, PromptArgument, PromptMessage, Role as WireRole,
};
use serde_json::{Map, Value};

use super::handler::{Handler, Request, unknown};
use super::request_state::Binding;
use super::result;
use super::run::{Ended, Resumed, Run};
use super::tool_list::TTL_MS;

/// The prompts, in the order they were registered.
pub(super) fn list(handler: &Handler, request: &Request) -> Result<ListPromptsResult, ErrorData> {
    if !handler.shared.declared.prompts {
        return Err(unknown("prompts/list"));
    }
    let prompts = &handler.shared.app.prompts;
    let items = prompts.iter().map(|prompt| described(prompt.spec()));
    let mut list = ListPromptsResult::with_all_items(items.collect());
    if Handler::is_modern(request) {
        list.ttl_ms = Some(TTL_MS);
        list.cache_scope = Some(CacheScope::Private);
        list.meta = Some(handler.shared.identity_meta.clone());
    }
    Ok(list)
}

/// The prompt called `name`.
pub(super) fn find<'a>(handler: &'a Handler, name: &str) -> Option<&'a dyn Prompt> {
    let prompts = &handler.shared.app.prompts;
    prompts
        .iter()
        .find(|prompt| prompt.spec().name == name)
        .map(AsRef::as_ref)
}

/// The messages of one prompt.
pub(super) async fn get(
    handler: &Handler,
    params: GetPromptRequestParams,
    request: Request,
) -> Result<GetPromptResponse, ErrorData> {
    if !handler.shared.declared.prompts {
        return Err(unknown("prompts/get"));
    }
    let caller = handler.caller(&request)?;
    let Some(prompt) = find(handler, &params.name) else {
        let shown: String = params.name.chars().take(64).collect();
        let text = format!("no prompt is called `{shown}`: see prompts/list");
        return Err(ErrorData::invalid_params(text, None));
    };
    let spec = prompt.spec();
    let given = params.arguments.unwrap_or_default();
    let arguments = texts(&spec, &given)?;
    let binding = Binding {
        principal: caller.principal(),
        method: "prompts/get",
        name: spec.name,
        arguments: &given,
    };
    let resumed = Resumed {
        responses: params.input_responses,
        state: params.request_state,
    };
    let run = Run::new(handler, &request, &caller, binding, resumed)?;
    let context = run.context();
    let made = run.finish(true, prompt.messages(&arguments, &context));
    match made.await {
        Ok(messages) => {
            let messages = messages.into_iter().map(|message| {
                let role = match message.role {
                    Role::User => WireRole::User,
                    Role::Assistant => WireRole::Assistant,
                };
                PromptMessage::new(role, result::block(message.content))
            });
            let mut result =
                GetPromptResult::new(messages.collect()).with_description(spec.description);
            result.meta = run.meta();
            Ok(result.into())
        }
        Err(Ended::Waits(waits)) => Ok(waits.into()),
        Err(Ended::Refused(error)) => Err(error),
        Err(Ended::Failed(error)) => Err(ErrorData::invalid_params(
            error.to_text(),
            Some(error.to_json(spec.name)),
        )),
    }
}

/// Prompt arguments are texts; required ones must be there.
fn texts(
    spec: &PromptSpec,
    given: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, ErrorData> {
    let missing: Vec<&str> = spec
        .arguments
        .iter()
        .filter(|argument| argument.required && !given.contains_key(argument.name))
        .map(|argument| argument.name)
        .collect();
    if !missing.is_empty() {
        let text = format!("the prompt needs the arguments {}", missing.join(", "));
        return Err(ErrorData::invalid_params(text, None));
    }
    given
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            _ => Err(ErrorData::invalid_params(
                format!("the prompt argument {name} must be a text"),
                None,
            )),
        })
        .collect()
}

fn described(spec: PromptSpec) -> WirePrompt {
    let arguments = spec.arguments.into_iter().map(|argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.required)
    });
    WirePrompt::new(spec.name, Some(spec.description), Some(arguments.collect()))
}
