//! What a tool answers: one structured object, and content blocks beside it.

use serde_json::Value;

/// One content block.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// An image, base64.
    Image {
        /// Base64 of the bytes.
        data: String,
        /// For example `image/png`.
        mime_type: String,
    },
    /// A sound, base64.
    Audio {
        /// Base64 of the bytes.
        data: String,
        /// For example `audio/wav`.
        mime_type: String,
    },
    /// A resource with its text.
    Resource {
        /// Its URI.
        uri: String,
        /// Its media type.
        mime_type: String,
        /// Its text.
        text: String,
    },
}

/// A successful answer.
#[derive(Debug, Clone, Default)]
pub struct ToolOutput {
    /// An object for `structuredContent`; repeated as compact JSON text when `content` is empty.
    pub structured: Option<Value>,
    /// Blocks shown as they are.
    pub content: Vec<Content>,
}

impl ToolOutput {
    /// An answer that is one object.
    pub fn json(value: Value) -> Self {
        Self {
            structured: Some(value),
            content: Vec::new(),
        }
    }

    /// An answer that is one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            structured: None,
            content: vec![Content::Text(text.into())],
        }
    }

    /// Adds a block.
    #[must_use]
    pub fn with(mut self, block: Content) -> Self {
        self.content.push(block);
        self
    }
}
