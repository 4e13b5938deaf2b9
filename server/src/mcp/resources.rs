//! `resources/list`, `resources/templates/list`, `resources/read`. MCP 2026-07-28, server/resources.

use gitlab_mcp_core::resource::{Location, ResourceBody};
use rmcp::model::{
    CacheScope, ErrorData, ListResourceTemplatesResult, ListResourcesResult,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate,
};
use serde_json::{Map, json};

use super::handler::{Handler, Request, unknown};
use super::request_state::Binding;
use super::run::{Ended, Resumed, Run};
use super::tool_list::TTL_MS;

/// The resources with a fixed URI.
pub(super) fn list(handler: &Handler, request: &Request) -> Result<ListResourcesResult, ErrorData> {
    if !handler.shared.declared.resources {
        return Err(unknown("resources/list"));
    }
    let resources = handler.shared.app.resources.iter();
    let items = resources.filter_map(|resource| {
        let spec = resource.spec();
        let Location::Uri(uri) = spec.location else {
            return None;
        };
        Some(
            Resource::new(uri, spec.name)
                .with_description(spec.description)
                .with_mime_type(spec.mime_type),
        )
    });
    let mut list = ListResourcesResult::with_all_items(items.collect());
    if Handler::is_modern(request) {
        list.ttl_ms = Some(TTL_MS);
        list.cache_scope = Some(CacheScope::Private);
        list.meta = Some(handler.shared.identity_meta.clone());
    }
    Ok(list)
}

/// The resource templates.
pub(super) fn list_templates(
    handler: &Handler,
    request: &Request,
) -> Result<ListResourceTemplatesResult, ErrorData> {
    if !handler.shared.declared.resources {
        return Err(unknown("resources/templates/list"));
    }
    let resources = handler.shared.app.resources.iter();
    let items = resources.filter_map(|resource| {
        let spec = resource.spec();
        let Location::Template(template) = spec.location else {
            return None;
        };
        Some(
            ResourceTemplate::new(template, spec.name)
                .with_description(spec.description)
                .with_mime_type(spec.mime_type),
        )
    });
    let mut list = ListResourceTemplatesResult::with_all_items(items.collect());
    if Handler::is_modern(request) {
        list.ttl_ms = Some(TTL_MS);
        list.cache_scope = Some(CacheScope::Private);
        list.meta = Some(handler.shared.identity_meta.clone());
    }
    Ok(list)
}

/// One document, from the first resource that knows it.
pub(super) async fn read(
    handler: &Handler,
    params: ReadResourceRequestParams,
    request: Request,
) -> Result<ReadResourceResponse, ErrorData> {
    if !handler.shared.declared.resources {
        return Err(unknown("resources/read"));
    }
    let caller = handler.caller(&request)?;
    let arguments = Map::new();
    let binding = Binding {
        principal: caller.principal(),
        method: "resources/read",
        name: &params.uri,
        arguments: &arguments,
    };
    let resumed = Resumed {
        responses: params.input_responses,
        state: params.request_state,
    };
    let run = Run::new(handler, &request, &caller, binding, resumed)?;
    let context = run.context();
    let found = run.finish(true, async {
        for resource in handler.shared.app.resources.iter() {
            if let Some(body) = resource.read(&params.uri, &context).await? {
                return Ok(Some((resource.spec().mime_type, body)));
            }
        }
        Ok(None)
    });
    match found.await {
        Ok(Some((mime_type, body))) => {
            let contents = match body {
                ResourceBody::Text(text) => ResourceContents::text(text, &params.uri),
                ResourceBody::Blob(blob) => ResourceContents::blob(blob, &params.uri),
            };
            let mut result = ReadResourceResult::new(vec![contents.with_mime_type(mime_type)]);
            if Handler::is_modern(&request) {
                result.ttl_ms = Some(0);
                result.cache_scope = Some(CacheScope::Private);
                result.meta = run.meta();
            }
            Ok(result.into())
        }
        // rmcp turns this into -32602 for modern clients.
        Ok(None) => Err(ErrorData::resource_not_found(
            "no resource has this URI: see resources/list and resources/templates/list",
            Some(json!({ "uri": params.uri })),
        )),
        Err(Ended::Waits(waits)) => Ok(waits.into()),
        Err(Ended::Refused(error)) => Err(error),
        Err(Ended::Failed(error)) => Err(ErrorData::invalid_params(
            error.to_text(),
            Some(error.to_json("resources/read")),
        )),
    }
}
