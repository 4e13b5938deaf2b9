//! Prompts: plain, with arguments, with content blocks, and one that asks first.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gitlab_mcp_core::prompt::{Prompt, PromptArgument, PromptMessage, PromptSpec, Role};
use gitlab_mcp_core::register_prompt;
use gitlab_mcp_core::tool::{Content, Context, ToolError};

use crate::ask::{field, field_form, one};
use crate::samples::{document, image};

type Arguments = BTreeMap<String, String>;

/// A prompt whose messages follow from its arguments alone.
#[derive(Debug)]
struct Plain {
    name: &'static str,
    description: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    contents: fn(&Arguments) -> Vec<Content>,
}

#[async_trait]
impl Prompt for Plain {
    fn spec(&self) -> PromptSpec {
        PromptSpec {
            name: self.name,
            description: self.description,
            arguments: self
                .arguments
                .iter()
                .map(|(name, description)| PromptArgument {
                    name,
                    description,
                    required: true,
                })
                .collect(),
        }
    }

    async fn messages(
        &self,
        arguments: &Arguments,
        _: &Context,
    ) -> Result<Vec<PromptMessage>, ToolError> {
        Ok((self.contents)(arguments).into_iter().map(user).collect())
    }

    async fn complete(&self, _: &str, partial: &str, _: &Context) -> Vec<String> {
        ["paris", "park", "party"]
            .into_iter()
            .filter(|word| word.starts_with(partial))
            .map(str::to_owned)
            .collect()
    }
}

fn user(content: Content) -> PromptMessage {
    PromptMessage {
        role: Role::User,
        content,
    }
}

fn text(text: impl Into<String>) -> Content {
    Content::Text(text.into())
}

fn value<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments.get(name).map_or("", String::as_str)
}

register_prompt!(|| Box::new(Plain {
    name: "test_simple_prompt",
    description: "One message.",
    arguments: &[],
    contents: |_| vec![text("This is a simple prompt for testing.")],
}));

register_prompt!(|| Box::new(Plain {
    name: "test_prompt_with_arguments",
    description: "One message that quotes both arguments.",
    arguments: &[
        ("arg1", "First test argument"),
        ("arg2", "Second test argument"),
    ],
    contents: |arguments| {
        let (one, two) = (value(arguments, "arg1"), value(arguments, "arg2"));
        vec![text(format!(
            "Prompt with arguments: arg1='{one}', arg2='{two}'"
        ))]
    },
}));

register_prompt!(|| Box::new(Plain {
    name: "test_prompt_with_embedded_resource",
    description: "A document and what to do with it.",
    arguments: &[("resourceUri", "URI of the resource to embed")],
    contents: |arguments| {
        let uri = value(arguments, "resourceUri");
        let content = "Embedded resource content for testing.";
        vec![
            document(uri, "text/plain", content),
            text("Please process the embedded resource above."),
        ]
    },
}));

register_prompt!(|| Box::new(Plain {
    name: "test_prompt_with_image",
    description: "A picture and what to do with it.",
    arguments: &[],
    contents: |_| vec![image(), text("Please analyze the image above.")],
}));

/// A prompt that is not complete before the user was asked.
#[derive(Debug)]
struct Asking;

#[async_trait]
impl Prompt for Asking {
    fn spec(&self) -> PromptSpec {
        PromptSpec {
            name: "test_input_required_result_prompt",
            description: "One message about a context the user is asked for.",
            arguments: Vec::new(),
        }
    }

    async fn messages(
        &self,
        _: &Arguments,
        context: &Context,
    ) -> Result<Vec<PromptMessage>, ToolError> {
        let question = field_form("What context should the prompt use?", "context", "string");
        let reply = one(context, "user_context", question).await?;
        let about = field(&reply, "context").unwrap_or("nothing in particular");
        Ok(vec![user(text(format!("Use this context: {about}")))])
    }
}

register_prompt!(|| Box::new(Asking));
