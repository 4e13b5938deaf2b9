//! The tools of the tests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::conversation::{Question, Reply};
use gitlab_mcp_core::tool::{Context, Facts, Tool, ToolError, ToolOutput};
use gitlab_mcp_core::{register_tool, toolset};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

toolset!(Testing, "testing", "Tools of the tests.", default = true);

/// Says what it heard.
#[derive(Debug, Deserialize, JsonSchema)]
struct Echo {
    /// What to say.
    text: String,
}

#[async_trait]
impl Tool for Echo {
    const NAME: &'static str = "echo";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let caller = context.caller.principal().subject();
        Ok(ToolOutput::json(
            json!({ "text": self.text, "caller": caller }),
        ))
    }
}
register_tool!(Echo);

/// Takes its time.
#[derive(Debug, Deserialize, JsonSchema)]
struct Slow {
    /// How long.
    milliseconds: u64,
}

#[async_trait]
impl Tool for Slow {
    const NAME: &'static str = "slow";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        tokio::time::sleep(Duration::from_millis(self.milliseconds)).await;
        Ok(ToolOutput::text("done"))
    }
}
register_tool!(Slow);

/// Calls of [`Linger`] that run.
pub(crate) static LINGERING: AtomicUsize = AtomicUsize::new(0);

struct Lingering;

impl Drop for Lingering {
    fn drop(&mut self) {
        LINGERING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs until it is stopped.
#[derive(Debug, Deserialize, JsonSchema)]
struct Linger {}

#[async_trait]
impl Tool for Linger {
    const NAME: &'static str = "linger";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        LINGERING.fetch_add(1, Ordering::SeqCst);
        let _lingering = Lingering;
        std::future::pending().await
    }
}
register_tool!(Linger);

/// Does not survive.
#[derive(Debug, Deserialize, JsonSchema)]
struct Boom {}

#[async_trait]
impl Tool for Boom {
    const NAME: &'static str = "boom";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        panic!("a bug with a secret in it")
    }
}
register_tool!(Boom);

/// Keeps what it heard.
#[derive(Debug, Deserialize, JsonSchema)]
struct Keep {
    /// What to keep.
    text: String,
}

#[async_trait]
impl Tool for Keep {
    const NAME: &'static str = "keep";
    type Set = Testing;
    const FACTS: Facts = Facts::write();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::json(json!({ "kept": self.text })))
    }
}
register_tool!(Keep);

/// Removes something, which the policy of the tests forbids.
#[derive(Debug, Deserialize, JsonSchema)]
struct DeleteThing {}

#[async_trait]
impl Tool for DeleteThing {
    const NAME: &'static str = "delete_thing";
    type Set = Testing;
    const FACTS: Facts = Facts::delete();

    async fn call(self, _: &Context) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::text("gone"))
    }
}
register_tool!(DeleteThing);

/// Tells how far it is.
#[derive(Debug, Deserialize, JsonSchema)]
struct Steps {}

#[async_trait]
impl Tool for Steps {
    const NAME: &'static str = "steps";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        for step in [0.0, 50.0, 50.0, 100.0] {
            context.conversation.progress(step, Some(100.0), None).await;
        }
        Ok(ToolOutput::text("done"))
    }
}
register_tool!(Steps);

/// Asks two questions, one after the other.
#[derive(Debug, Deserialize, JsonSchema)]
struct Ask {}

#[async_trait]
impl Tool for Ask {
    const NAME: &'static str = "ask";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let mut names = Vec::new();
        for key in ["first", "second"] {
            let schema = json!({
                "type": "object",
                "properties": { "name": { "type": "string" } },
                "required": ["name"],
            });
            let question = Question::Form {
                message: format!("Your {key} name?"),
                schema: schema.as_object().cloned().unwrap_or_default(),
            };
            let questions = BTreeMap::from([(key.to_owned(), question)]);
            let mut replies = context.conversation.ask(questions).await?;
            names.push(match replies.remove(key) {
                Some(Reply::Accepted(fields)) => fields["name"].clone(),
                other => json!(format!("{other:?}")),
            });
        }
        Ok(ToolOutput::json(json!({ "names": names })))
    }
}
register_tool!(Ask);

/// Breaks its stream off before it answers.
#[derive(Debug, Deserialize, JsonSchema)]
struct Interrupt {}

#[async_trait]
impl Tool for Interrupt {
    const NAME: &'static str = "interrupt";
    type Set = Testing;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        context.conversation.interrupt_stream().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(ToolOutput::text("after the break"))
    }
}
register_tool!(Interrupt);
