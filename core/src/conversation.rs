//! What a running tool may say to the client, or ask of the person behind it.
//! The server implements it over the MCP revision the client speaks.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use serde_json::{Map, Value};

/// How important a log message is (RFC 5424 words, as MCP uses them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 5424")]
pub enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
}

/// Which list a client should read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each word is its own description")]
pub enum ListKind {
    Tools,
    Prompts,
    Resources,
}

/// Something asked of the client.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// A form for the user. `schema` is a flat object schema. Never for secrets.
    Form {
        /// The sentence above the form.
        message: String,
        /// Object schema of the fields.
        schema: Map<String, Value>,
    },
    /// A page for the user to open.
    Page {
        /// Why to open it.
        message: String,
        /// The page.
        url: String,
        /// Names this request in a later completion notice.
        id: String,
    },
    /// A completion by the client's model (deprecated in MCP; only fixtures use it).
    Sample {
        /// The user message.
        prompt: String,
        /// Upper bound of the answer.
        max_tokens: u32,
    },
    /// The client's root directories (deprecated in MCP; only fixtures use it).
    Roots,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The form was filled in; the fields.
    Accepted(Map<String, Value>),
    /// The user said no.
    Declined,
    /// The user closed the question.
    Cancelled,
    /// The raw result of a [`Question::Sample`] or [`Question::Roots`].
    Result(Value),
}

/// Why a question was not answered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    /// The client did not say that it can be asked this.
    #[error("the client does not support {capability}")]
    NotSupported {
        /// The missing client capability, such as `elicitation` or `sampling`.
        capability: &'static str,
    },
    /// The call ends here and is run again from the start with the answers.
    #[error("waiting for the client's answer")]
    Suspended(Suspension),
    /// The client failed to answer.
    #[error("the client did not answer: {0}")]
    Failed(String),
}

/// A call that waits for answers, in revisions without server requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suspension {
    /// The questions by their key.
    pub questions: BTreeMap<String, Question>,
    /// Names capabilities the client would have to declare first; empty when it did.
    pub missing_capability: Option<&'static str>,
    /// Something the tool wants to see again when the call is repeated.
    pub state: Option<Value>,
}

impl AskError {
    /// The same error; a suspended call finds `state` again in [`Conversation::state`] when it is
    /// repeated.
    #[must_use]
    pub fn remember(mut self, state: Value) -> Self {
        if let Self::Suspended(suspension) = &mut self {
            suspension.state = Some(state);
        }
        self
    }
}

impl From<AskError> for crate::tool::ToolError {
    fn from(error: AskError) -> Self {
        use crate::tool::{ErrorCode, ToolError};
        match error {
            AskError::Suspended(suspension) => Self::suspended(suspension),
            AskError::NotSupported { capability } => {
                let mut error = ToolError::new(
                    ErrorCode::InvalidParams,
                    format!("this call needs a client that supports {capability}"),
                    "use a client with that capability",
                );
                error.suspended = Some(Box::new(Suspension {
                    missing_capability: Some(capability),
                    ..Suspension::default()
                }));
                error
            }
            AskError::Failed(text) => ToolError::new(
                ErrorCode::Cancelled,
                format!("the client did not answer: {text}"),
                "call again and answer the question",
            ),
        }
    }
}

/// The client behind one call.
#[async_trait]
pub trait Conversation: Debug + Send + Sync {
    /// Reports progress; dropped when the client did not ask for it. `progress` must grow.
    async fn progress(&self, progress: f64, total: Option<f64>, message: Option<String>);

    /// Sends a log message; dropped when the client did not ask for that level.
    async fn log(&self, level: LogLevel, logger: &str, data: Value);

    /// Tells the client that a list has changed.
    async fn list_changed(&self, kind: ListKind);

    /// Tells the client that a resource has changed.
    async fn resource_updated(&self, uri: &str);

    /// Asks all questions at once and waits for the answers, by key. In revisions without server
    /// requests the first run ends with [`AskError::Suspended`]; pass it on with `?`, nothing may
    /// have been changed before.
    ///
    /// # Errors
    /// [`AskError`].
    async fn ask(
        &self,
        questions: BTreeMap<String, Question>,
    ) -> Result<BTreeMap<String, Reply>, AskError>;

    /// What an earlier run of this call left in [`Suspension::state`], already verified.
    fn state(&self) -> Option<Value> {
        None
    }

    /// True when the client declared `capability` (`elicitation`, `sampling`, `roots`).
    fn supports(&self, capability: &str) -> bool;

    /// Closes the stream of this call so that the client has to resume it.
    async fn interrupt_stream(&self) {}

    /// Resolves when the client has cancelled the call.
    async fn cancelled(&self);
}

/// Nobody is listening: for tests and for tools run outside a session.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

#[async_trait]
impl Conversation for Silent {
    async fn progress(&self, _: f64, _: Option<f64>, _: Option<String>) {}

    async fn log(&self, _: LogLevel, _: &str, _: Value) {}

    async fn list_changed(&self, _: ListKind) {}

    async fn resource_updated(&self, _: &str) {}

    async fn ask(
        &self,
        _: BTreeMap<String, Question>,
    ) -> Result<BTreeMap<String, Reply>, AskError> {
        Err(AskError::NotSupported {
            capability: "elicitation",
        })
    }

    fn supports(&self, _: &str) -> bool {
        false
    }

    async fn cancelled(&self) {
        std::future::pending::<()>().await;
    }
}
