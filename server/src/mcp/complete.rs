//! `completion/complete`. MCP 2026-07-28, server/utilities/completion.

use gitlab_mcp_core::resource::Location;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, ErrorData, Reference};
use serde_json::Map;

use super::handler::{Handler, Request, unknown};
use super::prompts;
use super::request_state::Binding;
use super::run::{Ended, Resumed, Run};

/// Most values in one answer; the revision's own limit.
const MOST: usize = CompletionInfo::MAX_VALUES;

/// Values for one argument of a prompt, or one variable of a resource template.
pub(super) async fn complete(
    handler: &Handler,
    params: CompleteRequestParams,
    request: Request,
) -> Result<CompleteResult, ErrorData> {
    if !handler.shared.declared.completions {
        return Err(unknown("completion/complete"));
    }
    let caller = handler.caller(&request)?;
    let arguments = Map::new();
    let binding = Binding {
        principal: caller.principal(),
        method: "completion/complete",
        name: &params.argument.name,
        arguments: &arguments,
    };
    let resumed = Resumed {
        responses: None,
        state: None,
    };
    let run = Run::new(handler, &request, &caller, binding, resumed)?;
    let context = run.context();
    let (name, partial) = (&params.argument.name, &params.argument.value);
    let values = match &params.r#ref {
        Reference::Prompt(reference) => {
            let prompt = prompts::find(handler, &reference.name).ok_or_else(no_reference)?;
            let work = async { Ok(prompt.complete(name, partial, &context).await) };
            run.finish(true, work).await
        }
        Reference::Resource(reference) => {
            let resource = handler
                .shared
                .app
                .resources
                .iter()
                .find(|resource| match resource.spec().location {
                    Location::Uri(uri) | Location::Template(uri) => uri == reference.uri,
                })
                .ok_or_else(no_reference)?;
            let work = async { Ok(resource.complete(name, partial, &context).await) };
            run.finish(true, work).await
        }
        _ => return Err(no_reference()),
    };
    let mut values = values.map_err(|ended| match ended {
        Ended::Refused(error) => error,
        Ended::Failed(error) => ErrorData::internal_error(error.to_text(), None),
        Ended::Waits(_) => ErrorData::internal_error("a completion cannot ask", None),
    })?;
    let total = u32::try_from(values.len()).ok();
    let more = values.len() > MOST;
    values.truncate(MOST);
    let info = CompletionInfo::with_pagination(values, total, more)
        .map_err(|text| ErrorData::internal_error(text, None))?;
    let mut result = CompleteResult::new(info);
    result.meta = run.meta();
    Ok(result)
}

fn no_reference() -> ErrorData {
    ErrorData::invalid_params(
        "`ref` names no prompt or resource template: see prompts/list and resources/templates/list",
        None,
    )
}
