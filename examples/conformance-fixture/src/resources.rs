//! Three fixed documents and a template.

use async_trait::async_trait;
use gitlab_mcp_core::register_resource;
use gitlab_mcp_core::resource::{Location, Resource, ResourceBody, ResourceSpec};
use gitlab_mcp_core::tool::{Context, ToolError};
use serde_json::json;

use crate::samples::PNG;

/// A document that is always the same.
#[derive(Debug)]
struct Fixed {
    uri: &'static str,
    name: &'static str,
    description: &'static str,
    mime_type: &'static str,
    body: fn(String) -> ResourceBody,
    content: &'static str,
}

#[async_trait]
impl Resource for Fixed {
    fn spec(&self) -> ResourceSpec {
        ResourceSpec {
            location: Location::Uri(self.uri),
            name: self.name,
            description: self.description,
            mime_type: self.mime_type,
        }
    }

    async fn read(&self, uri: &str, _: &Context) -> Result<Option<ResourceBody>, ToolError> {
        Ok((uri == self.uri).then(|| (self.body)(self.content.to_owned())))
    }
}

register_resource!(|| Box::new(Fixed {
    uri: "test://static-text",
    name: "static-text",
    description: "A text that never changes.",
    mime_type: "text/plain",
    body: ResourceBody::Text,
    content: "This is the content of the static text resource.",
}));

register_resource!(|| Box::new(Fixed {
    uri: "test://static-binary",
    name: "static-binary",
    description: "A picture that never changes.",
    mime_type: "image/png",
    body: ResourceBody::Blob,
    content: PNG,
}));

register_resource!(|| Box::new(Fixed {
    uri: "test://watched-resource",
    name: "watched-resource",
    description: "A text that can be subscribed to.",
    mime_type: "text/plain",
    body: ResourceBody::Text,
    content: "This is the content of the watched resource.",
}));

/// `test://template/{id}/data`.
#[derive(Debug)]
struct Template;

#[async_trait]
impl Resource for Template {
    fn spec(&self) -> ResourceSpec {
        ResourceSpec {
            location: Location::Template("test://template/{id}/data"),
            name: "template",
            description: "A document for every id.",
            mime_type: "application/json",
        }
    }

    async fn read(&self, uri: &str, _: &Context) -> Result<Option<ResourceBody>, ToolError> {
        let id = uri
            .strip_prefix("test://template/")
            .and_then(|rest| rest.strip_suffix("/data"))
            .filter(|id| !id.is_empty() && !id.contains('/'));
        Ok(id.map(|id| {
            let data = format!("Data for ID: {id}");
            let document = json!({ "id": id, "templateTest": true, "data": data });
            ResourceBody::Text(document.to_string())
        }))
    }
}

register_resource!(|| Box::new(Template));
