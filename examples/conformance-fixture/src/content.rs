//! Tools that answer with each kind of content block, and one that fails.

use gitlab_mcp_core::tool::{Context, ErrorCode, ToolError, ToolOutput};

use crate::samples::{document, image, sound};

fixture!(SimpleText, "test_simple_text", "Answer with one text."
    => ToolOutput::text("This is a simple text response for testing."));

fixture!(ImageContent, "test_image_content", "Answer with a picture."
    => ToolOutput::default().with(image()));

fixture!(AudioContent, "test_audio_content", "Answer with a sound."
    => ToolOutput::default().with(sound()));

fixture!(EmbeddedResource, "test_embedded_resource", "Answer with a document."
=> ToolOutput::default().with(document(
    "test://embedded-resource",
    "text/plain",
    "This is an embedded resource content.",
)));

fixture!(MultipleContentTypes, "test_multiple_content_types",
"Answer with a text, a picture and a document."
=> ToolOutput::text("Multiple content types test:")
    .with(image())
    .with(document(
        "test://mixed-content-resource",
        "application/json",
        r#"{"test":"data","value":123}"#,
    )));

fixture!(ErrorHandling, "test_error_handling", "Fail, always.", fail);

fn fail(_: &Context) -> std::future::Ready<Result<ToolOutput, ToolError>> {
    std::future::ready(Err(ToolError::new(
        ErrorCode::Internal,
        "This tool intentionally returns an error for testing",
        "nothing; that is its purpose",
    )))
}
