//! Prompts: texts a person picks in the client. MCP 2026-07-28, server/prompts.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::tool::{Content, Context, ToolError};

/// One argument of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptArgument {
    /// Its name.
    pub name: &'static str,
    /// What to fill in.
    pub description: &'static str,
    /// Whether it may be left out.
    pub required: bool,
}

/// What a client is told about a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its arguments.
    pub arguments: Vec<PromptArgument>,
}

/// Who speaks a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each word is its own description")]
pub enum Role {
    User,
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

/// A prompt.
#[async_trait]
pub trait Prompt: Debug + Send + Sync + 'static {
    /// What a client is told about it.
    fn spec(&self) -> PromptSpec;

    /// The messages for these arguments; required ones are present.
    ///
    /// # Errors
    /// [`ToolError`] when the messages cannot be made.
    async fn messages(
        &self,
        arguments: &BTreeMap<String, String>,
        context: &Context,
    ) -> Result<Vec<PromptMessage>, ToolError>;

    /// Values that complete `partial` for one argument, best first.
    async fn complete(&self, _argument: &str, _partial: &str, _context: &Context) -> Vec<String> {
        Vec::new()
    }
}

/// A registered prompt.
#[derive(Debug, Clone, Copy)]
pub struct PromptDescriptor {
    /// Makes it.
    pub make: fn() -> Box<dyn Prompt>,
    /// The crate it comes from.
    pub crate_name: &'static str,
}

inventory::collect!(PromptDescriptor);

/// Registers a [`Prompt`]: `register_prompt!(|| Box::new(MyPrompt));`
#[macro_export]
macro_rules! register_prompt {
    ($make:expr) => {
        $crate::__inventory::submit! {
            $crate::prompt::PromptDescriptor { make: $make, crate_name: env!("CARGO_PKG_NAME") }
        }
    };
}
