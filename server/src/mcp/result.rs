//! What a tool answered, as an MCP result. MCP 2026-07-28, server/tools, "Tool result".

use gitlab_mcp_core::tool::{Content, ToolError, ToolOutput};
use rmcp::model::{CallToolResult, ContentBlock, Implementation, MetaObject, ResourceContents};
use serde_json::Value;

/// The key under which a modern result names the server.
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// `_meta` that names the server.
pub(super) fn identity_meta(identity: &Implementation) -> MetaObject {
    let mut meta = MetaObject::new();
    if let Ok(value) = serde_json::to_value(identity) {
        meta.insert(SERVER_INFO.to_owned(), value);
    }
    meta
}

/// A content block as the wire has it.
pub(super) fn block(content: Content) -> ContentBlock {
    match content {
        Content::Text(text) => ContentBlock::text(text),
        Content::Image { data, mime_type } => ContentBlock::image(data, mime_type),
        Content::Audio { data, mime_type } => ContentBlock::audio(data, mime_type),
        Content::Resource {
            uri,
            mime_type,
            text,
        } => ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(mime_type)),
    }
}

/// A successful answer. The object is repeated as text, for clients that read only that.
pub(super) fn success(output: ToolOutput) -> CallToolResult {
    let mut content: Vec<ContentBlock> = output.content.into_iter().map(block).collect();
    if let (true, Some(value)) = (content.is_empty(), &output.structured) {
        content.push(ContentBlock::text(value.to_string()));
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = output.structured;
    result
}

/// A failure the model can act on.
pub(super) fn failure(error: &ToolError, tool: &str) -> CallToolResult {
    let structured: Value = error.to_json(tool);
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_text())]);
    result.structured_content = Some(structured);
    result
}
