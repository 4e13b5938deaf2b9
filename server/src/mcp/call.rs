//! One `tools/call`: catalogue → policy → executor → result. MCP 2026-07-28, server/tools.

use gitlab_mcp_core::tool::{Allowed, Effect, ToolOutput, execute};
use rmcp::model::{CallToolRequestParams, CallToolResponse, ErrorData, JsonObject};

use super::handler::{Handler, Request};
use super::request_state::Binding;
use super::result;
use super::run::{Ended, Resumed, Run};
use crate::http::Outcome;

/// Runs one call.
pub(super) async fn call(
    handler: &Handler,
    params: CallToolRequestParams,
    request: Request,
) -> Result<CallToolResponse, ErrorData> {
    let app = &handler.shared.app;
    let caller = handler.caller(&request)?;
    let name: &str = &params.name;
    let Some(entry) = app.catalog.find(name) else {
        return Err(unknown_tool(handler, name));
    };
    let started = app.clock.monotonic();
    let arguments = params.arguments.unwrap_or_default();
    let binding = Binding {
        principal: caller.principal(),
        method: "tools/call",
        name: entry.name(),
        arguments: &arguments,
    };
    let resumed = Resumed {
        responses: params.input_responses,
        state: params.request_state,
    };
    let run = Run::new(handler, &request, &caller, binding, resumed)?;
    let ended = match app.policy.decide(entry) {
        Ok(allowed) => run_allowed(&run, allowed, &arguments).await,
        Err(refusal) => {
            let usable = app.catalog.nearest(name, |other| {
                other.name() != entry.name() && app.policy.lists(other)
            });
            Err(Ended::Failed(Box::new(refusal.into_error(name, usable))))
        }
    };
    if entry.tool.facts.effect != Effect::Read {
        run.record_write(entry, &ended);
    }
    let (outcome, response) = match ended {
        Ok(output) => (Outcome::Done, Ok(result::success(output))),
        Err(Ended::Failed(error)) => (Outcome::Failed, Ok(result::failure(&error, entry.name()))),
        Err(Ended::Waits(waits)) => (Outcome::Waits, Err(Ok(waits))),
        Err(Ended::Refused(error)) => (Outcome::Refused, Err(Err(error))),
    };
    let took = app.clock.monotonic().saturating_sub(started);
    handler.shared.metrics.tool(entry.name(), outcome, took);
    match response {
        Ok(mut result) => {
            result.meta = run.meta();
            Ok(result.into())
        }
        Err(other) => other.map(CallToolResponse::from),
    }
}

async fn run_allowed(
    run: &Run<'_>,
    allowed: Allowed<'_>,
    arguments: &JsonObject,
) -> Result<ToolOutput, Ended> {
    let context = run.context();
    let reads = allowed.entry().tool.facts.effect == Effect::Read;
    run.finish(reads, execute(allowed, arguments.clone(), &context))
        .await
}

fn unknown_tool(handler: &Handler, name: &str) -> ErrorData {
    let app = &handler.shared.app;
    let shown: String = name.chars().take(64).collect();
    let hint = app
        .catalog
        .nearest(name, |entry| app.policy.lists(entry))
        .map(|nearest| format!("; did you mean `{nearest}`?"))
        .unwrap_or_default();
    ErrorData::invalid_params(format!("no tool is called `{shown}`{hint}"), None)
}
